"""The transparency log's entries and checkpoints, written by the one holder of its lease.

Entries have places from 0 without gaps. There is never a second root for one size: whoever
publishes a checkpoint records it here first. Both tables are append-only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.errors import ConflictError
from assay.store import leases, rows
from assay.store.leases import Lease
from assay.store.log_queue import Queued
from assay.store.tables import log_checkpoint as checkpoint_table
from assay.store.tables import log_entry as table
from assay.store.tables import log_queue


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry with its place in the log."""

    idx: int
    leaf_hash: Digest
    entry: bytes
    queue_id: int


@dataclass(frozen=True, slots=True)
class LogCheckpoint:
    """A root that was, or is about to be, published for a size.

    Attributes:
        size: Entries under it.
        note: The signed note.
    """

    size: int
    root: Digest
    note: bytes
    created: datetime


def sequence(
    connection: sa.Connection, batch: Sequence[Queued], *, lease: Lease, now: datetime
) -> list[LogEntry]:
    """Give waiting entries their places, in the order given.

    Raises:
        ConflictError: the lease is no longer held, or one of them has a place.
    """
    leases.require(connection, lease)
    start = length(connection)
    found = [
        LogEntry(start + place, row.leaf_hash, row.entry, row.id) for place, row in enumerate(batch)
    ]
    if not found:
        return []
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(table), [rows.values(row) for row in found])
    except ConflictError as error:
        raise ConflictError("one of the entries has a place already", subject="log") from error
    for ids in rows.batches(row.queue_id for row in found):
        statement = sa.update(log_queue).where(log_queue.c.id.in_(ids)).values(sequenced_at=now)
        connection.execute(statement)
    return found


def length(connection: sa.Connection) -> int:
    """Number of entries with a place."""
    query = sa.select(sa.func.max(table.c.idx))
    last = connection.execute(query).scalar()
    return 0 if last is None else int(last) + 1


def span(connection: sa.Connection, start: int, end: int) -> list[LogEntry]:
    """The entries with places from `start` up to, not including, `end`."""
    query = rows.select(table, LogEntry).where(table.c.idx >= start, table.c.idx < end)
    return rows.many(connection, LogEntry, query.order_by(table.c.idx))


def find(connection: sa.Connection, leaf_hash: Digest) -> LogEntry | None:
    """The entry of this leaf hash, once it has a place."""
    query = rows.select(table, LogEntry).where(table.c.leaf_hash == leaf_hash)
    return rows.first(connection, LogEntry, query)


def record_checkpoint(
    connection: sa.Connection,
    *,
    size: int,
    root: Digest,
    note: bytes,
    lease: Lease,
    now: datetime,
) -> LogCheckpoint:
    """Claim a root for a size, before it is published. The same root again returns the first note.

    Raises:
        ConflictError: another root was claimed for this size, a larger size has one, there are
            fewer entries, or the lease is no longer held.
    """
    leases.require(connection, lease)
    last = latest_checkpoint(connection)
    if last is not None and last.size == size and last.root == root:
        return last
    if last is not None and last.size >= size:
        raise ConflictError(
            f"the log has root {last.root} at size {last.size}", subject=f"size {size}"
        )
    if size > length(connection):
        raise ConflictError("there are fewer entries", subject=f"size {size}")
    row = LogCheckpoint(size, root, note, now)
    return rows.insert(
        connection, checkpoint_table, row, taken="has a root already", subject=f"size {size}"
    )


def latest_checkpoint(connection: sa.Connection) -> LogCheckpoint | None:
    """The checkpoint of the largest size."""
    query = rows.select(checkpoint_table, LogCheckpoint)
    return rows.first(
        connection, LogCheckpoint, query.order_by(checkpoint_table.c.size.desc()).limit(1)
    )


def checkpoint(connection: sa.Connection, size: int) -> LogCheckpoint | None:
    """The checkpoint of exactly this size."""
    query = rows.select(checkpoint_table, LogCheckpoint).where(checkpoint_table.c.size == size)
    return rows.first(connection, LogCheckpoint, query)
