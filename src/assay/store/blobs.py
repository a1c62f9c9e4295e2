"""Rows of blobs: what is held, whether its bytes may leave, when they were last checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.errors import ConflictError, NotFoundError, TamperedError
from assay.store import rows
from assay.store.tables import blob as table
from assay.store.tables import blocked_digest, manifest_entry

QUARANTINED = "quarantined"
STORED = "stored"
HELD = "held"


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob's row.

    Attributes:
        size: Bytes.
        chunks: SHA-256 of each 4 MiB, 32 raw bytes each, one after another.
        git_oid: SHA-1 git gives a file of these bytes, hexadecimal.
        state: `quarantined`, `stored` or `held`.
        verified_at: When its bytes were last read and found right.
    """

    digest: Digest
    size: int
    chunks: bytes
    git_oid: str
    state: str
    created: datetime
    verified_at: datetime


def record(
    connection: sa.Connection,
    *,
    digest: Digest,
    size: int,
    chunks: bytes,
    git_oid: str,
    now: datetime,
) -> Blob:
    """Note a blob whose bytes were just written, quarantined. One that is there stays as it is.

    Raises:
        TamperedError: the row there gives this digest another size or other chunks.
    """
    row = Blob(digest, size, chunks, git_oid, QUARANTINED, now, now)
    connection.execute(
        rows.upsert(connection, table).values(**rows.values(row)).on_conflict_do_nothing()
    )
    found = get(connection, digest)
    if (found.size, found.chunks, found.git_oid) != (size, chunks, git_oid):
        raise TamperedError("was recorded with another size or other chunks", subject=str(digest))
    return found


def get(connection: sa.Connection, digest: Digest) -> Blob:
    """The blob of this digest.

    Raises:
        NotFoundError: there is none.
    """
    query = rows.select(table, Blob).where(table.c.digest == digest)
    return rows.required(connection, Blob, query, subject=str(digest))


def get_many(connection: sa.Connection, digests: Iterable[Digest]) -> dict[Digest, Blob]:
    """The blobs there are of these digests."""
    found: dict[Digest, Blob] = {}
    for batch in rows.batches(digests):
        query = rows.select(table, Blob).where(table.c.digest.in_(batch))
        found.update({row.digest: row for row in rows.many(connection, Blob, query)})
    return found


def is_empty(connection: sa.Connection) -> bool:
    """Whether there is no blob at all."""
    return connection.execute(sa.select(table.c.digest).limit(1)).first() is None


def missing(connection: sa.Connection, digests: Iterable[Digest]) -> set[Digest]:
    """Those of `digests` there is no blob of."""
    wanted = set(digests)
    for batch in rows.batches(tuple(wanted)):
        query = sa.select(table.c.digest).where(table.c.digest.in_(batch))
        wanted.difference_update(connection.execute(query).scalars())
    return wanted


def move(connection: sa.Connection, digests: Iterable[Digest], *, state: str) -> int:
    """Set the state of these blobs; returns how many there were."""
    changed = 0
    for batch in rows.batches(digests):
        statement = sa.update(table).where(table.c.digest.in_(batch)).values(state=state)
        changed += connection.execute(statement).rowcount
    return changed


def note_verified(connection: sa.Connection, digest: Digest, *, now: datetime) -> None:
    """Note that its bytes were read and found right.

    Raises:
        NotFoundError: there is no such blob.
    """
    statement = sa.update(table).where(table.c.digest == digest).values(verified_at=now)
    if connection.execute(statement).rowcount != 1:
        raise NotFoundError("there is no such blob", subject=str(digest))


def longest_unverified(connection: sa.Connection, *, before: datetime, limit: int) -> list[Blob]:
    """Blobs last verified before a moment, the longest ago first: a scrubber's work."""
    query = (
        rows.select(table, Blob)
        .where(table.c.verified_at < before)
        .order_by(table.c.verified_at)
        .limit(limit)
    )
    return rows.many(connection, Blob, query)


def unreferenced(connection: sa.Connection, *, before: datetime, limit: int) -> list[Blob]:
    """Quarantined blobs older than a moment that no manifest names: left by broken uploads."""
    named = sa.select(manifest_entry.c.digest).where(manifest_entry.c.digest == table.c.digest)
    query = (
        rows.select(table, Blob)
        .where(table.c.state == QUARANTINED, table.c.created < before, ~named.exists())
        .order_by(table.c.created)
        .limit(limit)
    )
    return rows.many(connection, Blob, query)


def forget(connection: sa.Connection, digest: Digest) -> None:
    """Remove the row of a quarantined blob that no manifest names.

    Raises:
        ConflictError: there is none, it is not quarantined, or a manifest names it.
    """
    named = sa.select(manifest_entry.c.digest).where(manifest_entry.c.digest == digest)
    statement = sa.delete(table).where(
        table.c.digest == digest, table.c.state == QUARANTINED, ~named.exists()
    )
    if connection.execute(statement).rowcount != 1:
        raise ConflictError("is in use or not quarantined", subject=str(digest))


def block(connection: sa.Connection, digest: Digest, *, reason: str, now: datetime) -> None:
    """Put a digest, of a blob or a tree, on the list of what is refused everywhere."""
    connection.execute(
        rows.upsert(connection, blocked_digest)
        .values(digest=digest, reason=reason, created=now)
        .on_conflict_do_nothing()
    )


def blocked(connection: sa.Connection, digests: Iterable[Digest]) -> dict[Digest, str]:
    """Those of `digests` that are blocked, with the reason."""
    found: dict[Digest, str] = {}
    for batch in rows.batches(digests):
        query = sa.select(blocked_digest.c.digest, blocked_digest.c.reason).where(
            blocked_digest.c.digest.in_(batch)
        )
        found.update({row.digest: row.reason for row in connection.execute(query)})
    return found


def blocked_in_tree(connection: sa.Connection, tree: Digest) -> dict[Digest, str]:
    """The tree and those of its files that are blocked, with the reason."""
    files = sa.select(manifest_entry.c.digest).where(manifest_entry.c.tree == tree)
    query = sa.select(blocked_digest.c.digest, blocked_digest.c.reason).where(
        sa.or_(blocked_digest.c.digest == tree, blocked_digest.c.digest.in_(files))
    )
    return {row.digest: row.reason for row in connection.execute(query)}
