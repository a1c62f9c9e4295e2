"""Durable jobs: no-op five-step jobs per second on SQLite, against bare durable inserts.

A job of five steps makes eight durable commits, enqueue, start mark, five steps, outcome, and has a
share in those that claim a batch. The floor is the same number of one-row transactions by the standard library
on the same disk, with the same settings (write-ahead log, synchronous=FULL).
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from assay.jobs import JobRunner, JobState, Json, Step, StepCall, WorkerOptions, Workflow, migrate

JOBS = 200
STEPS = 5
COMMITS_PER_JOB = 2 + STEPS + 1
"""Without the claim, which is shared."""


def _nothing(call: StepCall) -> Json:
    del call


def bare_inserts(folder: Path, count: int) -> float:
    """One-row durable transactions per second."""
    connection = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
    before = time.perf_counter()
    for number in range(count):
        connection.execute("INSERT INTO t (v) VALUES (?)", (f'{{"step":{number}}}',))
    seconds = time.perf_counter() - before
    connection.close()
    return count / seconds


def jobs(folder: Path, concurrency: int) -> tuple[float, float]:
    """Enqueues per second, and finished jobs per second."""
    url = f"sqlite:///{folder / f'jobs-{concurrency}.sqlite'}"
    migrate(url)
    options = WorkerOptions(poll_seconds=0.01, concurrency=concurrency)
    runner = JobRunner(url, options)
    runner.register(
        Workflow("noop", tuple(Step(f"s{number}", _nothing) for number in range(STEPS)))
    )
    before = time.perf_counter()
    for number in range(JOBS):
        runner.enqueue("noop", f"job-{number}", {"number": number})
    enqueued = time.perf_counter() - before
    runner.start()
    before = time.perf_counter()
    while runner.list_unfinished(limit=1):
        time.sleep(0.02)
    worked = time.perf_counter() - before
    last = runner.status(f"job-{JOBS - 1}")
    assert last is not None
    assert last.state is JobState.DONE
    runner.stop()
    return JOBS / enqueued, JOBS / worked


def import_seconds(statement: str) -> float:
    """Best of three fresh interpreters, without the interpreter's own start."""

    def timed(code: str) -> float:
        before = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - before

    return min(timed(statement) for _ in range(3)) - min(timed("pass") for _ in range(3))


def run() -> dict[str, object]:
    """Every figure, absolute and as a ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare = bare_inserts(folder, JOBS * COMMITS_PER_JOB)
        by_concurrency = {}
        for concurrency in (1, 4, 16):
            enqueued, worked = jobs(folder, concurrency)
            by_concurrency[concurrency] = {
                "enqueues_per_second": round(enqueued, 1),
                "jobs_per_second": round(worked, 1),
                "commits_per_second": round(worked * (COMMITS_PER_JOB - 1), 1),
                "bare_inserts_over_job_commits": round(bare / (worked * (COMMITS_PER_JOB - 1)), 2),
            }
    return {
        "schema": "assay.bench-jobs/1",
        "bare_inserts_per_second": round(bare, 1),
        "jobs": by_concurrency,
        "import_seconds": {
            "assay.jobs": round(import_seconds("import assay.jobs"), 3),
            "sqlalchemy": round(import_seconds("import sqlalchemy"), 3),
            "dbos": round(import_seconds("import dbos"), 3),
        },
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
