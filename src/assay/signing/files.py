"""Files that are whole or absent: written beside their place, synced, then moved there."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from assay.core.errors import ConflictError, UnavailableError


def write_new(path: Path, data: bytes, *, mode: int) -> None:
    """Write a file that must not exist yet.

    Raises:
        ConflictError: it exists.
        UnavailableError: it cannot be written.
    """
    _write(path, data, mode, over=False)


def write_over(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file, in one step, over one that may be there.

    Raises:
        UnavailableError: it cannot be written.
    """
    _write(path, data, mode, over=True)


def _write(path: Path, data: bytes, mode: int, *, over: bool) -> None:
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)
            file.write(data)
            file.flush()
            os.fsync(handle)
        if over:
            os.replace(temporary, path)  # noqa: PTH105 - beside os.link
        else:
            os.link(temporary, path)
            os.unlink(temporary)  # noqa: PTH108 - beside os.link
        sync_folder(path.parent)
    except FileExistsError:
        raise ConflictError("exists already", subject=str(path)) from None
    except OSError as error:
        raise UnavailableError(f"cannot be written: {error.strerror}", subject=str(path)) from None
    finally:
        with suppress(OSError):
            if temporary:
                os.unlink(temporary)  # noqa: PTH108 - it is gone unless something failed


def sync_folder(folder: Path) -> None:
    """Make sure that the names in a folder are on the disk.

    Raises:
        OSError: they cannot be brought there.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
