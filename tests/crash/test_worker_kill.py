"""Real workers, really killed: no job is lost, no completed step runs twice."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from assay.jobs import JobQueue, JobState
from crash.crash_worker import MAX_DEATHS, STEPS
from jobs.jobs_databases import ENGINES, connection_to, jobs_database, wait_until

WORKER = Path(__file__).with_name("crash_worker.py")
KILLS = 30


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with jobs_database(request.param, tmp_path) as address:
        yield address


@pytest.fixture
def sqlite_url(tmp_path: Path) -> Iterator[str]:
    with jobs_database("sqlite", tmp_path) as address:
        yield address


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.fixture
def queue(url: str) -> Iterator[JobQueue]:
    one = JobQueue(url)
    yield one
    one.close()


@contextmanager
def program(*arguments: object, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """The worker program; killed at the end if it still runs."""
    with subprocess.Popen(
        [sys.executable, str(WORKER), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environ},
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()


def lines(evidence: Path) -> list[str]:
    return evidence.read_text().splitlines() if evidence.exists() else []


def recorded(url: str) -> Counter[str]:
    """`job step` of every completed step DBOS has on record."""
    with connection_to(url) as connection:
        rows = connection.execute(
            sa.text("SELECT workflow_uuid, function_name FROM operation_outputs")
        )
        return Counter(f"{job} {name}" for job, name in rows)


def states(queue: JobQueue, jobs: list[str]) -> set[JobState]:
    return {queue.status(job).state for job in jobs}


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """SIGTERM; exit code and standard error."""
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=30)
    return process.returncode, stderr


def fork_worker(zygote: subprocess.Popen[str]) -> int:
    zygote.stdin.write("\n")
    zygote.stdin.flush()
    return int(zygote.stdout.readline())


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_killed_at_random_every_job_is_done_and_every_step_once(url, queue, evidence) -> None:
    jobs: list[str] = []
    marks: list[tuple[set[str], int]] = []
    chance = random.Random(20261124)
    with program(url, evidence, "zygote") as zygote:
        for kill in range(KILLS):
            # New work all the time, so that every kill hits some.
            for _ in range(4):
                jobs.append(f"job-{len(jobs)}")
                queue.enqueue("multi", jobs[-1], {"kill": kill})
            before = len(lines(evidence))
            worker = fork_worker(zygote)
            if kill % 2:  # half of them in the middle of work, however slow the machine is
                wait_until(lambda seen=before: len(lines(evidence)) > seen, seconds=30)
            time.sleep(chance.uniform(0.05, 0.4))
            os.kill(worker, signal.SIGKILL)
            wait_until(lambda pid=worker: not is_running(pid))
            marks.append((set(recorded(url)), len(lines(evidence))))
        worker = fork_worker(zygote)
        wait_until(lambda: not queue.list_unfinished(), seconds=60)
        os.kill(worker, signal.SIGTERM)
        wait_until(lambda: not is_running(worker))

    ended = [queue.status(job) for job in jobs]
    assert {job.state for job in ended} == {JobState.DONE}
    expected = {f"{job} {name}" for job in jobs for name in STEPS}
    assert recorded(url) == Counter(expected)
    ran = Counter(lines(evidence))
    assert set(ran) == expected
    # No step that was on record at a kill ran after it.
    assert len(marks) == KILLS
    assert any(done for done, _ in marks)
    for done, seen in marks:
        assert not done & set(lines(evidence)[seen:])
    # A step may run again only where the kill fell between its work and its record.
    again = sum(ran.values()) - len(expected)
    assert again <= KILLS * 4
    assert {job.completed for job in ended} == {STEPS}
    assert ended[0].result == {"step": STEPS[-1], "before": sorted(STEPS[:-1])}
    assert max(job.starts for job in ended) > 1


def test_a_poison_job_is_parked_and_the_others_go_on(url, queue, evidence) -> None:
    queue.enqueue("poison", "bad", {})
    others = [f"good-{number}" for number in range(6)]
    for job in others:
        queue.enqueue("multi", job, {})
    deaths = 0
    while True:
        with program(url, evidence) as worker:
            wait_until(
                lambda one=worker: one.poll() is not None or not queue.list_unfinished(),
                seconds=60,
            )
            if worker.poll() is None:
                assert end(worker)[0] == 0
                break
            assert worker.returncode == -signal.SIGKILL
            deaths += 1
            assert deaths <= MAX_DEATHS
    assert deaths == MAX_DEATHS
    bad = queue.status("bad")
    assert bad.state is JobState.FAILED
    assert (bad.failure.code, bad.failure.step) == ("poison", "poison")
    assert f"died {MAX_DEATHS} times" in bad.failure.message
    assert bad.completed == ("first",)
    assert Counter(lines(evidence))["bad poison"] == MAX_DEATHS
    assert {job: queue.status(job).failure for job in others} == dict.fromkeys(others)
    assert states(queue, others) == {JobState.DONE}
    assert recorded(url) == Counter(
        {f"{job} {name}" for job in others for name in STEPS} | {"bad first"}
    )


def test_sigterm_lets_the_step_finish_parks_the_job_and_exits_0(url, queue, evidence) -> None:
    queue.enqueue("slow", "job", {"seconds": 0.7})
    with program(url, evidence) as worker:
        wait_until(lambda: "job slow-begin" in lines(evidence))
        assert end(worker) == (0, "")
    assert lines(evidence) == ["job slow-begin", "job slow-end"]
    parked = queue.status("job")
    assert (parked.state, parked.completed) == (JobState.QUEUED, ("slow",))
    with program(url, evidence) as worker:
        wait_until(lambda: queue.status("job").state is JobState.DONE)
        assert end(worker)[0] == 0
    assert lines(evidence) == ["job slow-begin", "job slow-end", "job after"]


def test_sigterm_does_not_wait_for_ever_and_is_no_death(url, queue, evidence) -> None:
    queue.enqueue("slow", "job", {"seconds": 60})
    for _ in range(2):
        with program(url, evidence, GRACE_SECONDS="0.2") as worker:
            before = len(lines(evidence))
            wait_until(lambda seen=before: len(lines(evidence)) > seen)
            code, stderr = end(worker)
        assert code == 0
        assert "runs again later" in stderr
        assert queue.status("job").state is JobState.QUEUED
    with connection_to(url) as connection:
        rows = connection.execute(sa.text("SELECT deaths, executor FROM assay_job_death")).all()
    assert rows == [(0, None)]


def test_a_second_worker_on_sqlite_is_refused_and_the_first_is_named(
    sqlite_url: str, evidence: Path
) -> None:
    queue = JobQueue(sqlite_url)
    queue.enqueue("slow", "job", {"seconds": 0.5})
    with program(sqlite_url, evidence) as first:
        wait_until(lambda: lines(evidence))
        with program(sqlite_url, evidence) as second:
            _, stderr = second.communicate(timeout=30)
            assert second.returncode == 2
            assert f"another worker (pid {first.pid})" in stderr
        wait_until(lambda: queue.status("job").state is JobState.DONE)
        first.kill()
        first.wait()
        # Dead, though its lease has not run out: the next one starts at once.
        before = time.monotonic()
        queue.enqueue("multi", "next", {})
        with program(sqlite_url, evidence) as third:
            wait_until(lambda: queue.status("next").state is JobState.DONE)
            assert time.monotonic() - before < 10
            assert end(third)[0] == 0
    assert Counter(lines(evidence))["job slow-begin"] == 1
    queue.close()


def test_two_workers_on_postgresql_share_and_take_over(tmp_path: Path, evidence: Path) -> None:
    with jobs_database("postgresql", tmp_path) as url:
        queue = JobQueue(url)
        jobs = [f"job-{number}" for number in range(30)]
        with (
            program(url, evidence, LEASE_SECONDS="1.5") as first,
            program(url, evidence, LEASE_SECONDS="1.5") as second,
        ):
            for job in jobs:
                queue.enqueue("multi", job, {})
            wait_until(lambda: len(lines(evidence)) > 20)
            first.kill()
            first.wait()
            wait_until(lambda: not queue.list_unfinished(), seconds=40)
            assert end(second)[0] == 0
        assert states(queue, jobs) == {JobState.DONE}
        assert recorded(url) == Counter(f"{job} {name}" for job in jobs for name in STEPS)
        queue.close()


def test_a_worker_waits_out_a_lock_on_sqlite(sqlite_url: str, evidence: Path) -> None:
    queue = JobQueue(sqlite_url)
    jobs = [f"job-{number}" for number in range(8)]
    for job in jobs:
        queue.enqueue("multi", job, {})
    with program(sqlite_url, evidence) as worker:
        wait_until(lambda: len(lines(evidence)) > 5)
        other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("PRAGMA busy_timeout=10000")
        other.execute("BEGIN IMMEDIATE")
        time.sleep(4)  # twice what one statement of this worker waits
        assert worker.poll() is None
        other.execute("ROLLBACK")
        other.close()
        wait_until(lambda: not queue.list_unfinished(), seconds=60)
        code, stderr = end(worker)
    assert code == 0
    assert "database is locked" in stderr
    assert "Traceback" not in stderr
    assert states(queue, jobs) == {JobState.DONE}
    assert Counter(lines(evidence)) == Counter(f"{job} {n}" for job in jobs for n in STEPS)
    queue.close()


def test_a_worker_stops_while_sqlite_is_locked(sqlite_url: str, evidence: Path) -> None:
    queue = JobQueue(sqlite_url)
    queue.enqueue("multi", "job", {})
    with program(sqlite_url, evidence, GRACE_SECONDS="1") as worker:
        wait_until(lambda: lines(evidence))
        other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("PRAGMA busy_timeout=10000")
        other.execute("BEGIN IMMEDIATE")
        code, stderr = end(worker)
        other.execute("ROLLBACK")
        other.close()
    assert code == 0
    assert "Traceback" not in stderr
    with program(sqlite_url, evidence) as worker:
        wait_until(lambda: queue.status("job").state is JobState.DONE)
        assert end(worker)[0] == 0
    assert recorded(sqlite_url) == Counter(f"job {name}" for name in STEPS)
    queue.close()


def test_a_worker_survives_its_postgresql_connections(tmp_path: Path, evidence: Path) -> None:
    with jobs_database("postgresql", tmp_path) as url, closing(JobQueue(url)) as queue:
        jobs = [f"job-{number}" for number in range(40)]
        for job in jobs:
            queue.enqueue("multi", job, {})
        ended = 0
        with program(url, evidence) as worker:
            for at in (10, 60, 110, 160):
                wait_until(lambda enough=at: len(lines(evidence)) >= enough)
                with connection_to(url) as connection:
                    ended += connection.execute(
                        sa.text(
                            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                            " WHERE datname = current_database()"
                            " AND application_name IN ('assay-worker', 'assay-lease')"
                        )
                    ).scalar()
            wait_until(lambda: not queue.list_unfinished(), seconds=90)
            assert worker.poll() is None
            code, stderr = end(worker)
        assert code == 0
        assert ended > 8
        # What a connection says of its end depends on whether it was in use.
        assert "administrator command" in stderr or "closed the connection" in stderr
        assert "Traceback" not in stderr
        assert states(queue, jobs) == {JobState.DONE}
        assert recorded(url) == Counter(f"{job} {name}" for job in jobs for name in STEPS)


def test_a_worker_is_quiet_and_opens_no_port(sqlite_url: str, evidence: Path) -> None:
    queue = JobQueue(sqlite_url)
    queue.enqueue("multi", "job", {})
    # As hostile as an environment can be: all that makes the engine call home.
    hostile = {
        "DBOS__CLOUD": "true",
        "DBOS_APP_NAME": "elsewhere",
        "DBOS_SYSTEM_DATABASE_URL": "postgresql://127.0.0.1:1/elsewhere",
        "DBOS__CONDUCTOR_APP_NAME": "a",
        "DBOS__CONDUCTOR_KEY": "k",
        "DBOS__CONDUCTOR_URL": "ws://127.0.0.1:1",
        "DBOS__APPVERSION": "other",
        "DBOS__VMID": "other",
        "DBOS__OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1",
    }
    with program(sqlite_url, evidence, **hostile) as worker:
        wait_until(lambda: queue.status("job").state is JobState.DONE)
        assert _internet_sockets(worker.pid) == []
        assert end(worker) == (0, "")
    with connection_to(sqlite_url) as connection:
        row = connection.execute(
            sa.text("SELECT application_version, application_name FROM workflow_status")
        ).one()
    assert tuple(row) == ("1", "assay")
    queue.close()


def _internet_sockets(pid: int) -> list[str]:
    """The process's TCP and UDP sockets, by /proc/PID/net (proc(5))."""
    mine = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(entry.readlink())
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            mine.add(target[8:-1])
    return [
        row
        for table in ("tcp", "tcp6", "udp", "udp6", "raw")
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
        if row.split()[9] in mine
    ]
