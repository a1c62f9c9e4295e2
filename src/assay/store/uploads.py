"""Uploads under way, and which bytes a principal has sent lately."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.ids import new_ulid
from assay.store import rows
from assay.store.tables import received_blob
from assay.store.tables import upload as table

OPEN = "open"
COMMITTED = "committed"
ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload.

    Attributes:
        digest: What will be there at its end: a tree digest, or a single object's.
        size: Bytes it will be.
        state: `open`, `committed` or `abandoned`.
        manifest: The announced manifest in canonical form; None for a single object.
    """

    id: str
    principal_id: str
    model_id: str
    digest: Digest
    size: int
    state: str
    manifest: bytes | None
    created: datetime
    expires: datetime


def begin(
    connection: sa.Connection,
    *,
    principal_id: str,
    model_id: str,
    digest: Digest,
    size: int,
    now: datetime,
    expires: datetime,
    manifest: bytes | None = None,
) -> Upload:
    """Add an open upload.

    Raises:
        NotFoundError: there is no such principal or model.
    """
    row = Upload(new_ulid(), principal_id, model_id, digest, size, OPEN, manifest, now, expires)
    return rows.insert(connection, table, row, taken="the id is taken", subject=row.id)


def get(connection: sa.Connection, upload_id: str) -> Upload:
    """The upload with this id.

    Raises:
        NotFoundError: there is none.
    """
    query = rows.select(table, Upload).where(table.c.id == upload_id)
    return rows.required(connection, Upload, query, subject=upload_id)


def commit(connection: sa.Connection, upload_id: str, *, now: datetime) -> None:
    """End it well; of two at once, one succeeds.

    Raises:
        ConflictError: there is no such upload, it is not open, or it has expired.
    """
    statement = (
        sa.update(table)
        .where(table.c.id == upload_id, table.c.state == OPEN, table.c.expires > now)
        .values(state=COMMITTED)
    )
    rows.update_one(
        connection, statement, missing="the upload is over or has expired", subject=upload_id
    )


def abandon_expired(connection: sa.Connection, *, now: datetime) -> int:
    """End open uploads whose time is over; returns how many."""
    statement = (
        sa.update(table)
        .where(table.c.state == OPEN, table.c.expires <= now)
        .values(state=ABANDONED)
    )
    return connection.execute(statement).rowcount


def note_received(
    connection: sa.Connection, *, principal_id: str, digest: Digest, size: int, now: datetime
) -> None:
    """Note that a principal sent these bytes just now.

    Raises:
        NotFoundError: there is no such principal.
    """
    connection.execute(
        rows.upsert(connection, received_blob)
        .values(principal_id=principal_id, digest=digest, size=size, created=now)
        .on_conflict_do_update(
            index_elements=[received_blob.c.principal_id, received_blob.c.digest],
            set_={"created": now},
        )
    )


def received(
    connection: sa.Connection, *, principal_id: str, digests: Iterable[Digest], since: datetime
) -> set[Digest]:
    """Those of `digests` that a principal sent since a moment."""
    found: set[Digest] = set()
    for batch in rows.batches(digests):
        query = sa.select(received_blob.c.digest).where(
            received_blob.c.principal_id == principal_id,
            received_blob.c.created >= since,
            received_blob.c.digest.in_(batch),
        )
        found.update(connection.execute(query).scalars())
    return found


def forget_received(connection: sa.Connection, *, before: datetime) -> int:
    """Remove notes older than a moment; returns how many."""
    statement = sa.delete(received_blob).where(received_blob.c.created < before)
    return connection.execute(statement).rowcount
