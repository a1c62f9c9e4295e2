"""The streams of a buffer, one after another, and what follows the last."""

from __future__ import annotations

import re
from itertools import islice

from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.context import Context
from assay.scanning.pickle.interpreter import interpret
from assay.scanning.pickle.judge import ImportLimitError, Judge
from assay.scanning.pickle.machine import LimitError, Machine
from assay.scanning.pickle.nested import Nested
from assay.scanning.pickle.reading import MalformedError
from assay.scanning.pickle.result import Buffer
from assay.scanning.pickle.torch_legacy import MAGIC, PICKLES, storage_bytes
from assay.scanning.pickle.verdicts import Verdict, imports_names
from assay.scanning.pickle.walker import Walk, walk

_MOST_STREAMS = 10_000
_BEHIND_BYTES = 16 << 20
_MOST_BEHIND = 32
_HEADER = re.compile(rb"\x80[\x00-\x05]", re.DOTALL)
_PADDING = re.compile(rb"[\x00\s]*+")


class Streams:
    """Reads a buffer's streams in order, each by a fast pass, and exactly where it acts.

    Attributes:
        complete: Streams read to their STOP.
        end: Offset after the last of them, or where reading broke off.
    """

    def __init__(self, data: Buffer, base: int, context: Context) -> None:
        self._data = data
        self._base = base
        self._context = context
        self._nested = Nested(data, base, context, Streams)
        self._storages: dict[str, tuple[str, int]] = {}
        self.complete = 0
        self.end = 0

    def scan(self) -> None:
        """Read stream after stream until what follows is none."""
        size = len(self._data)
        if size == 0:
            self._context.collector.add_unread(self._base, "an empty file is no pickle")
        while self.end < size:
            if self._is_torch_storage_data():
                break
            if self.complete >= _MOST_STREAMS:
                self._unread(self.end, f"more than {_MOST_STREAMS} pickles in a row")
                break
            outcome, judge = self.read(self.end)
            broken = outcome.fault or outcome.short
            if self.complete and broken and not self._starts_like_one(judge):
                self._trailing()
                break
            self.settle(outcome, judge)
            self.end = outcome.end
            if outcome.fault:
                break
            self.complete += 1

    def read(self, start: int) -> tuple[Walk, Judge | None]:
        """Read the stream at an offset; what it does is kept back, None for data alone."""
        outcome = walk(self._data, start, self._nested.probe)
        if not outcome.acts:
            return outcome, None
        judge = self._judge()
        limits, probe = self._context.limits, self._nested.probe
        return self._interpret(Machine(self._data, judge, limits, probe, self), start), judge

    def _judge(self) -> Judge:
        context, nested = self._context, self._nested
        return Judge(self._data, context.policy, context.persistent_ids, nested.load, nested.unpack)

    def _interpret(self, machine: Machine, start: int) -> Walk:
        try:
            return interpret(machine, start)
        except LimitError as limit:
            return Walk(start, fault=str(limit))
        except ImportLimitError:
            return Walk(start, fault="more imports than the scan keeps")

    def settle(self, outcome: Walk, judge: Judge | None) -> None:
        """Report what a stream does and where it could not be read."""
        if judge is not None:
            self._settle_judge(judge)
            self._storages |= judge.persistence.storages
        if outcome.mismatch is not None:
            self._report("pickle.frame-mismatch", outcome.mismatch, "FRAME with another length")
        if outcome.short is not None:
            self._unread(outcome.short, "a frame longer than the data")
        if outcome.fault:
            self._unread(outcome.end, outcome.fault)

    def _settle_judge(self, judge: Judge) -> None:
        collector = self._context.collector
        collector.add_imports(list(judge.imports.values()), self._base)
        for found in judge.reports:
            collector.add(found, self._base)

    def _starts_like_one(self, judge: Judge | None) -> bool:
        """Whether what follows a pickle and cannot be read to its end is one all the same."""
        header = bytes(self._data[self.end : self.end + 2])
        if len(header) == 2 and header[0] == op.PROTO and header[1] <= op.HIGHEST_PROTOCOL:
            return True
        return judge is not None and imports_names(judge.imports.values())

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
            with self._nested.part(place, len(self._data)) as part:
                self._nested.look(place, part, self._base + place)

    def _is_torch_storage_data(self) -> bool:
        """After the five pickles of PyTorch's old format: the storages' bytes, all of them."""
        if self.complete != PICKLES or bytes(self._data[: len(MAGIC)]) != MAGIC:
            return False
        expected = storage_bytes(self._storages)
        if expected != len(self._data) - self.end:
            self._trailing()
        return True

    # For the machine

    def embedded(self, machine: Machine, start: int) -> int:
        """See `machine.Streams`."""
        probe = self._nested.probe
        inner = Machine(self._data, machine.judge, self._context.limits, probe, self)
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
        limits, probe = self._context.limits, self._nested.probe
        other = Machine(self._data, judge, limits, probe, _NoStreams())
        other.stack, other.marks = list(machine.stack), list(machine.marks)
        other.memo, other.protocol = machine.memo.copy(), machine.protocol
        self._interpret(other, start)
        found = judge.imports.values()
        if any(one.offset < end for one in found) and imports_names(found):
            self._settle_judge(judge)

    def _report(self, rule: str, offset: int, evidence: str) -> None:
        self._context.collector.add(Verdict(rule, offset, evidence), self._base)

    def _unread(self, offset: int, reason: str) -> None:
        self._context.collector.add_unread(self._base + offset, reason)


class _NoStreams:
    """For a reading that knows no arrays: it meets none."""

    def embedded(self, machine: Machine, start: int) -> int:
        """Not a pickle of its own here."""
        raise MalformedError(start, f"no pickle inside {type(machine).__name__}")

    def disputed(self, machine: Machine, start: int, end: int) -> None:
        """Already disputed."""
