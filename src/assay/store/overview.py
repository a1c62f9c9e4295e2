"""Across models: how many releases are in which state, and the ones that changed last."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from assay.store import rows
from assay.store.releases import Release
from assay.store.tables import decision as decision_table
from assay.store.tables import intake as intake_table
from assay.store.tables import model as model_table
from assay.store.tables import release as table


@dataclass(frozen=True, slots=True)
class FailedIntake:
    """A release that could not be judged: its intake ended with an error."""

    model_id: str
    version: str
    error: str | None
    updated: datetime


def count_by_state(connection: sa.Connection, namespaces: Collection[str]) -> dict[str, int]:
    """How many releases of these namespaces (folded) are in each state; absent states have none."""
    query = (
        sa.select(table.c.state, sa.func.count())
        .join(model_table, model_table.c.id == table.c.model_id)
        .where(model_table.c.namespace.in_(sorted(namespaces)))
        .group_by(table.c.state)
    )
    return {state: int(number) for state, number in connection.execute(query)}


def lately(
    connection: sa.Connection,
    namespaces: Collection[str],
    *,
    states: Collection[str],
    outcomes: Collection[str] | None = None,
    limit: int = 20,
) -> list[Release]:
    """Releases in one of these states, those that changed last first.

    Args:
        connection: Any.
        namespaces: Of these namespaces only, folded.
        states: In these states only.
        outcomes: Only those whose newest decision has one of these outcomes, where given.
        limit: Most rows.
    """
    query = (
        rows.select(table, Release)
        .join(model_table, model_table.c.id == table.c.model_id)
        .where(
            model_table.c.namespace.in_(sorted(namespaces)),
            table.c.state.in_(sorted(states)),
        )
    )
    if outcomes is not None:
        query = query.where(_newest_outcome().in_(sorted(outcomes)))
    ordered = query.order_by(table.c.updated.desc(), table.c.id.desc()).limit(limit)
    return rows.many(connection, Release, ordered)


def count_with_outcome(
    connection: sa.Connection, namespaces: Collection[str], *, state: str, outcome: str
) -> int:
    """How many releases in a state have this outcome in their newest decision."""
    query = (
        sa.select(sa.func.count())
        .select_from(table)
        .join(model_table, model_table.c.id == table.c.model_id)
        .where(
            model_table.c.namespace.in_(sorted(namespaces)),
            table.c.state == state,
            _newest_outcome() == outcome,
        )
    )
    return int(connection.execute(query).scalar_one())


def failed_intakes(
    connection: sa.Connection, namespaces: Collection[str], *, limit: int = 20
) -> list[FailedIntake]:
    """Intakes that failed, those that did so last first."""
    query = (
        rows.select(intake_table, FailedIntake)
        .join(model_table, model_table.c.id == intake_table.c.model_id)
        .where(
            model_table.c.namespace.in_(sorted(namespaces)),
            intake_table.c.state == "failed",
        )
        .order_by(intake_table.c.id.desc())
        .limit(limit)
    )
    return rows.many(connection, FailedIntake, query)


def _newest_outcome() -> sa.ScalarSelect[str]:
    """The outcome of a release's newest decision."""
    return (
        sa.select(decision_table.c.outcome)
        .where(decision_table.c.release_id == table.c.id)
        .order_by(decision_table.c.id.desc())
        .limit(1)
        .correlate(table)
        .scalar_subquery()
    )
