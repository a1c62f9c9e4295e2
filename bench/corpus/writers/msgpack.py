"""MessagePack. Source: msgpack specification (msgpack/spec.md)."""

from __future__ import annotations

import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class Ext:
    """An extension value: application code and bytes."""

    code: int
    body: bytes


@dataclass(frozen=True)
class Raw:
    """Bytes put in as they are."""

    body: bytes


def pack(value: object) -> bytes:  # noqa: PLR0911
    """One value; containers recurse."""
    match value:
        case Raw():
            return value.body
        case Ext():
            code = struct.pack("b", value.code)
            return _sized(value.body, 0xC7, 0xC8, 0xC9, middle=code)
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return _integer(value)
        case float():
            return b"\xcb" + struct.pack(">d", value)
        case str():
            raw = value.encode()
            return (
                bytes([0xA0 | len(raw)]) + raw if len(raw) < 32 else _sized(raw, 0xD9, 0xDA, 0xDB)
            )
        case bytes():
            return _sized(value, 0xC4, 0xC5, 0xC6)
        case list() | tuple():
            return _count(len(value), 0x90, 0xDC) + b"".join(pack(item) for item in value)
        case dict():
            head = _count(len(value), 0x80, 0xDE)
            return head + b"".join(pack(key) + pack(item) for key, item in value.items())
        case _:
            raise TypeError(f"cannot pack {type(value)}")


def _integer(value: int) -> bytes:
    if 0 <= value < 128:
        return bytes([value])
    if value < 0:
        return b"\xd3" + struct.pack(">q", value)
    return b"\xcf" + struct.pack(">Q", value)


def _sized(raw: bytes, one: int, two: int, four: int, middle: bytes = b"") -> bytes:
    size = len(raw)
    if size < 1 << 8:
        head = bytes([one, size])
    elif size < 1 << 16:
        head = bytes([two]) + struct.pack(">H", size)
    else:
        head = bytes([four]) + struct.pack(">I", size)
    return head + middle + raw


def _count(size: int, fixed: int, sixteen: int) -> bytes:
    if size < 16:
        return bytes([fixed | size])
    if size < 1 << 16:
        return bytes([sixteen]) + struct.pack(">H", size)
    return bytes([sixteen + 1]) + struct.pack(">I", size)
