"""One worker at a time on SQLite; who is alive and who is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from assay.core.errors import UsageError
from assay.jobs.database import parse
from assay.jobs.lease import Process, WorkerLease
from assay.jobs.turns import Turns
from jobs.jobs_databases import connection_to


@pytest.fixture
def lease():
    """Makes leases, each with a connection of its own."""
    pools = []

    def make(url: str, executor: str, seconds: float = 30.0) -> WorkerLease:
        database = parse(url)
        pools.append(database.engine(application="test", busy_seconds=5, pool=1))
        return WorkerLease(database, pools[-1], executor=executor, seconds=seconds)

    yield make
    for pool in pools:
        pool.dispose()


def test_the_second_is_refused_and_the_first_is_named(sqlite_url: str, lease) -> None:
    assert lease(sqlite_url, "A").acquire() == 1
    with pytest.raises(UsageError, match=f"pid {os.getpid()}") as caught:
        lease(sqlite_url, "B").acquire()
    assert str(os.getpid()) in caught.value.diagnostics()


def test_a_released_lease_can_be_taken_and_the_fence_grows(sqlite_url: str, lease) -> None:
    first = lease(sqlite_url, "A")
    first.acquire()
    first.release()
    assert lease(sqlite_url, "B").acquire() == 2
    assert not first.renew()
    first.release()
    with pytest.raises(UsageError):
        lease(sqlite_url, "C").acquire()


def test_a_lease_that_ran_out_can_be_taken_and_is_lost(sqlite_url: str, lease) -> None:
    first, second = lease(sqlite_url, "A", seconds=0.05), lease(sqlite_url, "B")
    first.acquire()
    assert first.renew()
    time.sleep(0.1)
    assert second.acquire() == 2
    assert not first.renew()
    assert second.renew()


def test_racing_workers_leave_one_holder(sqlite_url: str, lease) -> None:
    outcomes: list[object] = []

    def acquire(name: str) -> None:
        try:
            outcomes.append(lease(sqlite_url, name).acquire())
        except UsageError:
            outcomes.append("refused")

    threads = [threading.Thread(target=acquire, args=(f"E{n}",)) for n in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(map(str, outcomes)) == ["1", *["refused"] * 7]


def test_a_killed_holder_on_this_machine_is_replaced_at_once(sqlite_url: str, lease) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    holder = lease(sqlite_url, "A")
    holder.acquire()
    stat = Process.this()
    text = Path(f"/proc/{child.pid}/stat").read_text()
    started = text[text.rindex(")") + 2 :].split()[19]
    with connection_to(sqlite_url) as connection:
        connection.execute(
            sa.text("UPDATE assay_worker_lease SET pid = :pid, started = :started, host = :host"),
            {"pid": child.pid, "started": started, "host": stat.host},
        )
    with pytest.raises(UsageError, match=f"pid {child.pid}"):
        lease(sqlite_url, "B").acquire()
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert lease(sqlite_url, "B").acquire() == 2


def test_a_process_number_used_again_is_not_the_holder() -> None:
    me = Process.this()
    assert not me.is_gone()
    assert Process(me.pid, me.host, str(int(me.started) - 1)).is_gone()
    assert not Process(me.pid, "another machine", "1").is_gone()
    assert not Process(me.pid, me.host, "").is_gone()


def test_who_is_dead_is_told_from_who_lives(url: str, lease) -> None:
    living, ended = lease(url, "A"), lease(url, "B", seconds=0.01)
    if url.startswith("sqlite"):
        ended.acquire()
        time.sleep(0.05)
    else:
        ended.acquire()
    living_fence = living.acquire()
    time.sleep(0.05)
    assert living_fence >= 1
    assert living.dead({"A", "B", "NEVER-SEEN"}) == {"B", "NEVER-SEEN"}
    assert living.dead(set()) == set()
    assert living.renew()
    assert not ended.renew()


def test_alone_is_alone_and_goes_first() -> None:
    turns, log, lock = Turns(), [], threading.Lock()
    inside = threading.Event()
    leave = threading.Event()

    def together(name: str) -> None:
        with turns.together():
            with lock:
                log.append(name)
            inside.set()
            leave.wait(5)

    def alone() -> None:
        with turns.alone():
            before = len(log)
            time.sleep(0.05)
            assert len(log) == before
            log.append("alone")

    threads = [threading.Thread(target=together, args=("early",))]
    threads[0].start()
    assert inside.wait(5)
    threads.append(threading.Thread(target=alone))
    threads[1].start()
    time.sleep(0.05)
    threads.append(threading.Thread(target=together, args=("late",)))
    threads[2].start()
    time.sleep(0.05)
    leave.set()
    for one in threads:
        one.join(5)
    assert log == ["early", "alone", "late"]
