"""One process per role, one holder per lease, and the log's queue."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import textwrap
from datetime import timedelta

import pytest

from assay.core.errors import ConflictError, NotFoundError, UsageError
from assay.store import leases, log_entries, log_queue
from assay.store.locks import RoleLock
from store_world import NOW, digest, run_at_once

HOLD = """
    import sys
    from pathlib import Path
    from assay.store.locks import RoleLock
    RoleLock(Path(sys.argv[1]), "server").acquire()
    print("held", flush=True)
    sys.stdin.read()
"""


class TestRoleLock:
    def test_a_second_one_names_the_first_and_the_folder(self, tmp_path):
        with RoleLock(tmp_path, "server") as first:
            assert first.path.read_text() == str(os.getpid())
            assert stat.S_IMODE(first.path.stat().st_mode) == 0o600
            with pytest.raises(UsageError, match=f"pid {os.getpid()}") as caught:
                RoleLock(tmp_path, "server").acquire()
            assert str(tmp_path) in str(caught.value)
        RoleLock(tmp_path, "server").acquire()

    def test_roles_and_folders_do_not_meet(self, tmp_path):
        (tmp_path / "other").mkdir()
        with (
            RoleLock(tmp_path, "server"),
            RoleLock(tmp_path, "worker"),
            RoleLock(tmp_path / "other", "server"),
        ):
            pass

    def test_it_ends_with_the_process_however_that_ends(self, tmp_path):
        other = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(HOLD), str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with other:
            assert other.stdout.readline() == b"held\n"
            with pytest.raises(UsageError, match=f"pid {other.pid}"):
                RoleLock(tmp_path, "server").acquire()
            other.kill()
            other.wait()
        with RoleLock(tmp_path, "server"):
            pass

    def test_releasing_twice_is_nothing_and_taking_twice_is_a_bug(self, tmp_path):
        lock = RoleLock(tmp_path, "server")
        lock.acquire()
        with pytest.raises(RuntimeError, match="held already"):
            lock.acquire()
        lock.release()
        lock.release()
        lock.acquire()
        lock.release()
        assert lock.path.exists()

    def test_a_folder_that_is_not_there_is_named(self, tmp_path):
        with pytest.raises(UsageError, match="cannot make the lock"):
            RoleLock(tmp_path / "absent", "server").acquire()

    def test_a_link_is_not_followed(self, tmp_path):
        target = tmp_path / "precious"
        target.write_text("precious")
        (tmp_path / "server.lock").symlink_to(target)
        with pytest.raises(UsageError, match="cannot make the lock"):
            RoleLock(tmp_path, "server").acquire()
        assert target.read_text() == "precious"


def acquire(connection, holder="one", now=NOW, **more):
    values = {"pid": 7, "seconds": 10, **more}
    return leases.acquire(connection, "log", holder=holder, now=now, **values)


AFTER = NOW + timedelta(seconds=10)


class TestLeases:
    def test_one_holds_it_and_is_named_to_others(self, connection):
        held = acquire(connection)
        assert (held.fence, held.expires) == (1, AFTER)
        assert leases.find(connection, "log") == held
        with pytest.raises(ConflictError, match="held by process 7"):
            acquire(connection, "two", now=AFTER - timedelta(microseconds=1))

    def test_it_can_be_taken_when_its_time_ran_out_and_the_old_holder_is_told(self, connection):
        old = acquire(connection)
        new = acquire(connection, "two", now=AFTER, pid=8)
        assert new.fence == old.fence + 1
        leases.require(connection, new)
        with pytest.raises(ConflictError, match="taken over"):
            leases.require(connection, old)
        with pytest.raises(ConflictError, match="taken over"):
            leases.renew(connection, old, now=AFTER, seconds=10)
        leases.release(connection, old, now=AFTER)
        assert leases.find(connection, "log") == new

    def test_a_late_holder_goes_on_while_nobody_took_it(self, connection):
        held = acquire(connection)
        leases.require(connection, held)
        longer = leases.renew(connection, held, now=AFTER, seconds=5)
        assert longer.expires == AFTER + timedelta(seconds=5)
        assert leases.find(connection, "log") == longer

    def test_taking_it_again_raises_the_fence(self, connection):
        first, second = acquire(connection), acquire(connection)
        assert second.fence == first.fence + 1
        with pytest.raises(ConflictError):
            leases.require(connection, first)

    def test_given_back_it_is_free_at_once_and_the_fence_goes_on(self, connection):
        held = acquire(connection)
        leases.release(connection, held, now=NOW)
        assert acquire(connection, "two").fence == held.fence + 1

    def test_nobody_holds_what_was_never_taken(self, connection):
        assert leases.find(connection, "log") is None

    def test_of_many_at_once_one_gets_it(self, store):
        got, refused, names = [], [], list("abcdef")

        def go():
            name = names.pop()
            try:
                got.append(store.transact(lambda connection: acquire(connection, name)))
            except ConflictError:
                refused.append(name)

        run_at_once(go, 6)
        assert (len(got), len(refused)) == (1, 5)


def put(connection, text="one"):
    return log_queue.put(connection, leaf_hash=digest(text), entry=text.encode(), now=NOW)


class TestTheLogsQueue:
    def test_the_same_entry_is_promised_once(self, connection):
        made = put(connection)
        assert put(connection) == made
        assert log_queue.get(connection, digest("one")) == made
        assert (made.entry, made.sequenced_at) == (b"one", None)
        assert log_queue.depth(connection) == 1

    def test_waits_in_the_order_of_promising(self, connection):
        made = [put(connection, text) for text in ("b", "a", "c")]
        assert log_queue.waiting(connection) == made
        assert log_queue.waiting(connection, limit=2) == made[:2]

    def test_what_has_its_place_waits_no_longer(self, connection):
        made = [put(connection, text) for text in ("a", "b")]
        log_entries.sequence(connection, made[:1], lease=acquire(connection), now=AFTER)
        assert log_queue.waiting(connection) == made[1:]
        assert log_queue.get(connection, digest("a")).sequenced_at == AFTER
        assert log_queue.depth(connection) == 1
        assert put(connection, "a").sequenced_at == AFTER

    def test_what_was_never_promised_is_not_found(self, connection):
        with pytest.raises(NotFoundError, match="no such queued"):
            log_queue.get(connection, digest("one"))

    def test_the_same_entry_by_many_at_once_is_one(self, store):
        def go():
            store.transact(put)

        run_at_once(go, 6)
        with store.read() as connection:
            assert log_queue.depth(connection) == 1
