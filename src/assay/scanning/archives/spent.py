"""What unpacking one file has cost so far, over every container inside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from assay.core.limits import ArchiveLimits


def is_steep(unpacked: int, size: int, limits: ArchiveLimits) -> bool:
    """Whether so many bytes out of so few are a bomb's: more may come out of a small file."""
    small = unpacked > max(limits.bomb_floor_bytes, size * limits.ratio)
    return small or unpacked > max(limits.stream_floor_bytes, size * limits.stream_ratio)


class SpentError(Exception):
    """A budget of unpacking is used up; kept inside the scanners.

    Attributes:
        bomb: Whether so much came out of so little that no library wrote it.
        first: Whether nothing was refused before.
    """

    def __init__(self, reason: str, *, bomb: bool, first: bool) -> None:
        super().__init__(reason)
        self.bomb = bomb
        self.first = first


class Spent:
    """Counts what comes out of packed data, whatever container it was in.

    One is shared by a file and everything inside it, so that a nest of small archives cannot
    cost what one large archive may not.

    Attributes:
        size: Bytes of the file itself; 0 until its first container was met.
        unpacked: Bytes unpacked so far.
        members: Members met so far.
        held: Unpacked bytes that are in memory now.
    """

    def __init__(self) -> None:
        self.size = 0
        self.unpacked = 0
        self.members = 0
        self.held = 0
        self._over: SpentError | None = None

    def begin(self, size: int, members: int, limits: ArchiveLimits) -> None:
        """Say that a container is opened.

        Args:
            size: Its bytes, which are the file's own where it is the first.
            members: How many it holds.
            limits: The budgets.

        Raises:
            SpentError: it holds more members than are left.
        """
        self.size = self.size or max(1, size)
        self.members += members
        if self.members > limits.members:
            reason = f"{self.members} members, over the budget of {limits.members}"
            raise self._refused(reason, bomb=False)

    def take(self, size: int, limits: ArchiveLimits) -> None:
        """Count bytes that were, or are about to be, unpacked.

        Raises:
            SpentError: it is more than one file may unpack to, or an earlier one was.
        """
        total = self.unpacked + size
        if self._over is not None:
            raise self._refused(str(self._over), bomb=self._over.bomb)
        if is_steep(total, self.size, limits):
            raise self._refused(f"{self.size} bytes unpack to {total} and more", bomb=True)
        if total > limits.unpacked_bytes:
            raise self._refused(f"over {limits.unpacked_bytes} bytes unpacked", bomb=False)
        self.unpacked = total

    def room(self, limits: ArchiveLimits) -> int:
        """Bytes that can still be held in memory."""
        return max(0, limits.held_bytes - self.held)

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Count bytes as held while they are judged."""
        self.held += size
        try:
            yield
        finally:
            self.held -= size

    def _refused(self, reason: str, *, bomb: bool) -> SpentError:
        error = SpentError(reason, bomb=bomb, first=self._over is None)
        self._over = self._over or error
        return error
