"""FlatBuffers, read where they lie: tables by their vtables, every offset checked before use.

Without a schema a table is numbered fields; what they mean is the caller's to know. Source:
"FlatBuffer Internals" in the FlatBuffers documentation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from assay.scanning.subject import Buffer

_MOST_TABLES = 5_000_000
_MOST_NUMBERS = 5_000_000
_MOST_COPIED_BYTES = 512 * 1024 * 1024
_MOST_DEPTH = 64
"""As deep as the library's own verifier goes."""
_TEXT_BYTES = 64 * 1024
_HEAD_BYTES = 8


class FlatError(ValueError):
    """The bytes are no FlatBuffer, or one over the budget.

    Attributes:
        offset: Where, counted from the start of the buffer.
    """

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(what)
        self.offset = offset


class BudgetError(FlatError):
    """The buffer has more tables, or deeper ones, than the budget allows."""


class _Budget:
    """What all walks of one buffer may cost, and how far they have reached.

    Offsets may be shared, so that few bytes make many tables, numbers and texts.
    """

    __slots__ = ("copied", "numbers", "reach", "tables")

    def __init__(self, tables: int, numbers: int) -> None:
        self.tables = tables
        self.numbers = numbers
        self.copied = _MOST_COPIED_BYTES
        self.reach = 0


@dataclass(frozen=True, slots=True)
class Span:
    """A vector: where its items begin, and how many there are."""

    begin: int
    count: int


class Table:
    """One table of a buffer; fields are counted from 0, in the order of the schema.

    Attributes:
        data: The whole buffer; every offset counts from its start.
        at: Offset of the table.
        depth: How many tables are around it.
    """

    __slots__ = ("_budget", "_fields", "at", "data", "depth")

    def __init__(
        self,
        data: Buffer,
        at: int,
        *,
        most_tables: int = _MOST_TABLES,
        most_numbers: int = _MOST_NUMBERS,
    ) -> None:
        self._open(data, at, 0, _Budget(most_tables, most_numbers))

    def _open(self, data: Buffer, at: int, depth: int, budget: _Budget) -> None:
        budget.tables -= 1
        if budget.tables < 0:
            raise BudgetError("more tables than the budget allows", at)
        if depth > _MOST_DEPTH:
            raise BudgetError("tables nested deeper than the budget", at)
        self.data, self.at, self.depth, self._budget = data, at, depth, budget
        vtable = at - _signed(data, at)
        size = _number(data, vtable, 2)
        self._fields = range(0)
        if size < 4 or size % 2 or vtable + size > len(data):
            raise FlatError("a broken vtable", vtable)
        end = at + _number(data, vtable + 2, 2)
        if end > len(data):
            raise FlatError("a table that reaches past the end", at)
        budget.reach = max(budget.reach, end, vtable + size)
        self._fields = range(vtable + 4, vtable + size, 2)

    @property
    def reach(self) -> int:
        """The highest offset all tables that were opened from the same root have led to."""
        return self._budget.reach

    def place(self, field: int) -> int | None:
        """Offset of a field's bytes; None where the table does not have it.

        Raises:
            FlatError: the vtable leads out of the buffer.
        """
        if field >= len(self._fields):
            return None
        offset = _number(self.data, self._fields[field], 2)
        return self.at + offset if offset else None

    def number(self, field: int, size: int, default: int = 0) -> int:
        """An unsigned number of `size` bytes.

        Raises:
            FlatError: it lies outside the buffer.
        """
        place = self.place(field)
        return default if place is None else _number(self.data, place, size)

    def integer(self, field: int, size: int, default: int = 0) -> int:
        """A signed number of `size` bytes.

        Raises:
            FlatError: it lies outside the buffer.
        """
        place = self.place(field)
        if place is None:
            return default
        value = _number(self.data, place, size)
        return value - (1 << 8 * size) if value >> (8 * size - 1) else value

    def target(self, field: int) -> int | None:
        """Where a field that is an offset leads.

        Raises:
            FlatError: out of the buffer.
        """
        place = self.place(field)
        return None if place is None else _follow(self.data, place)

    def table(self, field: int) -> Self | None:
        """The table a field leads to.

        Raises:
            FlatError: it is none, or over the budget.
        """
        at = self.target(field)
        return None if at is None else self._inner(at)

    def span(self, field: int, size: int = 1) -> Span | None:
        """The vector of items of `size` bytes a field leads to.

        Raises:
            FlatError: it reaches past the end.
        """
        at = self.target(field)
        if at is None:
            return None
        span = _span(self.data, at, size)
        self._budget.reach = max(self._budget.reach, span.begin + span.count * size)
        return span

    def raw(self, field: int, limit: int | None = None) -> bytes:
        """The bytes of a vector of bytes or a string, at most `limit`, copied; b"" for none.

        Raises:
            FlatError: it reaches past the end.
        """
        span = self.span(field)
        if span is None:
            return b""
        count = span.count if limit is None else min(span.count, limit)
        self._budget.copied -= count
        if self._budget.copied < 0:
            raise BudgetError("more bytes to copy than the budget allows", span.begin)
        return bytes(self.data[span.begin : span.begin + count])

    def text(self, field: int, limit: int = _TEXT_BYTES) -> str:
        """A string, at most `limit` bytes of it; bytes that are no UTF-8 become U+FFFD.

        Raises:
            FlatError: it reaches past the end.
        """
        return self.raw(field, limit).decode("utf-8", "replace")

    def numbers(self, field: int, size: int) -> Iterator[int]:
        """The unsigned numbers of `size` bytes in a vector.

        Raises:
            FlatError: it reaches past the end.
        """
        span = self.span(field, size)
        self._budget.numbers -= span.count if span else 0
        if self._budget.numbers < 0:
            raise BudgetError("more numbers than the budget allows", self.at)
        for index in range(span.count if span else 0):
            yield _number(self.data, (span.begin if span else 0) + index * size, size)

    def tables(self, field: int) -> Iterator[Self]:
        """The tables in a vector.

        Raises:
            FlatError: one is broken, or there are more than the budget allows.
        """
        span = self.span(field, 4)
        for index in range(span.count if span else 0):
            place = (span.begin if span else 0) + index * 4
            yield self._inner(_follow(self.data, place))

    def _inner(self, at: int) -> Self:
        inner = object.__new__(type(self))
        inner._open(self.data, at, self.depth + 1, self._budget)
        return inner


