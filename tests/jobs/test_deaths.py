"""Who is suspected when a worker dies."""

from __future__ import annotations

import pytest

from assay.jobs import migrate
from assay.jobs.database import parse
from assay.jobs.deaths import DeathLedger
from jobs.jobs_databases import ENGINES, jobs_database


@pytest.fixture(params=ENGINES)
def ledger(request, tmp_path):
    """Makes the ledger of a worker by its name."""
    with jobs_database(request.param, tmp_path) as url:
        migrate(url)
        database = parse(url)
        pool = database.engine(application="test", busy_seconds=5.0, pool=2)
        yield lambda worker: DeathLedger(database, pool, worker)
        pool.dispose()


def test_a_worker_s_death_counts_for_what_it_ran(ledger):
    assert ledger("one").open("job") == 0
    assert ledger("two").open("job") == 1
    assert ledger("three").open("job") == 1  # the second never ran it
    ledger("three").mark("job")
    assert ledger("four").open("job") == 2


def test_a_job_that_came_back_from_running_alone_is_not_suspected_for_others(ledger):
    """Another job kills each worker between the end of this one's step and the record of it."""
    ledger("w0").open("innocent")
    for number in range(1, 6):
        worker = ledger(f"w{number}")
        assert worker.open("innocent") == 1
        worker.mark("innocent")
        worker.acquit("innocent")


def test_a_worker_that_stops_of_its_own_accord_leaves_no_suspicion(ledger):
    ledger("one").open("job")
    ledger("one").unmark_all()
    assert ledger("two").open("job") == 0
