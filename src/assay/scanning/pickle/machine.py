"""The exact pass: stack, marks and memo of the loader, over abstract values.

Source: CPython `Modules/_pickle.c`. Like there, marks are kept beside the stack and the
newest mark is a fence that pops do not cross.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from assay.core.limits import ScanLimits
from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.judge import Judge
from assay.scanning.pickle.memo import Memo
from assay.scanning.pickle.reading import MalformedError
from assay.scanning.pickle.result import Buffer
from assay.scanning.pickle.values import Opaque, Value
from assay.scanning.pickle.walker import Frames, Probe

_NUMBERS = re.compile(rb"(?:G.{8}+|K.|M..|J.{4}+|[N\x88\x89]++)++", re.DOTALL)
"""A run of numbers: what a batch of a numeric list consists of."""


class LimitError(Exception):
    """A budget of the scan is spent: what follows was not read."""


class Streams(Protocol):
    """What a machine asks for other streams in its buffer."""

    def embedded(self, machine: Machine, start: int) -> int:
        """Read the whole pickle at `start` that the loader reads here; the offset after it."""
        ...

    def disputed(self, machine: Machine, start: int, end: int) -> None:
        """Look at bytes one loader takes for an array, as the opcodes another takes them for."""
        ...


class Machine:
    """The state of one stream's interpretation."""

    __slots__ = (
        *("data", "frames", "judge", "limits", "marks", "memo", "probe", "protocol", "stack"),
        "streams",
    )

    def __init__(
        self, data: Buffer, judge: Judge, limits: ScanLimits, probe: Probe, streams: Streams
    ) -> None:
        self.data = data
        self.streams = streams
        self.judge = judge
        self.limits = limits
        self.probe = probe
        self.frames = Frames(len(data))
        self.memo = Memo(len(data), limits.memo_entries)
        self.stack: list[Value] = []
        self.marks: list[int] = []
        self.protocol = 0

    def pop(self, offset: int) -> Value:
        """The top of the stack.

        Raises:
            MalformedError: nothing is above the newest mark.
        """
        if len(self.stack) <= self.fence:
            raise MalformedError(offset, UNDERFLOW)
        return self.stack.pop()

    def top(self, offset: int) -> Value:
        """The top of the stack, left there.

        Raises:
            MalformedError: nothing is above the newest mark.
        """
        if len(self.stack) <= self.fence:
            raise MalformedError(offset, UNDERFLOW)
        return self.stack[-1]

    @property
    def fence(self) -> int:
        """Height of the stack at the newest mark."""
        return self.marks[-1] if self.marks else 0

    def mark(self, offset: int) -> int:
        """Take the newest mark off.

        Raises:
            MalformedError: there is none.
        """
        if not self.marks:
            raise MalformedError(offset, "a mark is missing")
        return self.marks.pop()

    def above(self, height: int, offset: int) -> list[Value]:
        """Take off everything above a height.

        Raises:
            MalformedError: the height is below the newest mark.
        """
        if height < self.fence:
            raise MalformedError(offset, UNDERFLOW)
        taken = self.stack[height:]
        del self.stack[height:]
        return taken

    def embedded(self, start: int) -> int:
        """Interpret another pickle at `start`, with a stack and memo of its own.

        Raises:
            MalformedError: it cannot be read to its end.
        """
        return self.streams.embedded(self, start)

    def disputed(self, start: int, end: int) -> None:
        """Look at the bytes of an array as a loader sees them that knows no arrays."""
        self.streams.disputed(self, start, end)

    def numbers(self, position: int) -> int:
        """After a MARK: step over a batch of numbers appended to a list, if that is all there is."""
        end = min(self.frames.fence, len(self.data))
        found = _NUMBERS.match(self.data, position, end)
        batch = found is not None and found.end() < end and self.data[found.end()] == op.APPENDS
        if found is None or not batch or len(self.stack) <= self.fence:
            return position
        if self.stack[-1] is not Opaque.LIST:
            return position
        self.marks.pop()
        return found.end() + 1


UNDERFLOW = "an opcode takes more from the stack than there is"

Operation = Callable[[Machine, int], int]
