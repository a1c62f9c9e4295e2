"""Pickle streams, opcode by opcode. Source of the format: CPython, Lib/pickletools.py."""

from __future__ import annotations

import struct
from collections.abc import Iterable

STOP = b"."
MARK = b"("
POP = b"0"
POP_MARK = b"1"
DUP = b"2"
REDUCE = b"R"
BUILD = b"b"
NEWOBJ = b"\x81"
NEWOBJ_EX = b"\x92"
STACK_GLOBAL = b"\x93"
MEMOIZE = b"\x94"
TUPLE1, TUPLE2, TUPLE3 = b"\x85", b"\x86", b"\x87"
EMPTY_TUPLE, EMPTY_LIST, EMPTY_DICT, EMPTY_SET = b")", b"]", b"}", b"\x8f"
NONE = b"N"


def proto(version: int) -> bytes:
    return b"\x80" + bytes([version])


def frame(body: bytes) -> bytes:
    return b"\x95" + struct.pack("<Q", len(body)) + body


def text(value: str) -> bytes:
    """SHORT_BINUNICODE or BINUNICODE."""
    raw = value.encode("utf-8", "surrogatepass")
    if len(raw) < 256:
        return b"\x8c" + bytes([len(raw)]) + raw
    return b"X" + struct.pack("<I", len(raw)) + raw


def long_text(value: str) -> bytes:
    """BINUNICODE, known from protocol 1 on."""
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def line_text(value: str) -> bytes:
    """UNICODE, the line form of protocol 0."""
    return b"V" + value.encode("raw-unicode-escape") + b"\n"


def quoted(value: str) -> bytes:
    """STRING, the quoted line form."""
    return b"S" + repr(value).encode() + b"\n"


def data(value: bytes) -> bytes:
    """SHORT_BINBYTES or BINBYTES."""
    if len(value) < 256:
        return b"C" + bytes([len(value)]) + value
    return b"B" + struct.pack("<I", len(value)) + value


def integer(value: int) -> bytes:
    """BININT1, BININT2 or BININT."""
    if 0 <= value < 256:
        return b"K" + bytes([value])
    if 0 <= value < 65536:
        return b"M" + struct.pack("<H", value)
    return b"J" + struct.pack("<i", value)


def big_integer(value: int) -> bytes:
    """LONG1."""
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def real(value: float) -> bytes:
    return b"G" + struct.pack(">d", value)


def put(index: int) -> bytes:
    return b"q" + bytes([index])


def get(index: int) -> bytes:
    return b"h" + bytes([index])


def name(module: str, attribute: str) -> bytes:
    """GLOBAL, the line form."""
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def stacked(module: str, attribute: str) -> bytes:
    """STACK_GLOBAL with both texts on the stack."""
    return text(module) + text(attribute) + STACK_GLOBAL


def pack_tuple(items: Iterable[bytes]) -> bytes:
    """A tuple of what the items push."""
    made = list(items)
    if not made:
        return EMPTY_TUPLE
    if len(made) <= 3:
        return b"".join(made) + bytes([0x84 + len(made)])
    return MARK + b"".join(made) + b"t"


def pack_list(items: Iterable[bytes]) -> bytes:
    return EMPTY_LIST + MARK + b"".join(items) + b"e"


def pack_dict(items: Iterable[tuple[bytes, bytes]]) -> bytes:
    return EMPTY_DICT + MARK + b"".join(key + value for key, value in items) + b"u"


def call(function: bytes, *arguments: bytes) -> bytes:
    """`function(*arguments)` by REDUCE."""
    return function + pack_tuple(arguments) + REDUCE


def build(instance: bytes, state: bytes) -> bytes:
    return instance + state + BUILD


def value(item: object) -> bytes:  # noqa: PLR0911
    """Any plain Python value as protocol 4 opcodes."""
    match item:
        case bytes():
            return data(item)
        case str():
            return text(item)
        case bool():
            return b"\x88" if item else b"\x89"
        case int():
            return integer(item) if -(2**31) <= item < 2**31 else big_integer(item)
        case float():
            return real(item)
        case None:
            return NONE
        case list():
            return pack_list(value(one) for one in item)
        case tuple():
            return pack_tuple(value(one) for one in item)
        case dict():
            return pack_dict((value(key), value(one)) for key, one in item.items())
        case _:
            raise TypeError(f"no opcodes for {type(item)}")


def pickle4(body: bytes) -> bytes:
    """A whole protocol 4 stream."""
    return proto(4) + frame(body + STOP)


def pickle2(body: bytes) -> bytes:
    """A whole protocol 2 stream."""
    return proto(2) + body + STOP
