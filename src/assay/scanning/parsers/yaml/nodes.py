"""What YAML text is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_INTEGER = re.compile(r"[-+]?\d{1,400}\Z")
_FLOAT = re.compile(r"[-+]?(?:\d{1,400}\.?\d{0,400}|\.\d{1,400})(?:[eE][-+]?\d{1,4})?\Z")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
}


class YamlError(ValueError):
    """The text is outside of what is read here; the message says what and where."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(f"{reason} in line {line}")
        self.line = line


@dataclass(slots=True, eq=False)
class Node:
    """A scalar, list or mapping.

    Attributes:
        line: Where it begins, from 1.
        tag: With its handle resolved, such as `tag:yaml.org,2002:python/name:os.system`; local
            tags keep their `!`. "" for none.
        text: Of a scalar.
        plain: Whether a scalar is written without quotes.
        items: Of a list; None for others.
        pairs: Of a mapping; None for others.
        anchor: What aliases call it.
    """

    line: int
    tag: str = ""
    text: str = ""
    plain: bool = False
    items: list[Node] | None = None
    pairs: list[tuple[Node, Node]] | None = field(default=None)
    anchor: str = ""

    @property
    def children(self) -> list[Node]:
        """The nodes inside, in order."""
        if self.items is not None:
            return self.items
        if self.pairs is not None:
            return [node for pair in self.pairs for node in pair]
        return []


def expanded_size(root: Node, most: int) -> int:
    """How many nodes a reader walks that follows every alias; at most `most` + 1.

    Aliases share nodes, so that a few hundred bytes can stand for billions of them.
    """
    sizes: dict[int, int] = {}
    under_way: set[int] = set()
    waiting: list[tuple[Node, bool]] = [(root, False)]
    while waiting:
        node, done = waiting.pop()
        if id(node) in sizes:
            continue
        if done:
            size = 1 + sum(sizes.get(id(child), most) for child in node.children)
            sizes[id(node)] = min(size, most + 1)
            under_way.discard(id(node))
        elif id(node) not in under_way:
            under_way.add(id(node))
            waiting.append((node, True))
            waiting.extend((child, False) for child in node.children)
    return sizes[id(root)]


def as_plain(root: Node) -> Any:
    """Dicts, lists and values as a plain loader would make them; aliases stay shared.

    A node that holds itself holds None there. Keys that are no scalars are left out.
    """
    made: dict[int, Any] = {}
    order: list[Node] = [root]
    for node in order:
        if id(node) in made:
            continue
        made[id(node)] = _empty(node)
        order.extend(node.children)
    seen: set[int] = set()
    for node in order:
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.items is not None:
            made[id(node)].extend(made[id(item)] for item in node.items)
        elif node.pairs is not None:
            for key, value in node.pairs:
                if key.items is None and key.pairs is None:
                    made[id(node)][key.text] = made[id(value)]
    return made[id(root)]


def _empty(node: Node) -> Any:
    if node.items is not None:
        return []
    if node.pairs is not None:
        return {}
    if not node.plain or node.tag:
        return node.text
    if node.text in _WORDS:
        return _WORDS[node.text]
    if _INTEGER.match(node.text):
        return int(node.text)
    return float(node.text) if _FLOAT.match(node.text) else node.text
