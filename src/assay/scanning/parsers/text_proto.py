"""Protocol Buffers' text format: names with values, and names with more of the same in braces.

Without a schema a value is a text or a word. Source: "Text Format Language Specification" in
the Protocol Buffers documentation. What is in extensions and `Any` is read as other fields are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<blank>[\s,;]+|\#[^\n]*)
    |(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<extension>\[[\w./\s-]*\](?=\s*[:{<]))
    |(?P<word>[\w.+-]+)
    |(?P<mark>[{}<>:\[\]])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(
    r"\\([0-7]{1,3}|[xX][0-9a-fA-F]{1,2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL
)
_SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_OPEN = {"{": "}", "<": ">"}
_MOST_DEPTH = 100
_MOST_TOKENS = 20_000_000


class TextError(ValueError):
    """The text is no message, or one over the budget."""


@dataclass(frozen=True, slots=True)
class Begin:
    """A message begins."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class End:
    """A message ends."""


@dataclass(frozen=True, slots=True)
class Value:
    """A field that is no message.

    Attributes:
        name: Of the field.
        value: A text's bytes, or a word such as a number or a name.
        quoted: Whether it is a text.
        line: Counted from 1.
    """

    name: str
    value: bytes
    quoted: bool
    line: int


class _Reading:
    """Where in a message the next token is.

    Attributes:
        name: Of the field whose value comes next; "" where a name comes next.
        listed: Whether that value is in a list.
        around: For every message that is open, what closes it and which list it is in.
    """

    def __init__(self) -> None:
        self.name = ""
        self.listed = False
        self.around: list[tuple[str, str]] = []
        self._text: list[bytes] = []
        self._line = 1

    def next(self, kind: str, token: str, line: int) -> Iterator[Begin | End | Value]:
        """What a token completes."""
        if kind == "text":
            if not self.name:
                raise TextError(f"a text without a name in line {line}")
            self._text.append(_unescaped(token[1:-1]))
            self._line = line
            return
        yield from self.finish()
        if kind == "mark":
            yield from self._mark(token, line)
        elif not self.name:
            self.name = token.strip("[] \t") if kind == "extension" else token
        else:
            yield self._value(token.encode(), line, quoted=False)

    def finish(self) -> Iterator[Value]:
        """A text ends where something else begins: texts side by side are one."""
        if self._text:
            whole = b"".join(self._text)
            self._text = []
            yield self._value(whole, self._line, quoted=True)

    def _value(self, value: bytes, line: int, *, quoted: bool) -> Value:
        name = self.name
        if not self.listed:
            self.name = ""
        return Value(name, value, quoted=quoted, line=line)

    def _mark(self, mark: str, line: int) -> Iterator[Begin | End]:
        if mark in _OPEN and self.name and len(self.around) < _MOST_DEPTH:
            yield Begin(self.name, line)
            self.around.append((_OPEN[mark], self.name if self.listed else ""))
            self.name, self.listed = "", False
        elif self.around and mark == self.around[-1][0] and not self.name:
            yield End()
            self.name = self.around.pop()[1]
            self.listed = bool(self.name)
        elif mark == "[" and self.name and not self.listed:
            self.listed = True
        elif mark == "]" and self.listed:
            self.name, self.listed = "", False
        elif mark != ":" or not self.name:
            raise TextError(f"{mark!r} in line {line}")


def fields(text: str) -> Iterator[Begin | End | Value]:
    """What a message is made of, in order.

    Raises:
        TextError: at the first token that continues no message.
    """
    reading = _Reading()
    for kind, token, line in _tokens(text):
        yield from reading.next(kind, token, line)
    yield from reading.finish()
    if reading.name or reading.around:
        raise TextError("the end within a message")


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    at, line = 0, 1
    for _ in range(_MOST_TOKENS):
        if at >= len(text):
            return
        found = _TOKEN.match(text, at)
        if found is None:
            raise TextError(f"{text[at : at + 10]!r} in line {line}")
        token = found.group()
        at = found.end()
        if found.lastgroup != "blank":
            yield str(found.lastgroup), token, line
        line += token.count("\n")
    raise TextError("more tokens than the budget allows")


def _unescaped(text: str) -> bytes:
    if "\\" not in text:
        return text.encode("utf-8", "surrogatepass")
    out = bytearray()
    at = 0
    for found in _ESCAPE.finditer(text):
        out += text[at : found.start()].encode("utf-8", "surrogatepass")
        out += _escaped(found.group(1))
        at = found.end()
    out += text[at:].encode("utf-8", "surrogatepass")
    return bytes(out)


def _escaped(code: str) -> bytes:
    if code[0] in "01234567":
        return bytes((int(code, 8) & 0xFF,))
    if code[0] in "xX" and len(code) > 1:
        return bytes((int(code[1:], 16),))
    if code[0] in "uU" and len(code) > 1:
        point = int(code[1:], 16)
        return chr(point).encode("utf-8", "replace") if point < 0x110000 else b"?"
    return bytes((_SIMPLE.get(code, 0),)) if code in _SIMPLE else code.encode("utf-8", "replace")
