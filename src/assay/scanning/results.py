"""Results kept by digest and rules, so that a file that was read is not read again.

An entry counts for the same bytes under the same name, read by the same rules within the same
budgets. What left anything unread is not kept: it is tried again. A folder somebody else can
write to is not used.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from assay.core.digest import Digest
from assay.core.finding import Finding
from assay.core.limits import KIB, ScanLimits
from assay.scanning.isolation.budgets import as_options
from assay.scanning.isolation.sandbox import FileResult
from assay.scanning.notes import from_json as note_from_json

FEWEST_BYTES = 64 * KIB
"""A smaller file is read sooner than it is looked up."""
MOST_ENTRIES = 20_000
_ENTRY_BYTES = 4 * 1024 * KIB
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class ResultCache:
    """Results of files in a folder of this user's.

    Args:
        folder: Made when the first result is kept.
        ruleset: Names the rules in use, the user's own included.
        limits: Budgets of the scan.
        allow: Imports a user vouches for.
    """

    def __init__(
        self, folder: Path, ruleset: str, limits: ScanLimits, allow: Sequence[str] = ()
    ) -> None:
        from assay.core.limits import ArchiveLimits

        context = [ruleset, as_options(limits, ArchiveLimits()), sorted(allow)]
        self._context = hashlib.sha256(json.dumps(context).encode()).hexdigest()
        self._folder = folder
        self._usable: bool | None = None
        self._kept = 0

    def find(self, digest: Digest, path: str, title: str) -> FileResult | None:
        """What was said of these bytes under this name."""
        if not self._is_usable(make=False):
            return None
        try:
            raw = self._entry(digest, path, title).read_bytes()
            return _parsed(json.loads(raw)) if len(raw) <= _ENTRY_BYTES else None
        except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
            return None

    def keep(self, digest: Digest, path: str, title: str, result: FileResult) -> None:
        """Keep a result, if nothing of the file stayed unread; failing to is no failure."""
        if result.unread or not self._is_usable(make=True):
            return
        row = {
            "family": result.family,
            "findings": [finding.to_json() for finding in result.findings],
            "notes": [note.to_json() for note in result.notes],
        }
        entry = self._entry(digest, path, title)
        with suppress(OSError):
            entry.parent.mkdir(mode=0o700, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=entry.parent)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(row, file)
            Path(name).replace(entry)
            self._kept += 1

    def tidy(self) -> None:
        """Remove the oldest entries beyond the most there may be."""
        if not self._kept:
            return
        self._kept = 0
        with suppress(OSError):
            entries = [entry for entry in self._folder.glob("??/*") if entry.is_file()]
            if len(entries) > MOST_ENTRIES:
                entries.sort(key=lambda entry: entry.stat().st_mtime)
                for entry in entries[: len(entries) - MOST_ENTRIES]:
                    entry.unlink(missing_ok=True)

    def _entry(self, digest: Digest, path: str, title: str) -> Path:
        key = json.dumps([digest.hex, path, title, self._context]).encode()
        name = hashlib.sha256(key).hexdigest()
        return self._folder / name[:2] / name[2:]

    def _is_usable(self, *, make: bool) -> bool:
        """Whether the folder is this user's alone."""
        if self._usable is None or (make and not os.path.isdir(self._folder)):  # noqa: PTH112
            if make:
                with suppress(OSError):
                    self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                status = self._folder.lstat()
            except OSError:
                self._usable = None if not make else False
                return False
            owned = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
            self._usable = owned and not status.st_mode & _OTHERS_WRITE
        return bool(self._usable)


def default_folder() -> Path | None:
    """Where a user's own scans keep results: `$XDG_CACHE_HOME/assay/scans`; None without a home."""
    base = os.environ.get("XDG_CACHE_HOME") or ""
    try:
        root = Path(base) if base.startswith("/") else Path.home() / ".cache"
    except RuntimeError:
        return None
    return root / "assay" / "scans"


def _parsed(row: dict[str, Any]) -> FileResult:
    findings = tuple(Finding.from_json(finding) for finding in row["findings"])
    notes = tuple(note_from_json(note) for note in row["notes"])
    return FileResult(str(row["family"]), findings, (), notes)
