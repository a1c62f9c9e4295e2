"""Enqueueing jobs and asking after them. Runs no job: this is all the API process needs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assay.core.errors import ConflictError, NotFoundError, UnavailableError, UsageError
from assay.jobs import engine as dbos_engine
from assay.jobs.database import Database, parse, reason
from assay.jobs.interface import (
    ARGUMENT_BYTES,
    Failure,
    Job,
    JobState,
    Json,
    checked_job_id,
    checked_json,
)
from assay.jobs.schema import require_current

if TYPE_CHECKING:
    import sqlalchemy as sa
    from dbos import DBOSClient, WorkflowStatus

_STATES = {
    "ENQUEUED": JobState.QUEUED,
    "DELAYED": JobState.QUEUED,
    "PENDING": JobState.RUNNING,
    "SUCCESS": JobState.DONE,
}
_UNFINISHED = ["ENQUEUED", "DELAYED", "PENDING"]
_FINISHED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]


class JobQueue:
    """The jobs of one database. Safe to share between threads; connects when first used.

    Args:
        url: `sqlite:///FILE` or `postgresql://...`, as `migrate` took it.
        busy_seconds: How long to wait for SQLite's write lock, seconds.

    Raises:
        UsageError: not such an address.
    """

    def __init__(self, url: str, *, busy_seconds: float = 5.0) -> None:
        self.database: Database = parse(url)
        self._busy_seconds = busy_seconds
        self._lock = threading.Lock()
        self._opened: tuple[sa.Engine, DBOSClient] | None = None

    def enqueue(self, workflow: str, job_id: str, args: Mapping[str, Json]) -> None:
        """Put a job in the queue.

        Doing so again under the same id changes nothing, whatever the arguments and however far
        the job has come.

        Raises:
            DataError: the id or the arguments are not as `interface` says.
            ConflictError: the id belongs to a job of another workflow.
            UsageError: the database is not set up.
            UnavailableError: it did not answer; the job is not in the queue.
        """
        from dbos._error import DBOSConflictingWorkflowError

        checked_job_id(job_id)
        checked_json(dict(args), limit=ARGUMENT_BYTES, subject=f"arguments of job {job_id}")
        with self._answering() as (pool, client), pool.begin() as connection:
            try:
                client.enqueue_in_transaction(
                    connection,
                    {
                        "workflow_name": workflow,
                        "queue_name": dbos_engine.QUEUE,
                        "workflow_id": job_id,
                    },
                    dict(args),
                )
            except DBOSConflictingWorkflowError:
                raise ConflictError(
                    f"is already the id of a job other than {workflow!r}", subject=job_id
                ) from None

    def status(self, job_id: str) -> Job | None:
        """The job as it stands, or None if there is no such job.

        Raises:
            DataError: not a job id.
            UsageError: the database is not set up.
            UnavailableError: it did not answer.
        """
        checked_job_id(job_id)
        with self._answering() as (pool, client):
            found = client.list_workflows(workflow_ids=[job_id])
            return self._jobs(pool, found)[0] if found else None

    def list_unfinished(self, *, limit: int = 1000) -> list[Job]:
        """Jobs that are queued or running, oldest first, at most `limit`.

        Raises:
            UsageError: the database is not set up.
            UnavailableError: it did not answer.
        """
        with self._answering() as (pool, client):
            return self._jobs(pool, client.list_workflows(status=_UNFINISHED, limit=limit))

    def retry(self, job_id: str) -> None:
        """Put a failed job in the queue again; it goes on after its last completed step.

        Raises:
            NotFoundError: there is no such job.
            ConflictError: it has not failed.
            UsageError: the database is not set up.
            UnavailableError: it did not answer.
        """
        from assay.jobs.deaths import DeathLedger

        job = self.status(job_id)
        if job is None:
            raise NotFoundError("there is no such job", subject=job_id)
        if job.state is not JobState.FAILED:
            raise ConflictError(f"the job is {job.state}, not failed", subject=job_id)
        with self._answering() as (pool, client):
            DeathLedger(self.database, pool, "").forget(job_id)
            client.rewind_workflow(
                job_id, start_step=len(job.completed) + 1, queue_name=dbos_engine.QUEUE
            )

    def prune(self, before: datetime, *, limit: int = 1000) -> int:
        """Delete jobs that ended before a moment, at most `limit`; returns how many.

        An id that was pruned can be enqueued anew, so this belongs to ids that never come back.

        Raises:
            UsageError: the database is not set up.
            UnavailableError: it did not answer.
        """
        from assay.jobs.deaths import DeathLedger

        moment = before.astimezone(UTC).isoformat()
        with self._answering() as (pool, client):
            ended = client.list_workflows(
                status=_FINISHED,
                completed_before=moment,
                limit=limit,
                load_input=False,
                load_output=False,
            )
            ids = [one.workflow_id for one in ended]
            if ids:
                client.delete_workflows(ids)
            ledger = DeathLedger(self.database, pool, "")
            for job_id in ids:
                ledger.forget(job_id)
            return len(ids)

    def give_up(self, job_ids: set[str]) -> None:
        """End jobs that cannot be run: of an unknown workflow, or whose record is not JSON.

        Raises:
            UnavailableError: the database did not answer.
        """
        if job_ids:
            with self._answering() as (_, client):
                client.cancel_workflows(sorted(job_ids))

    def prepare(self, *, version: str, concurrency: int, poll_seconds: float) -> None:
        """Write how the queue is worked off, before a worker begins.

        Raises:
            UnavailableError: the database did not answer.
        """
        with self._answering() as (_, client):
            client.register_queue(
                dbos_engine.QUEUE,
                worker_concurrency=concurrency,
                polling_interval_sec=poll_seconds,
            )
            dbos_engine.make_latest(client, version)

    def close(self) -> None:
        """Close the connections; the queue opens them again when it is used."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened:
            opened[1].destroy()
            opened[0].dispose()

    @contextmanager
    def _answering(self) -> Iterator[tuple[sa.Engine, DBOSClient]]:
        import sqlalchemy as sa

        try:
            yield self._open()
        except sa.exc.SQLAlchemyError as error:
            raise UnavailableError(
                f"the jobs database did not answer: {reason(error)}",
                subject=self.database.shown,
                remedy="see that the database runs and nothing holds its lock, then try again",
            ) from None

    def _open(self) -> tuple[sa.Engine, DBOSClient]:
        with self._lock:
            if self._opened is None:
                pool = self.database.engine(
                    application="assay-jobs", busy_seconds=self._busy_seconds, pool=5
                )
                try:
                    require_current(self.database, pool)
                    self._opened = pool, dbos_engine.client(pool)
                except (UsageError, UnavailableError):
                    pool.dispose()
                    raise
            return self._opened

    def _jobs(self, pool: sa.Engine, found: Sequence[WorkflowStatus]) -> list[Job]:
        completed = _completed(self.database, pool, [one.workflow_id for one in found])
        return [_job(one, tuple(completed.get(one.workflow_id, ()))) for one in found]


