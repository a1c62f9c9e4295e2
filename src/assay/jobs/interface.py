"""What a durable job is: a workflow of named steps, its arguments, its state, its failure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from assay.core.canonical import canonical_json
from assay.core.errors import DataError
from assay.core.limits import KIB, MIB

Json: TypeAlias = Any
"""Null, boolean, number, text, list or object, as RFC 8785 can carry it."""

ARGUMENT_BYTES = 64 * KIB
"""Largest arguments of a job, bytes of canonical JSON: they name things, they do not carry them."""

RESULT_BYTES = 1 * MIB
"""Largest result of one step, bytes of canonical JSON."""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}\Z")
_JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}\Z")


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a step is tried while what it needs is unavailable.

    Attributes:
        attempts: Tries in all, 1 or more.
        first_seconds: Wait after the first try, seconds.
        factor: Each further wait is this many times the one before.
        most_seconds: Longest wait, seconds.
    """

    attempts: int = 5
    first_seconds: float = 1.0
    factor: float = 2.0
    most_seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.first_seconds < 0 or self.factor < 1:
            raise DataError("attempts and factor are at least 1, waits at least 0", subject="retry")

    def wait_seconds(self, attempt: int) -> float:
        """The wait after try number `attempt` (1 is the first), seconds."""
        # The exponent is bounded first: a float power overflows long before it matters.
        return float(
            min(self.most_seconds, self.first_seconds * self.factor ** min(attempt - 1, 64))
        )


@dataclass(frozen=True, slots=True)
class StepCall:
    """What a step is given.

    Attributes:
        job_id: The job, which is also the id of the row it works for.
        args: The arguments the job was enqueued with.
        results: Results of the steps before this one, by name.
        attempt: Which try of this step this is in this worker, 1 first.
        stopping: Says whether the worker is being stopped; a long step may then return early by
            raising, or finish: it runs again from its start if the worker ends before it is done.
    """

    job_id: str
    args: Mapping[str, Json]
    results: Mapping[str, Json]
    attempt: int
    stopping: Callable[[], bool]


StepFunction: TypeAlias = Callable[[StepCall], Json]


@dataclass(frozen=True, slots=True)
class Step:
    """One named step.

    Its function must be safe to repeat: a worker may die after the work and before the record of
    it.
    """

    name: str
    run: StepFunction
    retry: Retry = Retry()

    def __post_init__(self) -> None:
        _checked(_NAME, self.name, "step name")


def step(name: str, *, retry: Retry | None = None) -> Callable[[StepFunction], Step]:
    """Make a step of a function: `@step("scan")`.

    Raises:
        DataError: the name is not lower-case letters, digits and hyphens.
    """

    def decorate(function: StepFunction) -> Step:
        return Step(name, function, retry or Retry())

    return decorate


@dataclass(frozen=True, slots=True)
class Workflow:
    """A name and the steps that run in order. A job's result is that of its last step."""

    name: str
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        _checked(_NAME, self.name, "workflow name")
        names = [one.name for one in self.steps]
        if not names or len(set(names)) != len(names):
            raise DataError("a workflow needs steps with different names", subject=self.name)


class JobState(StrEnum):
    """Where a job stands.

    `queued` and `running` are unfinished; `running` includes a job whose worker died and was not
    yet missed.
    """

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job failed.

    Attributes:
        code: The error's code (`assay.core.errors`), or `bug`, `poison`, `changed-workflow`.
        message: What happened, one sentence.
        step: The step it happened in; None where none was reached.
        subject: The file, field or address, where the error named one.
        remedy: The next step for the user, where there is one.
    """

    code: str
    message: str
    step: str | None = None
    subject: str | None = None
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One job as its database has it.

    Attributes:
        id: Job id.
        workflow: Name of the workflow.
        state: Where it stands.
        args: Arguments; empty where they could not be read.
        completed: Names of the steps recorded as completed, in order.
        result: Result of the last step, of a job that is done.
        failure: Why, of a job that failed.
        starts: How many times a worker took it up.
        created: When it was enqueued, UTC.
        updated: When its row last changed, UTC.
    """

    id: str
    workflow: str
    state: JobState
    args: Mapping[str, Json]
    completed: tuple[str, ...]
    result: Json
    failure: Failure | None
    starts: int
    created: datetime
    updated: datetime


def checked_job_id(job_id: str) -> str:
    """`job_id`, if it has the form of one.

    Raises:
        DataError: it has not.
    """
    return _checked(_JOB_ID, job_id, "job id")


def checked_json(value: Json, *, limit: int, subject: str) -> Json:
    """`value`, if it is JSON of at most `limit` bytes.

    Raises:
        DataError: it is not JSON, or too large.
    """
    try:
        size = len(canonical_json(value))
    except DataError as error:
        raise DataError(error.message, subject=subject) from None
    if size > limit:
        raise DataError(
            f"{size} bytes of JSON, more than {limit}",
            subject=subject,
            remedy="keep the content as a blob and pass its digest",
        )
    return value


def _checked(form: re.Pattern[str], text: str, what: str) -> str:
    if not form.match(text):
        raise DataError(f"{text[:80]!r} is not a valid {what}", subject=what)
    return text
