"""A migrated jobs database of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.jobs import JobQueue, JobRunner, WorkerOptions, Workflow
from jobs.jobs_databases import ENGINES, QUICK, jobs_database


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with jobs_database(request.param, tmp_path) as address:
        yield address


@pytest.fixture
def sqlite_url(tmp_path: Path) -> Iterator[str]:
    with jobs_database("sqlite", tmp_path) as address:
        yield address


@pytest.fixture
def queue(url: str) -> Iterator[JobQueue]:
    one = JobQueue(url, busy_seconds=0.3)
    yield one
    one.close()


@pytest.fixture
def started():
    """Starts runners; those still running are stopped at the end."""
    runners: list[JobRunner] = []

    def start(url: str, *workflows: Workflow, options: WorkerOptions = QUICK) -> JobRunner:
        runner = JobRunner(url, options)
        for workflow in workflows:
            runner.register(workflow)
        runners.append(runner)
        runner.start()
        return runner

    yield start
    for runner in runners:
        runner.stop(grace_seconds=5)
        runner.queue.close()
