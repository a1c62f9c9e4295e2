"""Waivers: scoped exceptions that expire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.ids import new_ulid
from assay.store import rows
from assay.store.tables import waiver as table


@dataclass(frozen=True, slots=True)
class Waiver:
    """An exception from one rule, for one tree or one model.

    Attributes:
        tree: The tree it is for; None where it is for a model.
        model_id: The model it is for; None where it is for a tree.
        finding: The one finding it is about; None for all of the rule.
        not_before: From when, included.
        until: To when, excluded.
        envelope: Attestation that carries its signature.
    """

    id: str
    tree: Digest | None
    model_id: str | None
    rule: str
    finding: str | None
    reason: str
    created_by: str
    not_before: datetime
    until: datetime
    envelope: Digest | None
    created: datetime


def record(
    connection: sa.Connection,
    *,
    rule: str,
    reason: str,
    created_by: str,
    not_before: datetime,
    until: datetime,
    now: datetime,
    tree: Digest | None = None,
    model_id: str | None = None,
    finding: str | None = None,
    envelope: Digest | None = None,
) -> Waiver:
    """Add a waiver.

    Raises:
        DataError: both or neither of tree and model, or a period that ends before it begins.
        NotFoundError: there is no such model, principal or attestation.
    """
    row = Waiver(
        id=new_ulid(),
        tree=tree,
        model_id=model_id,
        rule=rule,
        finding=finding,
        reason=reason,
        created_by=created_by,
        not_before=not_before,
        until=until,
        envelope=envelope,
        created=now,
    )
    return rows.insert(connection, table, row, taken="the id is taken", subject=rule)


def in_force(
    connection: sa.Connection, *, tree: Digest, model_id: str | None, at: datetime
) -> list[Waiver]:
    """The waivers for a tree, or for its model, at a moment."""
    scope = table.c.tree == tree
    if model_id is not None:
        scope = sa.or_(scope, table.c.model_id == model_id)
    query = rows.select(table, Waiver).where(scope, table.c.not_before <= at, table.c.until > at)
    return rows.many(connection, Waiver, query.order_by(table.c.id))


def listed(connection: sa.Connection, *, after: str = "", limit: int = 100) -> list[Waiver]:
    """Every waiver, ended ones included, oldest first, those after the id `after`."""
    query = rows.select(table, Waiver).where(table.c.id > after).order_by(table.c.id)
    return rows.many(connection, Waiver, query.limit(limit))
