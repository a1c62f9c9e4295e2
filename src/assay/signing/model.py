"""A model on disk as the resources of a statement: which files count, and their digests.

A model is a folder or one file. Links are not followed, except within one Hub cache repository,
where a snapshot's files are links to its blobs.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assay.core.companions import CLAIMS, COMPANION_SUFFIXES, is_companion
from assay.core.errors import DataError, UnavailableError, UsageError
from assay.core.folder import hash_listed
from assay.core.hashing import Failed, Hasher, Progress, kind_of, silent
from assay.core.listing import ListedFile, Listing, Problem, shown, walk
from assay.signing.resources import Resource, Serialization

Begin = Callable[[int], Progress]
"""Told the bytes there are to read, gives what is told the bytes read."""

_PARALLEL_BYTES = 16 * 1024 * 1024
"""From here on one BLAKE3 uses every core."""

SIGNATURE_NAME = "model.sig"
Range = tuple[ListedFile, int, int | None]


def quietly(total: int) -> Progress:
    """Progress nobody looks at."""
    del total
    return silent


@dataclass(frozen=True, slots=True)
class Model:
    """What is on disk.

    Attributes:
        name: The folder's or file's own name.
        listing: Its files; for a model of one file, that file in its folder.
        single: Whether it is one file.
    """

    name: str
    listing: Listing
    single: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """Resources of some files, and the files there are none of."""

    resources: tuple[Resource, ...]
    problems: tuple[Problem, ...]


def list_model(path: Path, leave_out: Callable[[str], bool]) -> Model:
    """List a model's files.

    Args:
        path: A folder or a file.
        leave_out: Asked with each path of a folder, see `core.listing.walk`.

    Raises:
        DataError: neither a folder nor a regular file, or a link that is not followed.
        UsageError: there is no such path.
        UnavailableError: it cannot be looked at.
    """
    try:
        status = path.lstat()
    except FileNotFoundError:
        raise UsageError("does not exist", subject=shown(str(path))) from None
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
        raise UnavailableError(reason, subject=shown(str(path))) from None
    if stat.S_ISLNK(status.st_mode):
        return _linked_file(path)
    name = (path if path.name not in ("", "..") else path.resolve()).name
    if stat.S_ISDIR(status.st_mode):
        return Model(name or "model", walk(path, leave_out), single=False)
    if not stat.S_ISREG(status.st_mode):
        reason = f"is {kind_of(status.st_mode)}, not a regular file"
        raise DataError(reason, subject=shown(str(path)))
    file = ListedFile(name, status.st_size)
    return Model(name, Listing(path.parent, (file,)), single=True)


def default_out(path: Path) -> Path:
    """Where a signature goes unless told: `model.sig` in the folder, or beside the file."""
    return path / SIGNATURE_NAME if path.is_dir() else path.with_name(f"{path.name}.sig")


def _linked_file(path: Path) -> Model:
    """A link as a model: followed where a link within a folder would be."""
    listing = walk(path.parent, lambda name: name != path.name)
    if not listing.files:
        raise DataError(
            "is a symbolic link",
            subject=shown(str(path)),
            remedy="name what it leads to instead",
        )
    found = replace(listing, left_out=())
    return Model(path.name, found, single=True)


def companions_of(model: Model, signed: frozenset[str] = frozenset()) -> frozenset[str]:
    """Signature bundles beside a model, but for files that are signed themselves."""
    if model.single:
        return frozenset()
    return frozenset(
        file.path
        for file in model.listing.files
        if (file.path == CLAIMS or file.path.endswith(COMPANION_SUFFIXES))
        and file.path not in signed
        and is_companion(model.listing.root, file.path)
    )


def ranges_of(files: Iterable[ListedFile], serialization: Serialization) -> list[Range]:
    """What is hashed: whole files, or shards of those that are not empty."""
    size = serialization.shard_size
    if size is None:
        return [(file, 0, None) for file in files]
    return [
        (file, start, min(start + size, file.size))
        for file in files
        for start in range(0, file.size, size)
    ]


def take(model: Model, ranges: Sequence[Range], kind: str, begin: Begin = quietly) -> Taken:
    """Hash ranges of a model's files with the hash `kind`."""
    total = sum((file.size if end is None else end) - start for file, start, end in ranges)
    results = hash_listed(model.listing, ranges, new=hasher_of(kind), progress=begin(total))
    resources, problems = [], {}
    for (file, start, end), result in zip(ranges, results, strict=True):
        if isinstance(result, Failed):
            problems[file.path] = Problem(file.path, result.reason, result.unreadable)
        else:
            name = file.path if end is None else f"{file.path}:{start}:{end}"
            resources.append(Resource(name, result.digest))
    return Taken(tuple(resources), tuple(problems.values()))


def hasher_of(kind: str) -> Callable[[int], Hasher]:
    """Makes hashers of one of the specification's kinds."""
    if kind == "sha256":
        return lambda _: hashlib.sha256()
    if kind == "blake2b":
        return lambda _: hashlib.blake2b()
    from blake3 import blake3

    def new(size: int) -> Hasher:
        threads = blake3.AUTO if size >= _PARALLEL_BYTES else 1
        hasher: Hasher = blake3(max_threads=threads)
        return hasher

    return new
