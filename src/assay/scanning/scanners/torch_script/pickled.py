"""Where PyTorch's own reader of pickles is laxer than Python's.

PyTorch writes a member of an `Enum` as a class and a plain value that are called together;
Python wants a tuple there. Source: `torch/csrc/jit/serialization/pickler.cpp`.
"""

from __future__ import annotations

from assay.scanning.parsers.pickle_steps import steps
from assay.scanning.pickle import opcodes as op
from assay.scanning.subject import Buffer

_PLAIN = op.TEXT_CONSTANTS | op.NUMBER_CONSTANTS | op.FLOAT_CONSTANTS
_PUT = frozenset((op.BINPUT, op.LONG_BINPUT, op.PUT, op.MEMOIZE))


def with_tuples(data: Buffer) -> Buffer:
    """The same pickle, with a tuple around each plain value that something is called with.

    A plain value is one that was pushed just before the call. What is returned is the buffer
    itself where there is no such call; else offsets behind one are one higher.
    """
    places: list[int] = []
    plain = False
    for step in steps(data):
        if step.code == op.REDUCE and plain:
            places.append(step.start)
        plain = step.code in _PLAIN or (plain and step.code in _PUT)
    if not places:
        return data
    out = bytearray()
    for start, end in zip((0, *places), (*places, len(data)), strict=True):
        out += bytes(data[start:end]) + bytes((op.TUPLE1,) if end < len(data) else ())
    return bytes(out)
