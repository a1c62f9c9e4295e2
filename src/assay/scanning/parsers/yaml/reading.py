"""Reading YAML text into nodes, by recursive descent within a budget of depth and nodes."""

from __future__ import annotations

import re

from assay.scanning.parsers.yaml import scalars
from assay.scanning.parsers.yaml.flow import MOST_DEPTH, QUESTION, FlowReader
from assay.scanning.parsers.yaml.nodes import Node, YamlError

_PLAIN_BLOCK = re.compile(r"(?:[^\s#:]|:(?=\S)|(?<=\S)#|[ \t]+(?![\s#])(?!:(?:\s|\Z)))+", re.ASCII)
_COLON = re.compile(r"[ \t]*:(?=[\s]|\Z)", re.ASCII)
_MARKER = re.compile(r"(?:---|\.\.\.)(?=\s|\Z)", re.ASCII)
_COMMENT = re.compile(r"[ \t]+#", re.ASCII)
_DASH = re.compile(r"-(?=\s|\Z)", re.ASCII)
_HEADER = re.compile(
    r"[|>](?:([+-])?([1-9])?|([1-9])([+-])?)[ \t]*(?:[ \t]#[^\n]*)?(?=\r?\n|\Z)", re.ASCII
)
_DIRECTIVE = re.compile(r"%(\w+)[ \t]*([^\n]*)", re.ASCII)
_CANNOT_START = frozenset(",]}#&*!|>%@`\"'")


def parse(text: str) -> list[Node]:
    """The documents of a text.

    Raises:
        YamlError: outside of the subset, or over a budget.
    """
    return _Reader(
        text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\x85", "\n")
    ).documents()


