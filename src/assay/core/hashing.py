"""Digests of many files at once: regular files only, opened once, checked for change while read.

Two threads read into one reused buffer each; hashlib works without the interpreter's lock, so
large files keep two cores busy and memory stays flat whatever the size of the model.
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

BUFFER_BYTES = 1024 * 1024
LARGE_BYTES = 256 * 1024
"""Files from this size on are read largest first; smaller ones folder by folder."""

_BATCH = 64
_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
_OPEN_FOLDER = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_DIRECTORY
Progress = Callable[[int], None]


class Hasher(Protocol):
    """What hashlib and blake3 objects have in common."""

    def update(self, data: memoryview, /) -> object:
        """Take in more bytes."""
        ...

    def digest(self) -> bytes:
        """The raw digest."""
        ...


NewHasher = Callable[[int], Hasher]
"""Makes a hasher for so many bytes."""


class Part(NamedTuple):
    """What to hash: a file, or a byte range of it.

    Attributes:
        path: Relative to the folder, `/` separated.
        size: Bytes the file had when it was listed: the order of work depends on it, no digest.
        start: First byte.
        end: The byte after the last; None means the end of the file.
    """

    path: str
    size: int
    start: int = 0
    end: int | None = None


class Hashed(NamedTuple):
    """What was read: the raw digest and the number of bytes it covers."""

    digest: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there is no digest; `unreadable` where the question could not be put."""

    reason: str
    unreadable: bool


def sha256(size: int) -> Hasher:
    """SHA-256, whatever the size."""
    del size
    return hashlib.sha256()


def silent(count: int) -> None:
    """Progress nobody looks at."""
    del count


def hash_parts(
    root: int,
    parts: Sequence[Part],
    *,
    new: NewHasher = sha256,
    threads: int = 2,
    progress: Progress = silent,
) -> list[Hashed | Failed]:
    """Hash parts of files below the folder `root` is a descriptor of.

    No link is followed, neither of a file nor of a folder on the way to it.

    Args:
        root: Descriptor of the folder; it stays open.
        parts: What to hash.
        new: The hash.
        threads: How many threads read, the calling one included.
        progress: Told the bytes read; called from every thread.

    Returns:
        For each part, in the given order, its digest or why there is none.
    """
    work = _Work(root, parts, new, progress)
    count = min(threads, len(work.batches))
    others = [threading.Thread(target=work.run_aside, daemon=True) for _ in range(count - 1)]
    for thread in others:
        thread.start()
    try:
        work.run()
    except _Stopped:
        pass  # another thread's error is raised below
    except BaseException:
        work.stopped = True
        raise
    finally:
        for thread in others:
            thread.join()
    if work.error is not None:
        raise work.error
    return [work.results[index] for index in range(len(parts))]


class _Work:
    """The queue the threads share, and what they found."""

    def __init__(
        self, root: int, parts: Sequence[Part], new: NewHasher, progress: Progress
    ) -> None:
        self.root, self.parts, self.new, self.progress = root, parts, new, progress
        self.batches = list(_batches(parts))
        self.results: dict[int, Hashed | Failed] = {}
        self.error: BaseException | None = None
        self.stopped = False
        self._next = iter(self.batches)
        self._lock = threading.Lock()

    def run(self) -> None:
        """Take batches until there is none."""
        reader = _Reader(self)
        try:
            while (batch := self._take()) is not None:
                for index in batch:
                    self.results[index] = reader.read(self.parts[index])
        finally:
            reader.close()

    def run_aside(self) -> None:
        """`run` in a thread of its own: an error is kept for the caller and stops all threads."""
        try:
            self.run()
        except _Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again by the calling thread
            self.error = error
            self.stopped = True

    def _take(self) -> Sequence[int] | None:
        with self._lock:
            return None if self.stopped else next(self._next, None)


