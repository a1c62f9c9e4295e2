"""The opcodes that act: import, call, construct, change, ask the loader."""

from __future__ import annotations

from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.joblib_arrays import skip_array
from assay.scanning.pickle.machine import UNDERFLOW, Machine, Operation
from assay.scanning.pickle.reading import MalformedError, ascii_name, constant, line
from assay.scanning.pickle.shapes import constant_kind
from assay.scanning.pickle.values import (
    Instance,
    Opaque,
    Tuple,
    Value,
    tuple_of,
)

_LONGEST_NAME = 4096


def _global(m: Machine, at: int) -> int:
    middle, module = _name_line(m, at + 1, "utf-8")
    end, name = _name_line(m, middle, "utf-8")
    m.stack.append(m.judge.imported(module, name, at, m.protocol))
    return end


def _name_line(m: Machine, start: int, encoding: str) -> tuple[int, str]:
    end = line(m.data, start)
    if end - start > _LONGEST_NAME:
        raise MalformedError(start, "an import with a name no module has")
    return end, ascii_name(m.data, start, end, encoding)


def _stack_global(m: Machine, at: int) -> int:
    name, module = m.pop(at), m.pop(at)
    texts = [_text(m, value, at) for value in (module, name)]
    if texts[0] is None or texts[1] is None:
        m.stack.append(m.judge.computed_import(texts[0], texts[1], at))
    else:
        m.stack.append(m.judge.imported(texts[0], texts[1], at, m.protocol))
    return at + 1


def _text(m: Machine, value: Value, at: int) -> str | None:
    """A constant's text, None for what is computed.

    Raises:
        MalformedError: a constant that is no text, or longer than any name.
    """
    if isinstance(value, Instance) or value is Opaque.PERSISTENT:
        return None
    if type(value) is not int or m.data[value] not in op.TEXT_CONSTANTS:
        raise MalformedError(at, "an import whose name is not text")
    text = constant(m.data, value, _LONGEST_NAME)
    return text if isinstance(text, str) else None


def _inst(m: Machine, at: int) -> int:
    height = m.mark(at)
    middle, module = _name_line(m, at + 1, "ascii")
    end, name = _name_line(m, middle, "ascii")
    callee = m.judge.imported(module, name, at, m.protocol)
    arguments = m.above(height, at)
    m.stack.append(m.judge.called(callee, tuple_of(arguments), at, "INST"))
    return end


def _obj(m: Machine, at: int) -> int:
    height = m.mark(at)
    if len(m.stack) - height < 1:
        raise MalformedError(at, UNDERFLOW)
    arguments = m.above(height + 1, at)
    callee = m.pop(at)
    m.stack.append(m.judge.called(callee, tuple_of(arguments), at, "OBJ"))
    return at + 1


def _reduce(m: Machine, at: int) -> int:
    arguments, callee = m.pop(at), m.pop(at)
    m.stack.append(m.judge.called(callee, _arguments(m, arguments, at), at, "REDUCE"))
    return at + 1


def _arguments(m: Machine, value: Value, at: int) -> Value:
    """What a call may be given.

    The C unpickler wants a tuple; the one written in Python (joblib's and dill's) takes
    anything that can be iterated over, of which no more is known here.

    Raises:
        MalformedError: what neither takes.
    """
    if isinstance(value, Tuple) or type(value) is not int:
        return value
    if constant_kind(m.data[value]) in ("str", "bytes"):
        return Opaque.TUPLE
    raise MalformedError(at, "a call whose arguments are no tuple")


def _newobj(m: Machine, at: int) -> int:
    arguments, cls = m.pop(at), m.pop(at)
    m.stack.append(m.judge.called(cls, _arguments(m, arguments, at), at, "NEWOBJ"))
    return at + 1


def _newobj_ex(m: Machine, at: int) -> int:
    keywords, arguments, cls = m.pop(at), m.pop(at), m.pop(at)
    given = _arguments(m, arguments, at)
    both = tuple_of([*given.items, keywords]) if type(given) is Tuple else given
    m.stack.append(m.judge.called(cls, both, at, "NEWOBJ_EX"))
    return at + 1


def _build(m: Machine, at: int) -> int:
    if len(m.stack) - 2 < m.fence:
        raise MalformedError(at, UNDERFLOW)
    state = m.pop(at)
    target = m.stack[-1] if m.stack else state
    m.judge.changes.built(target, state, at)
    return skip_array(m, target, at + 1)


def _extension(width: int) -> Operation:
    def load(m: Machine, at: int) -> int:
        end = at + 1 + width
        if end > len(m.data):
            raise MalformedError(at, "the data ends inside an argument")
        code = int.from_bytes(m.data[at + 1 : end], "little", signed=width == 4)
        if code <= 0:
            raise MalformedError(at, "an extension code that is not positive")
        m.stack.append(m.judge.extension(code, at, m.protocol))
        return end

    return load


def _persistent_text(m: Machine, at: int) -> int:
    end = line(m.data, at + 1)
    text = bytes(m.data[at + 1 : min(end - 1, at + 1 + _LONGEST_NAME)])
    if not text.isascii():
        raise MalformedError(at, "a persistent id that is not ASCII")
    m.judge.persistent_text(text.decode("ascii"), at)
    m.stack.append(Opaque.PERSISTENT)
    return end


def _persistent(m: Machine, at: int) -> int:
    m.stack.append(m.judge.persistence.asked(m.pop(at), at))
    return at + 1


ACTIONS: dict[int, Operation] = {
    op.GLOBAL: _global,
    op.STACK_GLOBAL: _stack_global,
    op.INST: _inst,
    op.OBJ: _obj,
    op.REDUCE: _reduce,
    op.NEWOBJ: _newobj,
    op.NEWOBJ_EX: _newobj_ex,
    op.BUILD: _build,
    op.EXT1: _extension(1),
    op.EXT2: _extension(2),
    op.EXT4: _extension(4),
    op.PERSID: _persistent_text,
    op.BINPERSID: _persistent,
}
