"""Logs for tests, made by the real writer of tiles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assay.core.digest import Digest
from assay.log.checkpoint import LogSigner
from assay.log.entries import LogEntry
from assay.log.files import clear_incoming, publish, write_tiles
from assay.log.read import LogFolder
from assay.log.tiles import Growth
from assay.log.tree import leaf_hash
from assay.log.verify import verify_folder
from assay.store import log_entries, log_queue

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
SIGNER = LogSigner("log.example.org/assay", KEY)


def entry(number: int, kind: str = "scan") -> LogEntry:
    tree = Digest.of(b"tree %d" % (number % 7))
    return LogEntry(kind, Digest.of(b"statement %d" % number), tree, NOW + timedelta(number))


def some_entries(start: int, end: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(start, end)]


def grow(folder, growth: Growth, entries, signer=SIGNER) -> bytes:
    """Add entries under one checkpoint; returns its note."""
    clear_incoming(folder)
    write_tiles(folder, growth.add((data, leaf_hash(data)) for data in entries))
    note = signer.sign_checkpoint(growth.size, growth.root())
    publish(folder, note)
    return note


def make_log(folder, *sizes: int) -> Growth:
    """A log with a checkpoint at each of the sizes, of which the last is published."""
    growth = Growth()
    for size in sizes:
        grow(folder, growth, some_entries(growth.size, size))
    return growth


def put_entries(store, start: int, end: int) -> None:
    """Let entries wait for the sequencer."""
    with store.write() as connection:
        for number in range(start, end):
            made = entry(number)
            leaf = Digest.from_raw(made.leaf_hash)
            log_queue.put(connection, leaf_hash=leaf, entry=made.to_bytes(), now=NOW)


def rows_agree(store, folder):
    """Everything in the database is in the log, at its place, under the newest checkpoint."""
    state = verify_folder(folder, SIGNER.vkey)
    with store.read() as connection:
        rows = log_entries.span(connection, 0, state.size + 1)
        last = log_entries.latest_checkpoint(connection)
        assert log_queue.depth(connection) == 0
    assert [row.entry for row in rows] == list(LogFolder(folder).entries(state.size))
    assert (last.size, last.root.raw) == (state.size, state.root)
    assert last.note == (folder / "checkpoint").read_bytes()
    return state
