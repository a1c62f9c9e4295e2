"""Running one job inside DBOS.

Each step runs once; is tried again while what it needs is unavailable; is parked when the worker
stops; and fails the job for good when it is at fault.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TypeVar

from assay.core.errors import AssayError, UnavailableError
from assay.jobs.database import reason
from assay.jobs.deaths import DeathLedger
from assay.jobs.interface import (
    RESULT_BYTES,
    Failure,
    Json,
    Retry,
    Step,
    StepCall,
    Workflow,
    checked_json,
)
from assay.jobs.turns import Turns

T = TypeVar("T")

_log = logging.getLogger("assay.jobs")
_MESSAGE_CHARACTERS = 2000
_DATABASE_RETRY = Retry(attempts=1, first_seconds=0.2, most_seconds=5.0)


class Parked(BaseException):
    """Leaves the job where it is. Not an `Exception`, so that DBOS records no outcome."""


class JobFailedError(Exception):
    """What DBOS records of a failed job: `code` and `data` reach its JSON, see `queue`."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.code = failure.code
        self.data = {
            "step": failure.step,
            "subject": failure.subject,
            "remedy": failure.remedy,
        }


class _StepFailed(BaseException):
    """A step's failure on its way to the job.

    Not an `Exception`: DBOS would record it as the step's outcome, and a job tried again would
    then meet the record instead of the step.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class _TryAgainError(Exception):
    """What the step needs is unavailable for now."""


class Execution:
    """Runs the jobs of one worker.

    Args:
        deaths: The ledger of deaths.
        max_deaths: Deaths at one step after which a job is failed.
    """

    def __init__(self, deaths: DeathLedger, *, max_deaths: int) -> None:
        self._deaths = deaths
        self._max_deaths = max_deaths
        self._turns = Turns()
        self._stopping = threading.Event()
        self._may_work = threading.Event()
        self._may_work.set()
        self._active: set[str] = set()
        self._quiet = threading.Condition()

    @property
    def active(self) -> frozenset[str]:
        """Jobs that have begun here and have not left yet."""
        with self._quiet:
            return frozenset(self._active)

    def pause(self, *, paused: bool) -> None:
        """Begin no further step while paused."""
        if paused:
            self._may_work.clear()
        else:
            self._may_work.set()

    def drain(self, seconds: float) -> bool:
        """Park every job at its next step; True when all have left within `seconds`."""
        self._stopping.set()
        self._may_work.set()
        with self._quiet:
            return self._quiet.wait_for(lambda: not self._active, timeout=seconds)

    def run(self, workflow: Workflow, job_id: str, args: Mapping[str, Json]) -> Json:
        """Run the job's remaining steps; returns the result of the last.

        Raises:
            JobFailedError: a step failed for good, or the job died too often.
            Parked: the worker stops, or the jobs database is away; nothing is lost.
        """
        import sqlalchemy as sa
        from dbos._error import DBOSUnexpectedStepError

        with self._counted(job_id):
            try:
                return self._steps(workflow, job_id, args)
            except _StepFailed as error:
                failure = error.failure
            except DBOSUnexpectedStepError:
                failure = Failure(
                    code="changed-workflow",
                    message=f"the steps of {workflow.name} changed since this job began",
                    remedy="enqueue it again under a new id",
                )
            except sa.exc.SQLAlchemyError as error:
                # A step's own database errors never get here: this is the record of a step.
                _log.warning("job %s: jobs database: %s; parked", job_id, reason(error))
                raise Parked from None
        _log.warning("job %s failed in %s: %s", job_id, failure.step, failure.message)
        raise JobFailedError(failure)

    @contextmanager
    def _counted(self, job_id: str) -> Iterator[None]:
        with self._quiet:
            self._active.add(job_id)
        try:
            yield
        finally:
            with self._quiet:
                self._active.discard(job_id)
                self._quiet.notify_all()

    def _steps(self, workflow: Workflow, job_id: str, args: Mapping[str, Json]) -> Json:
        from dbos import DBOS

        deaths = self._persistent(lambda: self._deaths.open(job_id))
        results: dict[str, Json] = {}
        suspect = _Suspicion(deaths)
        for step in workflow.steps:
            call = self._call(step, job_id, args, MappingProxyType(results), suspect)
            results[step.name] = DBOS.run_step({"name": step.name}, call)
        return results[workflow.steps[-1].name]

    def _call(
        self,
        step: Step,
        job_id: str,
        args: Mapping[str, Json],
        results: Mapping[str, Json],
        suspect: _Suspicion,
    ) -> Callable[[], Json]:
        """What DBOS calls where it has no record of the step."""

        def call() -> Json:
            self._gate()
            if suspect.deaths >= self._max_deaths:
                raise _StepFailed(_poison(step, suspect.deaths))
            for attempt in range(1, step.retry.attempts):
                try:
                    with self._turn(job_id, suspect):
                        return self._tried(step, StepCall(job_id, args, results, attempt, stopping))
                except _TryAgainError as error:
                    wait = step.retry.wait_seconds(attempt)
                    _log.info("job %s step %s: %s; again in %.1f s", job_id, step.name, error, wait)
                    self._wait(wait)
            with self._turn(job_id, suspect):
                last = StepCall(job_id, args, results, step.retry.attempts, stopping)
                return self._tried(step, last)

        stopping = self._stopping.is_set
        return call

    @contextmanager
    def _turn(self, job_id: str, suspect: _Suspicion) -> Iterator[None]:
        """Beside other jobs, or alone and marked where this job may be the one that kills."""
        if not suspect.deaths:
            with self._turns.together():
                self._gate()
                yield
            return
        with self._turns.alone():
            self._gate()
            self._persistent(lambda: self._deaths.mark(job_id))
            try:
                yield
            finally:
                # It came back: whatever it did, it did not kill.
                suspect.deaths = 0
                self._persistent(lambda: self._deaths.acquit(job_id))

    def _tried(self, step: Step, call: StepCall) -> Json:
        """One try of the step."""
        try:
            result = step.run(call)
            return checked_json(result, limit=RESULT_BYTES, subject=f"result of {step.name}")
        except (Exception, SystemExit) as error:  # noqa: BLE001 - it becomes the job's failure
            if _is_transient(error) and call.attempt < step.retry.attempts:
                raise _TryAgainError(reason(error)) from None
            raise _StepFailed(_failure(step, call, error)) from None

    def _gate(self) -> None:
        """Pass if another step may begin; wait while paused.

        Raises:
            Parked: the worker is stopping.
        """
        self._may_work.wait()
        if self._stopping.is_set():
            raise Parked

    def _wait(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise Parked

    def _persistent(self, action: Callable[[], T]) -> T:
        """Do `action` on the jobs database, as often as it takes."""
        import sqlalchemy as sa

        attempt = 0
        while True:
            try:
                return action()
            except sa.exc.SQLAlchemyError as error:
                attempt += 1
                _log.warning("jobs database: %s; trying again", reason(error))
                self._wait(_DATABASE_RETRY.wait_seconds(attempt))


class _Suspicion:
    """How often the job died at the step it is at; none once that step is done."""

    __slots__ = ("deaths",)

    def __init__(self, deaths: int) -> None:
        self.deaths = deaths


def _is_transient(error: BaseException) -> bool:
    """Whether trying again may help: something was unavailable, rather than wrong."""
    import sqlalchemy as sa

    transient: tuple[type[BaseException], ...] = (
        UnavailableError,
        ConnectionError,
        TimeoutError,
        sa.exc.OperationalError,
        sa.exc.TimeoutError,
    )
    return isinstance(error, transient)


def _failure(step: Step, call: StepCall, error: BaseException) -> Failure:
    if isinstance(error, AssayError):
        return Failure(
            code=error.code,
            message=error.message[:_MESSAGE_CHARACTERS],
            step=step.name,
            subject=error.subject,
            remedy=error.remedy,
        )
    if _is_transient(error):
        return Failure(
            code=UnavailableError.code,
            message=f"unavailable after {call.attempt} tries: {reason(error)}",
            step=step.name,
        )
    _log.error("job %s step %s: a bug", call.job_id, step.name, exc_info=error)
    # The type alone: the message of an error nobody foresaw may quote what it was working on.
    return Failure(
        code="bug",
        message=f"the step ended with {type(error).__name__}",
        step=step.name,
        remedy="the worker's log has the detail",
    )


def _poison(step: Step, deaths: int) -> Failure:
    return Failure(
        code="poison",
        message=f"the worker died {deaths} times while this step ran",
        step=step.name,
        remedy="find out what the step was reading; memory is the usual cause",
    )
