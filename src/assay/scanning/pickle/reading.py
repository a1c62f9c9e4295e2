"""Arguments of opcodes, read as the C unpickler reads them.

Source: CPython `Modules/_pickle.c`, the `load_*` functions. Where releases 3.11 to 3.13
differ, or where a loader's options decide (`encoding`, `buffers`), the reading that goes
on is taken, since stopping earlier than a loader would hide what comes after.
"""

from __future__ import annotations

import re

from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.result import Buffer

Constant = str | bytes | int | float | bool | None

SSIZE_MAX = (1 << 63) - 1
_NEWLINE = re.compile(rb"\n")
_SPACE = rb"[ \t\n\v\f\r]*"
# strtol with base 0, as INT tries first; it stops at a NUL, and an empty text is 0 there.
_STRTOL = re.compile(_SPACE + rb"[+-]?(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)(?=[\n\0])|(?=\0)")
_UNDERSCORED = (
    rb"(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?0)*|[1-9](?:_?[0-9])*)"
)
_PYLONG = re.compile(_SPACE + rb"[+-]?" + _UNDERSCORED + _SPACE + rb"(?:\0|\Z)")
_DECIMAL = re.compile(_SPACE + rb"[+-]?[0-9]+(?:_[0-9]+)*" + _SPACE + rb"(?:\0|\Z)")
_DOUBLE = re.compile(
    rb"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf(?:inity)?|nan)(?=[\n\0])",
    re.IGNORECASE,
)
_ESCAPES = re.compile(rb"(?:[^\\]|\\x[0-9a-fA-F]{2}|\\[^x])*+\Z", re.DOTALL)
_RAW_UNICODE = re.compile(
    rb"(?:[^\\]|\\u[0-9a-fA-F]{4}|\\U(?:000[0-9a-fA-F]|0010)[0-9a-fA-F]{4}|\\[^uU])*+\\?\Z",
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)", re.DOTALL)
_NAMED_ESCAPES = {
    b"\n": b"",
    b"\\": b"\\",
    b"'": b"'",
    b'"': b'"',
    b"b": b"\b",
    b"f": b"\f",
    b"t": b"\t",
    b"n": b"\n",
    b"r": b"\r",
    b"v": b"\v",
    b"a": b"\a",
}
_LONGEST_NUMBER = 1 << 16


class MalformedError(Exception):
    """The loader stops here: everything before has been executed, nothing after is read.

    Kept inside the engine, which turns it into something unread.
    """

    def __init__(self, offset: int, reason: str, *, convincing: bool = True) -> None:
        super().__init__(reason)
        self.offset = offset
        self.reason = reason
        self.convincing = convincing


def line(data: Buffer, start: int) -> int:
    """The offset after the newline that ends the text at `start`.

    Raises:
        MalformedError: the data ends first.
    """
    found = _NEWLINE.search(data, start)
    if found is None:
        raise MalformedError(start, "the data ends inside a line of text")
    return found.end()


def ascii_name(data: Buffer, start: int, end: int, encoding: str) -> str:
    """A line of GLOBAL (UTF-8) or INST (ASCII), without its newline.

    Raises:
        MalformedError: empty, or not in the encoding.
    """
    if end - start < 2:
        raise MalformedError(start, "an import without a name")
    try:
        return bytes(data[start : end - 1]).decode(encoding)
    except UnicodeDecodeError:
        raise MalformedError(start, f"an import's name is not {encoding}") from None


def counted(data: Buffer, offset: int, width: int) -> tuple[int, int]:
    """Start and end of an argument with a little-endian length of `width` bytes.

    Raises:
        MalformedError: a negative length, or the data ends first.
    """
    start = offset + 1 + width
    size = int.from_bytes(data[offset + 1 : start], "little", signed=data[offset] == op.LONG4)
    if start > len(data):
        raise MalformedError(offset, "the data ends inside a length")
    if not 0 <= size <= SSIZE_MAX:
        raise MalformedError(offset, "a negative length")
    if start + size > len(data):
        raise MalformedError(offset, "the data ends inside an argument")
    return start, start + size


def text_line(data: Buffer, offset: int) -> int:
    """Check the line argument of the data opcode at `offset`; the offset after it.

    Raises:
        MalformedError: the loader would refuse the text.
    """
    start = offset + 1
    end = line(data, start)
    code = data[offset]
    if code == op.UNICODE:
        good = _RAW_UNICODE.match(data, start, end - 1) is not None
    elif end - start < 2:
        good = False
    elif code == op.STRING:
        good = _quoted(data, start, end - 1)
    elif code in (op.GET, op.PUT):
        good = _DECIMAL.match(data, start, end) is not None
    else:
        good = _number(data, code, start, end)
    if not good:
        raise MalformedError(offset, "a text argument the loader refuses")
    return end


def _quoted(data: Buffer, start: int, end: int) -> bool:
    quoted = end - start >= 2 and data[start] == data[end - 1] and data[start] in b"'\""
    return quoted and _ESCAPES.match(data, start + 1, end - 1) is not None


