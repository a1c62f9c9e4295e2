"""Pickles inside: in bytes and texts of a stream, and in what a call loads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.context import Context
from assay.scanning.pickle.executables import executable
from assay.scanning.pickle.judge import Judge
from assay.scanning.pickle.reading import constant, counted
from assay.scanning.pickle.result import Buffer, PersistentIdRule
from assay.scanning.pickle.verdicts import Verdict, imports_names
from assay.scanning.pickle.walker import Walk
from assay.scanning.pickle.wrappings import LONGEST, unpacked, unpacker

_LONGEST_TEXT = 16 << 20
_LONGEST_ARCHIVE = 128 << 20
_OPCODES = frozenset(
    (*op.INTERESTING, *op.NO_ARGUMENT, *op.FIXED_ARGUMENT, *op.COUNTED, *op.LINES, op.FRAME)
)


class Inner(Protocol):
    """Streams of a buffer inside."""

    complete: int

    def scan(self) -> None:
        """Read them all."""
        ...

    def read(self, start: int) -> tuple[Walk, Judge | None]:
        """Read one, and keep what it does back."""
        ...

    def settle(self, outcome: Walk, judge: Judge | None) -> None:
        """Report what one does."""
        ...


class Nested:
    """Looks into the constants of one buffer's streams."""

    def __init__(
        self,
        data: Buffer,
        base: int,
        context: Context,
        streams: Callable[[Buffer, int, Context], Inner],
    ) -> None:
        self._data = data
        self._base = base
        self._context = context
        self._streams = streams
        self._found: set[int] = set()
        self._loaded: dict[int, bool] = {}
        self._unpacked: dict[int, bool] = {}

    def probe(self, offset: int, start: int, end: int) -> None:
        """Bytes or text that may hold a pickle."""
        program = executable(bytes(self._data[start : min(end, start + 1024)]))
        if program:
            found = Verdict("pickle.embedded-executable", offset, program)
            self._context.collector.add(found, self._base)
        if self._data[offset] in op.TEXT_CONSTANTS:
            self._text(offset)
        elif offset not in self._found:
            with self.part(start, end) as part:
                if may_begin(part):
                    self.look(offset, part, self._base + start)
                self._unwrap(offset, bytes(part[:LONGEST]))

    def _text(self, offset: int) -> bool:
        text = constant(self._data, offset, _LONGEST_TEXT)
        content = str(text).encode("latin-1", "replace")
        found = may_begin(content) and self.look(offset, content, self._base + offset)
        return found or self._unwrap(offset, content)

    def _unwrap(self, offset: int, content: bytes) -> bool:
        """Look into what is packed, and packed again, as far as depth and room allow."""
        room = self._context.room
        for _ in range(self._context.limits.depth):
            unpack = unpacker(content)
            if unpack is None:
                return False
            if room.left <= 0:
                self._unread(offset, "more is packed inside than the scan's budget")
                return False
            content = unpacked(unpack, content, room.left)
            room.left -= len(content)
            if may_begin(content) and self.look(offset, content, self._base + offset):
                return True
        return False

    def look(self, offset: int, content: Buffer, base: int) -> bool:
        """Read a pickle inside, beginning at `base` in the file; whether it is one."""
        context = self._context
        if context.depth + 1 > context.limits.depth:
            self._unread(offset, "pickles nested deeper than the scan's budget")
            return False
        inner = self._streams(content, base, context.deeper())
        outcome, judge = inner.read(0)
        if judge is None or not judge.imports:
            return outcome.fault is None
        if outcome.fault and not imports_names(judge.imports.values()):
            return False
        self._found.add(offset)
        names = ", ".join(found.dotted for found in list(judge.imports.values())[:4])
        context.collector.add(Verdict("pickle.nested", offset, f"imports {names}"), self._base)
        inner.settle(outcome, judge)
        return outcome.fault is None

    def load(self, offset: int) -> bool:
        """What a call loads as pickles: all of it counts, and all of it must be read.

        A stream may have the same constant loaded again and again; it is read once.
        """
        if offset not in self._loaded:
            self._loaded[offset] = self._load(offset)
        return self._loaded[offset]

    def _load(self, offset: int) -> bool:
        code = self._data[offset]
        if code in op.TEXT_CONSTANTS:
            return self._text(offset)
        if code not in op.BYTES_CONSTANTS:
            return False
        context = self._context
        if context.depth + 1 > context.limits.depth:
            self._unread(offset, "pickles nested deeper than the scan's budget")
            return False
        start, end = counted(self._data, offset, op.COUNTED[code])
        self._found.add(offset)
        with self.part(start, end) as part:
            deeper = context.deeper(PersistentIdRule.TORCH)
            inner = self._streams(part, self._base + start, deeper)
            inner.scan()
            return inner.complete > 0

    def unpack(self, offset: int) -> bool:
        """What a call opens by its own format, which another scanner judges, once."""
        if offset not in self._unpacked:
            self._unpacked[offset] = self._unpack(offset)
        return self._unpacked[offset]

    def _unpack(self, offset: int) -> bool:
        code = self._data[offset]
        if code not in op.BYTES_CONSTANTS | op.TEXT_CONSTANTS:
            return False
        if self._context.inside is None:
            self._unread(offset, "an archive inside a pickle is not judged here")
            return True
        if code in op.TEXT_CONSTANTS:  # bytes below protocol 3, encoded by a call
            text = str(constant(self._data, offset, _LONGEST_ARCHIVE))
            content = text.encode("latin-1", "replace")
            return self._context.inside(content, self._base + offset)
        start, end = counted(self._data, offset, op.COUNTED[code])
        with self.part(start, end) as part:
            return self._context.inside(part, self._base + start)

    @contextmanager
    def part(self, start: int, end: int) -> Iterator[memoryview]:
        """A view of some bytes, released afterwards."""
        with memoryview(self._data) as whole, whole[start:end] as part:
            yield part

    def _unread(self, offset: int, reason: str) -> None:
        self._context.collector.add_unread(self._base + offset, reason)


def may_begin(content: Buffer) -> bool:
    """Whether bytes begin as a pickle may."""
    first = content[0] if len(content) else 0
    if first == op.PROTO:
        return len(content) > 1 and content[1] <= op.HIGHEST_PROTOCOL
    return first in _OPCODES
