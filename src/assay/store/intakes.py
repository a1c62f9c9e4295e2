"""Intakes: the work a new release needs before it can be judged. The row is the truth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.errors import ConflictError
from assay.core.ids import new_ulid
from assay.store import rows
from assay.store.tables import intake as table

PENDING = "pending"
RUNNING = "running"
DONE = "done"
FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Intake:
    """One intake. Its id is its job's id.

    Attributes:
        tree: Known once the upload is complete.
        state: `pending`, `running`, `done` or `failed`.
        error: Why it failed.
        attempts: How often it was started.
        heartbeat: When its worker last said that it lives.
    """

    id: str
    model_id: str
    version: str
    tree: Digest | None
    state: str
    principal_id: str
    error: str | None
    attempts: int
    created: datetime
    updated: datetime
    heartbeat: datetime | None


def create(
    connection: sa.Connection,
    *,
    model_id: str,
    version: str,
    tree: Digest | None,
    principal_id: str,
    now: datetime,
) -> Intake:
    """Add a pending intake.

    Raises:
        NotFoundError: there is no such model or principal.
    """
    row = Intake(
        new_ulid(), model_id, version, tree, PENDING, principal_id, None, 0, now, now, None
    )
    return rows.insert(connection, table, row, taken="the id is taken", subject=row.id)


def get(connection: sa.Connection, intake_id: str) -> Intake:
    """The intake with this id.

    Raises:
        NotFoundError: there is none.
    """
    query = rows.select(table, Intake).where(table.c.id == intake_id)
    return rows.required(connection, Intake, query, subject=intake_id)


def latest(connection: sa.Connection, model_id: str, version: str) -> Intake | None:
    """The newest intake of a version."""
    query = (
        rows.select(table, Intake)
        .where(table.c.model_id == model_id, table.c.version == version)
        .order_by(table.c.id.desc())
        .limit(1)
    )
    return rows.first(connection, Intake, query)


def start(connection: sa.Connection, intake_id: str, *, now: datetime) -> Intake:
    """Take it up. Starting again what runs or failed is allowed: steps are safe to repeat.

    Raises:
        ConflictError: there is no such intake, or it is done.
    """
    statement = (
        sa.update(table)
        .where(table.c.id == intake_id, table.c.state != DONE)
        .values(
            state=RUNNING,
            attempts=table.c.attempts + 1,
            error=None,
            updated=now,
            heartbeat=now,
        )
    )
    rows.update_one(connection, statement, missing="is done already", subject=intake_id)
    return get(connection, intake_id)


def beat(connection: sa.Connection, intake_id: str, *, now: datetime) -> None:
    """Say that its worker lives.

    Raises:
        ConflictError: it does not run.
    """
    statement = (
        sa.update(table)
        .where(table.c.id == intake_id, table.c.state == RUNNING)
        .values(heartbeat=now)
    )
    rows.update_one(connection, statement, missing="does not run", subject=intake_id)


def finish(
    connection: sa.Connection, intake_id: str, *, now: datetime, error: str | None = None
) -> None:
    """End it, well or with an error. Ending it the same way again changes nothing.

    Raises:
        ConflictError: it neither runs nor ended this way.
    """
    state = DONE if error is None else FAILED
    statement = (
        sa.update(table)
        .where(table.c.id == intake_id, table.c.state == RUNNING)
        .values(state=state, error=error, updated=now)
    )
    if connection.execute(statement).rowcount != 1 and get(connection, intake_id).state != state:
        raise ConflictError("does not run", subject=intake_id)


def unfinished(connection: sa.Connection, *, before: datetime, limit: int = 100) -> list[Intake]:
    """Intakes nobody seems to work on: pending, or running without a sign of life since a moment."""
    silent = sa.func.coalesce(table.c.heartbeat, table.c.updated) < before
    query = (
        rows.select(table, Intake)
        .where(table.c.state.in_((PENDING, RUNNING)), silent)
        .order_by(table.c.id)
        .limit(limit)
    )
    return rows.many(connection, Intake, query)


def in_state(connection: sa.Connection, state: str, *, limit: int = 100) -> list[Intake]:
    """Intakes in a state, oldest first."""
    query = rows.select(table, Intake).where(table.c.state == state).order_by(table.c.id)
    return rows.many(connection, Intake, query.limit(limit))
