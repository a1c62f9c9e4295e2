"""Torch7: objects as Lua's `torch.save` writes them, in binary form.

Numbers, texts, tables and tensors are data. A function is Lua bytecode, which the reader loads
and which runs when it is called; Lua does not check bytecode. Source: torch7's `File.lua`,
`Tensor.c` and `Storage.c`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from assay.core.finding import Confidence, Severity
from assay.scanning.kinds import extension
from assay.scanning.references import HIDDEN_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.acting_text import acting
from assay.scanning.scanners.embedded import programs
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "Torch7"
RULES = table(
    (
        Rule(
            "torch7.function",
            "A function as Lua bytecode",
            Severity.HIGH,
            Confidence.HIGH,
            "The file holds a function. The reader loads its bytecode unchecked, which is enough "
            "to take the process over.",
            "Do not load the file. Ask its publisher for the weights alone.",
            HIDDEN_CODE,
        ),
        Rule(
            "torch7.acting-text",
            "Text in a model that is written to be run",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A text of the model holds a command or code.",
            "Read the text, and find out what uses it.",
            HIDDEN_CODE,
        ),
        Rule(
            "torch7.executable",
            "A program inside the model",
            Severity.HIGH,
            Confidence.HIGH,
            "The model holds a native program or library.",
            "Do not load the model; find out who put the program there.",
            HIDDEN_CODE,
        ),
    )
)
_NIL, _NUMBER, _TEXT, _TABLE, _TORCH, _BOOLEAN = range(6)
_FUNCTIONS = (6, 7, 8)
"""A function, one as it was written before 2015, and one that may refer to itself."""
_ELEMENTS = {"Byte": 1, "Char": 1, "Short": 2, "Half": 2, "Int": 4, "Float": 4, "Long": 8,
             "Double": 8, "Cuda": 4, "CudaDouble": 8, "CudaLong": 8, "CudaHalf": 2, "CudaByte": 1,
             "CudaInt": 4}  # fmt: skip
_TENSOR = re.compile(r"torch\.(\w*?)(Tensor|Storage)\Z")
_CLASS = re.compile(r"[A-Za-z_][\w.]{0,200}\Z")
_VERSION = re.compile(r"V \d+\Z")
_MOST_OBJECTS = 5_000_000
_MOST_DIMENSIONS = 64
_LONGEST_TEXT = 64 * 1024 * 1024
_ENDINGS = frozenset({".t7", ".th", ".torch", ".net", ".dat"})
_DUMPS = (b"\x1bLua", b"\x1bLJ")


class _BrokenError(ValueError):
    """The bytes are no object."""


class _Reader:
    """Reads objects one after the other; what is to come waits on a stack."""

    def __init__(self, data: Buffer, found: Callable[[str, str, int], None]) -> None:
        self._data = data
        self._found = found
        self.at = 0
        self._seen: set[int] = set()
        self._waiting = 1
        self._objects = 0

    def run(self, most: int = _MOST_OBJECTS) -> None:
        """Read the object at the start and all it holds.

        Raises:
            _BrokenError: at the first byte that continues no object.
        """
        while self._waiting:
            self._objects += 1
            if self._objects > most:
                return
            self._waiting -= 1
            self._object()

    @property
    def whole(self) -> bool:
        """Whether all that was announced has been read."""
        return not self._waiting

    def _object(self) -> None:
        start, kind = self.at, self._number(4)
        if kind == _NIL:
            return
        if kind == _NUMBER:
            self._pass(8)
        elif kind == _TEXT:
            self._text(start)
        elif kind == _BOOLEAN:
            if self._number(4) > 1:
                raise _BrokenError("a boolean that is neither")
        elif kind in (_TABLE, _TORCH, *_FUNCTIONS):
            self._shared(kind, start)
        else:
            raise _BrokenError(f"an object of type {kind}")

    def _shared(self, kind: int, start: int) -> None:
        """An object others may refer to: its number, then, the first time, itself."""
        index = self._number(4)
        if index in self._seen:
            return
        self._seen.add(index)
        if kind == _TABLE:
            self._entries()
        elif kind == _TORCH:
            self._torch()
        else:
            size = self._number(4)
            self._found("torch7.function", f"{size} bytes of bytecode", start)
            self._pass(size)
            self._waiting += 1  # its upvalues

    def _entries(self) -> None:
        count = self._number(4)
        if count * 8 > len(self._data) - self.at:
            raise _BrokenError("a table larger than the file")
        self._waiting += 2 * count

    def _torch(self) -> None:
        name = self._word()
        if _VERSION.match(name):
            name = self._word()
        if not _CLASS.match(name):
            raise _BrokenError("an object without a class")
        form = _TENSOR.match(name)
        size = _ELEMENTS.get(form.group(1) or "Double", 0) if form else 0
        if form is None or not size:
            self._waiting += 1  # what an object of any other class holds is a table
        elif form.group(2) == "Storage":
            self._pass(self._number(8) * size)
        else:
            dimensions = self._number(4)
            if dimensions > _MOST_DIMENSIONS:
                raise _BrokenError("a tensor of too many dimensions")
            self._pass(16 * dimensions + 8)
            self._waiting += 1  # its storage

    def _word(self) -> str:
        size = self._number(4)
        if size > 1024:
            raise _BrokenError("a name that is too long")
        start = self.at
        self._pass(size)
        return bytes(self._data[start : self.at]).decode("latin-1")

    def _text(self, start: int) -> None:
        size = self._number(4)
        if size > _LONGEST_TEXT:
            raise _BrokenError("a text that is too long")
        begin = self.at
        self._pass(size)
        if bytes(self._data[begin : begin + 4]).startswith(_DUMPS):
            self._found("torch7.function", "bytecode as text", start)
        text = acting(self._data, begin, self.at) if size >= 8 else None
        if text:
            self._found("torch7.acting-text", text, start)

    def _number(self, size: int) -> int:
        start = self.at
        self._pass(size)
        return int.from_bytes(self._data[start : self.at], "little")

    def _pass(self, size: int) -> None:
        if size > len(self._data) - self.at:
            raise _BrokenError("an object that reaches past the end")
        self.at += size


def is_object(data: Buffer, subject: Subject) -> bool:
    """Whether bytes begin with objects: a table or a tensor, and what is in it."""
    kind = int.from_bytes(data[:4], "little")
    if kind not in (_TABLE, _TORCH, *_FUNCTIONS) or len(data) < 12:
        return False
    if int.from_bytes(data[4:8], "little") != 1:  # the first object's number
        return False
    reader = _Reader(data, lambda *_: None)
    try:
        reader.run(64)
    except _BrokenError:
        return extension(subject.name) in _ENDINGS
    return True


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Read every object to the end of the file."""
    del subject

    def found(rule: str, shown: str, offset: int) -> None:
        answer.find(RULES[rule], shown, offset=offset)

    reader = _Reader(data, found)
    try:
        reader.run()
    except _BrokenError as error:
        answer.unread(f"no object at offset {reader.at}: {error}")
    else:
        if not reader.whole:
            answer.unread("more objects than the budget allows")
        elif reader.at < len(data):
            answer.unread(f"{len(data) - reader.at} bytes behind the last object")
    for program in programs(data):
        answer.find(RULES["torch7.executable"], program.kind, offset=program.offset)
