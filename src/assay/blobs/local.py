"""Blobs in a local folder: `sha256/ab/cd/<hex>`, written beside, then renamed into place.

No link is followed below the store's folder: a blob whose file, or a folder above it, was
replaced by a symbolic link is refused.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from assay.blobs.disk import disk_errors, write_all
from assay.blobs.hashing import DIGEST_BYTES, GitHasher, StreamHasher, chunk_count
from assay.blobs.interface import Stored
from assay.core.digest import Digest
from assay.core.errors import DataError, NotFoundError, TamperedError, UnavailableError
from assay.core.ids import new_ulid
from assay.core.limits import CHUNK_BYTES

_ALGORITHM = "sha256"
_INCOMING = "incoming"
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_NAME = re.compile(r"[0-9a-f]{64}\Z")
_PART = re.compile(r"[0-9a-f]{2}\Z")


class LocalBlobs:
    """A folder of blobs. Any number of threads and processes may use it at once.

    Opening it removes what writers that died left behind.

    Args:
        folder: Where the blobs lie; made if it is absent.

    Raises:
        UnavailableError: the folder cannot be made or read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with disk_errors(folder):
            for made in (folder, folder / _ALGORITHM, folder / _INCOMING):
                made.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder = folder.resolve()
            _remove_abandoned(self.folder / _INCOMING)

    @staticmethod
    def is_at(folder: Path) -> bool:
        """Whether blobs were ever kept in a folder."""
        return (folder / _ALGORITHM).is_dir()

    def put(
        self,
        pieces: Iterable[bytes],
        *,
        expected: Digest | None = None,
        size: int | None = None,
        limit: int | None = None,
    ) -> Stored:
        """See `Blobs.put`. Bytes already there are replaced by the same ones, just verified."""
        with self._incoming() as (descriptor, path):
            hasher = self._receive(pieces, descriptor, size=size, limit=limit)
            digest, chunks = hasher.digest(), hasher.chunks()
            if size is not None and hasher.size != size:
                raise DataError(
                    f"{hasher.size} bytes came instead of {size}", subject=str(expected or digest)
                )
            if expected is not None and digest != expected:
                raise DataError(f"the bytes have the digest {digest}", subject=str(expected))
            with disk_errors(self.folder):
                os.fsync(descriptor)
                git_oid = _read_back(descriptor, hasher.size, chunks)
                os.fchmod(descriptor, stat.S_IRUSR)
                self._move_in(path, digest)
        return Stored(digest, hasher.size, chunks, git_oid)

    def has(self, digest: Digest) -> bool:
        """See `Blobs.has`."""
        try:
            os.close(self.open(digest))
        except NotFoundError:
            return False
        return True

    def open(self, digest: Digest) -> int:
        """See `Blobs.open`."""
        try:
            with self._folder_of(digest) as folder:
                descriptor = os.open(digest.hex, _FILE_FLAGS, dir_fd=folder)
        except FileNotFoundError:
            raise NotFoundError("there is no such blob", subject=str(digest)) from None
        except OSError as error:
            if self._is_replaced(digest):
                raise TamperedError(
                    "its file was replaced by a link", subject=str(digest)
                ) from None
            raise UnavailableError(
                f"cannot be opened: {error.strerror}", subject=str(digest)
            ) from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise TamperedError("is no longer a regular file", subject=str(digest))
        return descriptor

    def read(
        self, digest: Digest, start: int, end: int, *, size: int, chunks: bytes
    ) -> Iterator[bytes]:
        """See `Blobs.read`."""
        if not 0 <= start <= end <= size:
            raise ValueError(f"no bytes {start} to {end} in a blob of {size}")
        if len(chunks) != chunk_count(size) * DIGEST_BYTES:
            raise ValueError(f"a blob of {size} bytes has {chunk_count(size)} chunks")
        descriptor = self.open(digest)
        try:
            held = os.fstat(descriptor).st_size
            if held != size:
                raise TamperedError(f"is {held} bytes instead of {size}", subject=str(digest))
            for number in range(start // CHUNK_BYTES, chunk_count(end)):
                first = number * CHUNK_BYTES
                data = _chunk(descriptor, digest, number, size=size, chunks=chunks)
                yield data[max(0, start - first) : min(len(data), end - first)]
        finally:
            os.close(descriptor)

    def remove(self, digest: Digest) -> None:
        """See `Blobs.remove`."""
        with (
            disk_errors(str(digest)),
            suppress(FileNotFoundError),
            self._folder_of(digest) as folder,
        ):
            os.unlink(digest.hex, dir_fd=folder)
            os.fsync(folder)

    def digests(self) -> Iterator[Digest]:
        """See `Blobs.digests`."""
        root = self.folder / _ALGORITHM
        for first in _listed(root, _PART):
            for second in _listed(root / first, _PART):
                for name in _listed(root / first / second, _NAME):
                    if name.startswith(first + second):
                        yield Digest(name)

    @contextmanager
    def _incoming(self) -> Iterator[tuple[int, Path]]:
        """A temporary file, gone at the end unless it was renamed."""
        with disk_errors(self.folder):
            descriptor, path = _locked_file(self.folder / _INCOMING)
        try:
            yield descriptor, path
        finally:
            with suppress(OSError):
                path.unlink()
            os.close(descriptor)

    def _receive(
        self, pieces: Iterable[bytes], descriptor: int, *, size: int | None, limit: int | None
    ) -> StreamHasher:
        most = min((number for number in (size, limit) if number is not None), default=None)
        hasher = StreamHasher()
        for piece in pieces:
            if most is not None and hasher.size + len(piece) > most:
                raise DataError(f"more than {most} bytes came")
            with disk_errors(self.folder):
                write_all(descriptor, piece)
            hasher.update(piece)
        return hasher

    def _move_in(self, path: Path, digest: Digest) -> None:
        with self._folder_of(digest, make=True) as folder:
            os.replace(path, digest.hex, dst_dir_fd=folder)
            os.fsync(folder)

    @contextmanager
    def _folder_of(self, digest: Digest, *, make: bool = False) -> Iterator[int]:
        """The folder a blob lies in, opened step by step so that no link is followed."""
        current = self._root()
        try:
            for part in (digest.hex[:2], digest.hex[2:4]):
                if make and _make_folder(part, current):
                    os.fsync(current)
                inner = os.open(part, _FOLDER_FLAGS, dir_fd=current)
                os.close(current)
                current = inner
            yield current
        finally:
            os.close(current)

    def _root(self) -> int:
        """The folder all blobs lie in. Without it nothing is known of any of them.

        Raises:
            UnavailableError: it is not there, as when its disk is not mounted.
        """
        try:
            return os.open(self.folder / _ALGORITHM, _FOLDER_FLAGS)
        except FileNotFoundError:
            raise UnavailableError(
                "the folder of the stored bytes is gone",
                subject=str(self.folder),
                remedy="see that the disk it lies on is mounted",
            ) from None

    def _is_replaced(self, digest: Digest) -> bool:
        """Whether a link lies where a blob or a folder above it belongs."""
        path = self.folder / _ALGORITHM
        for part in (digest.hex[:2], digest.hex[2:4], digest.hex):
            path /= part
            if path.is_symlink():
                return True
        return False


def _locked_file(folder: Path) -> tuple[int, Path]:
    """A new file with the writer's lock on it: `_remove_abandoned` leaves locked ones alone."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        path = folder / f"{new_ulid()}.part"
        descriptor = os.open(path, flags, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor, path
        os.close(descriptor)  # taken for abandoned in the moment before it was locked


def _remove_abandoned(folder: Path) -> None:
    for path in folder.glob("*.part"):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)


def _make_folder(name: str, parent: int) -> bool:
    try:
        os.mkdir(name, 0o700, dir_fd=parent)
    except FileExistsError:
        return False
    return True


def _read_back(descriptor: int, size: int, chunks: bytes) -> str:
    """Read what was written, from the disk where that can be had; returns the git id."""
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    git = GitHasher(size)
    for number in range(chunk_count(size)):
        data = os.pread(descriptor, CHUNK_BYTES, number * CHUNK_BYTES)
        if hashlib.sha256(data).digest() != _expected(chunks, number):
            raise UnavailableError(f"the disk did not keep what was written in chunk {number}")
        git.update(data)
    return git.hexdigest()


def _chunk(descriptor: int, digest: Digest, number: int, *, size: int, chunks: bytes) -> bytes:
    """One chunk, read and compared.

    Raises:
        TamperedError: it is not what was kept.
    """
    first = number * CHUNK_BYTES
    with disk_errors(str(digest)):
        data = os.pread(descriptor, min(CHUNK_BYTES, size - first), first)
    if hashlib.sha256(data).digest() != _expected(chunks, number):
        raise TamperedError(
            f"chunk {number} (bytes {first} to {min(first + CHUNK_BYTES, size)}) was changed",
            subject=str(digest),
        )
    return data


def _expected(chunks: bytes, number: int) -> bytes:
    return chunks[number * DIGEST_BYTES : (number + 1) * DIGEST_BYTES]


def _listed(folder: Path, form: re.Pattern[str]) -> list[str]:
    with disk_errors(folder):
        return sorted(path.name for path in folder.iterdir() if form.match(path.name))
