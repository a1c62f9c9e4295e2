"""Files under way: each opened once, read by the sandbox and hashed by this side."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from assay.core.digest import Digest
from assay.core.finding import Unread
from assay.core.hashing import BUFFER_BYTES, kind_of
from assay.core.limits import ScanLimits
from assay.scanning.isolation.pool import Pool
from assay.scanning.isolation.sandbox import FileResult, Sandbox
from assay.scanning.results import FEWEST_BYTES, ResultCache


@dataclass(slots=True)
class FileRead:
    """What became of one file; filled in while the batch goes on.

    Attributes:
        digest: None where the file was not hashed, or not wholly.
        result: None until the sandbox has answered.
    """

    path: str
    size: int = 0
    digest: Digest | None = None
    result: FileResult | None = None


class Batch:
    """Hands files to the sandbox and closes them when they are done; a context manager."""

    def __init__(
        self,
        sandbox: Pool | Sandbox,
        limits: ScanLimits,
        progress: Callable[[int], None],
        cache: ResultCache | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._limits = limits
        self._progress = progress
        self._cache = cache
        self._open: dict[int, int] = {}
        self._view = memoryview(bytearray(BUFFER_BYTES))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._sandbox.finish()
                if self._cache is not None:
                    self._cache.tidy()
        finally:
            if self._open:
                self._sandbox.close()
            for descriptor in list(self._open):
                os.close(descriptor)
            self._open.clear()

    def take(
        self,
        path: str,
        descriptor: int,
        *,
        title: str = "",
        size: int | None = None,
        digest: bool = True,
        known: Digest | None = None,
    ) -> FileRead:
        """Take in a file by a descriptor, which is the batch's from now on.

        Args:
            path: As findings name it.
            descriptor: Open for reading.
            title: The name that says what it claims to be; the path when empty.
            size: The bytes it must have, where somebody said so.
            digest: Whether to hash it as well.
            known: Its digest, where somebody said so; it is what a kept result is found by.
        """
        read = FileRead(path)
        self._open[descriptor] = 2
        before = os.fstat(descriptor)
        read.size = before.st_size
        reason = self._refusal(before, size) or _hidden(descriptor, before)
        if reason:
            read.result = FileResult.failed(path, reason)
            self._release(descriptor)
            self._release(descriptor)
            return read
        try:
            if self._cache is not None and before.st_size >= FEWEST_BYTES:
                found = known or self._hash(descriptor, before.st_size)
                read.digest = found if digest else None
                self._look_up(read, title, descriptor, before, found, told=known is not None)
                return read
            self._submit(read, title, descriptor, before)
            if digest:
                read.digest = self._hash(descriptor, before.st_size)
            else:
                self._progress(before.st_size)
        finally:
            self._release(descriptor)
        return read

    def _look_up(
        self,
        read: FileRead,
        title: str,
        descriptor: int,
        before: os.stat_result,
        digest: Digest | None,
        *,
        told: bool,
    ) -> None:
        """Answer from what was kept, or have the file read and keep the answer.

        An answer is kept for the digest the bytes have, not for one somebody said they have.
        """
        kept = self._cache.find(digest, read.path, title) if self._cache and digest else None
        if kept is None:
            keep = self._hash(descriptor, before.st_size) if told else digest
            self._submit(read, title, descriptor, before, keep=keep if keep == digest else None)
            return
        changed = _identity(os.fstat(descriptor)) != _identity(before)
        read.result = _changed(kept, read.path) if changed else kept
        self._release(descriptor)

    def _submit(
        self,
        read: FileRead,
        title: str,
        descriptor: int,
        before: os.stat_result,
        *,
        keep: Digest | None = None,
    ) -> None:
        def done(result: FileResult) -> None:
            changed = _identity(os.fstat(descriptor)) != _identity(before)
            read.result = _changed(result, read.path) if changed else result
            if self._cache is not None and keep is not None and not changed:
                self._cache.keep(keep, read.path, title, result)
            self._release(descriptor)

        self._sandbox.submit(read.path, descriptor, before.st_size, done, title=title)

    def _refusal(self, status: os.stat_result, size: int | None) -> str:
        if not stat.S_ISREG(status.st_mode):
            return f"is {kind_of(status.st_mode)}, not a regular file"
        if size is not None and size != status.st_size:
            return f"has {status.st_size} bytes where {size} are expected"
        if status.st_size > self._limits.file_bytes:
            return f"is over {self._limits.file_bytes} bytes"
        return ""

    def _release(self, descriptor: int) -> None:
        """Close a file that is both judged and hashed."""
        self._open[descriptor] -= 1
        if not self._open[descriptor]:
            del self._open[descriptor]
            os.close(descriptor)

    def _hash(self, descriptor: int, size: int) -> Digest | None:
        hasher = hashlib.sha256()
        position = 0
        while position < size:
            wanted = min(BUFFER_BYTES, size - position)
            try:
                count = os.preadv(descriptor, [self._view[:wanted]], position)
            except OSError:
                return None
            if not count:
                return None
            hasher.update(self._view[:count])
            position += count
            self._progress(count)
        return Digest(hasher.hexdigest())


def _hidden(descriptor: int, status: os.stat_result) -> str:
    """Why a file without a size is not the empty file it says it is, as those of `/proc`."""
    if status.st_size:
        return ""
    try:
        return "has content, but says it is empty" if os.pread(descriptor, 1, 0) else ""
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _changed(result: FileResult, path: str) -> FileResult:
    more = Unread(path, "changed while it was read")
    return replace(result, unread=(*result.unread, more))


def _identity(status: os.stat_result) -> tuple[int, ...]:
    # The time of the last change of state is one nobody can set back.
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )
