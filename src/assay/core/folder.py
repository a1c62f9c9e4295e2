"""Folders: what is in them, what is left out of a manifest, and their digests.

A listing is the walk alone; a reading hashes every regular file. What a manifest cannot hold (a
link, a named pipe, a name that is not UTF-8, a file that cannot be read) is a problem that names
the file, and a folder with problems has no tree digest.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.core import hashing
from assay.core.companions import is_companion
from assay.core.digest import Digest
from assay.core.errors import DataError, UnavailableError
from assay.core.hashing import Failed, Hashed, NewHasher, Part, Progress, silent
from assay.core.listing import (
    ListedFile,
    Listing,
    Problem,
    cannot_open,
    shown,
    walk,
    with_folder,
)
from assay.core.manifest import Manifest, ManifestEntry, check_path

__all__ = [
    "LEFT_OUT",
    "ListedFile",
    "Listing",
    "Problem",
    "Reading",
    "checked",
    "digest",
    "file_digest",
    "hash_listed",
    "list_folder",
    "read_folder",
    "read_listing",
    "shown",
]

LEFT_OUT = (".git", ".cache/huggingface")
"""Folders whose content is no part of a model."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A folder's manifest and what it says nothing about.

    With problems the manifest is not that of the folder: nothing may be decided on it.
    """

    manifest: Manifest
    problems: tuple[Problem, ...]
    followed: tuple[str, ...]
    left_out: tuple[str, ...]


def list_folder(folder: Path) -> Listing:
    """What a manifest of the folder would hold, without reading a byte of it.

    Raises:
        UsageError: there is no such folder.
        UnavailableError: the folder itself cannot be read.
    """
    listing = walk(folder, lambda path: path in LEFT_OUT)
    files, problems, left_out = [], list(listing.problems), list(listing.left_out)
    for file in listing.files:
        if is_companion(folder, file.path):
            left_out.append(file.path)
            continue
        try:
            check_path(file.path)
            files.append(file)
        except DataError as error:
            problems.append(Problem(file.path, error.message))
    return Listing(
        listing.root,
        tuple(files),
        tuple(sorted(problems, key=lambda problem: problem.path)),
        tuple(sorted(left_out)),
        listing.repository,
    )


def read_folder(folder: Path, *, threads: int = 2, progress: Progress = silent) -> Reading:
    """Hash every file a manifest of the folder holds.

    Args:
        folder: The folder; it may be a link to one, nothing below it may.
        threads: How many threads read.
        progress: Told the bytes read, from every thread.

    Raises:
        UsageError: there is no such folder.
        UnavailableError: the folder itself cannot be read.
    """
    return read_listing(list_folder(folder), threads=threads, progress=progress)


def read_listing(listing: Listing, *, threads: int = 2, progress: Progress = silent) -> Reading:
    """Hash the files of a listing; see `read_folder`."""
    whole = [(file, 0, None) for file in listing.files]
    results = hash_listed(listing, whole, threads=threads, progress=progress)
    entries, problems = [], list(listing.problems)
    for file, result in zip(listing.files, results, strict=True):
        if isinstance(result, Failed):
            problems.append(Problem(file.path, result.reason, result.unreadable))
        else:
            entries.append(ManifestEntry(file.path, result.size, Digest.from_raw(result.digest)))
    try:
        manifest = Manifest.of(entries)
    except DataError as error:
        problems.append(Problem(error.subject or "", error.message))
        manifest = Manifest(())
    problems.sort(key=lambda problem: problem.path)
    return Reading(manifest, tuple(problems), listing.followed, listing.left_out)


def hash_listed(
    listing: Listing,
    wanted: Sequence[tuple[ListedFile, int, int | None]],
    *,
    new: NewHasher = hashing.sha256,
    threads: int = 2,
    progress: Progress = silent,
) -> list[Hashed | Failed]:
    """Hash files of a listing, or ranges of them: (file, start, end), end None for all of it."""
    results: list[Hashed | Failed] = [Failed("was not read", unreadable=True)] * len(wanted)
    for root, linked in ((listing.root, False), (listing.repository, True)):
        rows = [
            (index, Part(file.target or file.path, file.size, start, end))
            for index, (file, start, end) in enumerate(wanted)
            if (file.target is not None) is linked
        ]
        if root is None or not rows:
            continue
        parts = [part for _, part in rows]
        found = with_folder(
            root,
            lambda descriptor, parts=parts: hashing.hash_parts(  # type: ignore[misc]
                descriptor, parts, new=new, threads=threads, progress=progress
            ),
        )
        for (index, _), result in zip(rows, found, strict=True):
            results[index] = result
    return results


def digest(path: str | Path) -> Digest:
    """The tree digest of a folder, or the digest of a file's bytes.

    Raises:
        DataError: the folder holds what a tree digest cannot name; the first is named.
        UnavailableError: something cannot be read.
        UsageError: there is no such path.
    """
    place = Path(path)
    if not place.is_dir():
        return Digest.from_raw(file_digest(place).digest)
    return checked(read_folder(place)).tree_digest


def checked(reading: Reading) -> Manifest:
    """The manifest of a folder without problems.

    Raises:
        DataError: there is a problem; the first is named.
        UnavailableError: all there is are files that could not be read.
    """
    if not reading.problems:
        return reading.manifest
    bad = [problem for problem in reading.problems if not problem.unreadable]
    error = (bad or list(reading.problems))[0].error()
    if len(reading.problems) > 1:
        error.remedy = f"and {len(reading.problems) - 1} more problems in this folder"
    raise error


def file_digest(
    path: Path, *, new: NewHasher = hashing.sha256, progress: Progress = silent
) -> Hashed:
    """Hash one file, or the file a link leads to.

    Raises:
        DataError: not a regular file, or it changed while it was read.
        UnavailableError: it cannot be read.
        UsageError: there is no such file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        raise cannot_open(error, path) from None
    try:
        result = hashing.hash_descriptor(descriptor, new=new, progress=progress)
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
        raise UnavailableError(reason, subject=shown(str(path))) from None
    finally:
        os.close(descriptor)
    if isinstance(result, Failed):
        raise Problem(str(path), result.reason, result.unreadable).error()
    return result
