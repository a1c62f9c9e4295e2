"""The sequencer: order, fencing, recovery, and never two roots for one size."""

from __future__ import annotations

import os
import threading
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assay.core.digest import Digest
from assay.core.errors import ConflictError, TamperedError, UnavailableError
from assay.log import sequencer as sequencing
from assay.log.checkpoint import LogSigner, verify_checkpoint
from assay.log.entries import LogEntry
from assay.log.read import LogFolder
from assay.log.sequencer import ROLE, Sequencer
from assay.log.tree import leaf_hash
from assay.store import leases, log_entries, log_queue
from log_making import NOW, SIGNER, entry, make_log, put_entries, rows_agree


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "log"


def run_until_idle(sequencer):
    total = 0
    while count := sequencer.run_once():
        total += count
    return total


def published(folder):
    return verify_checkpoint((folder / "checkpoint").read_bytes(), SIGNER.vkey)


def test_an_empty_log_has_a_checkpoint(store, folder, clock):
    with Sequencer(store, folder, SIGNER, clock) as sequencer:
        assert sequencer.run_once() == 0
        assert published(folder).size == 0
    assert rows_agree(store, folder).size == 0


def test_what_waits_is_logged_in_order_and_once(store, folder, clock):
    put_entries(store, 0, 700)
    put_entries(store, 0, 10)  # the same entries again
    with Sequencer(store, folder, SIGNER, clock, batch=300) as sequencer:
        assert [sequencer.run_once() for _ in range(4)] == [300, 300, 100, 0]
        put_entries(store, 700, 701)
        assert sequencer.run_once() == 1
    assert rows_agree(store, folder).size == 701
    parsed = [LogEntry.parse(data) for data in LogFolder(folder).entries(701)]
    assert parsed == [entry(number) for number in range(701)]


def test_a_new_sequencer_goes_on_where_the_last_one_stopped(store, folder, clock):
    for start, end in ((0, 3), (3, 256), (256, 300), (300, 600)):
        put_entries(store, start, end)
        with Sequencer(store, folder, SIGNER, clock) as sequencer:
            assert sequencer.run_once() == end - start
        assert rows_agree(store, folder).size == end


def test_one_folder_has_one_writer_at_a_time(store, folder, clock):
    with Sequencer(store, folder, SIGNER, clock) as first:
        first.run_once()
        second = Sequencer(store, folder, SIGNER, clock)
        with pytest.raises(ConflictError, match=str(os.getpid())):
            second.run_once()
    with second:
        assert second.run_once() == 0


def test_another_folder_cannot_write_the_same_log(store, folder, tmp_path, clock):
    with (
        Sequencer(store, folder, SIGNER, clock) as first,
        Sequencer(store, tmp_path / "other", SIGNER, clock) as second,
    ):
        first.run_once()
        with pytest.raises(ConflictError, match="is held"):
            second.run_once()
        clock.advance(seconds=20)
        first.run_once()  # renews
        clock.advance(seconds=20)
        with pytest.raises(ConflictError, match="is held"):
            second.run_once()


def test_a_writer_that_was_overtaken_signs_nothing(store, folder, clock):
    put_entries(store, 0, 5)
    with Sequencer(store, folder, SIGNER, clock) as first:
        first.run_once()
        put_entries(store, 5, 9)
        with store.write() as connection:  # another takes the role when its time has run out
            later = clock.now() + timedelta(minutes=1)
            leases.acquire(connection, ROLE, holder="another", pid=1, now=later, seconds=60)
        with pytest.raises(ConflictError, match="taken over"):
            first.run_once()
        assert published(folder).size == 5
        with store.read() as connection:
            assert log_queue.depth(connection) == 4
        clock.advance(minutes=3)
        assert first.run_once() == 4  # the other's time has run out in turn
    assert rows_agree(store, folder).size == 9


STEPS = ("write_tiles", "publish")


@pytest.mark.parametrize("step", STEPS)
def test_a_batch_that_broke_off_is_finished_next_time(store, folder, clock, monkeypatch, step):
    """The step fails once, as on a full disk; the same sequencer and a new one go on."""
    put_entries(store, 0, 300)
    with Sequencer(store, folder, SIGNER, clock) as sequencer:
        sequencer.run_once()
        for end, fresh in ((400, False), (520, True)):
            put_entries(store, published(folder).size, end)
            with monkeypatch.context() as patch:
                patch.setattr(sequencing, step, _full_disk)
                with pytest.raises(UnavailableError):
                    sequencer.run_once()
            if fresh:
                sequencer.close()
            sequencer.run_once()
            assert rows_agree(store, folder).size == end


