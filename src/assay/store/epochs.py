"""Epochs: numbers that grow when something a cached decision rests on changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.store import rows
from assay.store.tables import epoch as table

GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class Epochs:
    """The two numbers a decision about a tree is bound to.

    Attributes:
        of_all: Grows with policy, trust and revocation.
        of_tree: Grows with the tree's evidence, waivers and states.
    """

    of_all: int
    of_tree: int


def current(connection: sa.Connection, tree: Digest) -> Epochs:
    """Both numbers now; 0 where nothing ever changed."""
    query = sa.select(table.c.scope, table.c.value).where(table.c.scope.in_((GLOBAL, str(tree))))
    found: dict[str, int] = {row.scope: row.value for row in connection.execute(query)}
    return Epochs(found.get(GLOBAL, 0), found.get(str(tree), 0))


def bump_global(connection: sa.Connection) -> int:
    """End every cached decision; returns the new number."""
    return _bump(connection, GLOBAL)


def bump_trees(connection: sa.Connection, trees: Iterable[Digest]) -> None:
    """End the cached decisions about these trees."""
    for tree in sorted(set(trees)):  # one order for all, or two transactions wait for each other
        _bump(connection, str(tree))


def _bump(connection: sa.Connection, scope: str) -> int:
    statement = (
        rows.upsert(connection, table)
        .values(scope=scope, value=1)
        .on_conflict_do_update(index_elements=[table.c.scope], set_={"value": table.c.value + 1})
        .returning(table.c.value)
    )
    return int(connection.execute(statement).scalar_one())
