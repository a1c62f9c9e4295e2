"""Where a converted file goes: never over its source, nor over what is no file."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from assay.core.errors import ConflictError, UnavailableError, UsageError
from assay.core.folder import shown

_NAME_CHARACTERS = 40
_REMEDY = "name another target"


def is_regular(path: Path) -> bool:
    """Whether there is a regular file that can be found; a link is followed."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def destination(target: Path, source: os.stat_result, *, force: bool) -> Path:
    """The path to write to: the target, links followed.

    Args:
        target: As the user gave it.
        source: Of the open source.
        force: Whether a file may be replaced.

    Raises:
        UsageError: it is the source, or there and no regular file.
        ConflictError: it is there and may not be replaced.
        UnavailableError: the system does not say what is there.
    """
    subject = shown(str(target))
    try:
        there = target.stat()
    except FileNotFoundError:
        return Path(os.path.realpath(target))
    except ValueError:
        raise UsageError("is not a path", subject=subject) from None
    except OSError as error:
        raise UnavailableError(f"cannot be written: {error.strerror}", subject=subject) from None
    if not stat.S_ISREG(there.st_mode):
        raise UsageError("is there and not a regular file", subject=subject, remedy=_REMEDY)
    if os.path.samestat(there, source):
        raise UsageError("is the file to convert", subject=subject, remedy=_REMEDY)
    if not force:
        raise ConflictError("exists already", subject=subject, remedy=f"{_REMEDY}, or --force")
    return Path(os.path.realpath(target))


@contextmanager
def replacing(target: Path, mode: int) -> Iterator[BinaryIO]:
    """A new file beside the target, put in its place when the block ends without an error.

    Args:
        target: A path whose last part is no link.
        mode: Permissions, of which the process's mask takes some away.
    """
    beside = target.parent / f".{target.name[:_NAME_CHARACTERS]}-{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(beside, flags, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        beside.replace(target)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
