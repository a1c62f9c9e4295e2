"""One process per role and data folder, held by the operating system while the process lives."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from assay.core.errors import UsageError

_PID_BYTES = 32


class RoleLock:
    """The lock `ROLE.lock` in a data folder. It ends with the process, whatever ends that.

    Use it as a context manager, or `acquire` and `release` it. The file stays: removing it would
    let two processes each hold a file of that name.

    Args:
        home: The data folder; it must exist.
        role: `server`, `worker` or the like.
    """

    def __init__(self, home: Path, role: str) -> None:
        self._home = home
        self._role = role
        self._descriptor: int | None = None

    @property
    def path(self) -> Path:
        """The lock file."""
        return self._home / f"{self._role}.lock"

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            UsageError: another process has it, which is named with the folder; or the file
                cannot be made.
        """
        if self._descriptor is not None:
            raise RuntimeError(f"the lock for {self._role} is held already")
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            descriptor = os.open(self.path, flags, 0o600)
        except OSError as error:
            raise UsageError(
                f"cannot make the lock: {error.strerror}", subject=str(self.path)
            ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        except BlockingIOError:
            holder = _holder(descriptor)
            os.close(descriptor)
            raise UsageError(
                f"another {self._role} ({holder}) uses the folder {self._home}",
                subject=str(self.path),
                remedy="stop it, or set ASSAY_HOME to another folder",
            ) from None
        except OSError as error:
            os.close(descriptor)
            raise UsageError(
                f"cannot lock: {error.strerror}",
                subject=str(self.path),
                remedy="keep ASSAY_HOME on a local disk",
            ) from None
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; nothing happens if it is not held."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _holder(descriptor: int) -> str:
    text = os.pread(descriptor, _PID_BYTES, 0).decode("ascii", "replace")
    return f"pid {text}" if text.isdigit() else "pid not known"
