"""TorchScript source as names joined by dots and texts, without building a tree of it.

The language is a subset of Python with a lexer of its own. What matters is which operator,
class or method a chain of names ends at; chains are read across white space, comments and line
breaks, as the lexer does. Source: `torch/csrc/jit/frontend/lexer.h`, `source_importer.cpp`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<skip>[ \t\f\r]++|\\\r?\n|\#[^\n]*+)
    |(?P<line>\n)
    |(?P<text>\"\"\"(?:[^\\"]|\\.|\"(?!\"\"))*+\"\"\"|'''(?:[^\\']|\\.|'(?!''))*+'''
      |"(?:[^\\"\n]|\\.)*+"|'(?:[^\\'\n]|\\.)*+')
    |(?P<name>[^\W\d]\w*+)
    |(?P<number>\.?\d[\w.]*+)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Chain:
    """Names joined by dots, such as `self.conv.forward`.

    Attributes:
        names: In order.
        offset: Of the first, in characters.
        rooted: Whether it begins with a name, not with a dot behind another expression.
        first: Whether it begins a line that is indented by nothing, outside of brackets.
        before: The name just before it, such as `def`; "" for anything else.
        after: The character just behind it; "" for a name, a text or the end.
    """

    names: tuple[str, ...]
    offset: int
    rooted: bool
    first: bool
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text constant, without its quotation marks, escapes as they are written."""

    content: str
    offset: int


def read(source: str) -> Iterator[Chain | Text]:
    """Every chain and text of a source, in order."""
    reader = _Reader()
    for match in _TOKEN.finditer(source):
        kind = match.lastgroup
        if kind == "skip":
            reader.margin = False
        elif kind == "line":
            reader.margin = True
        elif kind == "name":
            yield from reader.name(match.group(), match.start())
        else:
            yield from reader.closed(match.group() if kind == "other" else "")
            if kind == "text":
                yield Text(match.group().strip("\"'"), match.start())
    yield from reader.closed("")


class _Reader:
    """The chain that is being read, and what is around it.

    Attributes:
        margin: Whether the next token stands at the left margin.
    """

    def __init__(self) -> None:
        self.margin = True
        self._names: list[str] = []
        self._start: tuple[int, bool, bool, str] = (0, True, True, "")
        self._dotted = False
        self._brackets = 0
        self._word = ""

    def name(self, name: str, offset: int) -> Iterator[Chain]:
        """A name goes on with the chain behind a dot, or begins another."""
        if self._names and self._dotted:
            self._names.append(name)
        else:
            word, dotted = self._names[-1] if self._names else "", self._dotted
            first = self.margin and not self._brackets
            yield from self._finished("")
            self._names = [name]
            self._start = (offset, not dotted, first, word)
        self.margin = self._dotted = False

    def closed(self, other: str) -> Iterator[Chain]:
        """Something that is no name; a dot may go on with the chain."""
        self.margin = False
        self._dotted = other == "."
        if not self._dotted:
            yield from self._finished(other)
        if other and other in "([{":
            self._brackets += 1
        elif other and other in ")]}":
            self._brackets = max(0, self._brackets - 1)

    def _finished(self, after: str) -> Iterator[Chain]:
        if self._names:
            offset, rooted, first, before = self._start
            yield Chain(tuple(self._names), offset, rooted, first, before, after)
            self._names = []
