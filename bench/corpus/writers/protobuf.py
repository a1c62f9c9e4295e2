"""Protocol buffers wire format. Source: protobuf.dev, "Encoding"."""

from __future__ import annotations

import struct
from collections.abc import Iterable


class F32(float):
    """A float written as fixed32."""

    __slots__ = ()


class F64(float):
    """A float written as fixed64."""

    __slots__ = ()


Value = int | float | bytes | str
Field = tuple[int, Value]


def varint(value: int) -> bytes:
    """Base 128; negative numbers as 64-bit two's complement."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number: int, value: Value) -> bytes:
    """One field: text and bytes length-delimited, ints varint, F32 and F64 fixed."""
    match value:
        case str():
            return field(number, value.encode())
        case bytes():
            return varint(number << 3 | 2) + varint(len(value)) + value
        case F64():
            return varint(number << 3 | 1) + struct.pack("<d", value)
        case float():
            return varint(number << 3 | 5) + struct.pack("<f", value)
        case int():
            return varint(number << 3) + varint(value)


def message(*fields: Field) -> bytes:
    return b"".join(field(number, value) for number, value in fields)


def many(number: int, values: Iterable[Value]) -> bytes:
    """A repeated field, unpacked."""
    return b"".join(field(number, value) for value in values)


def packed(number: int, values: Iterable[int]) -> bytes:
    """A repeated integer field, packed."""
    return field(number, b"".join(varint(value) for value in values))
