"""What the file system's errors mean, and making names durable."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assay.core.errors import UnavailableError

_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def disk_errors(subject: str | Path) -> Iterator[None]:
    """Turn what the file system refuses into an answer for the user.

    Raises:
        UnavailableError: the disk is full, may not be used or does not work.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in _FULL
        raise UnavailableError(
            "the disk is full" if full else f"the disk refuses: {error.strerror or error}",
            subject=str(subject),
            remedy="free some space and try again; nothing was half-written" if full else None,
        ) from error


def sync_path(path: str | Path) -> None:
    """Make a file's bytes, or the names in a folder, survive a loss of power."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte, however many calls the system makes of it."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
