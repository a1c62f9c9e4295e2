"""Universal Binary JSON as XGBoost writes it: values in a tree, rows of numbers where they lie.

Source: ubjson.org, draft 12, with lengths of any integer type. Numbers are big endian.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct, iter_unpack
from typing import Any

from assay.scanning.subject import Buffer

_NUMBERS = {
    b"i": Struct(">b"),
    b"U": Struct(">B"),
    b"I": Struct(">h"),
    b"l": Struct(">i"),
    b"L": Struct(">q"),
    b"d": Struct(">f"),
    b"D": Struct(">d"),
}
_INTEGERS = frozenset((b"i", b"U", b"I", b"l", b"L"))
_CONSTANTS: dict[bytes, Any] = {b"Z": None, b"T": True, b"F": False}
_MOST_DEPTH = 64
_MOST_VALUES = 1_000_000
_LONGEST_TEXT = 64 << 20
_LONGEST_KEY = 64 << 10


class UbjsonError(ValueError):
    """The bytes are no UBJSON.

    Attributes:
        offset: Where.
    """

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(what)
        self.offset = offset


class CutOffError(UbjsonError):
    """They end too early."""


class BudgetError(UbjsonError):
    """There is more than a budget allows."""


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A row of numbers of one type, not unpacked.

    Attributes:
        data: The buffer.
        begin: Offset of the first.
        count: How many there are.
        form: Their type, as `struct` names it.
    """

    data: Buffer
    begin: int
    count: int
    form: Struct

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Any]:
        end = self.begin + self.count * self.form.size
        return (
            value for (value,) in iter_unpack(self.form.format, bytes(self.data[self.begin : end]))
        )


@dataclass(slots=True)
class _Open:
    """An array or an object that is not finished."""

    items: Any
    key: str = ""
    left: int = -1


def parse(data: Buffer) -> tuple[Any, int]:
    """The value at the beginning, and where it ends.

    Raises:
        UbjsonError: see its kinds.
    """
    return _Parser(data).value()


class _Parser:
    def __init__(self, data: Buffer) -> None:
        self._data = data
        self._size = len(data)
        self._at = 0
        self._left = _MOST_VALUES

    def value(self) -> tuple[Any, int]:
        """Read one value, with a stack of what is open."""
        open_values: list[_Open] = []
        while True:
            value, opened = self._one(open_values)
            if opened is not None:
                if len(open_values) >= _MOST_DEPTH:
                    raise UbjsonError(f"nested deeper than {_MOST_DEPTH} levels", self._at)
                open_values.append(opened)
                if opened.left != 0:
                    continue
                value = open_values.pop().items
            while open_values:
                self._put(open_values[-1], value)
                if not self._finished(open_values[-1]):
                    break
                value = open_values.pop().items
            else:
                return value, self._at

    def _one(self, open_values: list[_Open]) -> tuple[Any, _Open | None]:
        """The next value, or the container it opens."""
        self._left -= 1
        if self._left < 0:
            raise BudgetError("more values than the budget allows", self._at)
        if open_values:
            around = open_values[-1]
            if around.left < 0 and self._closes(around):
                return open_values.pop().items, None
            if isinstance(around.items, dict):
                around.key = self._key()
        mark = self._mark()
        if mark in (b"[", b"{"):
            return self._container(mark)
        return self._scalar(mark), None

    def _closes(self, around: _Open) -> bool:
        """Whether the container around is empty: its end was not looked for yet."""
        closing = b"}" if isinstance(around.items, dict) else b"]"
        self._skip_nothing()
        if around.items or self._peek() != closing:
            return False
        self._at += 1
        return True

    def _put(self, around: _Open, value: Any) -> None:
        if isinstance(around.items, dict):
            around.items[around.key] = value
        else:
            around.items.append(value)

    def _finished(self, around: _Open) -> bool:
        if around.left > 0:
            around.left -= 1
            return around.left == 0
        self._skip_nothing()
        if self._peek() != (b"}" if isinstance(around.items, dict) else b"]"):
            return False
        self._at += 1
        return True

    def _container(self, mark: bytes) -> tuple[Any, _Open | None]:
        items: Any = {} if mark == b"{" else []
        kind = b""
        if self._peek() == b"$":
            self._at += 1
            kind = self._mark()
        if self._peek() != b"#":
            if kind:
                raise UbjsonError("a type without a count", self._at)
            return None, _Open(items)
        self._at += 1
        count = self._length()
        if mark == b"[" and kind in _NUMBERS:
            return self._row(kind, count), None
        if kind:
            raise UbjsonError(f"a container of type {kind!r}", self._at)
        if self._at + count > self._size:
            raise CutOffError("the data is cut off", self._at)
        return None, _Open(items, left=count)

    def _row(self, kind: bytes, count: int) -> Numbers:
        form, begin = _NUMBERS[kind], self._at
        self._take(count * form.size)
        return Numbers(self._data, begin, count, form)

    def _scalar(self, mark: bytes) -> Any:
        if mark in _NUMBERS:
            form = _NUMBERS[mark]
            begin = self._take(form.size)
            return form.unpack(bytes(self._data[begin : self._at]))[0]
        if mark in _CONSTANTS:
            return _CONSTANTS[mark]
        if mark in (b"S", b"H"):
            return self._text(_LONGEST_TEXT)
        if mark == b"C":
            return chr(self._data[self._take(1)])
        raise UbjsonError(f"a value of type {mark!r}", self._at - 1)

    def _key(self) -> str:
        if self._peek() == b"S":
            self._at += 1
        return self._text(_LONGEST_KEY)

    def _text(self, most: int) -> str:
        length = self._length()
        if length > most:
            raise UbjsonError(f"a text of {length} bytes", self._at)
        begin = self._take(length)
        return bytes(self._data[begin : self._at]).decode("utf-8", "replace")

    def _length(self) -> int:
        mark = self._mark()
        if mark not in _INTEGERS:
            raise UbjsonError("a length is missing", self._at - 1)
        length = int(self._scalar(mark))
        if not 0 <= length < 1 << 48:
            raise UbjsonError(f"a length of {length}", self._at)
        return length

    def _mark(self) -> bytes:
        self._skip_nothing()
        begin = self._take(1)
        return bytes(self._data[begin : self._at])

    def _peek(self) -> bytes:
        return bytes(self._data[self._at : self._at + 1])

    def _skip_nothing(self) -> None:
        """Past what stands for nothing (`N`)."""
        while self._peek() == b"N":
            self._at += 1

    def _take(self, size: int) -> int:
        begin = self._at
        if begin + size > self._size:
            raise CutOffError("the data is cut off", begin)
        self._at += size
        return begin
