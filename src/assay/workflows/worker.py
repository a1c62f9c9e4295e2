"""The worker: runs jobs, writes the log and sweeps, until it is told to stop."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from assay.core.errors import AssayError, ConflictError, UnavailableError
from assay.jobs import JobRunner, WorkerOptions
from assay.log.checkpoint import LogSigner
from assay.log.sequencer import BATCH, Sequencer
from assay.releases.installation import Installation
from assay.store.locks import RoleLock
from assay.workflows.intake import intake_workflow
from assay.workflows.rescan import rescan_workflow
from assay.workflows.scrub import SCRUB_DAYS
from assay.workflows.sweep import Sweeper

ROLE = "worker"
LOGGER = logging.getLogger("assay.workflows")


@dataclass(frozen=True, slots=True)
class Options:
    """How the worker works.

    Attributes:
        jobs: How jobs are run.
        sweep_seconds: Pause between sweeps, seconds.
        log_seconds: Pause between looks at what waits for the log, seconds; 1 at most, so that
            inclusion follows within 2.
        scan_wall_seconds: Elapsed time one file may take to scan, seconds; the scanner's own
            unless given.
        scrub_days: How long stored bytes are trusted without having been read, days.
        grace_seconds: How long steps that are running may take to end, seconds.
    """

    jobs: WorkerOptions = field(default_factory=WorkerOptions)
    sweep_seconds: float = 2.0
    log_seconds: float = 0.5
    scan_wall_seconds: int | None = None
    scrub_days: float = SCRUB_DAYS
    grace_seconds: float = 30.0


def run(
    inst: Installation,
    *,
    jobs_url: str,
    log_signer: LogSigner,
    home: Path,
    options: Options | None = None,
    told: threading.Event | None = None,
) -> None:
    """Work until SIGTERM, SIGINT or `told`; then park the jobs, log what waits, and return.

    Where a running step does not end in the time given, the process exits here with code 0: the
    step runs again in the next worker.

    Args:
        inst: The installation.
        jobs_url: Address of the jobs database.
        log_signer: Signs the log's checkpoints.
        home: The data folder; one worker per folder.
        options: How to work.
        told: Set from elsewhere to end it.

    Raises:
        UsageError: another worker uses the folder or the jobs database, which is named with its
            process id; or the jobs database is not set up.
        UnavailableError: the database did not answer at the start, or another worker took over.
        TamperedError: the log's files or rows are not what was signed.
    """
    chosen = options or Options()
    ending = told or threading.Event()
    with RoleLock(home, ROLE), _signals(ending):
        runner = JobRunner(jobs_url, chosen.jobs)
        runner.register(intake_workflow(inst, wall_seconds=chosen.scan_wall_seconds))
        runner.register(rescan_workflow(inst, wall_seconds=chosen.scan_wall_seconds))
        drained, errors = _work(inst, runner, log_signer, chosen, ending)
    if errors:
        raise errors[0]
    if not drained:
        _leave()


def _work(
    inst: Installation,
    runner: JobRunner,
    log_signer: LogSigner,
    options: Options,
    ending: threading.Event,
) -> tuple[bool, list[BaseException]]:
    """Start, wait, stop in order; whether every step ended, and what threads died of."""
    sweeper = Sweeper(inst, runner.queue, scrub_days=options.scrub_days)
    writer = _LogWriter(Sequencer(inst.store, inst.log_folder, log_signer, inst.clock))

    def sweep(stopping: Callable[[], bool]) -> bool:
        sweeper.once(stopping=stopping)
        return False

    sweeping = _Repeated("assay-sweep", sweep, options.sweep_seconds, ending)
    logging_ = _Repeated("assay-log", writer.turn, options.log_seconds, ending)
    runner.start()
    try:
        LOGGER.info("worker %d works on %s", os.getpid(), inst.store.shown)
        sweeping.start()
        logging_.start()
        while not ending.wait(0.2) and not runner.lost.is_set():
            pass
    finally:
        sweeping.stop()
        drained = runner.stop(grace_seconds=options.grace_seconds)
        logging_.stop()
        writer.close()
    errors = [one.error for one in (logging_, sweeping) if one.error is not None]
    if runner.lost.is_set():
        errors.append(
            UnavailableError(
                "another worker took over",
                subject=runner.queue.database.shown,
                remedy="start this one again if the other is gone",
            )
        )
    return drained, errors


class _Repeated:
    """A thread that does something again and again; what it dies of ends the worker.

    Args:
        name: The thread's.
        work: What; it gets a question, whether to leave, and says whether more is due at once.
        seconds: Pause between.
        failed: Set where the thread dies.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[Callable[[], bool]], bool],
        seconds: float,
        failed: threading.Event,
    ) -> None:
        self.error: BaseException | None = None
        self._work = work
        self._seconds = seconds
        self._failed = failed
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present turn; at once if it was not begun."""
        self._end.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _loop(self) -> None:
        try:
            more = False
            while more or not self._end.wait(self._seconds):
                more = self._work(self._end.is_set) and not self._end.is_set()
        except BaseException as error:  # noqa: BLE001 - the worker ends with it
            LOGGER.critical("%s ended: %s", self._thread.name, error)
            self.error = error
            self._failed.set()


class _LogWriter:
    """The sequencer with its troubles sorted: waited for, or the worker's end."""

    def __init__(self, sequencer: Sequencer) -> None:
        self._sequencer = sequencer
        self._trouble = ""

    def turn(self, stopping: Callable[[], bool]) -> bool:
        """Log a batch; whether another waits.

        Raises:
            TamperedError: the log is not what was signed.
        """
        del stopping
        try:
            count = self._sequencer.run_once()
        except (UnavailableError, ConflictError) as error:
            self._say(str(error))
            return False
        self._say("")
        return count >= BATCH

    def close(self) -> None:
        """Log what waits, as far as that is possible, and give the role back."""
        try:
            while self._sequencer.run_once() >= BATCH:
                pass
            self._sequencer.close()
        except AssayError as error:
            LOGGER.warning("the log is written on by the next worker: %s", error)

    def _say(self, trouble: str) -> None:
        """Name a trouble once, not every half second."""
        if trouble and trouble != self._trouble:
            LOGGER.warning("the log waits: %s", trouble)
        self._trouble = trouble


@contextmanager
def _signals(ending: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set the event, where this is the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def tell(number: int, frame: FrameType | None) -> None:
        del number, frame
        ending.set()

    before = {one: signal.signal(one, tell) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _leave() -> None:
    """End the process: a thread cannot be ended, and the interpreter would wait for it."""
    LOGGER.warning("a step did not end in time; it runs again later")
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
