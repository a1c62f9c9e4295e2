"""The streams of a buffer: one after another, and nested in bytes and text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from assay.core.limits import ScanLimits
from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.collector import Collector
from assay.scanning.pickle.executables import executable
from assay.scanning.pickle.imports import ImportPolicy
from assay.scanning.pickle.interpreter import interpret
from assay.scanning.pickle.judge import ImportLimitError, Judge
from assay.scanning.pickle.machine import LimitError, Machine
from assay.scanning.pickle.reading import MalformedError, constant, counted
from assay.scanning.pickle.result import Buffer, PersistentIdRule
from assay.scanning.pickle.torch_legacy import MAGIC, PICKLES, storage_bytes
from assay.scanning.pickle.verdicts import Verdict
from assay.scanning.pickle.walker import Walk, walk

_MOST_STREAMS = 10_000
_LONGEST_TEXT = 16 << 20
_BEHIND_BYTES = 16 << 20
_MOST_BEHIND = 32
_HEADER = re.compile(rb"\x80[\x00-\x05]", re.DOTALL)
_PADDING = re.compile(rb"[\x00\s]*+")
_NAME = re.compile(r"[A-Za-z_][\w.]*\Z")


class Streams:
    """Reads a buffer's streams in order, each by a fast pass, and exactly where it acts."""

    def __init__(
        self,
        data: Buffer,
        base: int,
        collector: Collector,
        limits: ScanLimits,
        policy: ImportPolicy,
        persistent_ids: PersistentIdRule,
        depth: int = 0,
    ) -> None:
        self._data = data
        self._base = base
        self._collector = collector
        self._limits = limits
        self._policy = policy
        self._persistent_ids = persistent_ids
        self._depth = depth
        self._found: set[int] = set()
        self._storages: dict[str, tuple[str, int]] = {}
        self.complete = 0
        self.end = 0

    # One after another

    def scan(self) -> None:
        """Read stream after stream until what follows is none."""
        size = len(self._data)
        if size == 0:
            self._collector.add_unread(self._base, "an empty file is no pickle")
        while self.end < size:
            if self._is_torch_storage_data():
                break
            if self.complete >= _MOST_STREAMS:
                self._unread(self.end, f"more than {_MOST_STREAMS} pickles in a row")
                break
            outcome, judge = self._read(self.end)
            if (
                self.complete
                and (outcome.fault or outcome.short)
                and not self._starts_like_one(judge)
            ):
                self._trailing()
                break
            self._settle(outcome, judge)
            self.end = outcome.end
            if outcome.fault:
                break
            self.complete += 1

    def _read(self, start: int) -> tuple[Walk, Judge | None]:
        outcome = walk(self._data, start, self._probe)
        if not outcome.acts:
            return outcome, None
        judge = self._judge()
        return self._interpret(
            Machine(self._data, judge, self._limits, self._probe, self), start
        ), judge

    def _judge(self) -> Judge:
        return Judge(self._data, self._policy, self._persistent_ids, self._load)

    def _interpret(self, machine: Machine, start: int) -> Walk:
        try:
            return interpret(machine, start)
        except LimitError as limit:
            return Walk(start, fault=str(limit))
        except ImportLimitError:
            return Walk(start, fault="more imports than the scan keeps")

    def _settle(self, outcome: Walk, judge: Judge | None) -> None:
        if judge is not None:
            self._settle_judge(judge)
            self._storages |= judge.storages
        if outcome.mismatch is not None:
            self._report("pickle.frame-mismatch", outcome.mismatch, "FRAME with another length")
        if outcome.short is not None:
            self._unread(outcome.short, "a frame longer than the data")
        if outcome.fault:
            self._unread(outcome.end, outcome.fault)

    def _settle_judge(self, judge: Judge) -> None:
        self._collector.add_imports(list(judge.imports.values()), self._base)
        for found in judge.reports:
            self._collector.add(found, self._base)

    def _starts_like_one(self, judge: Judge | None) -> bool:
        """Whether what follows a pickle and cannot be read to its end is one all the same."""
        header = bytes(self._data[self.end : self.end + 2])
        if len(header) == 2 and header[0] == op.PROTO and header[1] <= op.HIGHEST_PROTOCOL:
            return True
        return judge is not None and _imports_names(judge)

    def _trailing(self) -> None:
        count = len(self._data) - self.end
        first = bytes(self._data[self.end : self.end + 16]).hex(" ")
        self._report("pickle.trailing-data", self.end, f"{count} bytes, beginning {first}")
        self._behind()

    def _behind(self) -> None:
        """Pickles somewhere in what follows: a program that knows where reads them."""
        stop = min(len(self._data), self.end + _BEHIND_BYTES)
        found = _HEADER.finditer(self._data, self.end, stop)
        filled = _PADDING.match(self._data, self.end)
        places = {filled.end() if filled else self.end}
        places |= {match.start() for match in islice(found, _MOST_BEHIND)}
        for place in sorted(places - {len(self._data)}):
            with self._part(place, len(self._data)) as part:
                self._nested(place, part, self._base + place)

    def _is_torch_storage_data(self) -> bool:
        """After the five pickles of PyTorch's old format: the storages' bytes, all of them."""
        if self.complete != PICKLES or bytes(self._data[: len(MAGIC)]) != MAGIC:
            return False
        expected = storage_bytes(self._storages)
        if expected != len(self._data) - self.end:
            self._trailing()
        return True

    # Inside

    def embedded(self, machine: Machine, start: int) -> int:
        """See `machine.Streams`."""
        inner = Machine(self._data, machine.judge, self._limits, self._probe, self)
        outcome = interpret(inner, start)
        machine.frames.mismatch = machine.frames.mismatch or outcome.mismatch
        if outcome.fault:
            raise MalformedError(outcome.end, outcome.fault)
        return outcome.end

    def disputed(self, machine: Machine, start: int, end: int) -> None:
        """See `machine.Streams`."""
        if not walk(self._data, start, lambda *_: None).acts:
            return
        judge = self._judge()
        other = Machine(self._data, judge, self._limits, self._probe, _NoStreams())
        other.stack, other.marks = list(machine.stack), list(machine.marks)
        other.memo, other.protocol = machine.memo.copy(), machine.protocol
        self._interpret(other, start)
        if any(found.offset < end for found in judge.imports.values()) and _imports_names(judge):
            self._settle_judge(judge)

    def _probe(self, offset: int, start: int, end: int) -> None:
        """Bytes or text that may hold a pickle."""
        program = executable(bytes(self._data[start : min(end, start + 1024)]))
        if program:
            self._report("pickle.embedded-executable", offset, program)
        if self._data[offset] in op.TEXT_CONSTANTS:
            self._nested_text(offset)
        elif offset not in self._found and _may_begin(self._data, start):
            with self._part(start, end) as part:
                self._nested(offset, part, self._base + start)

    def _nested_text(self, offset: int) -> bool:
        text = constant(self._data, offset, _LONGEST_TEXT)
        content = str(text).encode("latin-1", "replace")
        return _may_begin(content, 0) and self._nested(offset, content, self._base + offset)

    def _nested(self, offset: int, content: Buffer, base: int) -> bool:
        """Read a pickle inside; whether it is one."""
        inner = Streams(
            *(content, base, self._collector, self._limits, self._policy),
            *(self._persistent_ids, self._depth + 1),
        )
        if self._depth + 1 > self._limits.depth:
            self._unread(offset, "pickles nested deeper than the scan's budget")
            return False
        outcome, judge = inner._read(0)
        if judge is None or not judge.imports:
            return outcome.fault is None
        if outcome.fault and not _imports_names(judge):
            return False
        self._found.add(offset)
        names = ", ".join(found.dotted for found in list(judge.imports.values())[:4])
        self._report("pickle.nested", offset, f"imports {names}")
        inner._settle(outcome, judge)
        return outcome.fault is None

    def _load(self, offset: int) -> bool:
        """What a call loads as pickles: all of it counts, and all of it must be read."""
        code = self._data[offset]
        if code in op.TEXT_CONSTANTS:
            return self._nested_text(offset)
        if code not in op.COUNTED or code not in op.BYTES_CONSTANTS:
            return False
        start, end = counted(self._data, offset, op.COUNTED[code])
        if self._depth + 1 > self._limits.depth:
            self._unread(offset, "pickles nested deeper than the scan's budget")
            return False
        self._found.add(offset)
        with self._part(start, end) as part:
            inner = Streams(
                *(part, self._base + start, self._collector, self._limits, self._policy),
                *(PersistentIdRule.TORCH, self._depth + 1),
            )
            inner.scan()
            return inner.complete > 0

    @contextmanager
    def _part(self, start: int, end: int) -> Iterator[memoryview]:
        with memoryview(self._data) as whole, whole[start:end] as part:
            yield part

    def _report(self, rule: str, offset: int, evidence: str) -> None:
        self._collector.add(Verdict(rule, offset, evidence), self._base)

    def _unread(self, offset: int, reason: str) -> None:
        self._collector.add_unread(self._base + offset, reason)


class _NoStreams:
    """For a reading that knows no arrays: it meets none."""

    def embedded(self, machine: Machine, start: int) -> int:
        """Not a pickle of its own here."""
        raise MalformedError(start, f"no pickle inside {type(machine).__name__}")

    def disputed(self, machine: Machine, start: int, end: int) -> None:
        """Already disputed."""


def _may_begin(data: Buffer, start: int) -> bool:
    first = data[start] if start < len(data) else 0
    if first == op.PROTO:
        return start + 1 < len(data) and data[start + 1] <= op.HIGHEST_PROTOCOL
    return first in _OPCODES


_OPCODES = frozenset(
    (*op.INTERESTING, *op.NO_ARGUMENT, *op.FIXED_ARGUMENT, *op.COUNTED, *op.LINES, op.FRAME)
)


def _imports_names(judge: Judge) -> bool:
    return any(_NAME.match(f.module) and _NAME.match(f.name) for f in judge.imports.values())