def _number(data: Buffer, code: int, start: int, end: int) -> bool:
    if code == op.FLOAT:
        return _DOUBLE.match(data, start, end) is not None or _is_python_float(data, start, end)
    if code == op.INT and _STRTOL.match(data, start, end):
        return True
    stop = end - 2 if code == op.LONG and data[end - 2] == 0x4C else end  # a final L
    return _PYLONG.match(data, start, stop) is not None


def _is_python_float(data: Buffer, start: int, end: int) -> bool:
    """What the unpickler written in Python takes (joblib's and dill's), and C does not."""
    if end - start > _LONGEST_NUMBER:
        return False
    try:
        float(bytes(data[start : end - 1]))
    except ValueError:
        return False
    return True


def memo_index(data: Buffer, offset: int) -> int:
    """The index a GET, PUT, BINGET, BINPUT, LONG_BINGET or LONG_BINPUT names."""
    code = data[offset]
    if code in (op.BINGET, op.BINPUT):
        return int(data[offset + 1])
    if code in (op.LONG_BINGET, op.LONG_BINPUT):
        return int.from_bytes(data[offset + 1 : offset + 5], "little")
    return _integer(bytes(data[offset + 1 : line(data, offset + 1)]), 10)


def constant(data: Buffer, offset: int, limit: int) -> Constant:
    """The value the data opcode at `offset` pushes; texts and bytes cut at `limit` bytes.

    The opcode has been walked over before, so its argument is whole.

    Raises:
        MalformedError: a text is not UTF-8, so the loader stops at it.
    """
    code = data[offset]
    if code in (op.NONE, op.NEWTRUE, op.NEWFALSE):
        return {op.NONE: None, op.NEWTRUE: True}.get(code, False)
    if code in op.TEXT_CONSTANTS:
        return _text(data, offset, limit)
    if code in op.BYTES_CONSTANTS:
        start, end = counted(data, offset, op.COUNTED[code])
        return bytes(data[start : min(end, start + limit)])
    if code in op.FLOAT_CONSTANTS:
        return _float(data, offset)
    return _int(data, offset)


def _text(data: Buffer, offset: int, limit: int) -> str:
    code = data[offset]
    if code in op.COUNTED:
        start, end = counted(data, offset, op.COUNTED[code])
        raw = bytes(data[start : min(end, start + limit)])
        if code in (op.BINSTRING, op.SHORT_BINSTRING):
            return raw.decode("latin-1")
        try:
            return raw.decode("utf-8", "surrogatepass" if end - start <= limit else "replace")
        except UnicodeDecodeError:
            raise MalformedError(offset, "a text that is not UTF-8") from None
    end = line(data, offset + 1) - 1
    if code == op.UNICODE:
        raw = bytes(data[offset + 1 : min(end, offset + 1 + limit)])
        return _unescaped_raw(raw)
    raw = bytes(data[offset + 2 : min(end - 1, offset + 2 + limit)])
    return _ESCAPE.sub(_unescape, raw).decode("latin-1")


def _unescaped_raw(raw: bytes) -> str:
    try:
        return raw.decode("raw_unicode_escape")
    except UnicodeDecodeError:  # cut inside an escape
        return raw.decode("latin-1")


def _unescape(found: re.Match[bytes]) -> bytes:
    body: bytes = found.group(1)
    if len(body) == 3 and body[:1] == b"x":
        return bytes((int(body[1:], 16),))
    if body[0] in b"01234567":
        return bytes((int(body, 8) & 0xFF,))
    return _NAMED_ESCAPES.get(body, b"\\" + body)


def _float(data: Buffer, offset: int) -> float:
    if data[offset] == op.FLOAT:
        found = _DOUBLE.match(data, offset + 1)
        return float(found.group()) if found else 0.0
    import struct

    value: float = struct.unpack(">d", data[offset + 1 : offset + 9])[0]
    return value


def _int(data: Buffer, offset: int) -> int:
    code = data[offset]
    if code in op.FIXED_ARGUMENT:
        raw = data[offset + 1 : offset + 1 + op.FIXED_ARGUMENT[code]]
        return int.from_bytes(raw, "little", signed=code == op.BININT)
    if code in op.COUNTED:
        start, end = counted(data, offset, op.COUNTED[code])
        return int.from_bytes(
            data[start : min(end, start + _LONGEST_NUMBER)], "little", signed=True
        )
    raw = bytes(data[offset + 1 : min(line(data, offset + 1), offset + _LONGEST_NUMBER)])
    if code == op.LONG and raw[-2:-1] == b"L":
        raw = raw[:-2]
    return _integer(raw, 0)


def _integer(raw: bytes, base: int) -> int:
    """A text the loader accepts, up to its first NUL; octal without an `o` is C's."""
    text = raw.split(b"\0", 1)[0].strip(b" \t\n\v\f\r")
    if len(text) > 4000:  # Python refuses to convert thousands of digits; nothing here needs them
        return 0
    try:
        return int(text, base)
    except ValueError:
        return int(text, 8) if text.strip(b"+-") else 0
