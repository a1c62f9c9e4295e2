"""FlatBuffers written front to back: tables by number of field, vectors, texts, and lies."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """Fields by number: whole numbers with their size, texts, bytes, tables, lists."""

    fields: Mapping[int, object]


@dataclass(frozen=True)
class Number:
    value: int
    size: int = 4


@dataclass(frozen=True)
class Numbers:
    """A vector of whole numbers."""

    values: Sequence[int]
    size: int = 4


@dataclass(frozen=True)
class Tables:
    """A vector of tables."""

    rows: Sequence[Table]


@dataclass(frozen=True)
class Raw:
    """Where a field's offset leads instead, counted from the field itself."""

    offset: int


def flatbuffer(root: Table, identifier: bytes = b"") -> bytes:
    """A buffer whose root offset is followed by an identifier."""
    out = bytearray(4) + identifier.ljust(4, b"\0")
    at = _table(out, root)
    out[:4] = struct.pack("<I", at)
    return bytes(out)


def _table(out: bytearray, table: Table) -> int:
    count = max(table.fields, default=-1) + 1
    _align(out)
    vtable = len(out)
    out += bytes(4 + 2 * count)
    _align(out)
    at = len(out)
    out += struct.pack("<i", at - vtable)
    places: dict[int, int] = {}
    for field, value in sorted(table.fields.items()):
        places[field] = len(out) - at
        size = value.size if isinstance(value, Number) else 4
        number = value.value if isinstance(value, Number) else 0
        out += (number & (2 ** (8 * size) - 1)).to_bytes(size, "little")
    end = len(out)
    out[vtable : vtable + 4] = struct.pack("<HH", 4 + 2 * count, end - at)
    for field, place in places.items():
        here = vtable + 4 + 2 * field
        out[here : here + 2] = struct.pack("<H", place)
    for field, value in sorted(table.fields.items()):
        place = at + places[field]
        if isinstance(value, Raw):
            out[place : place + 4] = struct.pack("<I", value.offset)
        elif not isinstance(value, Number):
            target = _value(out, value)
            out[place : place + 4] = struct.pack("<I", target - place)
    return at


def _value(out: bytearray, value: object) -> int:
    if isinstance(value, Table):
        return _table(out, value)
    _align(out)
    at = len(out)
    if isinstance(value, str | bytes):
        raw = value.encode() if isinstance(value, str) else value
        out += struct.pack("<I", len(raw)) + raw + b"\0"
    elif isinstance(value, Numbers):
        out += struct.pack("<I", len(value.values))
        out += b"".join(v.to_bytes(value.size, "little", signed=v < 0) for v in value.values)
    elif isinstance(value, Tables):
        out += struct.pack("<I", len(value.rows)) + bytes(4 * len(value.rows))
        for index, row in enumerate(value.rows):
            place = at + 4 + 4 * index
            target = _table(out, row)
            out[place : place + 4] = struct.pack("<I", target - place)
    else:
        raise TypeError(value)
    return at


def _align(out: bytearray) -> None:
    out += bytes(-len(out) % 4)
