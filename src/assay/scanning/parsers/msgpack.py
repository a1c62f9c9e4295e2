"""MessagePack read where it lies: one value after another, nothing copied, no recursion.

Source: the MessagePack specification (`msgpack/spec.md`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from assay.scanning.subject import Buffer

MOST_ITEMS = 50_000_000
MOST_DEPTH = 512
"""Deeper than the usual readers go (the C one of Python's library stops at 1024 levels)."""


class MsgpackError(ValueError):
    """The bytes are no value.

    Attributes:
        offset: Where, counted from the start of the buffer.
    """

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(what)
        self.offset = offset


class CutOffError(MsgpackError):
    """A value reaches past the end.

    Attributes:
        claimed: Bytes or items it is said to have, beyond those that are there.
    """

    def __init__(self, what: str, offset: int, claimed: int) -> None:
        super().__init__(what, offset)
        self.claimed = claimed


class BudgetError(MsgpackError):
    """There is more of it, or it is deeper, than the budget allows."""


class Kind(Enum):
    """Kinds of values."""

    NIL = "nil"
    BOOL = "boolean"
    INTEGER = "integer"
    FLOAT = "float"
    TEXT = "text"
    BYTES = "bytes"
    LIST = "array"
    MAP = "map"
    EXTENSION = "extension"


class Item(NamedTuple):
    """One value.

    Attributes:
        kind: What it is.
        value: The number; how many items or pairs; an extension's type.
        begin: Offset of its content, of text, bytes and extensions.
        end: Offset behind it, or behind the head of a list or map.
        depth: How many lists and maps are around it.
        key: Whether it is the key of a pair.
    """

    kind: Kind
    value: float
    begin: int
    end: int
    depth: int
    key: bool


_NUMBERS = {
    0xCA: (">f", Kind.FLOAT),
    0xCB: (">d", Kind.FLOAT),
    0xCC: (">B", Kind.INTEGER),
    0xCD: (">H", Kind.INTEGER),
    0xCE: (">I", Kind.INTEGER),
    0xCF: (">Q", Kind.INTEGER),
    0xD0: (">b", Kind.INTEGER),
    0xD1: (">h", Kind.INTEGER),
    0xD2: (">i", Kind.INTEGER),
    0xD3: (">q", Kind.INTEGER),
}
_SIZED = {
    **{0xC4 + index: (Kind.BYTES, width) for index, width in enumerate((1, 2, 4))},
    **{0xC7 + index: (Kind.EXTENSION, width) for index, width in enumerate((1, 2, 4))},
    **{0xD9 + index: (Kind.TEXT, width) for index, width in enumerate((1, 2, 4))},
}
_COUNTED = {0xDC: (Kind.LIST, 2), 0xDD: (Kind.LIST, 4), 0xDE: (Kind.MAP, 2), 0xDF: (Kind.MAP, 4)}
_FIXED_EXTENSIONS = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
_SINGLES = {0xC0: (Kind.NIL, 0), 0xC2: (Kind.BOOL, 0), 0xC3: (Kind.BOOL, 1)}


class Reader:
    """Iterating gives every value of one document, containers before what is in them.

    Attributes:
        at: Offset behind what was read.
    """

    def __init__(self, data: Buffer, at: int = 0, end: int | None = None) -> None:
        self.at = at
        self._data = data
        self._end = len(data) if end is None else end

    def __iter__(self) -> Iterator[Item]:
        """Every value.

        Raises:
            CutOffError: one reaches past the end.
            BudgetError: there are too many, or they are nested too deeply.
            MsgpackError: the bytes are no value.
        """
        left, pairs = [1], [False]
        for _ in range(MOST_ITEMS):
            while left and left[-1] == 0:
                left.pop()
                pairs.pop()
            if not left:
                return
            key = pairs[-1] and left[-1] % 2 == 0
            left[-1] -= 1
            item = self._item(len(left) - 1, key=key)
            yield item
            if item.kind in (Kind.LIST, Kind.MAP):
                if len(left) > MOST_DEPTH:
                    raise BudgetError("nested deeper than the budget", self.at)
                left.append(int(item.value) * (2 if item.kind is Kind.MAP else 1))
                pairs.append(item.kind is Kind.MAP)
        raise BudgetError("more values than the budget", self.at)

    def _item(self, depth: int, *, key: bool) -> Item:
        start = self.at
        head = self._number(1)
        if head < 0x80 or head >= 0xE0:
            value = head if head < 0x80 else head - 256
            return Item(Kind.INTEGER, value, start, self.at, depth, key)
        if head < 0xC0:
            return self._short(head, depth, key=key)
        if head in _SINGLES:
            kind, value = _SINGLES[head]
            return Item(kind, value, start, self.at, depth, key)
        return self._long(head, start, depth, key=key)

    def _long(self, head: int, start: int, depth: int, *, key: bool) -> Item:
        if head in _NUMBERS:
            form, kind = _NUMBERS[head]
            raw = self._take(struct.calcsize(form))
            return Item(kind, struct.unpack(form, raw)[0], start, self.at, depth, key)
        if head in _COUNTED:
            kind, width = _COUNTED[head]
            return self._container(kind, self._number(width), depth, key=key)
        if head in _SIZED:
            kind, width = _SIZED[head]
            return self._content(kind, self._number(width), depth, key=key)
        if head in _FIXED_EXTENSIONS:
            return self._content(Kind.EXTENSION, _FIXED_EXTENSIONS[head], depth, key=key)
        raise MsgpackError(f"no value begins with {head:#x}", start)

    def _short(self, head: int, depth: int, *, key: bool) -> Item:
        if head >= 0xA0:
            return self._content(Kind.TEXT, head & 0x1F, depth, key=key)
        return self._container(Kind.MAP if head < 0x90 else Kind.LIST, head & 0x0F, depth, key=key)

    def _container(self, kind: Kind, count: int, depth: int, *, key: bool) -> Item:
        left = self._end - self.at
        needed = count * (2 if kind is Kind.MAP else 1)
        if needed > left:
            raise CutOffError(f"{count} items in {left} bytes", self.at, needed - left)
        return Item(kind, count, self.at, self.at, depth, key)

    def _content(self, kind: Kind, size: int, depth: int, *, key: bool) -> Item:
        code = size
        if kind is Kind.EXTENSION:
            code = int.from_bytes(self._take(1), "big", signed=True)
        begin, left = self.at, self._end - self.at
        if size > left:
            raise CutOffError(f"{size} bytes where {left} are left", begin, size - left)
        self.at += size
        return Item(kind, code, begin, self.at, depth, key)

    def _number(self, width: int) -> int:
        return int.from_bytes(self._take(width), "big")

    def _take(self, size: int) -> bytes:
        if self.at + size > self._end:
            raise CutOffError("cut off inside a value", self.at, size)
        raw = bytes(self._data[self.at : self.at + size])
        self.at += size
        return raw
