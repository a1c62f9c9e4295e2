"""The loop of the exact pass."""

from __future__ import annotations

from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.machine import UNDERFLOW, LimitError, Machine
from assay.scanning.pickle.memo import MemoLimitError
from assay.scanning.pickle.operations import OPERATIONS
from assay.scanning.pickle.reading import MalformedError
from assay.scanning.pickle.walker import Walk, release

_PUSHES = {
    **dict.fromkeys((op.NONE, op.NEWTRUE, op.NEWFALSE), 1),
    op.BININT1: 2,
    op.BININT2: 3,
    op.BININT: 5,
    op.BINFLOAT: 9,
}
_WIDTH = bytes(_PUSHES.get(code, 0) for code in range(256))
"""Length of the opcodes that push a constant of fixed width, 0 for all others."""


def interpret(machine: Machine, start: int) -> Walk:
    """Interpret from `start` to STOP, or to where the loader stops.

    Raises:
        LimitError: a budget is spent.
    """
    frames = machine.frames
    try:
        end = _loop(machine, start)
    except MalformedError as fault:
        return frames.faulted(machine.data, fault)
    except MemoLimitError:
        raise LimitError("more memo slots than the scan's budget") from None
    frames.stopped(end)
    return frames.ended(end)


def _loop(machine: Machine, position: int) -> int:
    data, stack, memo, marks = machine.data, machine.stack, machine.memo, machine.marks
    frames, last = machine.frames, position
    while True:
        if position >= frames.pause:
            _pause(machine, position, last)
        code, last = data[position], position
        if _WIDTH[code]:
            stack.append(position)
            position += _WIDTH[code]
        elif code == op.MEMOIZE:
            if len(stack) <= (marks[-1] if marks else 0):
                raise MalformedError(position, UNDERFLOW)
            memo.put(memo.count, stack[-1])
            position += 1
        elif code == op.STOP:
            machine.pop(position)
            return position + 1
        else:
            operation = OPERATIONS[code]
            if operation is None:
                raise MalformedError(position, f"{code:#04x} is not an opcode")
            position = operation(machine, position)


def _pause(machine: Machine, position: int, last: int) -> None:
    """At a frame's end, the data's end, or after some megabytes: check and clean up."""
    size, frames = len(machine.data), machine.frames
    if position > size:
        raise MalformedError(last, "the data ends inside an argument")
    if position >= frames.fence:
        frames.passed(position)
    if position == size:
        raise MalformedError(position, "the data ends without STOP")
    if len(machine.stack) > machine.limits.stack_items:
        raise LimitError("a higher stack than the scan's budget")
    release(machine.data, position)
    frames.rest(position)
