"""A worker process: run until told to stop."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from types import FrameType

from assay.core.errors import UnavailableError
from assay.jobs.runner import JobRunner

_log = logging.getLogger("assay.jobs")


def run_worker(runner: JobRunner, *, grace_seconds: float = 30.0) -> None:
    """Start `runner`, work until SIGTERM or SIGINT, stop. Call it in the main thread.

    Returns when the worker was told to stop and every running step ended; where one did not within
    `grace_seconds`, the process exits here with code 0, and the step runs again in the next worker.

    Raises:
        UsageError, UnavailableError: as `JobRunner.start`.
        UnavailableError: another worker took over.
    """
    told = threading.Event()

    def tell(number: int, frame: FrameType | None) -> None:
        del number, frame
        told.set()

    before = {one: signal.signal(one, tell) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        runner.start()
        _log.info("worker %d works on %s", os.getpid(), runner.queue.database.shown)
        while not told.wait(0.5) and not runner.lost.is_set():
            pass
        drained = runner.stop(grace_seconds=grace_seconds)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    if runner.lost.is_set():
        raise UnavailableError(
            "another worker took over",
            subject=runner.queue.database.shown,
            remedy="start this one again if the other is gone",
        )
    if not drained:
        # Threads cannot be ended, and the interpreter would wait for them.
        _log.warning("a step did not end within %.0f s; it runs again later", grace_seconds)
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
