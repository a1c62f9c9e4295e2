"""A folder beside the manifest it should have: which files differ, and how."""

from __future__ import annotations

import os
from pathlib import Path

from assay.core.errors import DataError
from assay.core.folder import read_folder
from assay.core.manifest import Manifest

_NAMED = 20
"""Files named in a message; the rest are counted."""


class FolderDiffersError(DataError):
    """A folder does not hold what its evidence is about.

    Attributes:
        changed: Files of other bytes.
        missing: Files that are not there.
        extra: Files nobody signed for.
    """

    code = "folder-differs"

    def __init__(
        self, folder: Path, changed: list[str], missing: list[str], extra: list[str]
    ) -> None:
        self.changed = tuple(changed)
        self.missing = tuple(missing)
        self.extra = tuple(extra)
        parts = [
            f"{word}: {_names(paths)}"
            for word, paths in (("changed", changed), ("missing", missing), ("extra", extra))
            if paths
        ]
        super().__init__("; ".join(parts), subject=str(folder))


def compare_folder(folder: Path, manifest: Manifest) -> None:
    """Return if a folder holds exactly the files of a manifest.

    Raises:
        FolderDiffersError: it does not; the files are named.
        DataError: it holds something that cannot be a part of a manifest, which is named.
        UnavailableError: it cannot be read.
    """
    reading = read_folder(folder)
    held, expected = reading.manifest.by_path, manifest.by_path
    changed = [path for path in expected if path in held and held[path] != expected[path]]
    missing = [path for path in expected if path not in held]
    extra = [path for path in held if path not in expected]
    problems = [f"{_shown(row.path)} ({row.reason})" for row in reading.problems]
    if changed or missing or extra:
        raise FolderDiffersError(folder, changed, missing, [*extra, *problems])
    if problems:
        raise FolderDiffersError(folder, [], [], problems)


def _names(paths: list[str]) -> str:
    named = ", ".join(map(_shown, paths[:_NAMED]))
    more = len(paths) - _NAMED
    return f"{named} and {more} more" if more > 0 else named


def _shown(path: str) -> str:
    """A name in a form any terminal can print."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
