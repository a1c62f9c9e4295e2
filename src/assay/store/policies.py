"""Policies by digest; at most one is active."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.errors import NotFoundError
from assay.store import rows
from assay.store.tables import policy as table


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy's text and whether new decisions are made by it."""

    digest: Digest
    name: str
    version: str
    source: str
    active: bool
    created: datetime
    created_by: str | None


def record(
    connection: sa.Connection,
    *,
    digest: Digest,
    name: str,
    version: str,
    source: str,
    created_by: str | None,
    now: datetime,
) -> Policy:
    """Keep a policy, not active. The same digest again changes nothing."""
    row = Policy(digest, name, version, source, active=False, created=now, created_by=created_by)
    connection.execute(
        rows.upsert(connection, table)
        .values(**rows.values(row))
        .on_conflict_do_nothing(index_elements=[table.c.digest])
    )
    return get(connection, digest)


def get(connection: sa.Connection, digest: Digest) -> Policy:
    """The policy of this digest.

    Raises:
        NotFoundError: there is none.
    """
    query = rows.select(table, Policy).where(table.c.digest == digest)
    return rows.required(connection, Policy, query, subject=str(digest))


def active(connection: sa.Connection) -> Policy | None:
    """The policy new decisions are made by."""
    return rows.first(connection, Policy, rows.select(table, Policy).where(table.c.active))


def activate(connection: sa.Connection, digest: Digest) -> Policy:
    """Make new decisions by this policy.

    Raises:
        NotFoundError: there is none of this digest.
        ConflictError: another one was made active at the same time.
    """
    connection.execute(
        sa.update(table).where(table.c.active, table.c.digest != digest).values(active=False)
    )
    statement = sa.update(table).where(table.c.digest == digest).values(active=True)
    if connection.execute(statement).rowcount != 1:
        raise NotFoundError("there is no such policy", subject=str(digest))
    return get(connection, digest)


def listed(connection: sa.Connection) -> list[Policy]:
    """Every policy, oldest first."""
    query = rows.select(table, Policy).order_by(table.c.created, table.c.digest)
    return rows.many(connection, Policy, query)
