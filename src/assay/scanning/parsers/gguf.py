"""GGUF's header, metadata and tensor table, read where they lie; tensors are never touched.

Source: "GGUF" in the ggml repository's docs, versions 1 to 3, little and big endian; limits
as ggml's own reader has them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct
from typing import Any

from assay.scanning.subject import Buffer

MAGIC = b"GGUF"
UINT8, INT8, UINT16, INT16, UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = range(10)
UINT64, INT64, FLOAT64 = range(10, 13)
"""Types of metadata values."""
VERSIONS = (1, 2, 3)
DEFAULT_ALIGNMENT = 32

MOST_DIMENSIONS = 4
_SIZES = {
    UINT8: 1,
    INT8: 1,
    BOOL: 1,
    UINT16: 2,
    INT16: 2,
    UINT32: 4,
    INT32: 4,
    FLOAT32: 4,
    UINT64: 8,
    INT64: 8,
    FLOAT64: 8,
}
_FORMS = {
    UINT8: "B",
    INT8: "b",
    BOOL: "?",
    UINT16: "H",
    INT16: "h",
    UINT32: "I",
    INT32: "i",
    FLOAT32: "f",
    UINT64: "Q",
    INT64: "q",
    FLOAT64: "d",
}
_LONGEST = 1 << 30
"""Bytes of a text, and items of a list, that ggml's reader takes at most."""
_MOST_ENTRIES, _MOST_TENSORS = 65_536, 1_000_000
_MOST_TEXTS = 16_000_000
_MOST_LISTS = 100_000
_KEPT_BYTES = 8 << 20
_MOST_LEVELS = 4
_LEAST_ENTRY, _LEAST_TENSOR = 13, 20


class GgufError(ValueError):
    """The file breaks the format.

    Attributes:
        offset: Where.
    """

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(what)
        self.offset = offset


class CutOffError(GgufError):
    """The file ends before its header does."""


class BudgetError(GgufError):
    """The header is within the format and over a budget."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of the metadata.

    Attributes:
        key: Its name.
        kind: Its type.
        item: The type of a list's items; the type itself for anything else.
        count: Items of a list, bytes of a text, else 1.
        begin: Offset of the value's first byte: of a text's first character.
        end: Offset behind its last.
        value: A number or a text; None for a list, and for a text over the budget.
    """

    key: str
    kind: int
    item: int
    count: int
    begin: int
    end: int
    value: Any = None


@dataclass(frozen=True, slots=True)
class Tensor:
    """One row of the tensor table.

    Attributes:
        name: As written.
        shape: Innermost dimension first, as the file has them.
        kind: Number of its type.
        offset: Of its first byte, from the start of the tensors.
        at: Offset of the row.
    """

    name: str
    shape: tuple[int, ...]
    kind: int
    offset: int
    at: int