def _full_disk(*_):
    raise UnavailableError("the disk is full")


def test_a_database_older_than_the_published_log_signs_nothing(store, folder, clock):
    make_log(folder, 300)
    put_entries(store, 0, 10)
    before = (folder / "checkpoint").read_bytes()
    with (
        Sequencer(store, folder, SIGNER, clock) as sequencer,
        pytest.raises(TamperedError, match="database does not know"),
    ):
        sequencer.run_once()
    assert (folder / "checkpoint").read_bytes() == before
    with store.read() as connection:
        assert log_entries.latest_checkpoint(connection) is None


def test_a_published_root_that_is_not_the_databases_stops_the_log(store, folder, clock):
    put_entries(store, 0, 10)
    with Sequencer(store, folder, SIGNER, clock) as sequencer:
        sequencer.run_once()
    (folder / "checkpoint").write_bytes(SIGNER.sign_checkpoint(10, leaf_hash(b"fork")))
    put_entries(store, 10, 11)
    with (
        Sequencer(store, folder, SIGNER, clock) as sequencer,
        pytest.raises(TamperedError, match="two roots"),
    ):
        sequencer.run_once()
    with store.read() as connection:
        assert log_entries.latest_checkpoint(connection).size == 10


@pytest.mark.parametrize("path", ["tile/0/000.p/10", "tile/0/000"])
def test_changed_tiles_stop_the_log(store, folder, clock, path):
    put_entries(store, 0, 10)
    with Sequencer(store, folder, SIGNER, clock) as sequencer:
        sequencer.run_once()
        file = folder / "tile/0/000.p/10"
        data = file.read_bytes()
        file.unlink()
        if path == "tile/0/000.p/10":
            file.write_bytes(data[::-1])
        sequencer.close()
        put_entries(store, 10, 11)
        with pytest.raises(TamperedError):
            sequencer.run_once()
        assert published(folder).size == 10


def test_another_key_does_not_go_on_with_a_log(store, folder, clock):
    with Sequencer(store, folder, SIGNER, clock) as sequencer:
        sequencer.run_once()
    other = LogSigner(SIGNER.name, Ed25519PrivateKey.generate())
    with (
        Sequencer(store, folder, other, clock) as sequencer,
        pytest.raises(TamperedError, match="not signed by"),
    ):
        sequencer.run_once()


def test_an_entry_that_is_not_its_hash_is_never_logged(store, folder, clock):
    with store.write() as connection:
        log_queue.put(connection, leaf_hash=Digest.of(b"x"), entry=b"another", now=NOW)
    with (
        Sequencer(store, folder, SIGNER, clock) as sequencer,
        pytest.raises(TamperedError, match="row was changed"),
    ):
        sequencer.run_once()
    assert published(folder).size == 0


def test_a_lost_checkpoint_file_is_published_again(store, folder, clock):
    put_entries(store, 0, 10)
    with Sequencer(store, folder, SIGNER, clock) as sequencer:
        sequencer.run_once()
    (folder / "checkpoint").unlink()
    (folder / "incoming" / "left-behind").write_bytes(b"x")
    with Sequencer(store, folder, SIGNER, clock) as sequencer:
        assert sequencer.run_once() == 0
    assert rows_agree(store, folder).size == 10
    assert list((folder / "incoming").iterdir()) == []


def test_readers_see_a_whole_log_while_it_grows(sqlite_store, folder):
    """Every checkpoint that can be read has all its tiles."""
    stop, sizes, failures = threading.Event(), set(), []

    def watch():
        while not stop.is_set():
            try:
                log = LogFolder(folder)
                note = log.note()
                size = verify_checkpoint(note, SIGNER.vkey).size
                sizes.add(size)
                if size:
                    log.proof(size - 1, note=note)
            except Exception as error:  # noqa: BLE001 - shown below
                failures.append(error)

    with Sequencer(sqlite_store, folder, SIGNER, batch=37) as sequencer:
        sequencer.run_once()
        watcher = threading.Thread(target=watch)
        watcher.start()
        for start in range(0, 1000, 250):
            put_entries(sqlite_store, start, start + 250)
            run_until_idle(sequencer)
        stop.set()
        watcher.join()
    assert failures == []
    assert len(sizes) > 3
    assert rows_agree(sqlite_store, folder).size == 1000