def _completed(database: Database, pool: sa.Engine, ids: list[str]) -> dict[str, list[str]]:
    """Names of recorded steps, by job."""
    import sqlalchemy as sa

    if not ids:
        return {}
    table = database.table("operation_outputs")
    query = sa.text(
        f"SELECT workflow_uuid, function_name FROM {table}"  # noqa: S608 - our own name
        " WHERE workflow_uuid IN :ids ORDER BY workflow_uuid, function_id"
    ).bindparams(sa.bindparam("ids", expanding=True))
    steps: dict[str, list[str]] = {}
    with pool.connect() as connection:
        for job_id, name in connection.execute(query, {"ids": ids}):
            steps.setdefault(job_id, []).append(name)
    return steps


def _job(found: WorkflowStatus, completed: tuple[str, ...]) -> Job:
    state = _STATES.get(found.status, JobState.FAILED)
    inputs: Any = found.input
    args = inputs["args"][0] if isinstance(inputs, dict) and inputs.get("args") else {}
    return Job(
        id=found.workflow_id,
        workflow=found.name,
        state=state,
        args=args if isinstance(args, dict) else {},
        completed=completed,
        result=found.output if state is JobState.DONE else None,
        failure=_failure(found) if state is JobState.FAILED else None,
        starts=found.recovery_attempts or 0,
        created=_moment(found.created_at),
        updated=_moment(found.updated_at),
    )


def _failure(found: WorkflowStatus) -> Failure:
    error: Any = found.error
    inputs: Any = found.input
    # Only `give_up` ends a job without an error.
    if error is None and isinstance(inputs, str):
        return Failure(
            code="not-json",
            message="the job's record is not JSON; it was not written by Assay and was not read",
            remedy="find out who wrote to the jobs database",
        )
    if error is None:
        return Failure(
            code="unknown-workflow",
            message=f"the worker knows no workflow {found.name!r}",
            remedy="upgrade the worker, then retry the job",
        )
    data = getattr(error, "data", None)
    known = data if isinstance(data, dict) else {}
    return Failure(
        code=str(getattr(error, "code", None) or "error"),
        message=str(error),
        step=known.get("step"),
        subject=known.get("subject"),
        remedy=known.get("remedy"),
    )


def _moment(milliseconds: int | None) -> datetime:
    return datetime.fromtimestamp((milliseconds or 0) / 1000, UTC)
