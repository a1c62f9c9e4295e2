"""Aliases: protected pointers of a model, such as `production`. Their history is the audit's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from assay.core.errors import DataError, NotFoundError
from assay.store import rows
from assay.store.tables import alias as table
from assay.store.tables import release as release_table


@dataclass(frozen=True, slots=True)
class Alias:
    """A pointer of a model to one of its releases."""

    model_id: str
    name: str
    release_id: str
    updated: datetime
    updated_by: str


def point(
    connection: sa.Connection,
    *,
    model_id: str,
    name: str,
    release_id: str,
    by: str,
    now: datetime,
) -> Alias:
    """Make an alias, or move it.

    Raises:
        DataError: the release is not of this model.
        NotFoundError: there is no such model or principal.
    """
    owner = sa.select(release_table.c.model_id).where(release_table.c.id == release_id)
    if connection.execute(owner).scalar() != model_id:
        raise DataError("an alias points to a release of its own model", subject=name)
    row = Alias(model_id, name, release_id, now, by)
    connection.execute(
        rows.upsert(connection, table)
        .values(**rows.values(row))
        .on_conflict_do_update(
            index_elements=[table.c.model_id, table.c.name],
            set_={"release_id": release_id, "updated": now, "updated_by": by},
        )
    )
    return row


def find(connection: sa.Connection, model_id: str, name: str) -> Alias | None:
    """The alias of this name."""
    query = rows.select(table, Alias).where(table.c.model_id == model_id, table.c.name == name)
    return rows.first(connection, Alias, query)


def of_model(connection: sa.Connection, model_id: str) -> list[Alias]:
    """A model's aliases by name."""
    query = rows.select(table, Alias).where(table.c.model_id == model_id).order_by(table.c.name)
    return rows.many(connection, Alias, query)


def of_release(connection: sa.Connection, release_id: str) -> list[Alias]:
    """The aliases that point to a release, by name."""
    query = rows.select(table, Alias).where(table.c.release_id == release_id)
    return rows.many(connection, Alias, query.order_by(table.c.name))


def remove(connection: sa.Connection, model_id: str, name: str) -> Alias:
    """Take an alias away and return what it was.

    Raises:
        NotFoundError: there is none of this name.
    """
    statement = (
        sa.delete(table)
        .where(table.c.model_id == model_id, table.c.name == name)
        .returning(*rows.select(table, Alias).selected_columns)
    )
    found = rows.first(connection, Alias, statement)
    if found is None:
        raise NotFoundError("there is no such alias", subject=name)
    return found
