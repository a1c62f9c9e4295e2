"""Running jobs: order, retries, failures, parking, recovery, fencing."""

from __future__ import annotations

import sqlite3
import threading
import time
from dataclasses import replace

import pytest
import sqlalchemy as sa

from assay.core.errors import DataError, UnavailableError, UsageError
from assay.jobs import JobRunner, JobState, Retry, Step, Workflow, step
from jobs.jobs_databases import QUICK, connection_to, wait_until

SOON = Retry(attempts=3, first_seconds=0.01)


def finished(runner: JobRunner, job_id: str):
    """The job, once it is done or failed."""
    wait_until(lambda: runner.status(job_id).state in (JobState.DONE, JobState.FAILED))
    return runner.status(job_id)


def test_steps_run_in_order_and_see_the_results_before_them(url: str, started) -> None:
    @step("one")
    def one(call):
        assert dict(call.results) == {}
        return {"n": call.args["n"], "job": call.job_id}

    @step("two")
    def two(call):
        return [call.results["one"]["n"] + 1, None]

    @step("three")
    def three(call):
        return {"one": call.results["one"], "two": call.results["two"]}

    runner = started(url, Workflow("count", (one, two, three)))
    runner.enqueue("count", "job-1", {"n": 41})
    job = finished(runner, "job-1")
    assert job.state is JobState.DONE
    assert job.completed == ("one", "two", "three")
    assert job.result == {"one": {"n": 41, "job": "job-1"}, "two": [42, None]}
    assert job.failure is None
    assert job.starts == 1


def test_a_step_without_a_result_is_still_done_once(url: str, started) -> None:
    runs = []
    runner = started(url, Workflow("quiet", (Step("a", lambda call: runs.append(call.job_id)),)))
    runner.enqueue("quiet", "a", {})
    assert finished(runner, "a").result is None
    assert runs == ["a"]


def test_unavailable_is_tried_again_and_the_try_is_numbered(url: str, started) -> None:
    tries = []

    def flaky(call):
        tries.append(call.attempt)
        if call.attempt < 3:
            raise UnavailableError("the advisory service did not answer")
        return "in"

    runner = started(url, Workflow("flaky", (Step("ask", flaky, SOON),)))
    runner.enqueue("flaky", "a", {})
    assert finished(runner, "a").result == "in"
    assert tries == [1, 2, 3]


@pytest.mark.parametrize(
    "error",
    [
        UnavailableError("gone", subject="https://advisories.test", remedy="wait"),
        ConnectionResetError(104, "Connection reset by peer"),
        TimeoutError("timed out"),
        sa.exc.OperationalError("SELECT secret", {}, Exception("database is locked")),
    ],
    ids=lambda error: type(error).__name__,
)
def test_tries_are_bounded_and_the_reason_is_kept(sqlite_url: str, started, error) -> None:
    tries = []

    def down(call):
        tries.append(call.attempt)
        raise error

    runner = started(sqlite_url, Workflow("down", (Step("ask", down, SOON),)))
    runner.enqueue("down", "a", {})
    job = finished(runner, "a")
    assert tries == [1, 2, 3]
    assert job.state is JobState.FAILED
    assert (job.failure.code, job.failure.step) == ("unavailable", "ask")
    assert "SELECT secret" not in job.failure.message
    if isinstance(error, UnavailableError):
        assert job.failure.message == "gone"
        assert job.failure.subject == "https://advisories.test"
        assert job.failure.remedy == "wait"


def test_bad_data_fails_at_once_with_its_message(url: str, started) -> None:
    tries = []

    @step("read")
    def read(call):
        tries.append(1)
        raise DataError("duplicate key 'a'", subject="config.json", remedy="mend the file")

    runner = started(url, Workflow("bad", (Step("first", lambda call: 1), read)))
    runner.enqueue("bad", "a", {})
    job = finished(runner, "a")
    assert tries == [1]
    assert job.state is JobState.FAILED
    assert job.completed == ("first",)
    assert (job.failure.code, job.failure.step) == ("bad-data", "read")
    assert job.failure.message == "duplicate key 'a'"
    assert (job.failure.subject, job.failure.remedy) == ("config.json", "mend the file")


