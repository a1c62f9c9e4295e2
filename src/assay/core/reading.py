"""Small inputs a user names: regular files and pipes, bounded, and never waited for in vain."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from assay.core.errors import DataError, UnavailableError


def open_input(path: Path) -> BinaryIO:
    """A file, or a pipe that somebody writes to (`<(command)` in a shell), opened to be read.

    Raises:
        OSError: it cannot be opened.
        DataError: it is a folder, a device or a socket.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    file = open(descriptor, "rb")  # noqa: SIM115, PTH123 - a descriptor; the caller closes it
    mode = os.fstat(descriptor).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
        file.close()
        raise DataError("is not a regular file", subject=str(path))
    os.set_blocking(descriptor, True)  # a pipe without a writer is now at its end
    return file


def read_input(path: Path, limit: int) -> bytes:
    """The bytes of an input of at most `limit` bytes.

    Raises:
        DataError: it is larger, or nothing that could be read to its end.
        UnavailableError: it cannot be read.
    """
    try:
        with open_input(path) as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise UnavailableError(f"cannot be read: {error.strerror}", subject=str(path)) from None
    if len(data) > limit:
        raise DataError(f"is over {limit} bytes", subject=str(path))
    return data
