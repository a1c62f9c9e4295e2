"""A worker to be killed. Run as a program: URL EVIDENCE [zygote].

Each step appends a line `job step` to EVIDENCE, synced to the disk, when its work is done. As a
zygote it loads everything once and forks a worker, a process of its own, for each line on its
standard input; it answers with the worker's process id.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import sys
import time
from pathlib import Path

from assay.core.errors import AssayError
from assay.jobs import (
    JobRunner,
    Step,
    WorkerOptions,
    Workflow,
    engine,
    run_worker,
)

STEPS = tuple(f"s{number}" for number in range(6))
MAX_DEATHS = 3


def runner_for(url: str, evidence: Path, max_deaths: int) -> JobRunner:
    options = WorkerOptions(
        poll_seconds=0.03,
        lease_seconds=float(os.environ.get("LEASE_SECONDS", "30")),
        max_deaths=max_deaths,
        busy_seconds=2,
    )

    def note(call, name: str) -> None:
        file = os.open(evidence, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(file, f"{call.job_id} {name}\n".encode())
        os.fsync(file)
        os.close(file)

    def work(name: str) -> Step:
        def run(call):
            time.sleep(random.uniform(0.0, 0.03))
            note(call, name)
            return {"step": name, "before": sorted(call.results)}

        return Step(name, run)

    def poison(call):
        note(call, "poison")
        os.kill(os.getpid(), signal.SIGKILL)

    def slow(call):
        note(call, "slow-begin")
        time.sleep(call.args["seconds"])
        note(call, "slow-end")

    runner = JobRunner(url, options)
    runner.register(Workflow("multi", tuple(work(name) for name in STEPS)))
    runner.register(Workflow("poison", (work("first"), Step("poison", poison), work("last"))))
    runner.register(Workflow("slow", (Step("slow", slow), work("after"))))
    return runner


def serve(url: str, evidence: Path, max_deaths: int = MAX_DEATHS) -> int:
    logging.basicConfig(level="WARNING", stream=sys.stderr, format="%(name)s %(message)s")
    random.seed(os.urandom(8))
    grace = float(os.environ.get("GRACE_SECONDS", "10"))
    try:
        run_worker(runner_for(url, evidence, max_deaths), grace_seconds=grace)
    except AssayError as error:
        sys.stderr.write(error.diagnostics() + "\n")
        return error.exit_code
    return 0


def zygote(url: str, evidence: Path) -> None:
    engine.load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the killed are not waited for
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            # Random kills must not look like one step that kills.
            os._exit(serve(url, evidence, max_deaths=10_000))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[3:] == ["zygote"]:
        zygote(sys.argv[1], Path(sys.argv[2]))
    else:
        sys.exit(serve(sys.argv[1], Path(sys.argv[2])))
