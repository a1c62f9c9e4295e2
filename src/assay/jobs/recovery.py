"""Jobs that are marked as running: finding them, and putting them in the queue again.

Written as our own statements on DBOS's table rather than its calls, which wait without end while
SQLite is locked: these must give up, so that a worker can still stop.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.jobs.engine import APPLICATION, JSON_FORM, QUEUE

if TYPE_CHECKING:
    import sqlalchemy as sa

    from assay.jobs.database import Database


@dataclass(frozen=True, slots=True)
class Pending:
    """A job marked as running.

    Attributes:
        job: Job id.
        executor: The worker that claimed it.
        workflow: Name of its workflow.
        is_json: Whether its record says it is JSON, as all that is written here does.
    """

    job: str
    executor: str
    workflow: str
    is_json: bool


def pending(database: Database, pool: sa.Engine) -> set[Pending]:
    """Every job marked as running."""
    import sqlalchemy as sa

    query = sa.text(
        f"SELECT workflow_uuid, executor_id, name, serialization FROM {database.table('workflow_status')}"  # noqa: S608
        " WHERE status = 'PENDING' AND application_name = :application"
    )
    with pool.connect() as connection:
        rows = connection.execute(query, {"application": APPLICATION})
        return {
            Pending(job, executor or "", name, form == JSON_FORM)
            for job, executor, name, form in rows
        }


def requeue(database: Database, pool: sa.Engine, jobs: Collection[Pending]) -> int:
    """Put jobs in the queue again, those still with the worker they were seen with; how many.

    Taking the owner's token away is what fences: a worker that still runs such a job cannot record
    anything for it any more.
    """
    import sqlalchemy as sa

    if not jobs:
        return 0
    statement = sa.text(
        f"UPDATE {database.table('workflow_status')} SET status = 'ENQUEUED', owner_xid = NULL,"  # noqa: S608
        " started_at_epoch_ms = NULL, application_version = NULL, queue_name = :queue,"
        f" updated_at = {database.now_ms}"
        " WHERE workflow_uuid = :job AND executor_id = :executor AND status = 'PENDING'"
    )
    count = 0
    with pool.begin() as connection:
        for one in sorted(jobs, key=lambda one: one.job):
            values = {"job": one.job, "executor": one.executor, "queue": QUEUE}
            count += connection.execute(statement, values).rowcount
    return count


def adopt(database: Database, pool: sa.Engine, version: str) -> None:
    """Let this version take queued jobs that another version had begun."""
    import sqlalchemy as sa

    statement = sa.text(
        f"UPDATE {database.table('workflow_status')} SET application_version = NULL"  # noqa: S608
        " WHERE status IN ('ENQUEUED', 'DELAYED') AND application_name = :application"
        " AND application_version <> :version"
    )
    with pool.begin() as connection:
        connection.execute(statement, {"application": APPLICATION, "version": version})
