"""Namespaces: how strictly policy is applied there, and whose signatures count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assay.core.errors import NotFoundError
from assay.store import rows
from assay.store.tables import namespace as table

DEFAULT_MODE = "enforce"


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace.

    Attributes:
        folded: Lower case: what it is unique by and named by elsewhere.
        name: As first written.
        mode: `observe`, `warn` or `enforce`.
        trust_rule: Whose signatures are demanded; None where none is.
    """

    folded: str
    name: str
    mode: str
    trust_rule: Any
    created: datetime


def ensure(
    connection: sa.Connection, name: str, *, now: datetime, mode: str = DEFAULT_MODE
) -> Namespace:
    """The namespace of this name, made if there is none. An existing one stays as it is."""
    row = Namespace(name.lower(), name, mode, None, now)
    connection.execute(
        rows.upsert(connection, table).values(**rows.values(row)).on_conflict_do_nothing()
    )
    return get(connection, name)


def get(connection: sa.Connection, name: str) -> Namespace:
    """The namespace of this name, in any case.

    Raises:
        NotFoundError: there is none.
    """
    query = rows.select(table, Namespace).where(table.c.folded == name.lower())
    return rows.required(connection, Namespace, query, subject=name)


def listed(connection: sa.Connection) -> list[Namespace]:
    """Every namespace by name."""
    return rows.many(connection, Namespace, rows.select(table, Namespace).order_by(table.c.folded))


def change(connection: sa.Connection, name: str, *, mode: str, trust_rule: Any) -> Namespace:
    """Set how strict it is and whose signatures it demands.

    Raises:
        NotFoundError: there is none.
        DataError: not one of the modes.
    """
    statement = (
        sa.update(table)
        .where(table.c.folded == name.lower())
        .values(mode=mode, trust_rule=trust_rule)
    )
    if connection.execute(statement).rowcount != 1:
        raise NotFoundError("there is no such namespace", subject=name)
    return get(connection, name)
