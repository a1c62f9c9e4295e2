"""The worker: takes jobs from the queue, runs them, and takes up what dead workers left."""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.core.errors import AssayError, UnavailableError, UsageError
from assay.core.ids import new_ulid
from assay.jobs import engine as dbos_engine
from assay.jobs import recovery
from assay.jobs.database import reason
from assay.jobs.deaths import DeathLedger
from assay.jobs.execution import Execution
from assay.jobs.interface import Job, Json, Workflow
from assay.jobs.lease import WorkerLease
from assay.jobs.options import WorkerOptions
from assay.jobs.queue import JobQueue
from assay.jobs.schema import require_current

if TYPE_CHECKING:
    import sqlalchemy as sa

_log = logging.getLogger("assay.jobs")

_IDLE_SECONDS = 2.0
"""A job claimed by this worker and run by none of its threads for this long is put back."""


@dataclass(frozen=True, slots=True)
class _Running:
    """What exists between start and stop."""

    executor: str
    fence: int
    lease: WorkerLease
    short: sa.Engine
    """Connections that give up soon: lease, recovery, deaths."""
    long: sa.Engine
    """Connections of the engine, which waits."""
    execution: Execution
    deaths: DeathLedger
    supervisor: threading.Thread

    def dispose(self) -> None:
        """Close the connections."""
        self.long.dispose()
        self.short.dispose()


