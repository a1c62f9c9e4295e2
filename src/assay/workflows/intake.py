"""Taking a release in: scan, check signatures, decide. The intake's row is the truth.

Each step looks at the rows first and is safe to repeat: a worker may die between a step's work
and the record of it. A step that finds something wrong fails the intake at once; what else ends
a job is found by the sweep. Either way the release stays quarantined and the row says why.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeAlias

import sqlalchemy as sa

from assay.core.errors import AssayError, ConflictError, NotFoundError, UnavailableError
from assay.jobs import Failure, Job, JobQueue, JobState, Json, Retry, Step, StepCall, Workflow
from assay.releases import deciding
from assay.releases.installation import Installation
from assay.releases.recording import note
from assay.store import intakes, models, releases
from assay.store.failures import DeadlockError
from assay.store.intakes import Intake
from assay.store.releases import Release
from assay.workflows.scanning import scan_tree
from assay.workflows.signatures import check_signatures

INTAKE = "intake"
ARGUMENT = "intake"
MAX_ERROR = 2000

RETRY = Retry(attempts=12)
"""About six minutes of a database or disk that does not answer."""

LOGGER = logging.getLogger("assay.workflows")
_Work: TypeAlias = Callable[[StepCall, Intake, Release], Json]


def intake_workflow(inst: Installation, *, wall_seconds: int | None = None) -> Workflow:
    """The workflow `intake`: steps `scan`, `signatures`, `decide`.

    Args:
        inst: The installation.
        wall_seconds: Elapsed time one file may take to scan, seconds.
    """

    def scan(call: StepCall, intake: Intake, release: Release) -> Json:
        def beat() -> None:
            _beat(inst, intake.id, call)

        found = scan_tree(
            inst, release.tree, since=intake.created, wall_seconds=wall_seconds, beat=beat
        )
        return {"scan": found.id, "verdict": found.verdict.value}

    def signatures(call: StepCall, intake: Intake, release: Release) -> Json:
        del call, intake
        return {"statuses": [check.status for check in check_signatures(inst, release.id)]}

    def decide(call: StepCall, intake: Intake, release: Release) -> Json:
        del call
        decided = inst.store.transact(
            lambda connection: _decide(inst, connection, intake.id, release.id)
        )
        inst.cache.look_again()
        return {"outcome": decided.decision.outcome, "state": decided.release.state}

    steps = (("scan", scan), ("signatures", signatures), ("decide", decide))
    return Workflow(INTAKE, tuple(Step(n, _step(inst, n, work), RETRY) for n, work in steps))


def submit(queue: JobQueue, intake: Intake) -> None:
    """See that an intake that is not done has a job that is not over.

    A job that failed goes on after its last completed step. Where the rows are older than the
    jobs, as after a restore, a job that was done is done again under a new id.

    Args:
        queue: The jobs.
        intake: The intake's row as it is now.

    Raises:
        UsageError: the jobs database is not set up.
        UnavailableError: it did not answer; the sweep sees to the intake.
    """
    if intake.state == intakes.DONE:
        return
    job_id, job = job_of(queue, intake.id)
    if job is None:
        queue.enqueue(INTAKE, job_id, {ARGUMENT: intake.id})
    elif job.state is JobState.FAILED:
        queue.retry(job_id)


def job_of(queue: JobQueue, intake_id: str) -> tuple[str, Job | None]:
    """The first job of an intake that is not done, or the id the next one will have."""
    number, job_id = 1, intake_id
    while (job := queue.status(job_id)) is not None and job.state is JobState.DONE:
        number += 1
        job_id = f"{intake_id}-{number}"
    return job_id, job


def fail(inst: Installation, intake_id: str, error: str) -> None:
    """Mark an intake failed, unless it is over. The release stays quarantined.

    Raises:
        UnavailableError: the database did not answer.
    """

    def work(connection: sa.Connection) -> None:
        intake = intakes.get(connection, intake_id)
        if intake.state in (intakes.DONE, intakes.FAILED):
            return
        now = inst.clock.now()
        if intake.state == intakes.PENDING:
            intakes.start(connection, intake_id, now=now)
        intakes.finish(connection, intake_id, now=now, error=error[:MAX_ERROR])
        name = models.get(connection, intake.model_id).full_name
        subject = f"{name}@{intake.version}"
        note(inst, connection, "intake.fail", subject, by=None, detail={"error": error[:MAX_ERROR]})

    inst.store.transact(work)


def reason_of(failure: Failure | None) -> str:
    """Why a job failed, for the intake's row."""
    if failure is None:
        return "its job failed"
    return failure.message if failure.step is None else f"{failure.step}: {failure.message}"


def _step(inst: Installation, name: str, work: _Work) -> Callable[[StepCall], Json]:
    """A step that does nothing for an intake that is done, and fails one that cannot go on."""

    def run(call: StepCall) -> Json:
        intake_id = intake_of(call.args, call.job_id)
        try:
            begun = inst.store.transact(lambda connection: _begin(inst, connection, intake_id))
            return {"done": "before"} if begun is None else work(call, *begun)
        except DeadlockError as error:
            raise UnavailableError(error.message, subject=error.subject) from None
        except UnavailableError:
            raise  # tried again; if it stays so, the sweep marks the intake
        except AssayError as error:
            _failed(inst, intake_id, name, error)
            raise

    return run


def intake_of(args: Mapping[str, Json], job_id: str) -> str:
    """The intake a job is for."""
    found: Any = args.get(ARGUMENT)
    return found if isinstance(found, str) else job_id


def _begin(
    inst: Installation, connection: sa.Connection, intake_id: str
) -> tuple[Intake, Release] | None:
    """The intake, running, and its release; None where it is done already."""
    intake = intakes.get(connection, intake_id)
    if intake.state == intakes.DONE:
        return None
    now = inst.clock.now()
    if intake.state == intakes.RUNNING:
        intakes.beat(connection, intake_id, now=now)
    else:
        intake = intakes.start(connection, intake_id, now=now)
    release = releases.find(connection, intake.model_id, intake.version)
    if release is None or release.tree != intake.tree:
        raise NotFoundError("the release it is for is not there", subject=f"intake {intake_id}")
    return intake, release


def _beat(inst: Installation, intake_id: str, call: StepCall) -> None:
    """Say that the worker lives; leave a scan that would keep a stopping worker waiting."""
    if call.stopping() and call.attempt < RETRY.attempts:
        raise UnavailableError("the worker is being stopped")
    now = inst.clock.now()
    with suppress(UnavailableError, ConflictError):
        inst.store.transact(lambda connection: intakes.beat(connection, intake_id, now=now))


def _decide(
    inst: Installation, connection: sa.Connection, intake_id: str, release_id: str
) -> deciding.Decided:
    """Judge the release and end the intake: one transaction, so both or neither."""
    decided = deciding.evaluate(inst, connection, release_id)
    intakes.finish(connection, intake_id, now=inst.clock.now())
    return decided


def _failed(inst: Installation, intake_id: str, step: str, error: AssayError) -> None:
    LOGGER.warning("intake %s failed in %s: %s", intake_id, step, error)
    # What cannot be written now is written by the sweep, which looks at failed jobs.
    with suppress(AssayError):
        fail(inst, intake_id, f"{step}: {error.message}")
