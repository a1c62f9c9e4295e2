"""The transparency log: whether what is published is signed, and is what the rows say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

from assay.config import Config
from assay.core.clock import SystemClock
from assay.doctor.interface import Line, fail, ok, warn

if TYPE_CHECKING:
    from assay.log.checkpoint import Checkpoint
    from assay.store.log_entries import LogCheckpoint

LATE = timedelta(minutes=1)
"""What waits longer for its place is late; two seconds are usual."""

VERIFY = "recompute it: assay log verify"


def log(config: Config) -> Iterator[Line]:
    """The checkpoint's signature, its root beside the database's, and what waits."""
    from assay.log.checkpoint import verify_checkpoint
    from assay.log.files import read_note
    from assay.signing.trust import TrustRoot
    from assay.store import log_entries, log_queue
    from assay.store.engine import open_store

    with closing(open_store(config.database)) as store, store.read() as connection:
        newest = log_entries.latest_checkpoint(connection)
        waiting = log_queue.waiting(connection, limit=1)
        depth = log_queue.depth(connection)
    note = read_note(config.log_folder)
    if note is None:
        yield _unpublished(newest)
    else:
        trust = (config.keys_folder / "trust.json").read_bytes()
        vkey = TrustRoot.parse(trust, fingerprint=None).log_vkey
        yield _compared(verify_checkpoint(note, vkey), newest)
    if waiting and SystemClock().now() - waiting[0].created > LATE:
        yield warn(
            "log queue",
            f"{depth} entries wait, the first since {waiting[0].created:%Y-%m-%d %H:%M:%S} UTC",
            "see the worker's line: it alone writes the log",
        )
    else:
        yield ok("log queue", f"{depth} wait for a place")


def _unpublished(newest: LogCheckpoint | None) -> Line:
    if newest is None:
        return ok("log", "nothing is published yet")
    return fail(
        "log",
        f"the checkpoint of {newest.size} entries is gone from the log's folder",
        "start the worker, which publishes it again; if tiles are gone too, restore the folder",
    )


def _compared(published: Checkpoint, newest: LogCheckpoint | None) -> Line:
    """What is published must be the newest the database has, or one it is about to replace."""
    if newest is None or published.size > newest.size:
        known = 0 if newest is None else newest.size
        return fail(
            "log",
            f"{published.size} entries are published, and the database knows {known}",
            "the database is older than the log: restore the newer backup",
        )
    if published.size == newest.size and published.root != newest.root.raw:
        return fail(
            "log",
            f"the published root for {published.size} entries is not the database's",
            f"somebody changed one of them; {VERIFY}",
        )
    if published.size < newest.size:
        return warn(
            "log",
            f"{published.size} entries are published of {newest.size}",
            "start the worker, which publishes the rest",
        )
    return ok("log", f"{published.size} entries, the checkpoint is signed and the database's own")
