"""Rows as frozen dataclasses: a class whose fields are named like the columns it reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from assay.core.errors import ConflictError, NotFoundError
from assay.store.tables import sequence

R = TypeVar("R")
K = TypeVar("K")
BATCH = 500
"""Values bound in one statement: below what any build of SQLite takes."""


def select(table: sa.Table, kind: type[Any]) -> sa.Select[Any]:
    """A query for the columns of `table` that `kind` has fields for."""
    return sa.select(*(table.c[name] for name in _names(kind)))


def many(connection: sa.Connection, kind: type[R], query: sa.Executable) -> list[R]:
    """Every row the query gives."""
    return [kind(**row) for row in connection.execute(query).mappings()]


def first(connection: sa.Connection, kind: type[R], query: sa.Executable) -> R | None:
    """The first row the query gives, if any."""
    row = connection.execute(query).mappings().first()
    return None if row is None else kind(**row)


def required(connection: sa.Connection, kind: type[R], query: sa.Executable, *, subject: str) -> R:
    """The first row the query gives.

    Raises:
        NotFoundError: there is none.
    """
    found = first(connection, kind, query)
    if found is None:
        noun = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.__name__).lower()
        raise NotFoundError(f"there is no such {noun}", subject=subject)
    return found


def values(row: Any) -> dict[str, Any]:
    """A row's fields by column."""
    return {name: getattr(row, name) for name in _names(type(row))}


def insert(
    connection: sa.Connection, table: sa.Table, row: R, *, taken: str, subject: str, **more: Any
) -> R:
    """Add a row, or leave the transaction as it was and say what is taken.

    Args:
        connection: One that writes.
        table: Where to.
        row: What; its fields are columns.
        taken: Message where a key or name is in use already.
        subject: The thing the message is about.
        more: Columns the row has no field for.

    Raises:
        ConflictError: a key or name is in use.
        NotFoundError: the row names something that does not exist.
    """
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(table).values(**values(row), **more))
    except ConflictError as error:
        raise ConflictError(taken, subject=subject) from error
    return row


def upsert(connection: sa.Connection, table: sa.Table) -> postgresql.Insert:
    """An INSERT with `on_conflict_do_update` and `on_conflict_do_nothing`, for either engine."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return cast("postgresql.Insert", sqlite.insert(table))  # the two have the same methods


def update_one(
    connection: sa.Connection, statement: sa.Update, *, missing: str, subject: str
) -> None:
    """Change exactly one row.

    Raises:
        ConflictError: there is no row in the state the statement asks for.
    """
    if connection.execute(statement).rowcount != 1:
        raise ConflictError(missing, subject=subject)


def next_value(connection: sa.Connection, name: str) -> int:
    """The next number of a counter, from 1, without gaps.

    Whoever takes a number keeps all others waiting until its transaction ends, and gives the
    number back if that fails. Take it late in a transaction.
    """
    statement = (
        upsert(connection, sequence)
        .values(name=name, value=1)
        .on_conflict_do_update(
            index_elements=[sequence.c.name], set_={"value": sequence.c.value + 1}
        )
        .returning(sequence.c.value)
    )
    return int(connection.execute(statement).scalar_one())


def last_value(connection: sa.Connection, name: str) -> int:
    """The last number a counter gave; 0 if none."""
    query = sa.select(sequence.c.value).where(sequence.c.name == name)
    return int(connection.execute(query).scalar() or 0)


def batches(items: Iterable[K]) -> Iterator[Sequence[K]]:
    """The distinct items, in groups small enough for one statement."""
    distinct = list(dict.fromkeys(items))
    for start in range(0, len(distinct), BATCH):
        yield distinct[start : start + BATCH]


def like_prefix(column: sa.ColumnElement[str], prefix: str) -> sa.ColumnElement[bool]:
    """Whether a text column starts with `prefix`, in a form an index serves."""
    if not prefix:
        return sa.true()
    return sa.and_(column >= prefix, column < prefix[:-1] + chr(ord(prefix[-1]) + 1))


def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
