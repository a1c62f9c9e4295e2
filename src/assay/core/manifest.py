"""Manifests: what a folder holds, and the tree digest that names it.

A manifest is the sorted list of (path, size, digest) of a folder's files. Its tree
digest is the SHA-256 of its RFC 8785 form, so it binds names as well as bytes. The
OpenSSF Model Signing root binds no names and is therefore never used as an identity.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from assay.core.canonical import strict_json
from assay.core.digest import Digest
from assay.core.errors import DataError

SCHEMA = "assay.manifest/1"
MAX_PATH_BYTES = 4096
MAX_PATH_PARTS = 128
MAX_FILE_BYTES = 2**53 - 1
"""The largest integer every reader of JSON has exactly."""

_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\Z")
"""Names that need no second look but for their length: nearly all there are."""


def check_path(path: str) -> str:
    """Return `path` if it is a safe, normalised, relative POSIX path.

    Raises:
        DataError: empty, absolute, with `.`, `..` or empty segments, a backslash, a
            control character, not encodable as UTF-8, longer than 4,096 bytes, or of more
            than 128 segments.
    """
    if len(path) <= MAX_PATH_BYTES and path.count("/") < MAX_PATH_PARTS and _PLAIN.match(path):
        return path
    shown = repr(path[:120])
    try:
        encoded = path.encode("utf-8")
    except UnicodeEncodeError:
        raise DataError(f"file name is not valid UTF-8: {shown}") from None
    if not path or len(encoded) > MAX_PATH_BYTES:
        raise DataError(f"file name is empty or over {MAX_PATH_BYTES} bytes: {shown}")
    parts = path.split("/")
    if len(parts) > MAX_PATH_PARTS:
        raise DataError(f"file name has over {MAX_PATH_PARTS} segments: {shown}")
    if any(part in ("", ".", "..") for part in parts):
        raise DataError(f"file name is not a normalised relative path: {shown}")
    if "\\" in path or any(unicodedata.category(c) == "Cc" for c in path):
        raise DataError(f"file name holds a backslash or control character: {shown}")
    return path


def folded(path: str) -> str:
    """What a path is on file systems that ignore case and how letters are composed."""
    return unicodedata.normalize("NFC", path).casefold()


@dataclass(frozen=True, slots=True, order=True)
class ManifestEntry:
    """One file: normalised relative path, size in bytes, digest of its bytes."""

    path: str
    size: int
    digest: Digest


@dataclass(frozen=True)
class Manifest:
    """Sorted entries without duplicates. Build it with `Manifest.of`."""

    entries: tuple[ManifestEntry, ...]

    @classmethod
    def of(cls, entries: Iterable[ManifestEntry]) -> Self:
        """Sort by path (code points) and check.

        Raises:
            DataError: an unsafe path, a negative size or one beyond JSON's integers, the same path twice, paths that
                collide on file systems that ignore case, or a file that is also a folder.
        """
        ordered = tuple(sorted(entries, key=lambda entry: entry.path))
        seen: dict[str, str] = {}
        for entry in ordered:
            check_path(entry.path)
            if entry.size < 0:
                raise DataError("negative size", subject=entry.path)
            if entry.size > MAX_FILE_BYTES:
                raise DataError("no JSON number can say its size", subject=entry.path)
            key = folded(entry.path)
            if key in seen:
                raise DataError(f"collides with {seen[key]!r}", subject=entry.path)
            seen[key] = entry.path
        for folder in _folders(seen):
            if folder in seen:
                raise DataError("is a file and a folder at once", subject=seen[folder])
        return cls(ordered)

    @property
    def size(self) -> int:
        """Total bytes."""
        return sum(entry.size for entry in self.entries)

    @cached_property
    def by_path(self) -> Mapping[str, ManifestEntry]:
        """Entries by path."""
        return {entry.path: entry for entry in self.entries}

    def to_json(self) -> dict[str, Any]:
        """The JSON form, `assay.manifest/1`."""
        return {
            "schema": SCHEMA,
            "files": [
                {"path": e.path, "size": e.size, "digest": str(e.digest)} for e in self.entries
            ],
        }

    def canonical(self) -> bytes:
        """The RFC 8785 form: what the tree digest is taken over.

        The manifest holds ASCII keys, integers below 2**53 and strings only, for which
        the standard encoder with sorted keys writes the RFC 8785 bytes, ten times faster.
        """
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode("utf-8")

    @cached_property
    def tree_digest(self) -> Digest:
        """Names the folder: SHA-256 of the canonical form."""
        return Digest.of(self.canonical())

    @classmethod
    def from_json(cls, value: Any, *, subject: str = "manifest") -> Self:
        """Read the JSON form.

        Raises:
            DataError: not a manifest, or one `of` refuses.
        """
        try:
            if value["schema"] != SCHEMA or set(value) != {"schema", "files"}:
                raise DataError(f"schema is not {SCHEMA}", subject=subject)
            entries = [_entry(row, subject) for row in value["files"]]
        except (KeyError, TypeError) as error:
            raise DataError(f"not a manifest: {error!r}", subject=subject) from None
        return cls.of(entries)

    @classmethod
    def parse(cls, data: bytes, *, subject: str = "manifest") -> Self:
        """Read JSON bytes; see `from_json`."""
        return cls.from_json(strict_json(data, subject=subject), subject=subject)


def _folders(paths: Iterable[str]) -> Iterator[str]:
    """The folders on the way to each path; runs of files in one folder give them once."""
    last = ""
    for path in paths:
        folder = path.rpartition("/")[0]
        if folder == last:
            continue
        last = folder
        while folder:
            yield folder
            folder = folder.rpartition("/")[0]


def _entry(row: Any, subject: str) -> ManifestEntry:
    path, size = row["path"], row["size"]
    if not isinstance(path, str) or type(size) is not int or set(row) != {"path", "size", "digest"}:
        raise DataError("a file row needs exactly path, size and digest", subject=subject)
    return ManifestEntry(path, size, Digest.parse(row["digest"]))
