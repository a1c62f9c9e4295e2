"""Listings: what lies below a folder, found without following links or reading a byte."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

from assay.core import hashing
from assay.core.errors import AssayError, DataError, UnavailableError, UsageError
from assay.core.manifest import MAX_PATH_PARTS

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a manifest cannot hold.

    Attributes:
        path: Relative, `/` separated; bytes that are not UTF-8 are surrogates (`os.fsdecode`).
        reason: What is wrong.
        unreadable: Whether it could not be looked at, rather than being bad.
    """

    path: str
    reason: str
    unreadable: bool = False

    def error(self) -> AssayError:
        """The problem as an error: `UnavailableError` if unreadable, else `DataError`."""
        kind = UnavailableError if self.unreadable else DataError
        return kind(self.reason, subject=shown(self.path))


class ListedFile(NamedTuple):
    """A regular file, by a relative path; `target` where it was reached by a followed link.

    Attributes:
        size: Bytes when it was listed.
        target: Path of the file within the Hub cache repository (`Listing.repository`).
    """

    path: str
    size: int
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a walk found, sorted by path.

    Attributes:
        files: Regular files, those behind followed links included.
        problems: Everything else that is not a folder.
        left_out: Files and folders that are no part of the manifest, by path.
        repository: The `models--*` folder of a Hub cache that links may lead into.
    """

    root: Path
    files: tuple[ListedFile, ...]
    problems: tuple[Problem, ...] = ()
    left_out: tuple[str, ...] = ()
    repository: Path | None = None

    @property
    def size(self) -> int:
        """Total bytes."""
        return sum(file.size for file in self.files)

    @property
    def followed(self) -> tuple[str, ...]:
        """Links that were followed, by path."""
        return tuple(file.path for file in self.files if file.target is not None)


def shown(path: str) -> str:
    """A path that can be printed: bytes that are not UTF-8 and control characters escaped."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def walk(folder: Path, leave_out: Callable[[str], bool]) -> Listing:
    """Every file below a folder, without following links except within a Hub cache repository.

    Args:
        folder: Where to start.
        leave_out: Asked with each path, of files and folders; what it wants left out is named
            in the listing and not entered, so that it is not asked about what lies below.

    Raises:
        UsageError: there is no such folder.
        UnavailableError: the folder itself cannot be read.
    """
    return with_folder(folder, lambda descriptor: _Walk(folder, leave_out).run(descriptor))


class _Walk:
    """A walk under way."""

    def __init__(self, folder: Path, leave_out: Callable[[str], bool]) -> None:
        self.folder, self.leave_out = folder, leave_out
        self.real = os.path.realpath(folder)
        self.repository = _hub_repository(self.real)
        self.files: list[ListedFile] = []
        self.problems: list[Problem] = []
        self.left_out: list[str] = []

    def run(self, descriptor: int) -> Listing:
        waiting = [""]
        while waiting:
            prefix = waiting.pop()
            if prefix.count("/") > MAX_PATH_PARTS:
                self.problems.append(Problem(prefix[:-1], "is nested too deep"))
                continue
            waiting += self._enter(descriptor, prefix)
        return Listing(
            self.folder,
            tuple(sorted(self.files, key=lambda file: file.path)),
            tuple(sorted(self.problems, key=lambda problem: problem.path)),
            tuple(sorted(self.left_out)),
            self.repository,
        )

    def _enter(self, root: int, prefix: str) -> list[str]:
        """Take in one folder; gives the folders in it."""
        try:
            inner = _open_below(root, prefix) if prefix else os.dup(root)
        except OSError as error:
            failed = hashing.failed_to_open(error)
            self.problems.append(Problem(prefix[:-1], failed.reason, failed.unreadable))
            return []
        try:
            with os.scandir(inner) as entries:
                return [sub for entry in entries if (sub := self._take(entry, prefix))]
        except OSError as error:
            reason = f"cannot be read: {error.strerror}"
            self.problems.append(Problem(prefix[:-1], reason, unreadable=True))
            return []
        finally:
            os.close(inner)

    def _take(self, entry: os.DirEntry[str], prefix: str) -> str | None:
        """Note one entry; the prefix of what lies in it if it is a folder."""
        path = prefix + entry.name
        if self.leave_out(path):
            self.left_out.append(path)
        elif not _is_utf8(entry.name):
            self.problems.append(Problem(path, "has a name that is not valid UTF-8"))
        elif entry.is_file(follow_symlinks=False):
            size = entry.stat(follow_symlinks=False).st_size
            self.files.append(ListedFile(path, size))
        elif entry.is_dir(follow_symlinks=False):
            return f"{path}/"
        elif entry.is_symlink():
            self._link(path)
        else:
            kind = hashing.kind_of(entry.stat(follow_symlinks=False).st_mode)
            self.problems.append(Problem(path, f"is {kind}, not a regular file"))
        return None

    def _link(self, path: str) -> None:
        """Follow a link to a regular file within the same Hub cache repository, no other."""
        try:
            target = Path(os.path.realpath(f"{self.real}/{path}", strict=True))
            status = target.lstat()
        except OSError:
            target, status = Path("/"), None
        inside = self.repository is not None and target.is_relative_to(self.repository)
        if self.repository is None or not inside or not status or not stat.S_ISREG(status.st_mode):
            self.problems.append(Problem(path, "is a symbolic link"))
        else:
            place = target.relative_to(self.repository).as_posix()
            self.files.append(ListedFile(path, status.st_size, place))


def _open_below(root: int, prefix: str) -> int:
    """A descriptor of the folder `prefix` (with a trailing slash), opened link by link."""
    current = os.dup(root)
    for name in prefix[:-1].split("/"):
        try:
            flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_DIRECTORY
            following = os.open(name, flags, dir_fd=current)
        finally:
            os.close(current)
        current = following
    return current


def _is_utf8(name: str) -> bool:
    if name.isascii():
        return True
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _hub_repository(real: str) -> Path | None:
    """The `models--*` folder of a Hub cache the folder is in, if it is a snapshot of one."""
    place = Path(real)
    for folder in (place, *place.parents):
        if folder.name.startswith("models--") and (folder / "snapshots").is_dir():
            return folder
    return None


def with_folder(folder: Path, work: Callable[[int], T]) -> T:
    """Call `work` with a descriptor of the folder.

    Raises:
        UsageError: there is no such folder.
        UnavailableError: it cannot be opened.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    except OSError as error:
        raise cannot_open(error, folder) from None
    try:
        return work(descriptor)
    finally:
        os.close(descriptor)


def cannot_open(error: OSError, path: Path) -> AssayError:
    """What a failed open of a path the user named means."""
    if isinstance(error, FileNotFoundError):
        return UsageError("does not exist", subject=shown(str(path)))
    if isinstance(error, NotADirectoryError):
        return UsageError("is not a folder", subject=shown(str(path)))
    return UnavailableError(f"cannot be read: {error.strerror}", subject=shown(str(path)))
