"""GGML, GGMF, GGJT and GGLA: what came before GGUF, and is still how whisper.cpp's models come.

There is no one layout: each program read its own numbers, then a vocabulary, then tensors to
the end of the file. A file is read if one of the layouts below leads exactly to its end.
Source: the converters and readers of ggml, llama.cpp before August 2023, and whisper.cpp.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from struct import Struct

from assay.core.finding import Confidence, References, Severity
from assay.scanning.parsers.ggml_types import BLOCKS
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.tensor_bytes import judge_tensor
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "GGML (before GGUF)"
RULES = table(
    (
        Rule(
            "ggml.structure",
            "A structure no library writes",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A count or a size in the file is such as no library writes. Readers written in C "
            "compute addresses from it.",
            "Do not load the file. Ask its publisher for one in GGUF.",
            References(cwe=("CWE-190", "CWE-122", "CWE-125"), attack=("T1203",)),
        ),
    )
)
_GGML, _GGMF, _GGJT, _GGLA = b"lmgg", b"fmgg", b"tjgg", b"algg"
_MOST_TOKENS, _MOST_TENSORS, _LONGEST = 1_000_000, 100_000, 4096
_ALIGNMENT = 32
_NUMBERS = {0: "F32", 1: "F16"}
_INT = Struct("<i").unpack_from


class _OtherError(Exception):
    """The file has another layout."""


class _CutOffError(Exception):
    """The file ends inside a tensor."""


class _Cursor:
    def __init__(self, data: Buffer) -> None:
        self.data = data
        self.at = 4

    def number(self) -> int:
        try:
            value: int = _INT(self.data, self.at)[0]
        except struct.error:
            raise _OtherError from None
        self.at += 4
        return value

    def numbers(self, count: int) -> list[int]:
        return [self.number() for _ in range(count)]

    def skip(self, size: int) -> None:
        if not 0 <= size <= len(self.data) - self.at:
            raise _OtherError
        self.at += size


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Try the layouts, and judge the tensors of the one that fits."""
    cut_off = False
    for before, aligned in _layouts(bytes(data[:4])):
        cursor = _Cursor(data)
        try:
            before(cursor)
            tensors = list(_tensors(cursor, aligned=aligned))
        except _OtherError:
            continue
        except _CutOffError:
            cut_off = True
            continue
        for begin, end, kind, name in tensors:
            judge_tensor(data, (begin, end), _NUMBERS.get(kind, ""), name, subject, answer)
        return
    _report_counts(data, answer)
    answer.unread("it is cut off" if cut_off else "none of the known layouts fits")


Layout = tuple[Callable[[_Cursor], None], bool]


def _layouts(magic: bytes) -> Iterator[Layout]:
    """What stands before the tensors, and whether those are aligned."""
    if magic == _GGJT:
        yield lambda c: _llama(c, versioned=True, scored=True), True
    elif magic == _GGMF:
        yield lambda c: _llama(c, versioned=True, scored=True), False
    elif magic == _GGLA:
        yield _adapter, True
    else:
        yield lambda c: _llama(c, versioned=False, scored=False), False
        yield _whisper, False
        for numbers in range(5, 13):
            yield lambda c, n=numbers: _words(c, n, counted=True), False  # type: ignore[misc]
        for numbers in range(5, 13):
            yield lambda c, n=numbers: _words(c, n, counted=False), False  # type: ignore[misc]


def _llama(cursor: _Cursor, *, versioned: bool, scored: bool) -> None:
    """Seven numbers, the first how many tokens there are."""
    if versioned and cursor.number() not in (1, 2, 3):
        raise _OtherError
    tokens = cursor.numbers(7)[0]
    _vocabulary(cursor, tokens, scored=scored)


def _adapter(cursor: _Cursor) -> None:
    """A version, the rank and the scale."""
    if cursor.numbers(3)[0] != 1:
        raise _OtherError


def _whisper(cursor: _Cursor) -> None:
    """Eleven numbers, the filters over frequencies, then the tokens with their count."""
    cursor.numbers(11)
    filters = cursor.numbers(2)
    if min(filters) < 0:
        raise _OtherError
    cursor.skip(4 * filters[0] * filters[1])
    _vocabulary(cursor, cursor.number(), scored=False)


def _words(cursor: _Cursor, numbers: int, *, counted: bool) -> None:
    """Some numbers, then tokens: their count stands before them, or first of the numbers."""
    tokens = cursor.numbers(numbers)[0]
    _vocabulary(cursor, cursor.number() if counted else tokens, scored=False)


def _vocabulary(cursor: _Cursor, count: int, *, scored: bool) -> None:
    if not 0 <= count <= _MOST_TOKENS:
        raise _OtherError
    for _ in range(count):
        length = cursor.number()
        if not 0 <= length <= _LONGEST:
            raise _OtherError
        cursor.skip(length + 4 * scored)


def _tensors(cursor: _Cursor, *, aligned: bool) -> Iterator[tuple[int, int, int, str]]:
    """Begin, end, type and name of every tensor up to the end of the file."""
    size, count = len(cursor.data), 0
    while cursor.at < size:
        dimensions, name_length, kind = cursor.numbers(3)
        count += 1
        if not 1 <= dimensions <= 4 or not 0 < name_length <= _LONGEST or count > _MOST_TENSORS:
            raise _OtherError
        shape = cursor.numbers(dimensions)
        if kind not in BLOCKS or min(shape) < 1 or shape[0] % BLOCKS[kind][0]:
            raise _OtherError
        begin = cursor.at
        cursor.skip(name_length)
        name = bytes(cursor.data[begin : cursor.at]).decode("utf-8", "replace")
        if aligned:
            cursor.at += -cursor.at % _ALIGNMENT
        block, block_size = BLOCKS[kind]
        end = cursor.at + math.prod(shape) // block * block_size
        if end > size:
            raise _CutOffError if count > 1 else _OtherError
        yield cursor.at, end, kind, name
        cursor.at = end
    if not count:
        raise _OtherError


def _report_counts(data: Buffer, answer: Answer) -> None:
    """A first number that is no count of tokens, whatever the layout."""
    at = 8 if bytes(data[:4]) in (_GGMF, _GGJT) else 4
    if bytes(data[:4]) == _GGLA or len(data) < at + 4:
        return
    tokens = int.from_bytes(data[at : at + 4], "little", signed=True)
    if tokens < 0 or tokens > 1 << 28:
        answer.find(RULES["ggml.structure"], f"{tokens} tokens announced", offset=at)