@pytest.mark.parametrize("error", [ValueError("token=sesame"), SystemExit(7), MemoryError()])
def test_a_bug_fails_the_job_without_quoting_what_it_worked_on(url, started, error) -> None:
    def broken(call):
        raise error

    runner = started(url, Workflow("broken", (Step("a", broken),)))
    runner.enqueue("broken", "a", {})
    job = finished(runner, "a")
    assert job.failure.code == "bug"
    assert type(error).__name__ in job.failure.message
    assert "sesame" not in job.failure.message


@pytest.mark.parametrize("result", [b"bytes", object(), float("inf"), "x" * (1 << 20)])
def test_a_result_that_is_not_small_json_fails_the_job(sqlite_url, started, result) -> None:
    runner = started(sqlite_url, Workflow("odd", (Step("a", lambda call: result),)))
    runner.enqueue("odd", "a", {})
    job = finished(runner, "a")
    assert (job.failure.code, job.failure.subject) == ("bad-data", "result of a")


def test_a_retried_job_goes_on_after_its_last_completed_step(url: str, started) -> None:
    runs, healthy = [], threading.Event()

    @step("scan")
    def scan(call):
        runs.append("scan")
        return {"verdict": "clean"}

    @step("sign")
    def sign(call):
        runs.append("sign")
        if not healthy.is_set():
            raise DataError("the key is locked")
        return call.results["scan"]["verdict"]

    runner = started(url, Workflow("intake", (scan, sign)))
    runner.enqueue("intake", "a", {})
    assert finished(runner, "a").state is JobState.FAILED
    healthy.set()
    runner.queue.retry("a")
    wait_until(lambda: runner.status("a").state is JobState.DONE)
    assert runner.status("a").result == "clean"
    assert runs == ["scan", "sign", "sign"]


def test_a_stopped_worker_parks_jobs_and_the_next_goes_on(url: str, started) -> None:
    runs, begun = [], threading.Event()

    def note(name):
        def run(call):
            runs.append(name)
            begun.set()
            time.sleep(0.15)
            return name

        return Step(name, run)

    flow = Workflow("long", tuple(note(name) for name in "abcdef"))
    first = started(url, flow)
    first.enqueue("long", "job", {})
    assert begun.wait(5)
    assert first.stop(grace_seconds=5)
    parked = first.status("job")
    assert parked.state is JobState.QUEUED
    assert list(parked.completed) == runs
    assert 0 < len(runs) < 6

    second = started(url, flow)
    assert finished(second, "job").state is JobState.DONE
    assert runs == list("abcdef")


def test_a_wait_between_tries_ends_when_the_worker_stops(url: str, started) -> None:
    tried = threading.Event()

    def down(call):
        tried.set()
        raise UnavailableError("away")

    slow = Retry(attempts=5, first_seconds=60)
    runner = started(url, Workflow("down", (Step("ask", down, slow),)))
    runner.enqueue("down", "a", {})
    assert tried.wait(5)
    before = time.monotonic()
    assert runner.stop(grace_seconds=10)
    assert time.monotonic() - before < 5
    assert runner.status("a").state is JobState.QUEUED


def test_stopping_reports_a_step_that_does_not_end_and_loses_nothing(url: str, started) -> None:
    begun, end = threading.Event(), threading.Event()
    runs = []

    def stuck(call):
        runs.append(1)
        if len(runs) == 1:
            begun.set()
            end.wait(20)
        return len(runs)

    flow = Workflow("stuck", (Step("a", stuck),))
    first = started(url, flow)
    first.enqueue("stuck", "job", {})
    assert begun.wait(5)
    assert not first.stop(grace_seconds=0.1)
    assert first.status("job").state is JobState.QUEUED
    second = started(url, flow)
    job = finished(second, "job")
    end.set()
    assert job.result == 2
    time.sleep(0.2)
    # What the abandoned step would have recorded was refused.
    assert second.status("job").result == 2


def test_a_worker_whose_job_was_taken_away_cannot_record(url: str, started) -> None:
    begun, go_on = threading.Event(), threading.Event()
    runs = []

    def slow(call):
        runs.append(1)
        mine = len(runs)
        if mine == 1:
            begun.set()
            go_on.wait(20)
        return mine

    runner = started(url, Workflow("slow", (Step("a", slow),)))
    runner.enqueue("slow", "job", {})
    assert begun.wait(5)
    with connection_to(url) as connection:
        connection.execute(
            sa.text("UPDATE workflow_status SET status = 'ENQUEUED', owner_xid = NULL")
        )
    job = finished(runner, "job")
    go_on.set()
    time.sleep(0.3)
    assert job.result == 2
    assert runner.status("job").result == 2


