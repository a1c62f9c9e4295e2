"""FlatBuffers. Source: google/flatbuffers, docs/source/Internals.md.

Written forwards: a table's children follow it, so that every offset is positive.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Scalar:
    """A number with its struct code."""

    code: str
    value: float


@dataclass(frozen=True)
class Table:
    """Fields by slot."""

    fields: Mapping[int, object]


@dataclass(frozen=True)
class Offset:
    """A reference with a made-up distance."""

    distance: int


@dataclass(frozen=True)
class Counted:
    """A byte vector that states another count than it has."""

    body: bytes
    count: int


def u8(value: int) -> Scalar:
    return Scalar("B", value)


def i8(value: int) -> Scalar:
    return Scalar("b", value)


def u32(value: int) -> Scalar:
    return Scalar("I", value)


def i32(value: int) -> Scalar:
    return Scalar("i", value)


def u64(value: int) -> Scalar:
    return Scalar("Q", value)


def encode(root: Table, identifier: bytes = b"") -> bytes:
    """A whole buffer: root offset, identifier, tables, vectors and strings."""
    out = bytearray(4) + identifier
    pending: list[tuple[int, object]] = [(0, root)]
    while pending:
        place, value = pending.pop(0)
        target = _write(out, value, pending)
        struct.pack_into("<I", out, place, target - place)
    return bytes(out)


def _write(out: bytearray, value: object, pending: list[tuple[int, object]]) -> int:
    match value:
        case Table():
            return _table(out, value, pending)
        case Offset():
            return len(out) + value.distance
        case str():
            raw = value.encode()
            return _vector(out, raw + b"\0", len(raw), 1)
        case bytes():
            return _vector(out, value, len(value), 16)
        case Counted():
            return _vector(out, value.body, value.count, 4)
        case list():
            return _items(out, value, pending)
        case _:
            raise TypeError(f"no flatbuffer form for {type(value)}")


def _vector(out: bytearray, body: bytes, count: int, align: int) -> int:
    while (len(out) + 4) % max(4, align):
        out.append(0)
    place = len(out)
    out += struct.pack("<I", count) + body
    return place


def _items(out: bytearray, items: Sequence[object], pending: list[tuple[int, object]]) -> int:
    if items and isinstance(items[0], Scalar):
        body = b"".join(struct.pack("<" + i.code, i.value) for i in items if isinstance(i, Scalar))
        return _vector(out, body, len(items), struct.calcsize(items[0].code))
    place = _vector(out, bytes(4 * len(items)), len(items), 4)
    for index, item in enumerate(items):
        pending.append((place + 4 + 4 * index, item))
    return place


def _table(out: bytearray, table: Table, pending: list[tuple[int, object]]) -> int:
    slots = max(table.fields, default=-1) + 1
    while (len(out) + 4 + 2 * slots) % 8 != 4:
        out.append(0)
    vtable = len(out)
    out += bytes(4 + 2 * slots)
    place = len(out)
    out += struct.pack("<i", place - vtable)
    ordered = sorted(table.fields.items(), key=lambda item: -_width(item[1]))
    for slot, value in ordered:
        width = _width(value)
        while len(out) % width:
            out.append(0)
        struct.pack_into("<H", out, vtable + 4 + 2 * slot, len(out) - place)
        if isinstance(value, Scalar):
            out += struct.pack("<" + value.code, value.value)
        else:
            pending.append((len(out), value))
            out += bytes(4)
    struct.pack_into("<HH", out, vtable, 4 + 2 * slots, len(out) - place)
    return place


def _width(value: object) -> int:
    return struct.calcsize(value.code) if isinstance(value, Scalar) else 4
