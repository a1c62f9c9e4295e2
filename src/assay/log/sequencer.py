"""The one writer of a log: gives waiting entries their places, writes tiles, signs last.

Order of a batch, each step durable before the next begins:

1. the entries get their places in the database, under the lease;
2. bundles and tiles are written, at paths that never change;
3. the checkpoint is signed and claimed in the database, where a size has one root for ever;
4. the checkpoint is published.

Whoever starts after a death goes on from the last claimed checkpoint: it recomputes that root
from the tiles, then repeats the steps for every entry after it. Each is safe to repeat.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from assay.blobs.disk import disk_errors
from assay.core.clock import Clock, SystemClock
from assay.core.digest import Digest
from assay.core.errors import ConflictError, DataError, TamperedError, UsageError
from assay.core.ids import new_ulid
from assay.log.checkpoint import Checkpoint, LogSigner, verify_checkpoint
from assay.log.files import clear_incoming, publish, read_note, write_tiles
from assay.log.read import LogFolder
from assay.log.tiles import CHECKPOINT, Growth
from assay.log.tree import leaf_hash
from assay.store import leases, log_entries, log_queue
from assay.store.engine import Store
from assay.store.leases import Lease
from assay.store.locks import RoleLock
from assay.store.log_entries import LogCheckpoint, LogEntry

ROLE = "log-sequencer"
BATCH = 1024
LEASE_SECONDS = 30.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Sequencer:
    """Writes a log. Nothing happens before the first `run_once`; use it from one thread.

    Args:
        store: Where entries wait and get their places.
        folder: The log's folder; made if it is absent.
        signer: The log's key and name.
        clock: Gives the time of leases and rows.
        batch: Most entries under one checkpoint.
        lease_seconds: How long the role is held without being renewed, seconds.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        signer: LogSigner,
        clock: Clock | None = None,
        *,
        batch: int = BATCH,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._store = store
        self._folder = folder
        self._signer = signer
        self._clock: Clock = clock or SystemClock()
        self._batch = batch
        self._lease_seconds = lease_seconds
        self._lock: RoleLock | None = None
        self._lease: Lease | None = None
        self._growth: Growth | None = None

    def run_once(self) -> int:
        """Log what waits, one batch at most; returns how many entries got their place.

        Raises:
            ConflictError: another writes this log, or took it over.
            TamperedError: the log's files or rows are not what was signed; nothing is signed.
            UnavailableError: database or disk do not work; call it again later.
        """
        try:
            lease = self._held()
            if self._growth is None:
                self._growth = self._recover(lease)
            batch = self._sequence(lease)
            if batch:
                self._integrate(batch, self._growth, lease)
        except BaseException as error:
            # Whatever was done is done again from what is durable, not from what is in memory.
            self._growth = None
            if isinstance(error, ConflictError):
                self._lease = None
            raise
        return len(batch)

    def close(self) -> None:
        """Give the role back."""
        lease, self._lease, self._growth = self._lease, None, None
        try:
            if lease is not None:
                now = self._clock.now()
                self._store.transact(lambda connection: leases.release(connection, lease, now=now))
        finally:
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _held(self) -> Lease:
        """The role, taken or renewed: by the folder's lock on this machine, by the lease anywhere."""
        now, seconds = self._clock.now(), self._lease_seconds
        if self._lock is None:
            with disk_errors(self._folder):
                self._folder.mkdir(parents=True, exist_ok=True)
            lock = RoleLock(self._folder, "sequencer")
            try:
                lock.acquire()
            except UsageError as error:
                raise ConflictError(error.message, subject=error.subject) from None
            self._lock = lock
            clear_incoming(self._folder)  # nobody else writes here while the lock is held
        if self._lease is None:
            holder, pid = _holder(self._folder), os.getpid()
            self._lease = self._store.transact(
                lambda connection: leases.acquire(
                    connection, ROLE, holder=holder, pid=pid, now=now, seconds=seconds
                )
            )
        elif self._lease.expires - now < timedelta(seconds=seconds / 2):
            held = self._lease
            self._lease = None
            self._lease = self._store.transact(
                lambda connection: leases.renew(connection, held, now=now, seconds=seconds)
            )
        return self._lease

    def _sequence(self, lease: Lease) -> list[LogEntry]:
        """Give a batch of waiting entries their places."""
        with self._store.read() as connection:
            if not log_queue.waiting(connection, limit=1):
                return []
        now = self._clock.now()
        return self._store.transact(
            lambda connection: log_entries.sequence(
                connection,
                log_queue.waiting(connection, limit=self._batch),
                lease=lease,
                now=now,
            )
        )

    def _integrate(self, entries: Sequence[LogEntry], growth: Growth, lease: Lease) -> None:
        """Write the files entries need, then sign, claim and publish the new checkpoint."""
        if [row.idx for row in entries] != list(range(growth.size, growth.size + len(entries))):
            raise TamperedError("the entries do not follow the last checkpoint", subject="log")
        for row in entries:
            if leaf_hash(row.entry) != row.leaf_hash.raw:
                raise TamperedError("the entry's row was changed", subject=f"log entry {row.idx}")
        files = growth.add((row.entry, row.leaf_hash.raw) for row in entries)
        write_tiles(self._folder, files)
        self._sign(growth, lease)

    def _sign(self, growth: Growth, lease: Lease) -> LogCheckpoint:
        size, root = growth.size, growth.root()
        note = self._signer.sign_checkpoint(size, root)
        now = self._clock.now()
        claimed = self._store.transact(
            lambda connection: log_entries.record_checkpoint(
                connection,
                size=size,
                root=Digest.from_raw(root),
                note=note,
                lease=lease,
                now=now,
            )
        )
        publish(self._folder, claimed.note)
        return claimed

    def _recover(self, lease: Lease) -> Growth:
        """The state of the last claimed checkpoint, checked, and everything after it repeated."""
        try:
            return self._resumed(lease)
        except TamperedError:
            raise
        except DataError as error:
            raise TamperedError(error.message, subject=error.subject) from error

    def _resumed(self, lease: Lease) -> Growth:
        with self._store.read() as connection:
            last = log_entries.latest_checkpoint(connection)
            total = log_entries.length(connection)
        published = self._published()
        growth = self._restored(last)
        if published is not None and (last is None or published.size > last.size):
            raise TamperedError(
                f"a checkpoint of {published.size} entries is published, which the database "
                "does not know",
                subject=CHECKPOINT,
                remedy="was an old database restored? Restore database and log together",
            )
        if last is None:
            self._sign(growth, lease)
        else:
            self._check_root(last, published)
            publish(self._folder, last.note)
        while growth.size < total:
            with self._store.read() as connection:
                end = min(total, growth.size + self._batch)
                rows = log_entries.span(connection, growth.size, end)
            self._integrate(rows, growth, lease)
        return growth

    def _published(self) -> Checkpoint | None:
        note = read_note(self._folder)
        return None if note is None else verify_checkpoint(note, self._signer.verifier)

    def _restored(self, last: LogCheckpoint | None) -> Growth:
        """The right edge at the last checkpoint, whose root it must make."""
        if last is None:
            return Growth()
        growth = LogFolder(self._folder).growth(last.size)
        if growth.root() != last.root.raw:
            raise TamperedError(
                f"the tiles do not make the root that was signed at {last.size} entries",
                subject=str(self._folder),
                remedy="find the changed file with: assay log verify",
            )
        return growth

    def _check_root(self, last: LogCheckpoint, published: Checkpoint | None) -> None:
        """One size has one root: in the database, in its note and in the published one."""
        noted = verify_checkpoint(last.note, self._signer.verifier)
        for found in (noted, published):
            if found is None or found.size != last.size:
                continue
            if found.root != last.root.raw:
                raise TamperedError(f"two roots for {last.size} entries", subject=CHECKPOINT)
        if noted.size != last.size:
            raise TamperedError("a checkpoint's row and note differ", subject="log_checkpoint")


def _holder(folder: Path) -> str:
    """Names this folder on this running system: where the lock is held, no other holder lives.

    So the next writer here need not wait until the lease of one that died has run out.
    """
    status = folder.stat()
    boot = new_ulid()
    with suppress(OSError):
        boot = _BOOT_ID.read_text(encoding="ascii").strip()
    return f"{boot}/{status.st_dev}:{status.st_ino}"
