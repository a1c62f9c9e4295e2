"""The hidden folder a pull fills: what is taken over from a pull that broke off, and what is not."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from assay.blobs.disk import disk_errors
from assay.core.errors import ConflictError
from assay.core.manifest import Manifest


def prepare(partial: Path, manifest: Manifest) -> None:
    """Make the folder, or leave in it nothing but plain files that the manifest names.

    The folder takes the destination's place when every file of the manifest has its digest, so
    nothing else may be in it; and a link in it would lead what is written elsewhere.

    Raises:
        ConflictError: something else has its name, or somebody else owns it.
        UnavailableError: it cannot be made or looked through.
    """
    with disk_errors(partial):
        partial.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            partial.mkdir()
        status = partial.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            raise ConflictError(
                "is not a folder of yours; a pull cannot go on in it",
                subject=str(partial),
                remedy="remove it, or pull to another place",
            )
        _tidy(partial, "", manifest)


def _tidy(folder: Path, prefix: str, manifest: Manifest) -> None:
    with os.scandir(folder) as listed:
        entries = list(listed)
    for entry in entries:
        path = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            _tidy(Path(entry.path), f"{path}/", manifest)
            if not any(Path(entry.path).iterdir()):
                Path(entry.path).rmdir()
        elif path not in manifest.by_path or not _is_plain(entry.stat(follow_symlinks=False)):
            Path(entry.path).unlink()


def _is_plain(status: os.stat_result) -> bool:
    """A regular file with one name."""
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1
