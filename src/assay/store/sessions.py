"""Console sessions, and the one-time link that makes the first administrator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.errors import RefusedError
from assay.store import rows
from assay.store.tables import first_admin
from assay.store.tables import session as table


@dataclass(frozen=True, slots=True)
class Session:
    """A session, named by the SHA-256 of its cookie."""

    hash: Digest
    principal_id: str
    csrf: str
    created: datetime
    expires: datetime


def begin(
    connection: sa.Connection,
    *,
    hash: Digest,  # noqa: A002 - the column's name
    principal_id: str,
    csrf: str,
    now: datetime,
    expires: datetime,
) -> Session:
    """Add a session.

    Raises:
        ConflictError: the hash is in use.
        NotFoundError: there is no such principal.
    """
    row = Session(hash, principal_id, csrf, now, expires)
    return rows.insert(
        connection, table, row, taken="the session exists already", subject=principal_id
    )


def live(connection: sa.Connection, hash: Digest, *, now: datetime) -> Session | None:  # noqa: A002
    """The session of this cookie hash, unless it has expired."""
    query = rows.select(table, Session).where(table.c.hash == hash, table.c.expires > now)
    return rows.first(connection, Session, query)


def end(connection: sa.Connection, hash: Digest) -> None:  # noqa: A002 - the column's name
    """Remove a session; nothing happens if there is none."""
    connection.execute(sa.delete(table).where(table.c.hash == hash))


def end_all(connection: sa.Connection, principal_id: str) -> int:
    """Remove every session of a principal; returns how many."""
    return connection.execute(sa.delete(table).where(table.c.principal_id == principal_id)).rowcount


def purge(connection: sa.Connection, *, now: datetime) -> int:
    """Remove what has expired; returns how many."""
    return connection.execute(sa.delete(table).where(table.c.expires <= now)).rowcount


def offer_first_admin(
    connection: sa.Connection,
    hash: Digest,  # noqa: A002 - the column's name
    *,
    expires: datetime,
) -> None:
    """Keep the hash of a link that makes one administrator; older offers end."""
    connection.execute(sa.delete(first_admin).where(first_admin.c.spent_at.is_(None)))
    connection.execute(sa.insert(first_admin).values(hash=hash, expires=expires))


def spend_first_admin(
    connection: sa.Connection,
    hash: Digest,  # noqa: A002 - the column's name
    *,
    now: datetime,
) -> None:
    """Use the link up. Of two at once, one succeeds.

    Raises:
        RefusedError: there is no such link, it has expired, or it was used.
    """
    statement = (
        sa.update(first_admin)
        .where(
            first_admin.c.hash == hash,
            first_admin.c.spent_at.is_(None),
            first_admin.c.expires > now,
        )
        .values(spent_at=now)
    )
    if connection.execute(statement).rowcount != 1:
        raise RefusedError(
            "the link is not valid, has expired or was used",
            remedy="run `assay admin first-link` on the server for a new link",
        )