def test_jobs_of_a_dead_worker_are_taken_up(url: str, started) -> None:
    flow = Workflow("simple", (Step("a", lambda call: "done"),))
    first = started(url, flow)
    first.stop()
    first.enqueue("simple", "job", {})
    with connection_to(url) as connection:
        connection.execute(
            sa.text(
                "UPDATE workflow_status SET status = 'PENDING', executor_id = 'GONE',"
                " owner_xid = 'x', application_version = '1', recovery_attempts = 1"
            )
        )
    assert first.status("job").state is JobState.RUNNING
    second = started(url, flow)
    assert finished(second, "job").result == "done"


def test_jobs_of_a_living_worker_are_left_alone_until_its_lease_ends(url: str, started) -> None:
    flow = Workflow("simple", (Step("a", lambda call: "done"),))
    runner = started(url, flow, options=replace(QUICK, lease_seconds=60))
    runner.enqueue("simple", "job", {})
    assert finished(runner, "job").starts == 1
    with connection_to(url) as connection:
        connection.execute(
            sa.text(
                "INSERT INTO assay_worker_lease SELECT 'OTHER', 'OTHER', 1, pid, 'elsewhere',"
                " started, expires_ms FROM assay_worker_lease"
            )
        )
        connection.execute(
            sa.text(
                "UPDATE workflow_status SET status = 'PENDING', executor_id = 'OTHER',"
                " owner_xid = 'x'"
            )
        )
    assert runner.recover() == 0
    assert runner.status("job").state is JobState.RUNNING
    with connection_to(url) as connection:
        connection.execute(
            sa.text("UPDATE assay_worker_lease SET expires_ms = 0 WHERE slot = 'OTHER'")
        )
    assert runner.recover() == 1
    wait_until(lambda: runner.status("job").state is JobState.DONE)
    assert runner.status("job").starts == 2


def test_a_job_claimed_but_run_by_nobody_is_put_back(url: str, started) -> None:
    flow = Workflow("simple", (Step("a", lambda call: "done"),))
    runner = started(url, flow, options=replace(QUICK, lease_seconds=0.9))
    with connection_to(url) as connection:
        executor = connection.execute(sa.text("SELECT executor FROM assay_worker_lease")).scalar()
    # Born claimed, in one transaction: this worker's threads know nothing of it.
    runner.queue.enqueue("simple", "other", {})
    wait_until(lambda: runner.status("other").state is JobState.DONE)
    with connection_to(url) as connection:
        connection.execute(
            sa.text(
                "UPDATE workflow_status SET status = 'PENDING', executor_id = :e, owner_xid = 'x'"
            ),
            {"e": executor},
        )
    assert runner.status("other").state is JobState.RUNNING
    wait_until(lambda: runner.status("other").state is JobState.DONE)


def test_a_job_of_an_unknown_workflow_fails_and_can_be_retried(url: str, started) -> None:
    runner = started(
        url,
        Workflow("known", (Step("a", lambda call: 1),)),
        options=replace(QUICK, lease_seconds=0.9),
    )
    runner.queue.enqueue("unknown", "job", {})
    job = finished(runner, "job")
    assert (job.state, job.failure.code) == (JobState.FAILED, "unknown-workflow")
    assert "'unknown'" in job.failure.message
    runner.stop()
    later = started(url, Workflow("unknown", (Step("a", lambda call: "at last"),)))
    later.queue.retry("job")
    wait_until(lambda: later.status("job").state is JobState.DONE)
    with pytest.raises(UsageError, match="no such workflow"):
        later.enqueue("misspelt", "x", {})


