"""Flow collections: `[a, b]` and `{a: b}`, over as many lines as they like."""

from __future__ import annotations

import re

from assay.scanning.parsers.yaml.cursor import Cursor
from assay.scanning.parsers.yaml.nodes import Node

MOST_DEPTH = 80
_PLAIN_FLOW = re.compile(
    r"(?:[^\s#:,\[\]{}]|:(?=[^\s,\[\]{}])|(?<=\S)#|[ \t]+(?![\s#]))+", re.ASCII
)
_FLOW_COLON = re.compile(r"[ \t\r\n]*:(?=[\s,\[\]{}]|\Z)", re.ASCII)
QUESTION = re.compile(r"\?(?=\s|\Z)", re.ASCII)


class FlowReader(Cursor):
    """Reads collections in brackets."""

    def _flow(self) -> Node:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise self._error("nested deeper than the budget")
        try:
            return self._flow_list() if self._text[self._at] == "[" else self._flow_mapping()
        finally:
            self._depth -= 1

    def _flow_list(self) -> Node:
        items: list[Node] = []
        node = self._new(items=items)
        self._at += 1
        while True:
            self._flow_blank()
            if self._text[self._at] == "]":
                self._at += 1
                return node
            item = self._flow_node()
            found = _FLOW_COLON.match(self._text, self._at)
            if found:
                self._at = found.end()
                item = self._new(pairs=[(item, self._flow_value())])
            items.append(item)
            self._flow_comma("]")

    def _flow_mapping(self) -> Node:
        pairs: list[tuple[Node, Node]] = []
        node = self._new(pairs=pairs)
        self._at += 1
        while True:
            self._flow_blank()
            if self._text[self._at] == "}":
                self._at += 1
                return node
            if QUESTION.match(self._text, self._at):
                self._at += 1
                self._flow_blank()
            key = self._flow_node()
            found = _FLOW_COLON.match(self._text, self._at)
            quoted = not key.plain and self._text.startswith(":", self._at)
            if found or quoted:
                self._at = found.end() if found else self._at + 1
                pairs.append((key, self._flow_value()))
            else:
                pairs.append((key, self._new(plain=True)))
            self._flow_comma("}")

    def _flow_blank(self) -> None:
        self._blank()
        if self._at >= len(self._text):
            raise self._error("a bracket that is not closed")

    def _flow_comma(self, closing: str) -> None:
        self._flow_blank()
        if self._text[self._at] == ",":
            self._at += 1
        elif self._text[self._at] != closing:
            raise self._error("text behind a value")

    def _flow_value(self) -> Node:
        self._flow_blank()
        if self._text[self._at] in ",]}":
            return self._new(plain=True)
        return self._flow_node()

    def _flow_node(self) -> Node:
        tag, anchor = self._properties()
        self._flow_blank()
        char = self._text[self._at]
        if char in "[{":
            return self._named(self._flow(), tag, anchor)
        if char in "\"'":
            return self._named(self._quoted(), tag, anchor)
        if char == "*":
            return self._alias()
        if char in ",]}" and (tag or anchor):
            return self._named(self._new(plain=True), tag, anchor)
        return self._named(self._flow_plain(), tag, anchor)

    def _flow_plain(self) -> Node:
        line = self._line()
        lines: list[str] = []
        while True:
            found = _PLAIN_FLOW.match(self._text, self._at)
            if found is None:
                if lines:
                    break
                raise self._error("a value that is not understood")
            lines.append(found.group().rstrip(" \t"))
            self._at = found.end()
            self._flow_blank()
            char = self._text[self._at]
            if char in ",]}" or _FLOW_COLON.match(self._text, self._at):
                break
            if char in "[{\"'&*!|>%@`":
                raise self._error("text behind a value")
        return self._new(line, text=" ".join(lines), plain=True)