class _Reader(FlowReader):
    """Reads documents of block collections."""

    def documents(self) -> list[Node]:
        found: list[Node] = []
        while True:
            self._directives()
            if self._at >= len(self._text):
                return found
            explicit = self._is_marker("---")
            if explicit:
                self._at += 3
            self._anchors = {}
            before = self._at
            found.append(self._node(-1, first=not explicit))
            self._blank()
            while self._is_marker("..."):
                self._at += 3
                self._blank()
            ended = self._at >= len(self._text) or self._is_marker("---")
            if not ended and (self._text[self._at] != "%" or self._at == before):
                raise self._error("text that does not belong to what stands before it")

    def _directives(self) -> None:
        self._blank()
        while self._text.startswith("%", self._at) and self._column() == 0:
            found = _DIRECTIVE.match(self._text, self._at)
            if found is None:
                raise self._error("a directive that is none")
            words = found.group(2).split()
            if found.group(1) == "TAG" and len(words) >= 2:
                self._handles[words[0]] = words[1]
            self._at = found.end()
            self._blank()

    def _is_marker(self, marker: str) -> bool:
        return (
            self._text.startswith(marker, self._at)
            and self._column() == 0
            and _MARKER.match(self._text, self._at) is not None
        )

    def _at_end(self, parent: int) -> bool:
        """Whether what follows is outside of a node whose parent has this indentation."""
        if self._at >= len(self._text):
            return True
        column = self._column()
        return column <= parent or (column == 0 and _MARKER.match(self._text, self._at) is not None)

    def _node(self, parent: int, *, first: bool = True, same: bool = False) -> Node:
        """A block node whose parent has the indentation `parent`.

        Args:
            parent: Column of the mapping or list around it; -1 for none.
            first: Whether it may begin as a mapping in this very line.
            same: Whether a list may stand at the parent's own column (in a mapping's value).
        """
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise self._error("nested deeper than the budget")
        try:
            return self._block(parent, first=first, same=same)
        finally:
            self._depth -= 1

    def _block(self, parent: int, *, first: bool, same: bool) -> Node:
        begun = self._line()
        if self._inline():
            self._blank()
            first = True
        least = parent - 1 if same and self._dash_at(parent) else parent
        if self._at_end(least):
            return self._new(begun, plain=True)
        start = self._at
        tag, anchor = self._properties()
        if tag or anchor:
            if not self._inline():
                return self._with_properties(start, parent, tag, anchor, first=first)
            self._blank()
            least = parent - 1 if same and self._dash_at(parent) else parent
            if self._at_end(least):
                return self._named(self._new(plain=True), tag, anchor)
            node = self._content(parent, first=True)
            return self._named(node, tag, anchor)
        return self._content(parent, first=first)

    def _with_properties(
        self, start: int, parent: int, tag: str, anchor: str, *, first: bool
    ) -> Node:
        """A node whose tag or anchor stands in its line: the key's, where it is a mapping's key."""
        if first and self._is_key():
            self._at = start
            return self._mapping(self._column())
        return self._named(self._content(parent, first=False), tag, anchor)

    def _dash_at(self, column: int) -> bool:
        return (
            self._at < len(self._text)
            and self._column() == column
            and _DASH.match(self._text, self._at) is not None
        )

    def _content(self, parent: int, *, first: bool) -> Node:
        text, at = self._text, self._at
        char = text[at]
        if _DASH.match(text, at):
            if not first:
                raise self._error("a list that begins in the line of its key")
            return self._list(self._column())
        if first and (QUESTION.match(text, at) or self._is_key()):
            return self._mapping(self._column())
        if char in "|>":
            return self._block_scalar(parent)
        if char in "[{":
            return self._flow()
        return self._scalar(parent)

    def _is_key(self) -> bool:
        """Whether the text here is a key: a scalar in one line, with a colon behind it."""
        before, count = self._at, self._count
        try:
            self._properties()
            self._inline()
            self._key_scalar()
            return _COLON.match(self._text, self._at) is not None
        except YamlError:
            return False
        finally:
            self._at, self._count = before, count

    def _key_scalar(self) -> Node:
        """A scalar or flow collection that ends in its line."""
        line_end = self._text.find("\n", self._at)
        line_end = len(self._text) if line_end < 0 else line_end
        char = self._text[self._at : self._at + 1]
        if char in ("[", "{"):
            node = self._flow()
        elif char in ('"', "'"):
            node = self._quoted()
        elif char == "*":
            node = self._alias()
        else:
            if char in _CANNOT_START or not char or char in " \t\n":
                raise self._error(f"a value that begins with {char!r}")
            found = _PLAIN_BLOCK.match(self._text, self._at)
            if found is None:
                raise self._error(f"a value that begins with {char!r}")
            node = self._new(text=found.group().rstrip(" \t"), plain=True)
            self._at = found.end()
        if self._at > line_end:
            raise self._error("a key over several lines")
        return node

    def _mapping(self, column: int) -> Node:
        node = self._new(pairs=[])
        pairs: list[tuple[Node, Node]] = []
        node.pairs = pairs
        while self._at < len(self._text) and self._column() == column:
            if column == 0 and _MARKER.match(self._text, self._at):
                break
            if _DASH.match(self._text, self._at):
                break
            pairs.append(self._pair(column))
            self._blank()
        if self._at < len(self._text) and self._column() > column:
            raise self._error("indentation that fits nothing before it")
        return node

    def _pair(self, column: int) -> tuple[Node, Node]:
        if QUESTION.match(self._text, self._at):
            self._at += 1
            key = self._node(column)
            self._blank()
            if not self._text.startswith(":", self._at) or self._column() != column:
                return key, self._new(plain=True)
            self._at += 1
            return key, self._node(column)
        tag, anchor = self._properties()
        self._inline()
        key = self._named(self._key_scalar(), tag, anchor)
        found = _COLON.match(self._text, self._at)
        if found is None:
            raise self._error("a line without a colon among keys")
        self._at = found.end()
        return key, self._node(column, first=False, same=True)

    def _list(self, column: int) -> Node:
        node = self._new(items=[])
        items: list[Node] = []
        node.items = items
        while self._dash_at(column):
            self._at += 1
            items.append(self._node(column))
            self._blank()
        if self._at < len(self._text) and self._column() > column:
            raise self._error("indentation that fits nothing before it")
        return node

    def _scalar(self, parent: int) -> Node:
        char = self._text[self._at]
        if char in "\"'":
            node = self._quoted()
        elif char == "*":
            node = self._alias()
        elif char in _CANNOT_START:
            raise self._error(f"a value that begins with {char!r}")
        else:
            return self._plain(parent)
        if not self._inline():
            raise self._error("text behind a value")
        return node

    def _plain(self, parent: int) -> Node:
        line = self._line()
        lines: list[str] = []
        while True:
            found = _PLAIN_BLOCK.match(self._text, self._at)
            if found is None:
                raise self._error("a value that is not understood")
            lines.append(found.group().rstrip(" \t"))
            self._at = found.end()
            if not self._inline():
                raise self._error("a colon inside a value")
            following = self._at
            hash_sign = _COMMENT.match(self._text, self._at)
            self._blank()
            if hash_sign or self._at_end(parent):
                break
            breaks = self._text.count("\n", following, self._at)
            if self._is_key() and lines and self._column() <= parent + 1:
                break
            lines.append("\n" * (breaks - 1) if breaks > 1 else " ")
        while lines and not lines[-1].strip(" \n"):
            lines.pop()
        return self._new(line, text="".join(lines), plain=True)

    def _block_scalar(self, parent: int) -> Node:
        line = self._line()
        found = _HEADER.match(self._text, self._at)
        if found is None:
            raise self._error("a block of text with an indicator that is none")
        folded = self._text[self._at] == ">"
        chomping = found.group(1) or found.group(4) or ""
        digit = found.group(2) or found.group(3)
        self._at = found.end() + 1
        lines = self._block_lines(parent, max(parent, 0) + int(digit) if digit else None)
        return self._new(line, text=scalars.block(lines, folded=folded, chomping=chomping))

    def _block_lines(self, parent: int, indent: int | None) -> list[str]:
        lines: list[str] = []
        while self._at < len(self._text):
            end = self._text.find("\n", self._at)
            end = len(self._text) if end < 0 else end
            raw = self._text[self._at : end]
            blanks = len(raw) - len(raw.lstrip(" "))
            if raw.strip(" \t"):
                if indent is None:
                    indent = blanks if blanks > parent else parent + 1
                if blanks < indent:
                    break
            lines.append(raw[indent:] if indent is not None else "")
            self._at = min(end + 1, len(self._text))
        return lines