def _batches(parts: Sequence[Part]) -> Iterator[Sequence[int]]:
    """Large parts one by one, largest first; the rest in order, so that folders stay together."""
    spans = [(p.size if p.end is None else p.end) - p.start for p in parts]
    large = [index for index, span in enumerate(spans) if span >= LARGE_BYTES]
    for index in sorted(large, key=lambda index: -spans[index]):
        yield (index,)
    small = [index for index, span in enumerate(spans) if span < LARGE_BYTES]
    for start in range(0, len(small), _BATCH):
        yield small[start : start + _BATCH]


class _Stopped(Exception):  # noqa: N818 - not an error: another thread met one
    """Another thread failed or was interrupted."""


class _Reader:
    """One thread's buffer, and the folder it opened last."""

    def __init__(self, work: _Work) -> None:
        self.work = work
        self.view = memoryview(bytearray(BUFFER_BYTES))
        self.folder = ""
        self.descriptor = work.root

    def close(self) -> None:
        if self.descriptor != self.work.root:
            os.close(self.descriptor)
            self.descriptor = self.work.root

    def read(self, part: Part) -> Hashed | Failed:
        folder, _, name = part.path.rpartition("/")
        try:
            if folder != self.folder:
                self._enter(folder)
            file = os.open(name, _OPEN, dir_fd=self.descriptor)
        except OSError as error:
            return failed_to_open(error)
        try:
            return self.digest(file, part.start, part.end)
        except OSError as error:
            return Failed(f"cannot be read: {error.strerror}", unreadable=True)
        finally:
            os.close(file)

    def _enter(self, folder: str) -> None:
        """Open a folder step by step, so that no step can be a link."""
        self.close()
        self.folder = ""
        current = self.work.root
        for name in folder.split("/") if folder else ():
            try:
                following = os.open(name, _OPEN_FOLDER, dir_fd=current)
            finally:
                if current != self.work.root:
                    os.close(current)
            current = following
        self.descriptor, self.folder = current, folder

    def digest(self, file: int, start: int, end: int | None) -> Hashed | Failed:
        before = os.fstat(file)
        if not stat.S_ISREG(before.st_mode):
            return Failed(f"is {kind_of(before.st_mode)}, not a regular file", unreadable=False)
        if before.st_size == 0 and os.pread(file, 1, 0):
            # The kernel makes such files up as they are read: there are no bytes to name.
            return Failed("has content although its size is 0", unreadable=True)
        stop = before.st_size if end is None else end
        if stop > before.st_size or start > stop:
            return Failed("changed while it was read", unreadable=False)
        hasher = self.work.new(stop - start)
        view, work = self.view, self.work
        position = start
        while position < stop:
            count = os.preadv(file, [view[: stop - position]], position)
            if not count:
                break
            hasher.update(view[:count])
            position += count
            work.progress(count)
            if work.stopped:
                raise _Stopped
        if position != stop or _identity(before) != _identity(os.fstat(file)):
            return Failed("changed while it was read", unreadable=False)
        return Hashed(hasher.digest(), stop - start)


def hash_descriptor(
    file: int, *, new: NewHasher = sha256, progress: Progress = silent
) -> Hashed | Failed:
    """Hash the regular file a descriptor is of; it stays open.

    Raises:
        OSError: it cannot be read.
    """
    reader = _Reader(_Work(-1, (), new, progress))
    return reader.digest(file, 0, None)


def failed_to_open(error: OSError) -> Failed:
    """Why a file could not be opened without following links."""
    import errno

    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return Failed("is or lies below a symbolic link", unreadable=False)
    if error.errno == errno.ENXIO:
        return Failed("is a socket or device, not a regular file", unreadable=False)
    if error.errno == errno.ENOENT:
        return Failed("vanished while the folder was read", unreadable=False)
    return Failed(f"cannot be read: {error.strerror}", unreadable=True)


def kind_of(mode: int) -> str:
    """What a file that is not regular is, with its article."""
    kinds = {
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
        stat.S_IFDIR: "a folder",
        stat.S_IFLNK: "a symbolic link",
    }
    return kinds.get(stat.S_IFMT(mode), "something unknown")


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
