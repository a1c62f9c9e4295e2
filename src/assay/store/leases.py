"""Leases: one holder per role, told from every earlier one by a number that only grows.

A holder whose time ran out may not know it yet. What must not be done twice therefore calls
`require` in its own transaction: it succeeds only while nobody took the role over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from assay.core.errors import ConflictError
from assay.store import rows
from assay.store.tables import lease as table


@dataclass(frozen=True, slots=True)
class Lease:
    """A role held for a time.

    Attributes:
        holder: Names the holder, unlike any other ever.
        pid: Its process, for messages.
        fence: Larger than that of every holder before.
        expires: When another may take the role.
    """

    role: str
    holder: str
    pid: int
    fence: int
    expires: datetime


def acquire(
    connection: sa.Connection, role: str, *, holder: str, pid: int, now: datetime, seconds: float
) -> Lease:
    """Take a role that is free, whose time ran out, or that `holder` has already.

    Raises:
        ConflictError: another holds it; its process id is named.
    """
    expires = now + timedelta(seconds=seconds)
    statement = (
        rows.upsert(connection, table)
        .values(role=role, holder=holder, pid=pid, fence=1, expires=expires)
        .on_conflict_do_update(
            index_elements=[table.c.role],
            set_={"holder": holder, "pid": pid, "fence": table.c.fence + 1, "expires": expires},
            where=sa.or_(table.c.expires <= now, table.c.holder == holder),
        )
        .returning(*rows.select(table, Lease).selected_columns)
    )
    taken = rows.first(connection, Lease, statement)
    if taken is None:
        current = find(connection, role)
        pid = current.pid if current is not None else 0
        raise ConflictError(f"is held by process {pid}", subject=role)
    return taken


def renew(connection: sa.Connection, lease: Lease, *, now: datetime, seconds: float) -> Lease:
    """Hold it longer.

    Raises:
        ConflictError: another took it over.
    """
    expires = now + timedelta(seconds=seconds)
    statement = _mine(lease).values(expires=expires)
    rows.update_one(connection, statement, missing="was taken over", subject=lease.role)
    return Lease(lease.role, lease.holder, lease.pid, lease.fence, expires)


def release(connection: sa.Connection, lease: Lease, *, now: datetime) -> None:
    """Give it back, if it is still held. The row stays, for the fence to go on growing."""
    connection.execute(_mine(lease).values(expires=now))


def require(connection: sa.Connection, lease: Lease) -> None:
    """Return if nobody took the role over, and nobody can until this transaction ends.

    Raises:
        ConflictError: another took it over.
    """
    query = sa.select(table.c.fence).where(table.c.role == lease.role).with_for_update()
    if connection.execute(query).scalar() != lease.fence:
        raise ConflictError("was taken over", subject=lease.role)


def find(connection: sa.Connection, role: str) -> Lease | None:
    """Who holds, or last held, a role."""
    return rows.first(connection, Lease, rows.select(table, Lease).where(table.c.role == role))


def _mine(lease: Lease) -> sa.Update:
    return sa.update(table).where(table.c.role == lease.role, table.c.fence == lease.fence)
