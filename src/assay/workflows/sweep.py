"""The sweep: what the rows say must be done and nobody is doing.

Rows are the truth, jobs only work on them. A sweep finds intakes without a job and jobs that
failed without their intake knowing, decides again what no longer counts, has new rules look at
old trees, anchors the audit trail, re-reads bytes and removes what is over.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from assay.core.digest import Digest
from assay.core.errors import AssayError
from assay.jobs import JobQueue, JobState
from assay.releases.installation import Installation
from assay.releases.state import SERVABLE
from assay.store import intakes, log_queue, outdated
from assay.store.intakes import Intake
from assay.workflows import intake
from assay.workflows.audit_anchor import Anchor
from assay.workflows.purge import purge
from assay.workflows.recall import WAITING, redecide
from assay.workflows.rescan import enqueue_rescans
from assay.workflows.scrub import SCRUB_DAYS, Scrubber

SILENT = timedelta(seconds=10)
"""How long an intake says nothing before its job is looked at."""

MOST_INTAKES = 200
MOST_TREES = 200
"""Trees decided again in one sweep; the rest in the next."""

RENEW_SHARE = 4
"""A decision is renewed in the last quarter of its life."""

SLOW_SECONDS = 60.0
RESCAN_SECONDS = 10.0
AGAIN_SECONDS = 300.0
"""When a tree that could not be decided is tried again, seconds."""

DEEP_QUEUE = 10_000
"""Entries waiting for the log from which on a warning is due."""

LOGGER = logging.getLogger("assay.workflows")


@dataclass(slots=True)
class _Often:
    """Something done no more often than every so many seconds."""

    seconds: float
    last: float = field(default=float("-inf"))

    def is_due(self) -> bool:
        now = time.monotonic()
        if now - self.last < self.seconds:
            return False
        self.last = now
        return True


class Sweeper:
    """Sweeps again and again; remembers between sweeps how far it is. Belongs to one worker.

    Args:
        inst: The installation.
        queue: Its jobs.
        scrub_days: How long stored bytes are trusted without having been read, days.
    """

    def __init__(
        self, inst: Installation, queue: JobQueue, *, scrub_days: float = SCRUB_DAYS
    ) -> None:
        self._inst = inst
        self._queue = queue
        self._anchor = Anchor(inst)
        self._scrubber = Scrubber(inst, days=scrub_days)
        self._rescans = _Often(RESCAN_SECONDS)
        self._slow = _Often(SLOW_SECONDS)
        self._deferred: dict[Digest, float] = {}

    def once(self, *, stopping: Callable[[], bool] = lambda: False) -> int:
        """Do what is due; returns how many things were done.

        A duty that cannot be done now is named in the process's log and done in the next sweep;
        the others are done all the same.

        Args:
            stopping: Asked between duties: whether to leave.
        """
        duties: list[tuple[str, Callable[[], int]]] = [
            ("intakes", self.pick_up),
            ("decisions", self.renew),
            ("audit trail", self._anchored),
            ("stored bytes", self._scrubbed),
        ]
        if self._rescans.is_due():
            duties.append(("new rules", self._rescanned))
        if self._slow.is_due():
            duties += [("clearing up", self._purged), ("log", self._depth)]
        return sum(_done(name, duty) for name, duty in duties if not stopping())

    def pick_up(self) -> int:
        """See to intakes nobody seems to work on; returns how many were moved on.

        One without a job gets one; one whose job failed is failed with the job's reason.
        """
        before = self._inst.clock.now() - SILENT
        with self._inst.store.read() as connection:
            silent = intakes.unfinished(connection, before=before, limit=MOST_INTAKES)
        return sum(self._pick_up(row) for row in silent)

    def renew(self) -> int:
        """Decide again what no longer counts or soon will not; returns how many trees."""
        now = time.monotonic()
        self._deferred = {tree: until for tree, until in self._deferred.items() if until > now}
        trees = [tree for tree in self._undecided() if tree not in self._deferred]
        for tree in trees[:MOST_TREES]:
            try:
                redecide(self._inst, [tree], cause="renewal", by=None)
            except AssayError as error:
                LOGGER.error("tree %s cannot be decided: %s", tree.short, error)  # noqa: TRY400
                self._deferred[tree] = time.monotonic() + AGAIN_SECONDS
        return len(trees[:MOST_TREES])

    def _pick_up(self, row: Intake) -> bool:
        _, job = intake.job_of(self._queue, row.id)
        if job is None:
            intake.submit(self._queue, row)
            return True
        if job.state is JobState.FAILED:
            intake.fail(self._inst, row.id, intake.reason_of(job.failure))
            return True
        return False

    def _undecided(self) -> list[Digest]:
        now = self._inst.clock.now()
        with self._inst.store.read() as connection:
            return outdated.undecided(
                connection,
                served=SERVABLE,
                waiting=WAITING,
                now=now,
                renew_before=now + self._inst.settings.decision_life / RENEW_SHARE,
                limit=MOST_TREES + len(self._deferred),
            )

    def _anchored(self) -> int:
        return int(self._anchor.turn() is not None)

    def _scrubbed(self) -> int:
        return self._scrubber.turn().verified

    def _rescanned(self) -> int:
        return enqueue_rescans(self._inst, self._queue)

    def _purged(self) -> int:
        return purge(self._inst, self._queue)

    def _depth(self) -> int:
        with self._inst.store.read() as connection:
            depth = log_queue.depth(connection)
        if depth > DEEP_QUEUE:
            LOGGER.warning("%d entries wait for the log", depth)
        return 0


def sweep(inst: Installation, queue: JobQueue) -> int:
    """One sweep by a sweeper that remembers nothing; returns how many things were done."""
    return Sweeper(inst, queue).once()


def _done(name: str, duty: Callable[[], int]) -> int:
    try:
        return duty()
    except AssayError as error:
        LOGGER.warning("sweep: %s: %s", name, error)
        return 0
