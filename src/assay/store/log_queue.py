"""What waits for its place in the transparency log. A committed row is a promise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.store import rows
from assay.store.tables import log_queue as table


@dataclass(frozen=True, slots=True)
class Queued:
    """One entry to be logged.

    Attributes:
        leaf_hash: Its leaf hash; the same entry is logged once.
        entry: The bytes to be logged.
        sequenced_at: When it got its place; None while it waits.
    """

    id: int
    leaf_hash: Digest
    entry: bytes
    created: datetime
    sequenced_at: datetime | None


def put(connection: sa.Connection, *, leaf_hash: Digest, entry: bytes, now: datetime) -> Queued:
    """Promise to log an entry, in the transaction that makes it true. A known one is returned."""
    connection.execute(
        rows.upsert(connection, table)
        .values(leaf_hash=leaf_hash, entry=entry, created=now)
        .on_conflict_do_nothing(index_elements=[table.c.leaf_hash])
    )
    return get(connection, leaf_hash)


def get(connection: sa.Connection, leaf_hash: Digest) -> Queued:
    """The entry of this leaf hash.

    Raises:
        NotFoundError: it was never put here.
    """
    query = rows.select(table, Queued).where(table.c.leaf_hash == leaf_hash)
    return rows.required(connection, Queued, query, subject=str(leaf_hash))


def waiting(connection: sa.Connection, *, limit: int = 1024) -> list[Queued]:
    """The entries without a place, oldest first."""
    query = rows.select(table, Queued).where(table.c.sequenced_at.is_(None)).order_by(table.c.id)
    return rows.many(connection, Queued, query.limit(limit))


def depth(connection: sa.Connection) -> int:
    """How many wait."""
    query = sa.select(sa.func.count()).select_from(table).where(table.c.sequenced_at.is_(None))
    return int(connection.execute(query).scalar_one())
