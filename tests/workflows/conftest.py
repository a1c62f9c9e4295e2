"""An installation on each engine, with people in it, and a jobs database beside it."""

from __future__ import annotations

import pytest

from assay.jobs import JobQueue
from jobs.jobs_databases import jobs_database
from releases.households import *  # noqa: F403 - fixtures


@pytest.fixture
def jobs_url(tmp_path):
    with jobs_database("sqlite", tmp_path) as url:
        yield url


@pytest.fixture
def queue(jobs_url):
    one = JobQueue(jobs_url)
    yield one
    one.close()