def test_a_job_begun_under_another_version_is_adopted(url: str, started) -> None:
    begun = threading.Event()

    def first_step(call):
        begun.set()
        time.sleep(0.2)
        return "old"

    old = Workflow("flow", (Step("a", first_step), Step("b", lambda call: "old b")))
    first = started(url, old, options=replace(QUICK, version="1"))
    first.enqueue("flow", "job", {})
    assert begun.wait(5)
    first.stop(grace_seconds=5)
    with connection_to(url) as connection:
        connection.execute(sa.text("UPDATE workflow_status SET application_version = '1'"))
    new = Workflow(
        "flow", (Step("a", lambda call: "new"), Step("b", lambda call: dict(call.results)))
    )
    second = started(url, new, options=replace(QUICK, version="2"))
    assert finished(second, "job").state is JobState.DONE
    second.stop()
    # And back again: a version that was used before takes new jobs too.
    third = started(url, new, options=replace(QUICK, version="1"))
    third.enqueue("flow", "job-2", {})
    assert finished(third, "job-2").state is JobState.DONE


def test_a_job_whose_steps_changed_fails_and_says_so(url: str, started) -> None:
    begun = threading.Event()

    def slow(call):
        begun.set()
        time.sleep(0.2)

    rest = tuple(Step(name, slow) for name in ("b", "c", "d"))
    first = started(url, Workflow("flow", (Step("a", slow), *rest)))
    first.enqueue("flow", "job", {})
    assert begun.wait(5)
    first.stop(grace_seconds=5)
    second = started(url, Workflow("flow", (Step("z", slow), *rest)))
    job = finished(second, "job")
    assert (job.state, job.failure.code) == (JobState.FAILED, "changed-workflow")


def test_jobs_run_beside_each_other_up_to_the_limit(url: str, started) -> None:
    lock, here, most = threading.Lock(), 0, 0

    def busy(call):
        nonlocal here, most
        with lock:
            here += 1
            most = max(most, here)
        time.sleep(0.1)
        with lock:
            here -= 1

    runner = started(
        url, Workflow("busy", (Step("a", busy),)), options=replace(QUICK, concurrency=3)
    )
    for number in range(9):
        runner.enqueue("busy", f"job-{number}", {})
    wait_until(lambda: not runner.list_unfinished())
    assert most == 3


def test_one_runner_per_process(url: str, started) -> None:
    flow = Workflow("simple", (Step("a", lambda call: 1),))
    runner = started(url, flow)
    with pytest.raises(UsageError, match="started in this process already"):
        runner.start()
    with pytest.raises(UsageError, match="started in this process already"):
        JobRunner(url).start()
    with pytest.raises(UsageError, match="registered already, or after the start"):
        runner.register(flow)


def test_a_runner_can_be_started_again_and_its_fence_grows(sqlite_url: str, started) -> None:
    runner = started(sqlite_url, Workflow("simple", (Step("a", lambda call: 1),)))
    assert runner.fence == 1
    assert runner.stop()
    assert runner.stop()
    with pytest.raises(UsageError, match="not started"):
        _ = runner.fence
    runner.start()
    assert runner.fence == 2
    runner.enqueue("simple", "a", {})
    assert finished(runner, "a").state is JobState.DONE


def test_a_worker_that_lost_its_lease_begins_nothing_more(url: str, started) -> None:
    runner = started(
        url,
        Workflow("simple", (Step("a", lambda call: 1),)),
        options=replace(QUICK, lease_seconds=0.6),
    )
    with connection_to(url) as connection:
        connection.execute(sa.text("UPDATE assay_worker_lease SET executor = 'SOMEBODY-ELSE'"))
    assert runner.lost.wait(5)
    runner.enqueue("simple", "a", {})
    time.sleep(0.3)
    assert runner.status("a").state is not JobState.DONE


def test_a_worker_that_cannot_renew_its_lease_waits_and_goes_on(sqlite_url: str, started) -> None:
    runs = []

    def quick(call):
        runs.append(time.monotonic())
        time.sleep(0.05)

    flow = Workflow("flow", tuple(Step(f"s{number}", quick) for number in range(10)))
    runner = started(sqlite_url, flow, options=replace(QUICK, lease_seconds=0.6, busy_seconds=0.3))
    runner.enqueue("flow", "job", {})
    wait_until(lambda: len(runs) > 2)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("PRAGMA busy_timeout=10000")
    other.execute("BEGIN IMMEDIATE")
    locked = time.monotonic()
    time.sleep(2)
    unlocked = time.monotonic()
    other.execute("ROLLBACK")
    other.close()
    assert finished(runner, "job").state is JobState.DONE
    assert not runner.lost.is_set()
    assert len(runs) == 10
    # The step that ran when the lock came may end; none begins.
    assert not [at for at in runs if locked + 0.2 < at < unlocked]
