"""The log: durable entries per second by batch, and the time proofs take.

`tiles` is the log's files alone: hashing, bundles, tiles and checkpoint, each on the disk (fsync)
before the next batch. `sequenced` is the whole way on SQLite (write-ahead log, synchronous=FULL):
places in the database, files, checkpoint claimed and published.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assay.core.digest import Digest
from assay.log.checkpoint import LogSigner
from assay.log.entries import LogEntry
from assay.log.files import clear_incoming, publish, write_tiles
from assay.log.read import LogFolder
from assay.log.sequencer import Sequencer
from assay.log.tiles import Growth
from assay.log.tree import leaf_hash, verify_inclusion
from assay.log.verify import verify_folder
from assay.store import log_queue, schema
from assay.store.engine import open_store

BATCHES = ((1, 200), (16, 3_200), (256, 51_200), (1_024, 102_400))
SEQUENCED = ((1, 100), (16, 1_600), (256, 10_240), (1_024, 20_480))
PROOF_SIZE = 131_072
PROOFS = 2_000
RUNS = 3
SIGNER = LogSigner("bench.example/log", Ed25519PrivateKey.generate())
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def some_entries(count: int) -> list[bytes]:
    """Entries as the server logs them."""
    return [
        LogEntry("scan", Digest.of(b"%d" % number), Digest.of(b"tree"), NOW).to_bytes()
        for number in range(count)
    ]


def add(folder: Path, growth: Growth, entries: list[bytes]) -> None:
    """One batch, durable and published."""
    write_tiles(folder, growth.add((data, leaf_hash(data)) for data in entries))
    publish(folder, SIGNER.sign_checkpoint(growth.size, growth.root()))


def tiles(folder: Path, batch: int, count: int) -> float:
    """Entries per second into the files alone."""
    clear_incoming(folder)
    entries, growth = some_entries(count), Growth()
    before = time.perf_counter()
    for start in range(0, count, batch):
        add(folder, growth, entries[start : start + batch])
    return count / (time.perf_counter() - before)


def sequenced(folder: Path, batch: int, count: int) -> float:
    """Entries per second from the queue to the published checkpoint."""
    folder.mkdir()
    store = open_store(f"sqlite:///{folder / 'assay.sqlite'}")
    schema.upgrade(store)
    with store.write() as connection:
        for data in some_entries(count):
            leaf = Digest.from_raw(leaf_hash(data))
            log_queue.put(connection, leaf_hash=leaf, entry=data, now=NOW)
    with Sequencer(store, folder / "log", SIGNER, batch=batch) as sequencer:
        before = time.perf_counter()
        while sequencer.run_once():
            pass
        seconds = time.perf_counter() - before
    store.close()
    return count / seconds


def microseconds(work: Callable[[int], object]) -> float:
    """Mean time of one call."""
    before = time.perf_counter()
    for number in range(PROOFS):
        work(number * 7_919 % PROOF_SIZE)
    return (time.perf_counter() - before) / PROOFS * 1e6


def proofs(folder: Path) -> None:
    """Proofs from tiles read from the folder each time, and from tiles kept in memory."""
    clear_incoming(folder)
    add(folder, Growth(), some_entries(PROOF_SIZE))
    log = LogFolder(folder)
    root = log.checkpoint().root
    cold = microseconds(lambda at: LogFolder(folder).inclusion(at, PROOF_SIZE))
    old = microseconds(lambda at: LogFolder(folder).consistency(at + 1, PROOF_SIZE))
    warm = microseconds(lambda at: log.inclusion(at, PROOF_SIZE))
    made = log.inclusion(PROOF_SIZE // 3, PROOF_SIZE)
    leaf = leaf_hash(log.entry(PROOF_SIZE // 3, PROOF_SIZE))
    checked = microseconds(
        lambda _: verify_inclusion(leaf, PROOF_SIZE // 3, PROOF_SIZE, made, root)
    )
    before = time.perf_counter()
    verify_folder(folder, SIGNER.vkey)
    whole = time.perf_counter() - before
    print(f"{PROOF_SIZE:,} entries")
    print(f"  inclusion proof, nothing in memory  {cold:8.0f} us")
    print(f"  inclusion proof, 64 tiles kept      {warm:8.0f} us")
    print(f"  consistency proof                   {old:8.0f} us")
    print(f"  verifying an inclusion proof        {checked:8.1f} us")
    print(f"  verifying the whole folder          {PROOF_SIZE / whole:8,.0f} entries/s")


def main() -> None:
    """Print all figures."""
    with tempfile.TemporaryDirectory(prefix="bench-log-") as place:
        folder = Path(place)
        print(f"durable entries per second, by batch, best of {RUNS}")
        for work, plan in ((tiles, BATCHES), (sequenced, SEQUENCED)):
            for batch, count in plan:
                name = f"{work.__name__}-{batch}"
                runs = [work(folder / f"{name}-{run}", batch, count) for run in range(RUNS)]
                print(f"  {work.__name__:9}  {batch:5}  {max(runs):10,.0f}")
        proofs(folder / "proofs")


if __name__ == "__main__":
    main()
