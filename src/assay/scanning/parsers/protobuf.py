"""Protocol Buffers' wire format, read where it lies: fields by number, nothing copied.

Without a schema a field is a number, a wire type and a value, or the span of its bytes;
what the bytes mean is the caller's to know. Groups, which no schema of today has, are skipped
as one field, since readers skip them where they are unknown; field number 0 is refused, as the
C++ library does. Source: "Encoding" in the Protocol Buffers documentation.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Self

from assay.scanning.subject import Buffer

VARINT, FIXED64, LENGTH, GROUP, FIXED32 = 0, 1, 2, 3, 5
"""Wire types: a number, eight bytes, a length with that many bytes, a group, four bytes."""

_END_GROUP = 4
_FIXED_BYTES = {FIXED64: 8, FIXED32: 4}

_VARINT_BYTES = 10
_TAG_BYTES = 5
_MASK = 2**64 - 1
_MOST_FIELDS = 20_000_000
_MOST_DEPTH = 100
"""As deep as protobuf's own readers go."""
_TEXT_BYTES = 64 * 1024


class WireError(ValueError):
    """The bytes are no message.

    Attributes:
        offset: Where, counted from the start of the buffer.
    """

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(what)
        self.offset = offset


class BudgetError(WireError):
    """The message is deeper, or has more fields, than the budget allows."""


class Field(NamedTuple):
    """One field of a message.

    Attributes:
        number: As the schema counts.
        wire: `VARINT`, `FIXED64`, `LENGTH`, `GROUP` or `FIXED32`.
        value: The unsigned number; how many bytes, for `LENGTH` and `GROUP`.
        start: Offset of the field's tag in the buffer.
        begin: Offset of its first byte.
        end: Offset behind its last byte.
    """

    number: int
    wire: int
    value: int
    start: int
    begin: int
    end: int

    @property
    def signed(self) -> int:
        """A varint as int32 or int64 mean it."""
        return self.value - 2**64 if self.value >= 2**63 else self.value


class _Budget:
    """How much all messages of one buffer may cost together."""

    __slots__ = ("depth", "fields")

    def __init__(self, fields: int, depth: int) -> None:
        self.fields = fields
        self.depth = depth


class Message:
    """A message, or one inside another: iterating gives its fields in order.

    Attributes:
        data: The whole buffer; every offset counts from its start.
        begin: Offset of the message's first byte.
        end: Offset behind its last.
        depth: How many messages are around it.
    """

    __slots__ = ("_budget", "begin", "data", "depth", "end")

    def __init__(
        self,
        data: Buffer,
        begin: int = 0,
        end: int | None = None,
        *,
        most_fields: int = _MOST_FIELDS,
        most_depth: int = _MOST_DEPTH,
    ) -> None:
        self.data = data
        self.begin = begin
        self.end = len(data) if end is None else end
        self.depth = 0
        self._budget = _Budget(most_fields, most_depth)

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.begin

    def __iter__(self) -> Iterator[Field]:
        """Every field in order.

        Raises:
            WireError: at the first byte that continues no message.
            BudgetError: when all messages of the buffer together have too many fields.
        """
        data, at, end, budget = self.data, self.begin, self.end, self._budget
        while at < end:
            budget.fields -= 1
            if budget.fields < 0:
                raise BudgetError("more fields than the budget allows", at)
            field = _field(data, at, end)
            if field.wire == GROUP:
                field = self._group(field)
            yield field
            at = field.end

    def _group(self, opened: Field) -> Field:
        """A group as one field, to behind the tag that ends it; those inside it are skipped."""
        budget, at = self._budget, opened.end
        numbers = [opened.number]
        while numbers:
            budget.fields -= 1
            if budget.fields < 0 or len(numbers) + self.depth > budget.depth:
                raise BudgetError("more or deeper groups than the budget allows", at)
            field = _field(self.data, at, self.end, numbers[-1])
            if field.wire == GROUP:
                numbers.append(field.number)
            elif field.wire == _END_GROUP:
                numbers.pop()
            at = field.end
        return opened._replace(value=at - opened.begin, end=at)

    def inside(self, field: Field) -> Self:
        """The message a `LENGTH` field holds.

        Raises:
            WireError: the field holds none.
            BudgetError: it would be nested too deeply.
        """
        if field.wire != LENGTH:
            raise WireError(f"field {field.number} is no message", field.start)
        if self.depth >= self._budget.depth:
            raise BudgetError("nested deeper than the budget", field.start)
        inner = object.__new__(type(self))
        inner.data, inner.begin, inner.end = self.data, field.begin, field.end
        inner.depth, inner._budget = self.depth + 1, self._budget
        return inner

    def raw(self, field: Field, limit: int | None = None) -> bytes:
        """A field's bytes, at most `limit` of them, copied."""
        end = field.end if limit is None else min(field.end, field.begin + limit)
        return bytes(self.data[field.begin : end])

    def text(self, field: Field, limit: int = _TEXT_BYTES) -> str:
        """A field's bytes as UTF-8, at most `limit` of them; other bytes become U+FFFD."""
        return self.raw(field, limit).decode("utf-8", "replace")

    def numbers(self, field: Field) -> Iterator[int]:
        """Varints, one or packed, unsigned.

        Raises:
            WireError: the packed ones do not end where the field does.
        """
        if field.wire != LENGTH:
            yield field.value
            return
        at = field.begin
        while at < field.end:
            value, at = varint(self.data, at, field.end)
            yield value

    def integers(self, field: Field) -> Iterator[int]:
        """Varints as int32 or int64 mean them."""
        for value in self.numbers(field):
            yield value - 2**64 if value >= 2**63 else value

    def floats(self, field: Field, *, double: bool = False) -> Iterator[float]:
        """Floating point numbers, one or packed.

        Raises:
            WireError: the packed ones are no whole number of values.
        """
        form = struct.Struct("<d" if double else "<f")
        if len(range(field.begin, field.end)) % form.size or field.wire == VARINT:
            raise WireError("a broken list of floating point numbers", field.start)
        for at in range(field.begin, field.end, form.size):
            yield form.unpack(bytes(self.data[at : at + form.size]))[0]


