"""Models: `namespace/name`, unique without regard to case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assay.core.ids import new_ulid
from assay.core.names import ModelName
from assay.store import namespaces, rows
from assay.store.tables import model as table
from assay.store.tables import namespace as namespace_table


@dataclass(frozen=True, slots=True)
class Model:
    """A model.

    Attributes:
        namespace: The namespace as first written.
        folded: Lower case `namespace/name`.
    """

    id: str
    namespace: str
    name: str
    folded: str
    created: datetime
    created_by: str

    @property
    def full_name(self) -> ModelName:
        """`namespace/name` as first written."""
        return ModelName(self.namespace, self.name)


def create(connection: sa.Connection, name: ModelName, *, created_by: str, now: datetime) -> Model:
    """Add a model, and its namespace if there is none.

    Raises:
        ConflictError: the name is taken, in any case.
        NotFoundError: there is no such principal.
    """
    space = namespaces.ensure(connection, name.namespace, now=now)
    row = Model(new_ulid(), space.folded, name.name, name.folded, now, created_by)
    rows.insert(connection, table, row, taken="the name is taken", subject=str(name))
    return get(connection, row.id)


def ensure(connection: sa.Connection, name: ModelName, *, created_by: str, now: datetime) -> Model:
    """The model of this name, made if there is none. Two at once get the same one."""
    space = namespaces.ensure(connection, name.namespace, now=now)
    row = Model(new_ulid(), space.folded, name.name, name.folded, now, created_by)
    connection.execute(
        rows.upsert(connection, table)
        .values(**rows.values(row))
        .on_conflict_do_nothing(index_elements=[table.c.folded])
    )
    return named(connection, name)


def get(connection: sa.Connection, model_id: str) -> Model:
    """The model with this id.

    Raises:
        NotFoundError: there is none.
    """
    return rows.required(
        connection, Model, _query().where(table.c.id == model_id), subject=model_id
    )


def find(connection: sa.Connection, name: ModelName) -> Model | None:
    """The model of this name, in any case."""
    return rows.first(connection, Model, _query().where(table.c.folded == name.folded))


def named(connection: sa.Connection, name: ModelName) -> Model:
    """The model of this name, in any case.

    Raises:
        NotFoundError: there is none.
    """
    query = _query().where(table.c.folded == name.folded)
    return rows.required(connection, Model, query, subject=str(name))


def listed(
    connection: sa.Connection,
    *,
    search: str = "",
    namespace: str | None = None,
    after: str = "",
    limit: int = 100,
) -> list[Model]:
    """Models by name.

    Args:
        connection: Any.
        search: Text the name holds, in any case; no wildcards.
        namespace: Only this one.
        after: Only names after this `namespace/name`.
        limit: Most rows.
    """
    query = _query().where(table.c.folded > after.lower()).order_by(table.c.folded).limit(limit)
    if search:
        query = query.where(table.c.folded.contains(search.lower(), autoescape=True))
    if namespace is not None:
        query = query.where(table.c.namespace == namespace.lower())
    return rows.many(connection, Model, query)


def _query() -> sa.Select[Any]:
    """A model with its namespace as first written."""
    return sa.select(
        table.c.id,
        namespace_table.c.name.label("namespace"),
        table.c.name,
        table.c.folded,
        table.c.created,
        table.c.created_by,
    ).join(namespace_table, namespace_table.c.folded == table.c.namespace)
