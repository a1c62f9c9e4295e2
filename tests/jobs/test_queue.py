"""Enqueueing, asking, and what goes wrong when the database is not as it should be."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import (
    AssayError,
    ConflictError,
    DataError,
    NotFoundError,
    UnavailableError,
    UsageError,
)
from assay.jobs import JobQueue, JobRunner, JobState, Retry, Workflow, migrate, step
from jobs.jobs_databases import connection_to, empty_database, jobs_database, wait_until


@step("only")
def only(call):
    return dict(call.args)


def test_a_job_is_queued_with_its_arguments(queue: JobQueue) -> None:
    queue.enqueue("intake", "01J0", {"tree": "sha256:00", "n": [1, None, True, "ü\x00"]})
    job = queue.status("01J0")
    assert job is not None
    assert (job.workflow, job.state, job.starts) == ("intake", JobState.QUEUED, 0)
    assert job.args == {"tree": "sha256:00", "n": [1, None, True, "ü\x00"]}
    assert job.completed == ()
    assert abs(datetime.now(UTC) - job.created) < timedelta(minutes=1)
    assert [one.id for one in queue.list_unfinished()] == ["01J0"]


def test_enqueueing_the_same_id_again_is_a_no_op(queue: JobQueue) -> None:
    queue.enqueue("intake", "a", {"n": 1})
    queue.enqueue("intake", "a", {"n": 2})
    assert [one.args for one in queue.list_unfinished()] == [{"n": 1}]


def test_many_threads_enqueueing_one_id_make_one_job(queue: JobQueue) -> None:
    failures = []

    def enqueue() -> None:
        try:
            queue.enqueue("intake", "same", {})
        except AssayError as error:
            failures.append(error)

    threads = [threading.Thread(target=enqueue) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not failures
    assert [one.id for one in queue.list_unfinished()] == ["same"]


def test_an_id_belongs_to_one_workflow(queue: JobQueue) -> None:
    queue.enqueue("intake", "a", {})
    with pytest.raises(ConflictError, match="other than 'recall'"):
        queue.enqueue("recall", "a", {})


def test_an_unknown_job_is_none_and_cannot_be_retried(queue: JobQueue) -> None:
    assert queue.status("nobody") is None
    with pytest.raises(NotFoundError):
        queue.retry("nobody")


def test_only_a_failed_job_can_be_retried(queue: JobQueue) -> None:
    queue.enqueue("intake", "a", {})
    with pytest.raises(ConflictError, match="queued, not failed"):
        queue.retry("a")


@pytest.mark.parametrize("job_id", ["", " ", "a b", "x" * 129, "../up", "ä", "a\n"])
def test_job_ids_have_a_form(tmp_path: Path, job_id: str) -> None:
    with pytest.raises(DataError, match="not a valid job id"):
        JobQueue(f"sqlite:///{tmp_path}/x").enqueue("intake", job_id, {})


@pytest.mark.parametrize(
    "args",
    [{"x": float("nan")}, {"x": b"bytes"}, {"x": {1, 2}}, {"x": 2**60}, {"x": "\ud800"}, {1: 2}],
)
def test_arguments_are_json_and_nothing_else(tmp_path: Path, args: dict) -> None:
    with pytest.raises(DataError, match="arguments of job a"):
        JobQueue(f"sqlite:///{tmp_path}/x").enqueue("intake", "a", args)


def test_large_arguments_are_refused_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        JobQueue(f"sqlite:///{tmp_path}/x").enqueue("intake", "a", {"x": "y" * 70_000})
    assert "blob" in caught.value.diagnostics()


def test_an_unmigrated_database_is_refused_and_not_created(tmp_path: Path) -> None:
    for engine in ("sqlite", "postgresql"):
        with empty_database(engine, tmp_path) as url:
            with pytest.raises(UsageError, match="not set up") as caught:
                JobQueue(url).enqueue("intake", "a", {})
            assert "assay admin init" in caught.value.diagnostics()
            with pytest.raises(UsageError, match="not set up"):
                JobRunner(url).start()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("table", "version", "message"),
    [
        ("dbos_migrations", 3, "older than"),
        ("dbos_migrations", 9999, "newer version"),
        ("assay_jobs_schema", 0, "not set up"),
        ("assay_jobs_schema", 9999, "newer version"),
    ],
)
def test_a_database_of_another_version_is_refused(url, table, version, message) -> None:
    with connection_to(url) as connection:
        connection.execute(sa.text(f"UPDATE {table} SET version = {version}"))
    with pytest.raises(UsageError, match=message):
        JobRunner(url).start()
    with pytest.raises(UsageError, match=message):
        JobQueue(url).status("a")


def test_a_newer_database_is_not_migrated(url: str) -> None:
    with connection_to(url) as connection:
        connection.execute(sa.text("UPDATE assay_jobs_schema SET version = 9999"))
    with pytest.raises(UsageError, match="newer version"):
        migrate(url)


def test_migrating_twice_and_at_once_changes_nothing(url: str) -> None:
    failures = []

    def again() -> None:
        try:
            migrate(url)
        except AssayError as error:
            failures.append(error)

    threads = [threading.Thread(target=again) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not failures
    with connection_to(url) as connection:
        rows = connection.execute(sa.text("SELECT version FROM assay_jobs_schema")).all()
    assert rows == [(1,)]


def test_the_sqlite_file_is_private_and_in_wal_mode(sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    assert path.stat().st_mode & 0o777 == 0o600
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_migrating_says_what_is_wrong_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot create"):
        migrate(f"sqlite:///{tmp_path}/no/such/folder.sqlite")
    other = tmp_path / "other.sqlite"
    other.write_bytes(b"this is not a database, but it is long enough to look like one" * 20)
    with pytest.raises(UsageError, match="cannot be used as the jobs database"):
        migrate(f"sqlite:///{other}")


@pytest.mark.parametrize(
    "address",
    ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://h/d", "postgresql://h"],
)
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(UsageError):
        JobQueue(address)


def test_an_absent_server_is_unavailable_and_no_password_is_shown() -> None:
    queue = JobQueue("postgresql://joe:sesame@127.0.0.1:1/jobs")
    with pytest.raises(UnavailableError) as caught:
        queue.enqueue("intake", "a", {})
    assert "did not answer" in str(caught.value)
    assert "sesame" not in caught.value.diagnostics()


def test_enqueueing_gives_up_on_a_lock_and_nothing_is_half_done(sqlite_url: str) -> None:
    queue = JobQueue(sqlite_url, busy_seconds=0.2)
    assert queue.status("a") is None
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError, match="locked"):
        queue.enqueue("intake", "a", {})
    assert queue.status("a") is None
    other.execute("ROLLBACK")
    other.close()
    queue.enqueue("intake", "a", {})
    assert queue.status("a") is not None
    queue.close()


def test_ended_jobs_can_be_pruned(url: str, queue: JobQueue, started) -> None:
    runner = started(url, Workflow("intake", (only,)))
    for name in ("a", "b"):
        runner.enqueue("intake", name, {})
    wait_until(lambda: not queue.list_unfinished())
    assert queue.prune(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert queue.prune(datetime.now(UTC) + timedelta(hours=1)) == 2
    assert queue.status("a") is None
    with connection_to(url) as connection:
        for table in ("operation_outputs", "workflow_input", "assay_job_death"):
            assert connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar() == 0


@given(
    attempts=st.integers(1, 10**6),
    first=st.floats(0, 100),
    factor=st.floats(1, 100),
    most=st.floats(0, 3600),
    attempt=st.integers(1, 10**6),
)
def test_a_wait_is_never_longer_than_allowed(attempts, first, factor, most, attempt) -> None:
    wait = Retry(attempts, first, factor, most).wait_seconds(attempt)
    assert 0 <= wait <= most


def test_workflows_need_different_well_formed_steps() -> None:
    with pytest.raises(DataError):
        Workflow("intake", ())
    with pytest.raises(DataError):
        Workflow("intake", (only, only))
    with pytest.raises(DataError):
        Workflow("In take", (only,))
    with pytest.raises(DataError):
        step("Not A Name")(lambda call: None)
    with pytest.raises(DataError):
        Retry(attempts=0)


def test_a_second_sqlite_file_is_a_second_database(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with jobs_database("sqlite", tmp_path) as one, jobs_database("sqlite", tmp_path / "b") as two:
        first, second = JobQueue(one), JobQueue(two)
        first.enqueue("intake", "a", {})
        assert second.list_unfinished() == []
        first.close()
        second.close()