def varint(data: Buffer, at: int, end: int) -> tuple[int, int]:
    """An unsigned number of at most 64 bits, and the offset behind it.

    Raises:
        WireError: it goes past `end` or is longer than ten bytes.
    """
    if at < end and (first := data[at]) < 0x80:
        return first, at + 1
    value = 0
    for index in range(_VARINT_BYTES):
        if at + index >= end:
            raise WireError("a number is cut off", at)
        byte = data[at + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value & _MASK, at + index + 1
    raise WireError("a number of over ten bytes", at)


def _tag(data: Buffer, start: int, end: int) -> tuple[int, int, int]:
    """Field number, wire type and the offset behind them; bits over 32 are lost, as in C++."""
    tag, at = varint(data, start, end)
    number, wire = (tag & 0xFFFFFFFF) >> 3, tag & 7
    if not number or at - start > _TAG_BYTES:
        raise WireError(f"field number {number}", start)
    return number, wire, at


def _field(data: Buffer, start: int, end: int, group: int = 0) -> Field:
    """The field at an offset; of a group its first tag, or the one that ends the group."""
    number, wire, at = _tag(data, start, end)
    if wire == LENGTH:
        size, begin = varint(data, at, end)
        if size > end - begin:
            raise WireError(f"field {number} reaches past the end", start)
        return Field(number, wire, size, start, begin, begin + size)
    if wire == VARINT:
        value, after = varint(data, at, end)
        return Field(number, wire, value, start, at, after)
    if wire == GROUP or (wire == _END_GROUP and number == group):
        return Field(number, wire, 0, start, at, at)
    size = _FIXED_BYTES.get(wire, 0)
    if not size:
        raise WireError(f"wire type {wire}", start)
    if size > end - at:
        raise WireError(f"field {number} reaches past the end", start)
    value = int.from_bytes(data[at : at + size], "little")
    return Field(number, wire, value, start, at, at + size)


def leading(
    data: Buffer, schema: Mapping[int, int], most: int = 64, *, complete: bool = True
) -> list[Field] | None:
    """The first fields, if each is one of the schema with its wire type; for recognising.

    Args:
        data: Bytes of any origin.
        schema: Wire type by field number.
        most: How many fields are looked at.
        complete: Whether a field that reaches past the end is refused. A file that was cut
            off is recognised without, by the fields before the one that is cut.
    """
    found: list[Field] = []
    try:
        for field in Message(data):
            if schema.get(field.number) != field.wire:
                return None
            found.append(field)
            if len(found) >= most:
                break
    except WireError:
        return None if complete else found
    return found
