"""A place in YAML text, and what is read the same way everywhere: tags, anchors, quotes."""

from __future__ import annotations

import re
from bisect import bisect_right
from urllib.parse import unquote

from assay.scanning.parsers.yaml import scalars
from assay.scanning.parsers.yaml.nodes import Node, YamlError

MOST_NODES = 2_000_000
_STANDARD = "tag:yaml.org,2002:"
_BLANK = re.compile(r"(?:[ \t\r\n]|(?:(?<=[\s,\[\]{}])|^)#[^\n]*)*", re.ASCII)
_INLINE = re.compile(r"[ \t]*", re.ASCII)
_PROPERTY = re.compile(
    r"(?:&(?P<anchor>[^\s\[\]{},]+)|!(?:<(?P<whole>[^>\s]+)>|(?P<tag>[^\s\[\]{},]*)))(?=[\s\[\]{},]|\Z)",
    re.ASCII,
)
_ALIAS = re.compile(r"\*([^\s\[\]{},]+)", re.ASCII)
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.ASCII | re.DOTALL)
_SINGLE = re.compile(r"'((?:[^']|'')*)'", re.ASCII)


class Cursor:
    """Where reading is, and the anchors and tag handles known there."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._breaks = [found.start() for found in re.finditer("\n", text)]
        self._anchors: dict[str, Node] = {}
        self._handles: dict[str, str] = {}
        self._depth = 0
        self._count = 0

    def _error(self, reason: str) -> YamlError:
        return YamlError(reason, self._line())

    def _line(self) -> int:
        return bisect_right(self._breaks, self._at - 1) + 1

    def _column(self, at: int | None = None) -> int:
        place = self._at if at is None else at
        return place - (self._text.rfind("\n", 0, place) + 1)

    def _blank(self) -> None:
        """Go to the next character that is neither blank nor in a comment."""
        found = _BLANK.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _inline(self) -> bool:
        """Skip blanks in this line; whether the line is at its end then."""
        found = _INLINE.match(self._text, self._at)
        end = found.end() if found else self._at
        char = self._text[end : end + 1]
        if char in ("", "\n", "\r") or (char == "#" and end > self._at):
            return True
        self._at = end
        return False

    def _new(self, line: int | None = None, **fields: object) -> Node:
        self._count += 1
        if self._count > MOST_NODES:
            raise self._error(f"more than {MOST_NODES} values")
        return Node(line or self._line(), **fields)  # type: ignore[arg-type]

    def _named(self, node: Node, tag: str, anchor: str) -> Node:
        """The node with what stood before it; an anchor's place was kept for it."""
        if tag:
            node.tag = tag
        if not anchor:
            return node
        place = self._anchors[anchor]
        place.line, place.tag, place.text, place.plain = node.line, node.tag, node.text, node.plain
        place.items, place.pairs, place.anchor = node.items, node.pairs, anchor
        return place

    def _properties(self) -> tuple[str, str]:
        tag = anchor = ""
        for _ in range(2):
            found = _PROPERTY.match(self._text, self._at)
            if found is None:
                break
            if found.group("anchor") is not None:
                anchor = found.group("anchor")
                self._anchors[anchor] = Node(self._line())
            else:
                tag = self._resolved(found.group("whole"), found.group("tag") or "")
            self._at = found.end()
            following = _INLINE.match(self._text, self._at)
            if following is None or self._text[following.end() : following.end() + 1] not in (
                "!",
                "&",
            ):
                break
            self._at = following.end()
        return tag, anchor

    def _resolved(self, whole: str | None, tag: str) -> str:
        tag = unquote(tag)
        if whole is not None:
            return unquote(whole)
        for handle, prefix in self._handles.items():
            if handle.strip("!") and f"!{tag}".startswith(handle):
                return prefix + f"!{tag}".removeprefix(handle)
        if tag.startswith("!"):
            return self._handles.get("!!", _STANDARD) + tag[1:]
        local = self._handles.get("!")
        return f"{local}{tag}" if local and tag else f"!{tag}"

    def _alias(self) -> Node:
        found = _ALIAS.match(self._text, self._at)
        if found is None or found.group(1) not in self._anchors:
            name = found.group(1) if found else ""
            if not name.endswith(":") or name[:-1] not in self._anchors or found is None:
                raise self._error(f"an alias of nothing: {name[:40]!r}")
            self._at = found.end() - 1
            return self._anchors[name[:-1]]
        self._at = found.end()
        return self._anchors[found.group(1)]

    def _quoted(self) -> Node:
        line = self._line()
        double = self._text[self._at] == '"'
        found = (_DOUBLE if double else _SINGLE).match(self._text, self._at)
        if found is None:
            raise self._error("a quote that is not closed")
        self._at = found.end()
        raw = found.group(1)
        try:
            text = scalars.unescape(raw) if double else scalars.fold(raw.replace("''", "'"))
        except ValueError as error:
            raise self._error(str(error)) from None
        return self._new(line, text=text)
