"""What each opcode does to the machine. One function per `load_*` of the C unpickler.

An operation is given the offset of its opcode and returns the offset of the next.
"""

from __future__ import annotations

from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.actions import ACTIONS
from assay.scanning.pickle.machine import UNDERFLOW, LimitError, Machine, Operation
from assay.scanning.pickle.reading import MalformedError, counted, memo_index, text_line
from assay.scanning.pickle.values import EMPTY, Mapping, Opaque, Tuple, Value, tuple_of
from assay.scanning.pickle.walker import step


def _short_text(m: Machine, at: int) -> int:
    data = m.data
    if at + 1 >= len(data):
        raise MalformedError(at, "the data ends inside a length")
    size = data[at + 1]
    end = at + 2 + size
    if end > len(data):
        raise MalformedError(at, "the data ends inside an argument")
    if size > 15 or not bytes(data[at + 2 : end]).isascii():
        return _constant(m, at)
    m.stack.append(at)
    return end


def _constant(m: Machine, at: int) -> int:
    code = m.data[at]
    if code in (op.BINUNICODE, op.BINUNICODE8, op.SHORT_BINUNICODE):
        start, end = counted(m.data, at, op.COUNTED[code])
        _check_utf8(m, at, start, end)
    end = step(m.data, at, code, m.frames, m.probe)
    m.stack.append(at)
    return end


def _check_utf8(m: Machine, at: int, start: int, end: int) -> None:
    if end - start > _LONGEST_CHECKED:
        return
    try:
        bytes(m.data[start:end]).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise MalformedError(at, "a text that is not UTF-8") from None


_LONGEST_CHECKED = 1 << 20


def _protocol(m: Machine, at: int) -> int:
    end = step(m.data, at, op.PROTO, m.frames, m.probe)
    m.protocol = m.data[at + 1]
    return end


def _frame(m: Machine, at: int) -> int:
    return m.frames.open(m.data, at)


def _mark(m: Machine, at: int) -> int:
    m.marks.append(len(m.stack))
    if len(m.marks) > m.limits.stack_items:
        raise LimitError("more marks than the scan's budget")
    return m.numbers(at + 1)


def _pop(m: Machine, at: int) -> int:
    if m.marks and m.marks[-1] == len(m.stack):
        m.marks.pop()
    else:
        m.pop(at)
    return at + 1


def _pop_mark(m: Machine, at: int) -> int:
    del m.stack[m.mark(at) :]
    return at + 1


def _dup(m: Machine, at: int) -> int:
    m.stack.append(m.top(at))
    return at + 1


def _pushes(value: Opaque | Tuple) -> Operation:
    def push(m: Machine, at: int) -> int:
        m.stack.append(value)
        return at + 1

    return push


def _empty_dict(m: Machine, at: int) -> int:
    m.stack.append(Mapping())
    return at + 1


def _tuple(m: Machine, at: int) -> int:
    m.stack.append(tuple_of(m.above(m.mark(at), at)))
    return at + 1


def _tuple_of_count(count: int) -> Operation:
    def make(m: Machine, at: int) -> int:
        if len(m.stack) < count:
            raise MalformedError(at, UNDERFLOW)
        m.stack.append(tuple_of(m.above(len(m.stack) - count, at)))
        return at + 1

    return make


def _collects(value: Opaque) -> Operation:
    def make(m: Machine, at: int) -> int:
        height = m.mark(at)
        if value is Opaque.FROZENSET and height < m.fence:
            raise MalformedError(at, UNDERFLOW)
        del m.stack[height:]
        m.stack.append(value)
        return at + 1

    return make


def _dict(m: Machine, at: int) -> int:
    height = m.mark(at)
    if (len(m.stack) - height) % 2:
        raise MalformedError(at, "a dict with a key and no value")
    found = Mapping()
    _set(m, found, m.stack[height:], at)
    del m.stack[height:]
    m.stack.append(found)
    return at + 1


def _append(m: Machine, at: int) -> int:
    return _extend(m, at, len(m.stack) - 1)


def _appends(m: Machine, at: int) -> int:
    return _extend(m, at, m.mark(at))


def _extend(m: Machine, at: int, height: int) -> int:
    if height <= m.fence or height > len(m.stack):
        raise MalformedError(at, UNDERFLOW)
    if height < len(m.stack):
        target = m.stack[height - 1]
        if target is not Opaque.LIST:
            m.judge.changes.changed(target, m.stack[height:], at, "append")
        del m.stack[height:]
    return at + 1


