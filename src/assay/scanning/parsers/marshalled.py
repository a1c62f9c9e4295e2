"""Python's marshal format as data: code objects of 2.7 and 3.0 to 3.14, never made.

The format is described by no document but `Python/marshal.c`; the order of a code object's
fields by `w_object` there, which changed with 3.0 (keyword-only arguments), 3.8
(positional-only arguments) and 3.11 (one list of local names). Nothing in the bytes says
which version wrote them, so every order is tried, and the types of the
fields decide.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from assay.scanning.subject import Buffer

MOST_DEPTH = 80
MOST_ITEMS = 2_000_000
_FLAG = 0x80


class MarshalError(ValueError):
    """The bytes are no marshalled value, or are over a budget."""


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """A code object.

    Attributes:
        layout: Index into `LAYOUTS` of the order its fields are in.
        code: Bytecode.
        consts: Constants; other code objects among them.
        names: Global names, attributes and modules the bytecode refers to by number.
        locals: Names of local variables; since 3.11 of cells and free variables, too.
        cells: Names of cells, then of free variables, as instructions count them.
        filename: As the compiler was told.
        name: Of the function.
    """

    layout: int
    code: bytes
    consts: tuple[Any, ...]
    names: tuple[str, ...]
    locals: tuple[str, ...]
    cells: tuple[str, ...]
    filename: str
    name: str


@dataclass(frozen=True, slots=True)
class _Layout:
    numbers: int
    parts: str
    first_line_at: int


LAYOUTS = (
    # Parts: c bytecode, k constants, n names, v locals, f free, e cells, x kinds, s file name,
    # m name, q qualified name, t a table of bytes. The number of the first line lies among them.
    _Layout(5, "cknvxsmqtt", 8),
    _Layout(6, "cknvfesmt", 8),
    _Layout(5, "cknvfesmt", 8),
    _Layout(4, "cknvfesmt", 8),
)
"""3.11 on; 3.8 to 3.10; 3.0 to 3.7; 2.7."""
SINCE_311, SINCE_38, SINCE_30, PYTHON_2 = range(4)

_NULL = object()
_SINGLES = {b"N": None, b"T": True, b"F": False, b"S": StopIteration, b".": ..., b"0": _NULL}
_TEXTS = {b"u": (4, "utf-8"), b"a": (4, "latin-1"), b"A": (4, "latin-1")} | {
    b"z": (1, "latin-1"),
    b"Z": (1, "latin-1"),
}
_SEQUENCES = {b"(": 4, b")": 1, b"[": 4, b"<": 4, b">": 4}


def readings(data: Buffer, start: int = 0) -> tuple[Any, ...]:
    """Every value the bytes at an offset can be, by the order of fields some version has.

    Atoms are themselves, code objects `Code`, containers tuples. There is one for what Python
    writes, and none for what no version can load; more for bytes made to be two things.
    """
    found = []
    for layout in range(len(LAYOUTS)):
        reader = _Reader(data, start, layout)
        try:
            found.append(reader.value(0))
        except MarshalError:
            continue
        if not reader.codes:
            break
    return tuple(found)


def codes(value: Any) -> Iterator[Code]:
    """Every code object in a value, outermost first, each once."""
    waiting, seen = [value], set[int]()
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        if isinstance(item, Code):
            yield item
            seen.add(id(item))
            waiting.extend(reversed(item.consts))
        elif isinstance(item, tuple):
            seen.add(id(item))
            waiting.extend(reversed(item))


def texts(value: Any) -> Iterator[str]:
    """Every text and byte string among constants, bytes as Latin-1, each once."""
    waiting, seen = [value], set[int]()
    while waiting:
        item = waiting.pop()
        if isinstance(item, (str, bytes)):
            yield item if isinstance(item, str) else item.decode("latin-1")
        elif isinstance(item, (tuple, Code)) and id(item) not in seen:
            seen.add(id(item))
            waiting.extend(item if isinstance(item, tuple) else item.consts)


class _Reader:
    """Reads one value; every reading moves on.

    Attributes:
        codes: How many code objects there were, whose fields lie in an order to guess.
    """

    def __init__(self, data: Buffer, start: int, layout: int) -> None:
        self._data = data
        self._at = start
        self._layout = layout
        self._items = 0
        self._references: list[Any] = []
        self._interned: list[Any] = []
        self.codes = 0
        self._by_type: dict[bytes, Callable[[bytes, int], Any]] = {
            b"i": lambda _, __: self._number("<i"),
            b"I": lambda _, __: self._number("<q"),
            b"g": lambda _, __: self._number("<d"),
            b"y": lambda _, __: complex(self._number("<d"), self._number("<d")),
            b"f": lambda _, __: self._taken(self._number("<B")),
            b"x": lambda _, __: (self._taken(self._number("<B")), self._taken(self._number("<B"))),
            b"l": lambda _, __: self._long(),
            b"s": lambda _, __: self._taken(self._size()),
            b"t": lambda _, __: self._intern(),
            b"R": lambda _, __: self._known(self._interned),
            b"r": lambda _, __: self._known(self._references),
            b"{": lambda _, depth: self._pairs(depth),
            b":": lambda _, depth: tuple(self.value(depth) for _ in range(3)),
            b"c": lambda _, depth: self._code(depth),
            **dict.fromkeys(_TEXTS, self._text),
            **dict.fromkeys(_SEQUENCES, self._sequence),
        }

    def value(self, depth: int) -> Any:
        """The next value.

        Raises:
            MarshalError: there is none.
        """
        self._items += 1
        if depth > MOST_DEPTH or self._items > MOST_ITEMS:
            raise MarshalError("over the budget")
        head = self._taken(1)[0]
        kind = bytes([head & ~_FLAG])
        slot = None
        if head & _FLAG and kind != b"r":
            slot = len(self._references)
            self._references.append(_NULL)
        if kind in _SINGLES:
            value = _SINGLES[kind]
        elif kind in self._by_type:
            value = self._by_type[kind](kind, depth + 1)
        else:
            raise MarshalError(f"type {kind!r}")
        if slot is not None:
            self._references[slot] = value
        return value

    def _taken(self, size: int) -> bytes:
        end = self._at + size
        if size < 0 or end > len(self._data):
            raise MarshalError("cut off")
        taken = bytes(self._data[self._at : end])
        self._at = end
        return taken

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._taken(struct.calcsize(form)))[0]

    def _size(self) -> int:
        size: int = self._number("<i")
        return size

    def _long(self) -> int:
        """A number of 15-bit digits. Its value is of no interest, its length is."""
        digits = abs(self._size())
        self._taken(2 * digits)
        return digits

    def _text(self, kind: bytes, _: int) -> str:
        width, encoding = _TEXTS[kind]
        size = self._size() if width == 4 else self._number("<B")
        return self._taken(size).decode(encoding, "replace")

    def _intern(self) -> str:
        text = self._taken(self._size()).decode("utf-8", "replace")
        self._interned.append(text)
        return text

    def _known(self, values: list[Any]) -> Any:
        index = self._size()
        if not 0 <= index < len(values):
            raise MarshalError("a reference to nothing")
        return values[index]

    def _sequence(self, kind: bytes, depth: int) -> tuple[Any, ...]:
        count = self._size() if _SEQUENCES[kind] == 4 else self._number("<B")
        if not 0 <= count <= len(self._data) - self._at:
            raise MarshalError("more items than bytes")
        return tuple(self.value(depth) for _ in range(count))

    def _pairs(self, depth: int) -> tuple[Any, ...]:
        found = []
        while (key := self.value(depth)) is not _NULL:
            found += [key, self.value(depth)]
        return tuple(found)

    def _code(self, depth: int) -> Code:
        layout = LAYOUTS[self._layout]
        self.codes += 1
        self._taken(4 * layout.numbers)
        parts: dict[str, Any] = {}
        for index, part in enumerate(layout.parts):
            if index == layout.first_line_at:
                self._taken(4)
            parts[part] = self.value(depth)
        if not isinstance(parts["c"], bytes) or not isinstance(parts["k"], tuple):
            raise MarshalError("no code object in this order of fields")
        free = (*_words(parts.get("e", ())), *_words(parts.get("f", ())))
        named = _word(parts["s"]), _word(parts["m"])
        return Code(
            layout=self._layout,
            code=parts["c"],
            consts=parts["k"],
            names=_words(parts["n"]),
            locals=_words(parts["v"]),
            cells=free,
            filename=named[0],
            name=named[1],
        )


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, tuple):
        raise MarshalError("no list of names")
    return tuple(_word(item) for item in value)


def _word(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if not isinstance(value, str):
        raise MarshalError("a name that is no text")
    return value