class JobRunner:
    """Registers workflows and runs their jobs. One per process; one per database on SQLite.

    Args:
        url: `sqlite:///FILE` or `postgresql://...`, as `migrate` took it.
        options: How to work.

    Raises:
        UsageError: not such an address.
    """

    def __init__(self, url: str, options: WorkerOptions | None = None) -> None:
        self.queue = JobQueue(url)
        self.options = options or WorkerOptions()
        self.lost = threading.Event()
        """Set when another worker took over: this one begins nothing more and must stop."""
        self._workflows: dict[str, Workflow] = {}
        self._running: _Running | None = None
        self._end = threading.Event()
        self._idle_since: dict[recovery.Pending, float] = {}

    def register(self, workflow: Workflow) -> Workflow:
        """Make a workflow known; before `start`.

        Raises:
            UsageError: the runner was started, or the name is taken.
        """
        if self._running is not None or workflow.name in self._workflows:
            raise UsageError(
                "is registered already, or after the start", subject=f"workflow {workflow.name}"
            )
        self._workflows[workflow.name] = workflow
        return workflow

    def enqueue(self, workflow: str, job_id: str, args: Mapping[str, Json]) -> None:
        """As `JobQueue.enqueue`.

        Raises:
            UsageError: no such workflow is registered here.
        """
        if workflow not in self._workflows:
            raise UsageError("no such workflow", subject=workflow)
        self.queue.enqueue(workflow, job_id, args)

    def status(self, job_id: str) -> Job | None:
        """As `JobQueue.status`."""
        return self.queue.status(job_id)

    def list_unfinished(self, *, limit: int = 1000) -> list[Job]:
        """As `JobQueue.list_unfinished`."""
        return self.queue.list_unfinished(limit=limit)

    @property
    def fence(self) -> int:
        """The fence of the lease: on SQLite larger than that of every worker before.

        Raises:
            UsageError: the runner is not started.
        """
        return self._started().fence

    @property
    def active(self) -> frozenset[str]:
        """Ids of the jobs that are running in this process."""
        return self._running.execution.active if self._running else frozenset()

    def start(self) -> None:
        """Take the lease, take up what dead workers left, and begin to work.

        Raises:
            UsageError: the database is not set up or of another version, another worker works on
                it (named by process id), or a runner was started in this process already.
            UnavailableError: the database did not answer.
        """
        import sqlalchemy as sa

        if self._running is not None or dbos_engine.in_use():
            raise UsageError(
                "a job runner is started in this process already",
                subject=self.queue.database.shown,
            )
        self._end.clear()
        self.lost.clear()
        try:
            self._running = self._open()
            self._launch(self._running)
            self.recover()
        except BaseException as error:
            self.stop(grace_seconds=0)
            if isinstance(error, sa.exc.SQLAlchemyError):
                raise _unavailable(self.queue.database.shown, error) from None
            raise
        self._running.supervisor.start()

    def recover(self) -> int:
        """Put the jobs of dead workers, and those nobody runs here, in the queue again.

        Called at start and every few seconds; returns how many.

        Raises:
            UsageError: the runner is not started.
        """
        running = self._started()
        recovery.adopt(self.queue.database, running.short, self.options.version)
        pending = recovery.pending(self.queue.database, running.short)
        others = {one.executor for one in pending} - {running.executor}
        dead = running.lease.dead(others)
        busy = running.execution.active | dbos_engine.held()
        idle = {one for one in pending if one.executor == running.executor and one.job not in busy}
        orphans = self._idle_for_long(idle)
        hopeless = {
            one for one in orphans if one.workflow not in self._workflows or not one.is_json
        }
        for one in hopeless:
            _log.error("job %s of workflow %r cannot be run here", one.job, one.workflow)
        self.queue.give_up({one.job for one in hopeless})
        left = {one for one in pending if one.executor in dead} | (orphans - hopeless)
        count = recovery.requeue(self.queue.database, running.short, left)
        if count:
            _log.warning("took up %d jobs that nobody was running", count)
        return count

    def stop(self, *, grace_seconds: float = 30.0) -> bool:
        """End work: each job is parked after its present step; nothing is lost.

        Args:
            grace_seconds: How long to wait for the steps that are running, seconds.

        Returns:
            Whether every step ended in time. One that did not still runs in this process, but what
            it records is refused; end the process. It runs again in the next worker.
        """
        import sqlalchemy as sa

        running, self._running = self._running, None
        if running is None:
            return True
        self._end.set()
        dbos_engine.stop_claiming()
        drained = running.execution.drain(grace_seconds)
        if running.supervisor.ident is not None:
            running.supervisor.join(timeout=10)
        dbos_engine.load().destroy(destroy_registry=True)
        database = self.queue.database
        try:
            running.deaths.unmark_all()
            pending = recovery.pending(database, running.short)
            ours = {one for one in pending if one.executor == running.executor}
            recovery.requeue(database, running.short, ours)
            running.lease.release()
        except sa.exc.SQLAlchemyError as error:
            # The next worker finds the jobs by the lease, which runs out or whose process is gone.
            _log.warning("jobs database: %s; left as it is", reason(error))
        self.queue.close()
        running.dispose()
        return drained

    def _open(self) -> _Running:
        """Take the lease on a database that is fit for it.

        Raises:
            UsageError, UnavailableError: as `start`.
        """
        database, options = self.queue.database, self.options
        busy = min(5.0, options.busy_seconds)
        short = database.engine(application="assay-lease", busy_seconds=busy, pool=3)
        executor = new_ulid()
        lease = WorkerLease(database, short, executor=executor, seconds=options.lease_seconds)
        try:
            require_current(database, short)
            fence = lease.acquire()
        except BaseException:
            short.dispose()
            raise
        long = database.engine(
            application="assay-worker",
            busy_seconds=options.busy_seconds,
            # A connection for each job and one for each of the engine's own threads.
            pool=options.concurrency + 8,
        )
        deaths = DeathLedger(database, short, executor)
        return _Running(
            executor=executor,
            fence=fence,
            lease=lease,
            short=short,
            long=long,
            deaths=deaths,
            execution=Execution(deaths, max_deaths=options.max_deaths),
            supervisor=threading.Thread(target=self._supervise, name="assay-jobs", daemon=True),
        )

    def _launch(self, running: _Running) -> None:
        """Configure the engine, make the workflows known to it, and let it claim jobs."""
        dbos = dbos_engine.load()
        options = self.options
        dbos(
            config=dbos_engine.config(
                self.queue.database,
                running.long,
                version=options.version,
                executor=running.executor,
            )
        )
        for workflow in self._workflows.values():
            body = functools.partial(_body, running.execution, workflow)
            dbos_engine.register(workflow.name, body)
        self.queue.prepare(
            version=options.version,
            concurrency=options.concurrency,
            poll_seconds=options.poll_seconds,
        )
        dbos.launch()

    def _supervise(self) -> None:
        """Renew the lease and recover jobs until stopped, or until the lease is lost."""
        import sqlalchemy as sa

        running = self._started()
        alive = time.monotonic()
        while not self._end.wait(self.options.lease_seconds / 3):
            try:
                if not running.lease.renew():
                    _log.critical("another worker took over; this one stops")
                    running.execution.pause(paused=True)
                    self.lost.set()
                    return
                alive = time.monotonic()
                running.execution.pause(paused=False)
                self.recover()
            except (sa.exc.SQLAlchemyError, AssayError) as error:
                _log.warning("jobs database: %s; trying again", reason(error))
                # Past its end the lease may be another's: begin nothing until it is renewed.
                running.execution.pause(
                    paused=time.monotonic() - alive > self.options.lease_seconds
                )

    def _idle_for_long(self, idle: set[recovery.Pending]) -> set[recovery.Pending]:
        """Those idle for a while: a job just claimed, or just ended, is idle for a moment."""
        now = time.monotonic()
        self._idle_since = {one: self._idle_since.get(one, now) for one in idle}
        return {one for one, since in self._idle_since.items() if now - since >= _IDLE_SECONDS}

    def _started(self) -> _Running:
        if self._running is None:
            raise UsageError("the job runner is not started", subject=self.queue.database.shown)
        return self._running


def _body(execution: Execution, workflow: Workflow, job_id: str, args: Mapping[str, Json]) -> Json:
    return execution.run(workflow, job_id, args)


def _unavailable(shown: str, error: BaseException) -> UnavailableError:
    return UnavailableError(f"the jobs database did not answer: {reason(error)}", subject=shown)