def _additems(m: Machine, at: int) -> int:
    height = m.mark(at)
    if height <= m.fence:
        raise MalformedError(at, UNDERFLOW)
    if height < len(m.stack):
        target = m.stack[height - 1]
        if target is not Opaque.SET:
            m.judge.changes.changed(target, m.stack[height:], at, "add")
        del m.stack[height:]
    return at + 1


def _setitem(m: Machine, at: int) -> int:
    return _set_pairs(m, at, len(m.stack) - 2)


def _setitems(m: Machine, at: int) -> int:
    return _set_pairs(m, at, m.mark(at))


def _set_pairs(m: Machine, at: int, height: int) -> int:
    if height <= m.fence or height > len(m.stack):
        raise MalformedError(at, UNDERFLOW)
    if (len(m.stack) - height) % 2:
        raise MalformedError(at, "a key without a value")
    if height < len(m.stack):
        target, pairs = m.stack[height - 1], m.stack[height:]
        if type(target) is Mapping:
            _set(m, target, pairs, at)
        elif target is not Opaque.DICT:
            m.judge.changes.changed(target, pairs, at, "set item")
        del m.stack[height:]
    return at + 1


def _set(m: Machine, target: Mapping, pairs: list[Value], at: int) -> None:
    if target.whole and len(target.pairs) + len(pairs) <= Mapping.LONGEST:
        target.pairs.extend(pairs)
    else:
        m.judge.changes.check_keys(pairs, at)
        target.whole = False


def _memo_put(m: Machine, at: int) -> int:
    code = m.data[at]
    end = text_line(m.data, at) if code == op.PUT else at + 1 + op.FIXED_ARGUMENT[code]
    if end > len(m.data):
        raise MalformedError(at, "the data ends inside an argument")
    value, index = m.top(at), memo_index(m.data, at)
    if index < 0:
        raise MalformedError(at, "a negative memo index")
    m.memo.put(index, value)
    return end


def _memo_get(m: Machine, at: int) -> int:
    code = m.data[at]
    end = text_line(m.data, at) if code == op.GET else at + 1 + op.FIXED_ARGUMENT[code]
    if end > len(m.data):
        raise MalformedError(at, "the data ends inside an argument")
    m.stack.append(m.memo.get(memo_index(m.data, at), at))
    return end


def _next_buffer(m: Machine, at: int) -> int:
    m.stack.append(Opaque.BUFFER)
    return at + 1


def _readonly_buffer(m: Machine, at: int) -> int:
    m.top(at)
    return at + 1


def _table() -> tuple[Operation | None, ...]:
    found: dict[int, Operation] = dict.fromkeys(
        (*op.COUNTED, op.FLOAT, op.INT, op.LONG, op.STRING, op.UNICODE), _constant
    )
    found |= dict.fromkeys((op.PUT, op.BINPUT, op.LONG_BINPUT), _memo_put)
    found |= dict.fromkeys((op.GET, op.BINGET, op.LONG_BINGET), _memo_get)
    found |= {
        op.SHORT_BINUNICODE: _short_text,
        op.PROTO: _protocol,
        op.FRAME: _frame,
        op.MARK: _mark,
        op.POP: _pop,
        op.POP_MARK: _pop_mark,
        op.DUP: _dup,
        op.EMPTY_LIST: _pushes(Opaque.LIST),
        op.EMPTY_SET: _pushes(Opaque.SET),
        op.EMPTY_TUPLE: _pushes(EMPTY),
        op.EMPTY_DICT: _empty_dict,
        op.TUPLE: _tuple,
        op.TUPLE1: _tuple_of_count(1),
        op.TUPLE2: _tuple_of_count(2),
        op.TUPLE3: _tuple_of_count(3),
        op.LIST: _collects(Opaque.LIST),
        op.DICT: _dict,
        op.FROZENSET: _collects(Opaque.FROZENSET),
        op.APPEND: _append,
        op.APPENDS: _appends,
        op.ADDITEMS: _additems,
        op.SETITEM: _setitem,
        op.SETITEMS: _setitems,
        op.NEXT_BUFFER: _next_buffer,
        op.READONLY_BUFFER: _readonly_buffer,
    }
    found |= ACTIONS
    return tuple(found.get(code) for code in range(256))


OPERATIONS = _table()
