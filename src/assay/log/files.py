"""The log's files: written once and durably; the checkpoint replaced last, in one step."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from assay.blobs.disk import disk_errors, sync_path, write_all
from assay.core.errors import ConflictError, DataError, TamperedError
from assay.core.ids import new_ulid
from assay.log.checkpoint import MAX_NOTE_BYTES, read_unverified
from assay.log.tiles import CHECKPOINT, MAX_ENTRY, TILE_WIDTH, Tile

INCOMING = "incoming"
MAX_TILE_BYTES = TILE_WIDTH * (MAX_ENTRY + 2)
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE = 0o644


def read_file(folder: Path, path: str, *, limit: int) -> bytes | None:
    """The bytes of one of the log's files; None where there is none.

    Raises:
        DataError: not a regular file, or over `limit` bytes.
        UnavailableError: it cannot be read.
    """
    with disk_errors(path):
        try:
            descriptor = os.open(folder / path, _READ)
        except (FileNotFoundError, NotADirectoryError):
            return None
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise DataError("is not a regular file", subject=path)
            data = file.read(limit + 1)
    if len(data) > limit:
        raise DataError(f"is over {limit} bytes", subject=path)
    return data


def read_note(folder: Path) -> bytes | None:
    """The published checkpoint; None where none was published."""
    return read_file(folder, CHECKPOINT, limit=MAX_NOTE_BYTES)


def read_tile(folder: Path, tile: Tile) -> bytes | None:
    """The bytes of exactly this tile or bundle; None where there is no such file."""
    return read_file(folder, tile.path, limit=MAX_TILE_BYTES)


def clear_incoming(folder: Path) -> None:
    """Make the log's folder, and remove what a writer that died left behind."""
    with disk_errors(folder):
        (folder / INCOMING).mkdir(parents=True, exist_ok=True)
        for path in (folder / INCOMING).iterdir():
            path.unlink(missing_ok=True)


def write_tiles(folder: Path, files: Mapping[Tile, bytes]) -> None:
    """Write tiles and bundles that are not there yet; they are on the disk when this returns.

    Raises:
        TamperedError: other bytes lie at one of the paths.
        UnavailableError: the disk is full, may not be written or does not work.
    """
    touched: set[Path] = set()
    written: dict[str, Path] = {}
    try:
        for tile, data in files.items():
            # Who wrote one that is there may have died before its name was durable.
            touched.add((folder / tile.path).parent)
            if not _is_there(folder, tile.path, data):
                with disk_errors(tile.path):
                    written[tile.path] = _temporary(folder, data)
        with disk_errors(folder):
            for temporary in written.values():
                sync_path(temporary)
            for path, temporary in written.items():
                _link(folder, path, temporary, touched)
            for tile, data in files.items():
                if tile.path in written and not _is_there(folder, tile.path, data):
                    raise TamperedError("vanished while it was written", subject=tile.path)
            for changed in touched:
                sync_path(changed)
    finally:
        for temporary in written.values():
            with suppress(OSError):
                temporary.unlink()


def publish(folder: Path, note: bytes) -> None:
    """Replace the checkpoint by a larger one, in one step.

    Raises:
        ConflictError: a larger one is published already.
        UnavailableError: the disk is full, may not be written or does not work.
    """
    current = read_note(folder)
    if current == note:
        return
    if current is not None and read_unverified(current).size > read_unverified(note).size:
        raise ConflictError("a larger checkpoint is published already", subject=CHECKPOINT)
    with disk_errors(CHECKPOINT):
        temporary = _temporary(folder, note)
        try:
            sync_path(temporary)
            temporary.replace(folder / CHECKPOINT)
        finally:
            temporary.unlink(missing_ok=True)
        sync_path(folder)


def _link(folder: Path, path: str, temporary: Path, touched: set[Path]) -> None:
    """Give a file its name. A link, unlike a rename, never takes the place of what is there."""
    target = folder / path
    _make_folders(target.parent, folder, touched)
    with suppress(FileExistsError):
        os.link(temporary, target)


def _is_there(folder: Path, path: str, data: bytes) -> bool:
    found = read_file(folder, path, limit=MAX_TILE_BYTES)
    if found is not None and found != data:
        raise TamperedError(
            "other bytes are there already; a tile of the log never changes", subject=path
        )
    return found is not None


def _make_folders(target: Path, root: Path, touched: set[Path]) -> None:
    missing = []
    while target != root and not target.is_dir():
        missing.append(target)
        target = target.parent
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        touched.add(folder.parent)


def _temporary(folder: Path, data: bytes) -> Path:
    """A file of these bytes outside every served path, not yet sure to be on the disk."""
    path = folder / INCOMING / new_ulid()
    descriptor = os.open(path, _WRITE, _MODE)
    try:
        write_all(descriptor, data)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    return path
