"""Attributes and their values, which may lie in the attribute or in a global heap.

Source: "HDF5 File Format Specification Version 3.0", IV.A.2.m.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assay.scanning.parsers.hdf5.cursor import BudgetError, Cursor, Hdf5Error
from assay.scanning.parsers.hdf5.datatypes import (
    Class,
    Datatype,
    count_of,
    read_datatype,
    read_shape,
)
from assay.scanning.parsers.hdf5.heaps import GlobalHeaps

_TYPE_SHARED, _SPACE_SHARED = 1, 2
_REFERENCE = 8
"""Bytes of a reference to a global heap, besides the address: a length and an index."""

Committed = Callable[[Cursor], Datatype]
"""Reads a datatype that is kept elsewhere, given the place that says where."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute.

    Attributes:
        name: As it is written; other bytes than UTF-8 are replaced.
        datatype: Of its values.
        shape: Of its values; None where it has none.
        body: Their bytes, or references to them.
    """

    name: str
    datatype: Datatype
    shape: tuple[int, ...] | None
    body: Cursor


def read_attribute(cursor: Cursor, committed: Committed) -> Attribute:
    """The attribute a message holds.

    Raises:
        Hdf5Error: it holds none.
    """
    version, flags = cursor.number(1), cursor.number(1)
    if version not in (1, 2, 3):
        raise Hdf5Error(f"attribute version {version}")
    name_size, type_size, space_size = (cursor.number(2) for _ in range(3))
    if version == 3:
        cursor.take(1)
    pad = 8 if version == 1 else 1
    name = cursor.take(name_size + -name_size % pad)[:name_size].split(b"\0", 1)[0]
    type_place = cursor.part(type_size)
    cursor.take(-type_size % pad)
    space_place = cursor.part(space_size)
    cursor.take(min(-space_size % pad, cursor.left))
    if version > 1 and flags & _SPACE_SHARED:
        raise Hdf5Error("a shared dataspace")
    shared = version > 1 and flags & _TYPE_SHARED
    return Attribute(
        name=name.decode("utf-8", "replace"),
        datatype=committed(type_place) if shared else read_datatype(type_place),
        shape=read_shape(space_place),
        body=cursor.part(cursor.left),
    )


def values(
    datatype: Datatype, count: int, body: Cursor, heaps: GlobalHeaps, most: int
) -> Iterator[bytes]:
    """Each value as bytes; of values that are text or sequences of varying length, theirs.

    Raises:
        Hdf5Error: there are fewer than said, or one lies nowhere.
        BudgetError: together they are over `most` bytes.
    """
    total = 0
    for _ in range(count):
        total += max(1, datatype.size)
        if total > most:
            raise BudgetError(f"values over {most} bytes")
        if datatype.kind is Class.VARIABLE:
            value = _referred(datatype, body, heaps, most - total)
            total += len(value)
        else:
            value = body.take(datatype.size)
        yield value


def attribute_values(attribute: Attribute, heaps: GlobalHeaps, most: int) -> Iterator[bytes]:
    """Each value of an attribute as bytes, as `values` gives them."""
    body = Cursor(attribute.body.source, attribute.body.at, attribute.body.end)
    return values(attribute.datatype, count_of(attribute.shape), body, heaps, most)


def _referred(datatype: Datatype, body: Cursor, heaps: GlobalHeaps, most: int) -> bytes:
    """A value in a global heap; b"" where it is empty or not set."""
    start = body.at
    length, address, index = body.number(4), body.address(), body.number(4)
    body.take(max(0, datatype.size - (body.at - start)))
    if address <= 0 or not length:
        return b""
    found = heaps.object(address, index)
    size = length * (datatype.base.size if datatype.base and not datatype.text else 1)
    if min(size, found.left) > most:
        raise BudgetError("a value over the budget")
    return found.take(min(size, found.left))
