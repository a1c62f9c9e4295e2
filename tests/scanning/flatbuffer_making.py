"""FlatBuffers written table by table, without a schema."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Number:
    """A field that is a number of `size` bytes."""

    value: int
    size: int = 4


@dataclass(frozen=True)
class Numbers:
    """A vector of numbers of `size` bytes."""

    values: Sequence[int]
    size: int = 8


@dataclass(frozen=True)
class Table:
    """Fields in the order of the schema; None for one that is not there."""

    fields: Sequence[object]


def buffer(root: Table, identifier: bytes, gap: bytes = b"") -> bytes:
    """A whole buffer; `gap` lies between the identifier and the tables."""
    out = bytearray(4) + identifier + gap
    _point(out, 0, _write(out, root))
    return bytes(out)


def _point(out: bytearray, place: int, target: int) -> None:
    struct.pack_into("<I", out, place, target - place)


def _write(out: bytearray, value: object) -> int:
    """Append a value; where it begins."""
    out.extend(bytes(-len(out) % 8))
    if isinstance(value, Table):
        return _write_table(out, value)
    at = len(out)
    if isinstance(value, (str, bytes)):
        raw = value.encode() if isinstance(value, str) else value
        out.extend(struct.pack("<I", len(raw)) + raw + b"\0")
    elif isinstance(value, Numbers):
        out.extend(struct.pack("<I", len(value.values)))
        for one in value.values:
            out.extend(one.to_bytes(value.size, "little", signed=one < 0))
    else:
        assert isinstance(value, Sequence)
        out.extend(struct.pack("<I", len(value)) + bytes(4 * len(value)))
        for index, one in enumerate(value):
            _point(out, at + 4 + 4 * index, _write(out, one))
    return at


def _write_table(out: bytearray, table: Table) -> int:
    places, size = [], 4
    for field in table.fields:
        width = field.size if isinstance(field, Number) else 4
        places.append(0 if field is None else size)
        size += 0 if field is None else width
    vtable = len(out)
    out.extend(struct.pack(f"<HH{len(places)}H", 4 + 2 * len(places), size, *places))
    at = len(out)
    out.extend(struct.pack("<i", at - vtable) + bytes(size - 4))
    for place, field in zip(places, table.fields, strict=True):
        if isinstance(field, Number):
            raw = field.value.to_bytes(field.size, "little", signed=field.value < 0)
            out[at + place : at + place + field.size] = raw
        elif field is not None:
            _point(out, at + place, _write(out, field))
    return at