def root(
    data: Buffer,
    identifier: bytes = b"",
    *,
    most_tables: int = _MOST_TABLES,
    most_numbers: int = _MOST_NUMBERS,
) -> Table:
    """The root table.

    Args:
        data: The buffer.
        identifier: Four bytes that must stand behind the root's offset; b"" for any.
        most_tables: How many tables may be visited below it.
        most_numbers: How many numbers of vectors may be read below it.

    Raises:
        FlatError: there is none.
    """
    if identifier and bytes(data[4:_HEAD_BYTES]) != identifier:
        raise FlatError("another file identifier", 4)
    return Table(data, _follow(data, 0), most_tables=most_tables, most_numbers=most_numbers)


def _number(data: Buffer, at: int, size: int) -> int:
    if at < 0 or at + size > len(data):
        raise FlatError("an offset that leads out of the buffer", at)
    return int.from_bytes(data[at : at + size], "little")


def _signed(data: Buffer, at: int) -> int:
    value = _number(data, at, 4)
    return value - (1 << 32) if value >> 31 else value


def _follow(data: Buffer, place: int) -> int:
    offset = _number(data, place, 4)
    if not offset or place + offset >= len(data):
        raise FlatError("an offset that leads out of the buffer", place)
    return place + offset


def _span(data: Buffer, at: int, size: int) -> Span:
    count = _number(data, at, 4)
    if count * size > len(data) - at - 4:
        raise FlatError("a vector that reaches past the end", at)
    return Span(at + 4, count)
