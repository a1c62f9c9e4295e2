"""A pickle's opcodes one by one, for looking up what is written in it; nothing is judged.

Sources: CPython `Lib/pickletools.py`, PEP 307, PEP 3154 and PEP 574.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from assay.scanning.pickle import opcodes as op
from assay.scanning.subject import Buffer

_LONGEST_LINE = 64 * 1024
_WITHOUT = frozenset(
    (op.BINPERSID, op.REDUCE, op.BUILD, op.NEWOBJ, op.STACK_GLOBAL, op.NEWOBJ_EX, op.OBJ, op.STOP)
)
_FIXED = {**op.FIXED_ARGUMENT, op.PROTO: 1, op.FRAME: 8, op.EXT1: 1, op.EXT2: 2, op.EXT4: 4}
_LINES = {**dict.fromkeys((*op.LINES, op.PERSID), 1), op.GLOBAL: 2, op.INST: 2}


class Step(NamedTuple):
    """One opcode: where it is, and its argument's bytes."""

    code: int
    start: int
    begin: int
    end: int


def steps(data: Buffer) -> Iterator[Step]:
    """The opcodes of every stream in a buffer, to the first that is none or is cut off."""
    at, size = 0, len(data)
    while at < size:
        code = data[at]
        begin = at + 1
        if code in op.COUNTED:
            width = op.COUNTED[code]
            count = int.from_bytes(data[begin : begin + width], "little")
            begin, end = begin + width, begin + width + count
        elif code in _LINES:
            end = _lines_end(data, begin, _LINES[code])
        elif code in _FIXED or code in op.NO_ARGUMENT or code in _WITHOUT:
            end = begin + _FIXED.get(code, 0)
        else:
            return
        if end > size:
            return
        yield Step(code, at, begin, end)
        at = end


def _lines_end(data: Buffer, at: int, count: int) -> int:
    """Behind so many lines; past the end where they are not there."""
    head = bytes(data[at : at + _LONGEST_LINE])
    lines = head.split(b"\n", count)
    return (
        at + sum(len(line) + 1 for line in lines[:count]) if len(lines) > count else len(data) + 1
    )


def texts(data: Buffer, longest: int = 512) -> Iterator[tuple[str, int]]:
    """Texts, and imported names joined by a dot, with where they are."""
    for step in steps(data):
        if step.code in op.TEXT_CONSTANTS and step.end - step.begin <= longest:
            raw = bytes(data[step.begin : step.end])
            yield raw.decode("utf-8", "replace").strip("\n\"'"), step.begin
        elif step.code in (op.GLOBAL, op.INST):
            raw = bytes(data[step.begin : step.end])
            yield raw.decode("utf-8", "replace").strip("\n").replace("\n", "."), step.begin
