"""Revocations: final, numbered without gaps so that a reader knows it has them all. Append-only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from assay.store import rows
from assay.store.tables import revocation as table

RELEASE = "release"
DIGEST = "digest"
_COUNTER = "revocation"


@dataclass(frozen=True, slots=True)
class Revocation:
    """One revocation.

    Attributes:
        seq: Its number, from 1 without gaps.
        kind: `release` or `digest`.
        subject: A release's id, or a digest.
    """

    seq: int
    kind: str
    subject: str
    reason: str
    by: str | None
    created: datetime


def record(
    connection: sa.Connection,
    *,
    kind: str,
    subject: str,
    reason: str,
    by: str | None,
    now: datetime,
) -> Revocation:
    """Add one. Others wait for the number until this transaction ends: do it late.

    Raises:
        NotFoundError: there is no such principal.
        DataError: not one of the kinds.
    """
    row = Revocation(rows.next_value(connection, _COUNTER), kind, subject, reason, by, now)
    return rows.insert(connection, table, row, taken="the number is taken", subject=subject)


def since(connection: sa.Connection, seq: int, *, limit: int = 1000) -> list[Revocation]:
    """Those after number `seq`, in order."""
    query = rows.select(table, Revocation).where(table.c.seq > seq).order_by(table.c.seq)
    return rows.many(connection, Revocation, query.limit(limit))


def of_subject(connection: sa.Connection, subject: str) -> list[Revocation]:
    """The revocations of a release's id or a digest, in order."""
    query = rows.select(table, Revocation).where(table.c.subject == subject)
    return rows.many(connection, Revocation, query.order_by(table.c.seq))


def last_seq(connection: sa.Connection) -> int:
    """The last number given; 0 if none."""
    return rows.last_value(connection, _COUNTER)
