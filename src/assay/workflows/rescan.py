"""Scanning again what new rules have not looked at: a job per tree and set of rules."""

from __future__ import annotations

from datetime import timedelta

from assay.core.digest import Digest
from assay.core.errors import UnavailableError
from assay.jobs import Job, JobQueue, JobState, Json, Retry, Step, StepCall, Workflow
from assay.releases.installation import Installation
from assay.releases.state import SERVABLE, State
from assay.store import outdated
from assay.store.failures import DeadlockError
from assay.workflows.scanning import ruleset, scan_tree

RESCAN = "rescan"
RETRY = Retry(attempts=12)
MOST = 20
"""Trees with a job at once: those that push are not to wait for all of them."""

AGAIN = timedelta(hours=1)
"""How long after its failure a job is tried again."""

_LOOKED_AT = 10 * MOST

STATES = SERVABLE | {State.EVALUATED, State.HELD}


def rescan_workflow(inst: Installation, *, wall_seconds: int | None = None) -> Workflow:
    """The workflow `rescan`, with one step. Releases of a tree that turned worse are held."""

    def rescan(call: StepCall) -> Json:
        def beat() -> None:
            if call.stopping() and call.attempt < RETRY.attempts:
                raise UnavailableError("the worker is being stopped")

        tree = Digest.parse(call.args["tree"])
        try:
            found = scan_tree(inst, tree, wall_seconds=wall_seconds, beat=beat)
        except DeadlockError as error:
            raise UnavailableError(error.message, subject=error.subject) from None
        return {"scan": found.id, "verdict": found.verdict.value}

    return Workflow(RESCAN, (Step("scan", rescan, RETRY),))


def enqueue_rescans(inst: Installation, queue: JobQueue, *, limit: int = MOST) -> int:
    """See that trees without a scan by the present rules have a job; returns how many got one.

    Raises:
        UnavailableError: a database did not answer.
    """
    rules = ruleset(inst)
    with inst.store.read() as connection:
        trees = outdated.unscanned(connection, states=STATES, ruleset=rules, limit=_LOOKED_AT)
    under_way = begun = 0
    for tree in trees:
        if under_way >= limit:
            break
        name = job_id(tree, rules)
        job = queue.status(name)
        if job is None:
            queue.enqueue(RESCAN, name, {"tree": str(tree)})
        elif job.state is JobState.FAILED and _is_old(inst, job):
            queue.retry(name)
        else:
            under_way += job.state in (JobState.QUEUED, JobState.RUNNING)
            continue
        under_way += 1
        begun += 1
    return begun


def job_id(tree: Digest, ruleset: str) -> str:
    """Names the job: one for each tree and set of rules."""
    return f"{RESCAN}-{tree.hex}-{Digest.of(ruleset.encode()).hex[:16]}"


def _is_old(inst: Installation, job: Job) -> bool:
    return inst.clock.now() - job.updated > AGAIN
