"""Releases: a model's version bound to a tree, with a state."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.ids import new_ulid
from assay.store import rows
from assay.store.tables import manifest_entry
from assay.store.tables import model as model_table
from assay.store.tables import release as table

QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Release:
    """A release.

    Attributes:
        version: 40 hexadecimal digits, unique within its model.
        held_from: The state it goes back to; only while it is held.
        publisher_id: Who published it, a robot included.
        parent: Version it was made from, where the publisher said so.
        seq: Place in the model's history, from 1 without gaps.
    """

    id: str
    model_id: str
    version: str
    tree: Digest
    state: str
    held_from: str | None
    publisher_id: str
    title: str
    message: str
    parent: str | None
    created: datetime
    updated: datetime
    seq: int


def create(
    connection: sa.Connection,
    *,
    model_id: str,
    version: str,
    tree: Digest,
    publisher_id: str,
    now: datetime,
    title: str = "",
    message: str = "",
    parent: str | None = None,
) -> Release:
    """Add a quarantined release at the end of its model's history.

    Raises:
        ConflictError: the model has this version already.
        NotFoundError: there is no such model, artifact or principal.
        DataError: the version is not 40 characters.
    """
    # The model's row is the lock that keeps places in its history without gaps.
    connection.execute(
        sa.select(model_table.c.id).where(model_table.c.id == model_id).with_for_update()
    )
    place = sa.select(sa.func.coalesce(sa.func.max(table.c.seq), 0) + 1).where(
        table.c.model_id == model_id
    )
    row = Release(
        id=new_ulid(),
        model_id=model_id,
        version=version,
        tree=tree,
        state=QUARANTINED,
        held_from=None,
        publisher_id=publisher_id,
        title=title,
        message=message,
        parent=parent,
        created=now,
        updated=now,
        seq=int(connection.execute(place).scalar_one()),
    )
    return rows.insert(connection, table, row, taken="this version exists", subject=version)


def get(connection: sa.Connection, release_id: str) -> Release:
    """The release with this id.

    Raises:
        NotFoundError: there is none.
    """
    query = rows.select(table, Release).where(table.c.id == release_id)
    return rows.required(connection, Release, query, subject=release_id)


def lock(connection: sa.Connection, release_id: str) -> Release:
    """The release with this id, which nobody else can change until this transaction ends.

    Raises:
        NotFoundError: there is none.
    """
    query = rows.select(table, Release).where(table.c.id == release_id).with_for_update()
    return rows.required(connection, Release, query, subject=release_id)


def find(connection: sa.Connection, model_id: str, version: str) -> Release | None:
    """The release of exactly this version."""
    query = rows.select(table, Release).where(
        table.c.model_id == model_id, table.c.version == version
    )
    return rows.first(connection, Release, query)


def with_prefix(connection: sa.Connection, model_id: str, prefix: str) -> list[Release]:
    """Up to two releases whose version starts so: one is the answer, two are ambiguous."""
    query = rows.select(table, Release).where(
        table.c.model_id == model_id, rows.like_prefix(table.c.version, prefix)
    )
    return rows.many(connection, Release, query.order_by(table.c.version).limit(2))


def newest(
    connection: sa.Connection, model_id: str, *, states: Collection[str] | None = None
) -> Release | None:
    """The last release of a model, of those in `states` where given."""
    return next(iter(listed(connection, model_id, states=states, limit=1)), None)


def listed(
    connection: sa.Connection,
    model_id: str,
    *,
    states: Collection[str] | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Release]:
    """A model's releases, newest first.

    Args:
        connection: Any.
        model_id: The model.
        states: Only these.
        before: Only places in the history before this one.
        limit: Most rows.
    """
    query = rows.select(table, Release).where(table.c.model_id == model_id)
    if states is not None:
        query = query.where(table.c.state.in_(sorted(states)))
    if before is not None:
        query = query.where(table.c.seq < before)
    return rows.many(connection, Release, query.order_by(table.c.seq.desc()).limit(limit))


def in_state(
    connection: sa.Connection, state: str, *, after: str = "", limit: int = 100
) -> list[Release]:
    """Releases of every model in a state, oldest first, those after the id `after`."""
    query = rows.select(table, Release).where(table.c.state == state, table.c.id > after)
    return rows.many(connection, Release, query.order_by(table.c.id).limit(limit))


def of_trees(connection: sa.Connection, trees: Iterable[Digest]) -> list[Release]:
    """The releases of these trees, of every model, oldest first."""
    found: list[Release] = []
    for batch in rows.batches(trees):
        query = rows.select(table, Release).where(table.c.tree.in_(batch))
        found += rows.many(connection, Release, query)
    return sorted(found, key=lambda release: release.id)


def with_file(connection: sa.Connection, digest: Digest) -> list[Release]:
    """The releases that hold a file of this digest, oldest first."""
    trees = sa.select(manifest_entry.c.tree).where(manifest_entry.c.digest == digest)
    query = rows.select(table, Release).where(table.c.tree.in_(trees)).order_by(table.c.id)
    return rows.many(connection, Release, query)


def move(
    connection: sa.Connection,
    release_id: str,
    *,
    old: str,
    new: str,
    now: datetime,
    held_from: str | None = None,
) -> Release:
    """Go from one state to another; which moves are possible is decided by the caller.

    Args:
        connection: One that writes.
        release_id: The release.
        old: The state it must be in.
        new: The state it will be in.
        now: When.
        held_from: The state to go back to; given exactly when `new` is `held`.

    Raises:
        ConflictError: it is not in the state `old`: another change came first.
        DataError: not a state, or `held_from` missing or out of place.
    """
    statement = (
        sa.update(table)
        .where(table.c.id == release_id, table.c.state == old)
        .values(state=new, held_from=held_from, updated=now)
    )
    rows.update_one(
        connection,
        statement,
        missing=f"is no longer {old}: another change came first",
        subject=release_id,
    )
    return get(connection, release_id)
