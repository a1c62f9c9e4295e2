"""NumPy's array files: the header before an array's bytes.

Source: `numpy/lib/format.py` and NEP 1, versions 1.0 to 3.0. NumPy parses the header as a
Python literal; here only what a header needs is read: texts, whole numbers, truth values,
lists, tuples and dictionaries.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assay.core.errors import DataError
from assay.scanning.subject import Buffer

MAGIC = b"\x93NUMPY"
_HEADER_BYTES = 64 * 1024
"""NumPy itself refuses headers over 10,000 bytes unless told otherwise."""
_DEEPEST = 32
_LENGTHS = {1: 2, 2: 4, 3: 4}
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")|(?P<number>[0-9]{1,30})L?|"
    r"(?P<word>True|False|None)\b|(?P<mark>[{}\[\](),:]))"
)
_CLOSED = {"[": "]", "(": ")", "{": "}"}
_WORDS = {"True": True, "False": False, "None": None}
_TYPE = re.compile(r"[<>|=]?([?biufcmMOSaUV])([0-9]{0,9})(\[[0-9A-Za-z/]*\])?\Z")
_KEYS = {"descr", "fortran_order", "shape"}


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says.

    Attributes:
        start: Offset of the array's bytes from the beginning of the magic.
        item_bytes: Of one element; None where its type is not one NumPy writes.
        has_objects: Whether elements are Python objects, so that a pickle follows.
        shape: Of the array.
    """

    start: int
    item_bytes: int | None
    has_objects: bool
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Bytes of the array, where it holds no objects."""
        return (self.item_bytes or 0) * math.prod(self.shape)


def parse_header(data: Buffer, at: int = 0) -> Header:
    """The header at an offset, where the magic is.

    Raises:
        DataError: a version nobody writes, a header that is cut off, or not what a header is.
    """
    head = bytes(data[at : at + 12])
    if len(head) < 10 or head[6] not in _LENGTHS:
        raise DataError(f"an array file of version {head[6] if len(head) > 6 else 'unknown'}")
    width = _LENGTHS[head[6]]
    length = int.from_bytes(head[8 : 8 + width], "little")
    if length > _HEADER_BYTES:
        raise DataError(f"a header of {length} bytes")
    begin = at + 8 + width
    raw = bytes(data[begin : begin + length])
    if len(raw) < length:
        raise DataError("the header is cut off")
    fields = _fields(raw, utf8=head[6] == 3)
    size, objects = _described(fields["descr"], 0)
    return Header(8 + width + length, size, objects, fields["shape"])


def _fields(raw: bytes, *, utf8: bool) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8" if utf8 else "latin-1")
    except UnicodeDecodeError:
        raise DataError("a header that is not UTF-8") from None
    found = literal(text)
    if not isinstance(found, dict) or set(found) != _KEYS:
        raise DataError("a header that is no description of an array")
    shape = found["shape"]
    sizes = isinstance(shape, tuple) and all(type(size) is int for size in shape)
    if not sizes or type(found["fortran_order"]) is not bool:
        raise DataError("a header with a shape or an order that is none")
    return found


def literal(text: str) -> Any:
    """A Python literal of a header; texts as they are written, without their quotes.

    Raises:
        DataError: anything a header does not need.
    """
    tokens = _tokens(text)
    value = _value(next(tokens), tokens, 0)
    if next(tokens) != "":
        raise DataError("a header with something behind its description")
    return value


def _tokens(text: str) -> Iterator[Any]:
    """Marks as `str`, values as `tuple` of one; "" at the end."""
    text = text.rstrip()
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise DataError(f"a header with {text[at : at + 20]!r} in it")
        at = found.end()
        if found["mark"]:
            yield found["mark"]
        elif found["text"]:
            yield (found["text"][1:-1],)
        else:
            yield (_WORDS[found["word"]] if found["word"] else int(found["number"]),)
    while True:
        yield ""


def _value(token: Any, tokens: Iterator[Any], depth: int) -> Any:
    if isinstance(token, tuple):
        return token[0]
    if token not in _CLOSED or depth > _DEEPEST:
        raise DataError("a header that is no literal")
    end = _CLOSED[token]
    items: list[Any] = []
    comma = False
    while (following := next(tokens)) != end:
        item = _value(following, tokens, depth + 1)
        if end == "}":
            item = _pair(item, tokens, depth)
        items.append(item)
        following = next(tokens)
        comma = following == ","
        if following == end:
            break
        if not comma:
            raise DataError("a header that is no literal")
    return _collected(end, items, comma=comma)


def _pair(key: Any, tokens: Iterator[Any], depth: int) -> tuple[str, Any]:
    if not isinstance(key, str) or next(tokens) != ":":
        raise DataError("a header that is no literal")
    return key, _value(next(tokens), tokens, depth + 1)


def _collected(end: str, items: list[Any], *, comma: bool) -> Any:
    if end == "}":
        if len(dict(items)) != len(items):
            raise DataError("a header that says something twice")
        return dict(items)
    if end == "]":
        return items
    return items[0] if len(items) == 1 and not comma else tuple(items)


def _described(descr: Any, depth: int) -> tuple[int | None, bool]:
    """Bytes of an element and whether it holds objects; None bytes for what NumPy never writes."""
    if isinstance(descr, str):
        found = _TYPE.match(descr)
        if found is None:
            return None, "O" in descr or "object" in descr
        kind, width = found[1], int(found[2] or (1 if found[1] == "?" else 0))
        return (width * 4 if kind == "U" else width), kind == "O"
    if depth > _DEEPEST:
        return None, True
    if isinstance(descr, tuple) and len(descr) == 2 and isinstance(descr[1], (int, tuple)):
        size, objects = _described(descr[0], depth + 1)
        count = _count(descr[1])
        return (None if size is None or count is None else size * count), objects
    return _record(descr, depth) if isinstance(descr, list) else (None, True)


def _record(descr: list[Any], depth: int) -> tuple[int | None, bool]:
    """A type of named fields: each is a name, a type, and perhaps the shape of a subarray."""
    total: int | None = 0
    objects = False
    for field in descr:
        if not isinstance(field, tuple) or len(field) not in (2, 3):
            return None, True
        size, inner = _described(field[1], depth + 1)
        count = _count(field[2]) if len(field) == 3 else 1
        objects = objects or inner
        known = total is not None and size is not None and count is not None
        total = total + size * count if known else None  # type: ignore[operator]
    return total, objects


def _count(shape: Any) -> int | None:
    sizes = shape if isinstance(shape, tuple) else (shape,)
    return math.prod(sizes) if all(type(size) is int for size in sizes) else None
