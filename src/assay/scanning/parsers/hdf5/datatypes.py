"""Datatypes and dataspaces, as far as telling text, bytes and numbers apart needs.

Source: "HDF5 File Format Specification Version 3.0", IV.A.2.b and IV.A.2.d.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

from assay.scanning.parsers.hdf5.cursor import BudgetError, Cursor, Hdf5Error

_MOST_MEMBERS = 20_000
_MOST_DEPTH = 32


class Class(IntEnum):
    """Classes of datatypes."""

    INTEGER = 0
    FLOAT = 1
    TIME = 2
    STRING = 3
    BITFIELD = 4
    OPAQUE = 5
    COMPOUND = 6
    REFERENCE = 7
    ENUM = 8
    VARIABLE = 9
    ARRAY = 10
    COMPLEX = 11


@dataclass(frozen=True, slots=True)
class Datatype:
    """A datatype.

    Attributes:
        kind: Its class.
        size: Bytes of one value; of a heap reference, for one of varying length.
        text: Whether a value of varying length is text.
        base: What values of varying length, arrays and enumerations are made of.
        variable: Whether a value of varying length is anywhere in it.
        little: Whether a number's lowest byte comes first.
    """

    kind: Class
    size: int
    text: bool = False
    base: Datatype | None = None
    variable: bool = False
    little: bool = True

    @property
    def bytes_like(self) -> bool:
        """Whether values are text, bytes or single octets."""
        if self.kind is Class.VARIABLE:
            return self.text or (self.base is not None and self.base.bytes_like)
        octets = self.kind in (Class.INTEGER, Class.BITFIELD, Class.ENUM) and self.size == 1
        return self.kind in (Class.STRING, Class.OPAQUE) or octets


def read_datatype(cursor: Cursor, depth: int = 0) -> Datatype:
    """The datatype at a cursor.

    Raises:
        Hdf5Error: there is none.
        BudgetError: it is nested too deeply.
    """
    if depth > _MOST_DEPTH:
        raise BudgetError("a datatype nested deeper than the budget")
    head = cursor.number(1)
    bits, size = cursor.number(3), cursor.number(4)
    version = head >> 4
    try:
        kind = Class(head & 0x0F)
    except ValueError:
        raise Hdf5Error(f"datatype class {head & 0x0F}") from None
    if kind is Class.COMPOUND:
        variable = _compound(cursor, bits & 0xFFFF, size, version, depth)
        return Datatype(kind, size, variable=variable)
    if kind is Class.VARIABLE:
        base = read_datatype(cursor, depth + 1)
        return Datatype(kind, size, bits & 0x0F == 1, base, variable=True)
    if kind is Class.ARRAY:
        dimensions = cursor.number(1)
        cursor.take((3 if version < 3 else 0) + dimensions * (8 if version < 3 else 4))
        base = read_datatype(cursor, depth + 1)
        return Datatype(kind, size, base=base, variable=base.variable)
    if kind is Class.ENUM:
        return _enumeration(cursor, bits & 0xFFFF, size, version, depth)
    if kind is Class.COMPLEX:
        read_datatype(cursor, depth + 1)
    else:
        cursor.take(_PROPERTIES.get(kind, 0) or (bits & 0xFF if kind is Class.OPAQUE else 0))
    return Datatype(kind, size, little=not bits & 0x41)


_PROPERTIES = {Class.INTEGER: 4, Class.FLOAT: 12, Class.TIME: 2, Class.BITFIELD: 4}


def _compound(cursor: Cursor, count: int, size: int, version: int, depth: int) -> bool:
    """Pass the members; whether one is of varying length."""
    if count > _MOST_MEMBERS:
        raise BudgetError("more members than the budget")
    variable = False
    width = max(1, (size.bit_length() + 7) // 8)
    for _ in range(count):
        _name(cursor, padded=version < 3)
        cursor.take(width if version >= 3 else 4)
        if version == 1:
            cursor.take(28)
        variable |= read_datatype(cursor, depth + 1).variable
    return variable


def _enumeration(cursor: Cursor, count: int, size: int, version: int, depth: int) -> Datatype:
    base = read_datatype(cursor, depth + 1)
    if count > _MOST_MEMBERS:
        raise BudgetError("more members than the budget")
    for _ in range(count):
        _name(cursor, padded=version < 3)
    cursor.take(count * base.size)
    return Datatype(Class.ENUM, size, base=base)


def _name(cursor: Cursor, *, padded: bool) -> None:
    start = cursor.at
    cursor.text()
    if padded:
        cursor.align(start)


def read_shape(cursor: Cursor) -> tuple[int, ...] | None:
    """The dimensions of a dataspace, `()` of a single value; None where there is no value.

    Raises:
        Hdf5Error: there is no dataspace.
    """
    version, rank = cursor.number(1), cursor.number(1)
    cursor.take(1)
    if version == 2:
        if cursor.number(1) == 2:
            return None
    elif version == 1:
        cursor.take(5)
    else:
        raise Hdf5Error(f"dataspace version {version}")
    return tuple(cursor.length() for _ in range(rank))


def count_of(shape: tuple[int, ...] | None) -> int:
    """How many values a dataspace has."""
    return 0 if shape is None else math.prod(shape)
