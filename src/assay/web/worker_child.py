"""The one worker process an embedded server keeps beside it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

LOGGER = logging.getLogger("assay.web")
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
HEALTHY_SECONDS = 60.0
STOP_SECONDS = 40.0
PARENT_OPTION = "--while-stdin-open"
COMMAND = (sys.executable, "-m", "assay", "worker", PARENT_OPTION)


class WorkerChild:
    """Starts `assay worker`, starts it again when it dies, and ends it with the server.

    The child's standard input is a pipe this process holds open: however the server ends,
    killed included, the pipe closes and the worker parks its jobs and leaves.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        command: Sequence[str] = COMMAND,
        first_pause_seconds: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        self.environment = dict(environment)
        self.command = tuple(command)
        self.first_pause_seconds = first_pause_seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._watch = threading.Thread(
            target=self._keep_alive, name="assay-worker-watch", daemon=True
        )

    def start(self) -> None:
        """Start it and watch over it."""
        self._child = self._launch()
        self._watch.start()

    @property
    def pid(self) -> int | None:
        """The running worker's process id, None while there is none."""
        child = self._child
        return child.pid if child is not None and child.poll() is None else None

    def stop(self) -> None:
        """End it: jobs are parked after their present step. Killed if that takes too long."""
        self._ending.set()
        with self._lock:
            child = self._child
        if child is None:
            return
        with suppress(OSError):
            child.terminate()
        if child.stdin is not None:
            with suppress(OSError):
                child.stdin.close()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            LOGGER.warning("the worker %d did not stop in time and is killed", child.pid)
            child.kill()
            child.wait()

    def _launch(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own interpreter
            self.command,
            env=self.environment,
            stdin=subprocess.PIPE,
            # Its own group: a Ctrl-C at the terminal reaches the server, which ends the worker
            # in order, instead of both at once.
            start_new_session=True,
        )

    def _keep_alive(self) -> None:
        pause = self.first_pause_seconds
        while not self._ending.is_set():
            began, child = time.monotonic(), self._child
            code = _reap(child)
            if time.monotonic() - began > HEALTHY_SECONDS:
                pause = self.first_pause_seconds
            if self._ending.wait(0.1):
                return
            LOGGER.error("the worker ended with code %s; started again in %.0f s", code, pause)
            if self._ending.wait(pause):
                return
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            with self._lock:
                if not self._ending.is_set():
                    self._child = self._launch()


def _reap(child: subprocess.Popen[bytes] | None) -> int | None:
    """Wait for a child's end and close our end of its input."""
    if child is None:
        return None
    code = child.wait()
    if child.stdin is not None:
        with suppress(OSError):
            child.stdin.close()
    return code


def leave_when_stdin_closes(leave: Callable[[], None]) -> None:
    """Call `leave` once standard input ends: the process that started this one is gone."""

    def watch() -> None:
        with suppress(OSError):
            while os.read(0, 4096):
                pass
        leave()

    threading.Thread(target=watch, name="assay-parent-watch", daemon=True).start()
