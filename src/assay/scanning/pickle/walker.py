"""The fast pass: over data to the first thing that is not.

Most of a large pickle is runs of data opcodes. One regular expression with possessive
quantifiers steps over such a run at the speed of a search; Python looks only at what is
long, rare or able to act. The pass keeps nothing, so its memory does not grow with the file.

It holds boundaries exactly, and not the stack: a stream of data alone can do nothing,
whatever order its values come in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from mmap import mmap

from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.reading import SSIZE_MAX, MalformedError, counted, text_line
from assay.scanning.pickle.result import Buffer

_SHORTEST_NESTED = 16
"""Bytes objects shorter than this cannot hold a pickle that calls something."""

_RELEASE_BYTES = 8 << 20
"""After so many bytes the pages of a mapped file are given back."""


_ENCODED = rb"gA[I-X]|Y[23]|K[FG]|H4sI|e[AFJN]|Qlpo|/Td6"
"""How base64 begins of a pickle, of gzip, zlib, bzip2 and xz."""

_NESTED = rb"(?:[c(][!-~]++[\n(c]|" + _ENCODED + rb")"
"""Texts that begin as a protocol-0 import or as base64 are left for Python to look into."""


def _lengths(low: int, high: int, suffix: bytes = b"") -> bytes:
    """Alternatives for a one-byte length in a range, `suffix`, and that many bytes."""
    return b"|".join(
        re.escape(bytes((n,))) + suffix + (b".{%d}+" % n if n else b"") for n in range(low, high)
    )


def _long_lengths(low: int) -> bytes:
    """The lengths from `low` to 255 in groups of 32, each behind one look at the length."""
    return b"|".join(
        b"(?=[" + re.escape(bytes((n,))) + b"-" + re.escape(bytes((n + 31,))) + b"])"
        b"(?:" + _lengths(n, n + 32) + b")"
        for n in range(low, 256, 32)
    )


def _run() -> bytes:
    """What one step may step over.

    Every alternative begins with a literal opcode, which the engine rejects without a
    call, and fixed widths are possessive, which spares the way back; both together make
    the pass three times as fast.
    """
    plain = re.escape(bytes(sorted(op.NO_ARGUMENT)))
    zeros = rb"\x00\x00\x00"
    return b"|".join(
        (
            rb"G.{8}+",
            # One look past the length serves all lengths: a look in each of them costs
            # 70 ms of compiling.
            rb"\x8c(?:"
            + _lengths(0, _SHORTEST_NESTED)
            + rb"|(?!."
            + _NESTED
            + rb")(?:"
            + _lengths(_SHORTEST_NESTED, 64)
            + b"|"
            + _long_lengths(64)
            + rb"))\x94?",
            rb"K.",
            rb"h.",
            rb"[" + plain + rb"]++",
            rb"M..",
            rb"J.{4}+",
            rb"q.",
            rb"[jr].{4}+",
            rb"X(?:"
            + _lengths(0, _SHORTEST_NESTED, zeros)
            + rb"|(?!.{4}"
            + _NESTED
            + rb")(?:"
            + _lengths(_SHORTEST_NESTED, 64, zeros)
            + rb"))(?:q.)?",
            rb"\x8a(?:" + _lengths(0, 16) + rb")",
            rb"C(?:" + _lengths(0, _SHORTEST_NESTED) + rb")",
            rb"I(?:-?[1-9][0-9]{0,17}|0[01]?)\n",
            rb"p[0-9]{1,9}+\n",
            rb"g[0-9]{1,9}+\n",
            rb"F-?[0-9]{1,20}+(?:\.[0-9]{0,40}+)?(?:e[-+]?[0-9]{1,2}+)?\n",
            rb"V(?![c(][!-~]++\n|" + _ENCODED + rb")[^\\\n]{0,4096}+\n",
            rb"S'(?![c(]|" + _ENCODED + rb")[^\\'\n]{0,4096}+'\n",
            rb"L-?[1-9][0-9]{0,40}+L\n",
        )
    )


@cache
def _pattern() -> re.Pattern[bytes]:
    """A run of data; compiled when the first pickle is met, since that takes 15 ms."""
    return re.compile(rb"(?:" + _run() + rb")++", re.DOTALL)


_NESTED_TEXT = re.compile(rb"[c(]|" + _ENCODED)
_NEWLINE = re.compile(rb"\n")

Probe = Callable[[int, int, int], None]
"""Told of bytes or text that may hold a pickle: opcode offset, start and end of the content."""


class Frames:
    """Frame boundaries (PEP 3154), which the C unpickler only partly holds.

    Reading from memory it ignores them; reading from a file without `peek` it drops what
    is left of a frame when an opcode does not fit. No pickler writes such a frame, so the
    first one is remembered: loaders disagree about what follows.
    """

    __slots__ = ("fence", "framed", "limit", "mismatch", "pause", "short", "start")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.fence = limit
        self.framed = False
        self.start = 0
        self.pause = min(limit, _RELEASE_BYTES)
        self.mismatch: int | None = None
        self.short: int | None = None

    def open(self, data: Buffer, offset: int) -> int:
        """Read the FRAME at `offset`; the offset after its argument.

        The C unpickler refuses a frame longer than the data, the one written in Python
        (joblib's and dill's) does not: the first is remembered, and reading goes on.

        Raises:
            MalformedError: the data ends inside the length, or the length is negative.
        """
        start = offset + 9
        if start > len(data):
            raise MalformedError(offset, "the data ends inside a length")
        end = start + int.from_bytes(data[offset + 1 : start], "little")
        if end - start > SSIZE_MAX:
            raise MalformedError(offset, "a negative length")
        if end > len(data):
            self.short = offset if self.short is None else self.short
            return start
        if self.framed and end > self.fence:
            self.mismatched()
        if not self.framed or end > self.fence:
            self.fence, self.start, self.framed = end, offset, True
        self.rest(start)
        return start

    def passed(self, position: int) -> None:
        """The walk reached or crossed the fence at `position`."""
        if position > self.fence:
            self.mismatched()
        self.fence, self.framed = self.limit, False

    def leave(self, position: int) -> None:
        """Leave the frame in force: what follows is outside of it."""
        self.fence, self.framed = self.limit, False
        self.rest(position)

    def rest(self, position: int) -> None:
        """Set the next `pause`: where a walk stops to check the frame and to clean up."""
        self.pause = min(self.fence, position + _RELEASE_BYTES)

    def stopped(self, position: int) -> None:
        """STOP ended at `position`."""
        if self.framed and position < self.fence:
            self.mismatched()

    def faulted(self, data: Buffer, fault: MalformedError) -> Walk:
        """The pass ended in a fault; where its text crosses the fence, loaders disagree."""
        offset = fault.offset
        if self.framed and offset < self.fence < len(data):
            lines = _NEWLINE.findall(data, offset, self.fence)
            # An import reads two lines; the rest of the frame is what a loader would drop.
            if len(lines) < 2:
                self.mismatched()
        return self.ended(offset, fault.reason)

    def ended(self, end: int, fault: str | None = None) -> Walk:
        """How a pass ended, with what was seen of frames."""
        return Walk(end, fault=fault, mismatch=self.mismatch, short=self.short)

    def mismatched(self) -> None:
        """Remember the frame in force."""
        if self.mismatch is None:
            self.mismatch = self.start


@dataclass(frozen=True, slots=True)
class Walk:
    """How a pass over a stream ended.

    Attributes:
        end: Offset after STOP, or of the opcode that ended the pass.
        acts: It ended at an opcode that can act, so the stream must be interpreted.
        fault: The reason where the loader stops at `end`; None otherwise.
        mismatch: Offset of a frame whose end falls inside an opcode or after STOP.
        short: Offset of a frame longer than the data.
    """

    end: int
    acts: bool = False
    fault: str | None = None
    mismatch: int | None = None
    short: int | None = None


def walk(data: Buffer, start: int, probe: Probe) -> Walk:
    """Step over data opcodes from `start` to STOP, a fault, or the first opcode that acts."""
    frames, position, run = Frames(len(data)), start, _pattern()
    try:
        while True:
            found = run.match(data, position, frames.fence)
            position = found.end() if found is not None else position
            if position >= frames.pause:
                _pause(data, position, frames)
                continue
            code = data[position]
            if code == op.STOP:
                frames.stopped(position + 1)
                return frames.ended(position + 1)
            if code in op.INTERESTING:
                return Walk(position, acts=True)
            position = step(data, position, code, frames, probe)
    except MalformedError as fault:
        return frames.faulted(data, fault)


def _pause(data: Buffer, position: int, frames: Frames) -> None:
    if position >= frames.fence:
        frames.passed(position)
    if position >= len(data):
        raise MalformedError(position, "the data ends without STOP")
    release(data, position)
    frames.rest(position)


def step(data: Buffer, position: int, code: int, frames: Frames, probe: Probe) -> int:
    """Walk over one data opcode; the offset after it.

    Raises:
        MalformedError: the loader stops here.
    """
    if code in op.COUNTED:
        start, end = counted(data, position, op.COUNTED[code])
        _look_into(data, position, start, end, probe)
    elif code in op.NO_ARGUMENT:
        end = position + 1
    elif code in op.FIXED_ARGUMENT:
        end = position + 1 + op.FIXED_ARGUMENT[code]
    elif code in op.LINES:
        end = text_line(data, position)
        if code in op.TEXT_CONSTANTS:
            _look_into(data, position, position + 1, end, probe)
    elif code == op.FRAME:
        end = frames.open(data, position)
    elif code == op.PROTO:
        end = position + 2
        if end <= len(data) and data[position + 1] > op.HIGHEST_PROTOCOL:
            raise MalformedError(position, f"protocol {data[position + 1]} does not exist")
    else:
        raise MalformedError(position, f"{code:#04x} is not an opcode")
    if end > len(data):
        raise MalformedError(position, "the data ends inside an argument")
    return end


def _look_into(data: Buffer, position: int, start: int, end: int, probe: Probe) -> None:
    if end - start < _SHORTEST_NESTED:
        return
    code = data[position]
    if code in op.BYTES_CONSTANTS or (
        code in op.TEXT_CONSTANTS and _NESTED_TEXT.match(data, start + (code == op.STRING))
    ):
        probe(position, start, end)


def release(data: Buffer, position: int) -> int:
    """Give the pages before `position` of a mapped file back to the system."""
    whole = data.obj if isinstance(data, memoryview) else data
    if isinstance(whole, mmap) and hasattr(whole, "madvise"):
        import mmap as constants

        whole.madvise(constants.MADV_DONTNEED)
    return position
