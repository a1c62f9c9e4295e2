"""Principals: persons, robots and agents. Names are unique without regard to case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from assay.core.errors import DataError
from assay.core.ids import new_ulid
from assay.store import rows
from assay.store.tables import principal as table

_MAX_OWNERS = 8


@dataclass(frozen=True, slots=True)
class Principal:
    """A person, robot or agent.

    Attributes:
        kind: `person`, `robot` or `agent`.
        owner_id: The principal that answers for a robot or agent; None for a person.
        disabled_at: When it lost all access; None while it has it.
    """

    id: str
    kind: str
    name: str
    owner_id: str | None
    created: datetime
    disabled_at: datetime | None


def create(
    connection: sa.Connection, *, kind: str, name: str, now: datetime, owner_id: str | None = None
) -> Principal:
    """Add a principal.

    Raises:
        ConflictError: the name is taken, in any case.
        NotFoundError: there is no such owner.
        DataError: not one of the kinds.
    """
    row = Principal(new_ulid(), kind, name, owner_id, now, None)
    return rows.insert(
        connection, table, row, taken="the name is taken", subject=name, folded=name.casefold()
    )


def get(connection: sa.Connection, principal_id: str) -> Principal:
    """The principal with this id.

    Raises:
        NotFoundError: there is none.
    """
    query = rows.select(table, Principal).where(table.c.id == principal_id)
    return rows.required(connection, Principal, query, subject=principal_id)


def find(connection: sa.Connection, name: str) -> Principal | None:
    """The principal of this name, in any case."""
    query = rows.select(table, Principal).where(table.c.folded == name.casefold())
    return rows.first(connection, Principal, query)


def names(connection: sa.Connection, ids: set[str]) -> dict[str, str]:
    """Names by id, for showing; unknown ids are left out."""
    found: dict[str, str] = {}
    for batch in rows.batches(ids):
        query = sa.select(table.c.id, table.c.name).where(table.c.id.in_(batch))
        found.update({row.id: row.name for row in connection.execute(query)})
    return found


def listed(connection: sa.Connection, *, after: str = "", limit: int = 100) -> list[Principal]:
    """Principals by name, those after the name `after`."""
    query = (
        rows.select(table, Principal)
        .where(table.c.folded > after.casefold())
        .order_by(table.c.folded)
        .limit(limit)
    )
    return rows.many(connection, Principal, query)


def owned(connection: sa.Connection, owner_id: str) -> list[Principal]:
    """The robots and agents a principal answers for."""
    query = rows.select(table, Principal).where(table.c.owner_id == owner_id).order_by(table.c.id)
    return rows.many(connection, Principal, query)


def count(connection: sa.Connection) -> int:
    """How many there are, disabled ones included."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def answerable(connection: sa.Connection, principal: Principal) -> Principal:
    """The principal at the end of the chain of owners: itself where it has none.

    Raises:
        DataError: the chain is longer than eight or closes on itself.
    """
    current = principal
    for _ in range(_MAX_OWNERS):
        if current.owner_id is None:
            return current
        current = get(connection, current.owner_id)
    raise DataError("the chain of owners does not end", subject=principal.name)


def disable(connection: sa.Connection, principal_id: str, *, now: datetime) -> None:
    """Take all access away.

    Raises:
        ConflictError: there is no such principal, or it is disabled already.
    """
    statement = (
        sa.update(table)
        .where(table.c.id == principal_id, table.c.disabled_at.is_(None))
        .values(disabled_at=now)
    )
    rows.update_one(connection, statement, missing="is disabled already", subject=principal_id)


def enable(connection: sa.Connection, principal_id: str) -> None:
    """Give access back.

    Raises:
        ConflictError: there is no such principal, or it is not disabled.
    """
    statement = (
        sa.update(table)
        .where(table.c.id == principal_id, table.c.disabled_at.is_not(None))
        .values(disabled_at=None)
    )
    rows.update_one(connection, statement, missing="is not disabled", subject=principal_id)
