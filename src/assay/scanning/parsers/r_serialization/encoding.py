"""Numbers and texts in the three encodings of a serialization: XDR, native, and text."""

from __future__ import annotations

import re
from collections.abc import Callable
from struct import Struct
from typing import Any

from assay.scanning.parsers.r_serialization.values import COMPLEX, INTEGER, LOGICAL, REAL, RError
from assay.scanning.subject import Buffer

MOST_TEXT = 200
"""Characters of a text that are kept."""
WIDTHS = {LOGICAL: 4, INTEGER: 4, REAL: 8, COMPLEX: 16}
"""Bytes of an element of a vector."""
_LONGEST = 1 << 40
_MISSING = -(2**31)
_MARKS = {b"X\n": ">", b"A\n": "", b"B\n": "<"}
_WORD = re.compile(rb"\s*+(\S{1,400})(?:\s|\Z)")
_SPACE = re.compile(rb"\s*+")
_INTEGER = re.compile(rb"-?\d{1,10}")
_ESCAPED = re.compile(rb"\\([0-7]{1,3})|\\.|[^\\]", re.DOTALL)


class Encoding:
    """A serialization's bytes, read in order.

    Attributes:
        end: Offset behind the last byte that was read.
        size: Of all of them.
    """

    def __init__(self, data: Buffer) -> None:
        self.end = 0
        self.size = len(data)
        self._data = data
        self._text = False
        self._unpack: Callable[..., tuple[Any, ...]] = Struct(">i").unpack_from

    def begin(self, at: int) -> None:
        """Read the mark that says how the rest is written.

        Raises:
            RError: there is none.
        """
        order = _MARKS.get(bytes(self._data[at : at + 2]))
        if order is None:
            raise RError("no serialization begins here", at)
        self.end = at + 2
        self._text = not order
        self._unpack = Struct((order or ">") + "i").unpack_from

    def integer(self) -> int:
        """A number of four bytes, signed.

        Raises:
            RError: the data ends, or has none.
        """
        if self._text:
            word = self._word()
            if word == b"NA":
                return _MISSING
            if not _INTEGER.fullmatch(word):
                raise RError("a number is missing", self.end)
            return int(word)
        begin = self.end
        self.past(4)
        value: int = self._unpack(self._data, begin)[0]
        return value

    def length(self) -> int:
        """A length; long ones have two numbers more.

        Raises:
            RError: it is none.
        """
        length = self.integer()
        if length == -1:
            length = (self.integer() << 32) | (self.integer() & 0xFFFFFFFF)
        if not 0 <= length <= _LONGEST:
            raise RError(f"a length of {length}", self.end)
        return length

    def text(self) -> str:
        """A text with its length before it, at most its beginning; "" for one that is missing.

        Raises:
            RError: the data ends before the text does.
        """
        length = self.integer()
        if length < 0:
            return ""
        if self._text:
            return self._escaped(length)
        begin = self.end
        self.past(length)
        kept = bytes(self._data[begin : begin + min(length, 4 * MOST_TEXT)])
        return kept.decode("utf-8", "replace")[:MOST_TEXT]

    def past(self, size: int) -> None:
        """Past so many bytes.

        Raises:
            RError: there are fewer.
        """
        if self.end + size > self.size:
            raise RError("the data is cut off", self.end)
        self.end += size

    def past_vector(self, count: int, kind: int) -> None:
        """Past the elements of a vector of numbers.

        Raises:
            RError: the data ends before it does.
        """
        if not self._text:
            self.past(count * WIDTHS[kind])
            return
        self._past_words(count * (2 if kind == COMPLEX else 1))

    def past_bytes(self, count: int) -> None:
        """Past a vector of bytes.

        Raises:
            RError: the data ends before it does.
        """
        if self._text:
            self._past_words(count)
        else:
            self.past(count)

    def _past_words(self, count: int) -> None:
        if self.end + count > self.size:
            raise RError("the data is cut off", self.end)
        for _ in range(count):
            self._word()

    def _word(self) -> bytes:
        found = _WORD.match(self._data, self.end)
        if found is None:
            raise RError("the data is cut off", self.end)
        self.end = found.end()
        return bytes(found[1])

    def _escaped(self, length: int) -> str:
        if self.end + length > self.size:
            raise RError("the data is cut off", self.end)
        space = _SPACE.match(self._data, self.end)
        at = space.end() if space else self.end
        pieces: list[str] = []
        for _ in range(length):
            piece = _ESCAPED.match(self._data, at)
            if piece is None:
                raise RError("the data is cut off", at)
            at = piece.end()
            if len(pieces) < MOST_TEXT:
                octal = piece[1]
                byte = int(octal, 8) & 0xFF if octal else piece[0][-1]
                pieces.append(chr(byte))
        self.end = at
        return "".join(pieces)