class Gguf:
    """A file, read as far as it goes.

    Attributes:
        version: 1 to 3.
        big: Whether it is big endian.
        entries: The metadata.
        tensors: The tensor table.
        end: Offset behind the last byte that was read.
    """

    def __init__(self, data: Buffer) -> None:
        self.version = 0
        self.big = False
        self.entries: list[Entry] = []
        self.tensors: list[Tensor] = []
        self.end = 4
        self._data = data
        self._texts = _MOST_TEXTS
        self._lists = _MOST_LISTS
        self._size = len(data)

    def read(self) -> None:
        """Read the header, the metadata and the tensor table.

        Raises:
            CutOffError: the file ends too early.
            BudgetError: there is more than a budget allows.
            GgufError: anything else that is wrong; what came before is kept.
        """
        self._order()
        tensors, entries = self._count(), self._count()
        self._check_count(entries, _LEAST_ENTRY, _MOST_ENTRIES, "keys")
        self._check_count(tensors, _LEAST_TENSOR, _MOST_TENSORS, "tensors")
        for _ in range(entries):
            self.entries.append(self._entry())
        for _ in range(tensors):
            self.tensors.append(self._tensor())

    @property
    def alignment(self) -> int:
        """Bytes to which tensors are aligned, as the metadata says.

        Raises:
            GgufError: it says what no reader takes.
        """
        for entry in self.entries:
            if entry.key == "general.alignment":
                value = entry.value
                if type(value) is not int or value <= 0 or value & (value - 1) or value >> 20:
                    raise GgufError(f"an alignment of {str(value)[:40]}", entry.begin)
                return value
        return DEFAULT_ALIGNMENT

    @property
    def start(self) -> int:
        """Offset of the first tensor.

        Raises:
            GgufError: the alignment is none.
        """
        return self.end + -self.end % self.alignment

    def _order(self) -> None:
        version = int.from_bytes(self._take(4), "little")
        if version and not version & 0xFFFF:
            self.big = True
            version = int.from_bytes(version.to_bytes(4, "little"), "big")
        if version not in VERSIONS:
            raise GgufError(f"version {version}", 4)
        self.version = version
        order = ">" if self.big else "<"
        self._word = Struct(order + "I").unpack_from
        self._long = Struct(order + ("I" if version == 1 else "Q")).unpack_from
        self._long_bytes = 4 if version == 1 else 8
        self._offset = Struct(order + "Q").unpack_from
        self._numbers: dict[int, Callable[..., tuple[Any, ...]]] = {
            kind: Struct(order + form).unpack_from for kind, form in _FORMS.items()
        }

    def _take(self, size: int) -> bytes:
        if self.end + size > self._size:
            raise CutOffError("the file is cut off inside its header", self.end)
        piece = bytes(self._data[self.end : self.end + size])
        self.end += size
        return piece

    def _read(self, unpack: Callable[..., tuple[Any, ...]], size: int) -> Any:
        if self.end + size > self._size:
            raise CutOffError("the file is cut off inside its header", self.end)
        (value,) = unpack(self._data, self.end)
        self.end += size
        return value

    def _count(self) -> int:
        count: int = self._read(self._long, self._long_bytes)
        return count

    def _check_count(self, count: int, least: int, most: int, what: str) -> None:
        if count <= most:
            return
        if count * least > self._size:
            raise GgufError(f"{count} {what} announced", self.end)
        raise BudgetError(f"{count} {what}, over the budget of {most}", self.end)

    def _length(self, size: int) -> int:
        """A count of items of so many bytes, which must fit into the rest of the file."""
        at = self.end
        count = self._count()
        if count > _LONGEST:
            raise GgufError(f"a length of {count}", at)
        if self.end + count * size > self._size:
            raise CutOffError("the file is cut off inside its header", at)
        return count

    def _text(self) -> str:
        count = self._length(1)
        return self._take(count).decode("utf-8", "replace")

    def _entry(self) -> Entry:
        key = self._text()
        kind: int = self._read(self._word, 4)
        if kind == STRING:
            count = self._length(1)
            begin = self.end
            self.end += count
            value = None
            if count <= _KEPT_BYTES:
                value = bytes(self._data[begin : self.end]).decode("utf-8", "replace")
            return Entry(key, kind, kind, count, begin, self.end, value)
        if kind == ARRAY:
            item, count, begin = self._list(0)
            return Entry(key, kind, item, count, begin, self.end)
        begin = self.end
        if kind not in _SIZES:
            raise GgufError(f"a value of type {kind}", begin - 4)
        value = self._read(self._numbers[kind], _SIZES[kind])
        return Entry(key, kind, kind, 1, begin, self.end, value)

    def _list(self, level: int) -> tuple[int, int, int]:
        """Skip a list; its items' type, how many there are, and where they begin."""
        self._lists -= 1
        if level >= _MOST_LEVELS:
            raise GgufError("lists in lists in lists", self.end)
        if self._lists < 0:
            raise BudgetError("more lists than the budget allows", self.end)
        item: int = self._read(self._word, 4)
        if item not in _SIZES and item not in (STRING, ARRAY):
            raise GgufError(f"a list of type {item}", self.end - 4)
        least = _SIZES.get(item, self._long_bytes + (4 if item == ARRAY else 0))
        count = self._length(least)
        begin = self.end
        if item == STRING:
            self._skip_texts(count)
        elif item == ARRAY:
            for _ in range(count):
                self._list(level + 1)
        else:
            self.end += count * _SIZES[item]
        return item, count, begin

    def _skip_texts(self, count: int) -> None:
        """Vocabularies have hundreds of thousands, so this loop is kept tight."""
        self._texts -= count
        if self._texts < 0:
            raise BudgetError("more texts than the budget allows", self.end)
        data, at, unpack, step, size = (
            self._data, self.end, self._long, self._long_bytes, self._size,
        )  # fmt: skip
        try:
            for _ in range(count):
                at += unpack(data, at)[0] + step
                if at > size:
                    break
        except struct.error:
            at = size + 1
        if at > size:
            raise CutOffError("the file is cut off inside its header", self.end)
        self.end = at

    def _tensor(self) -> Tensor:
        at = self.end
        name = self._text()
        dimensions: int = self._read(self._word, 4)
        if dimensions > MOST_DIMENSIONS:
            raise GgufError(f"{name[:80]}: {dimensions} dimensions", at)
        shape = tuple(self._count() for _ in range(dimensions))
        kind: int = self._read(self._word, 4)
        offset: int = self._read(self._offset, 8)
        return Tensor(name, shape, kind, offset, at)
