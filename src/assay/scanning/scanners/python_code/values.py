"""What is known of a value in a program that is read, not run."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

NOTHING: Final = object()
"""Stands for "no constant": None is one."""

Constant = str | bytes | int | float | bool | complex | tuple[Any, ...] | None
"""Constants are plain values; a list is kept as a tuple."""

ENVIRONMENT: Final = "the environment"
SECRET: Final = "a secret"  # noqa: S105 - the word, for evidence
FILE: Final = "a private file"
HOST: Final = "facts about the machine"
NETWORK: Final = "the network"
DECODED: Final = "encoded text"
CODED: Final = "decoded input"
OUTPUT: Final = "the output of a command"
HUB: Final = "a file of the Hub"
INPUT: Final = "a request"
READ: Final = "a local file"
PRIVATE: Final = frozenset({ENVIRONMENT, SECRET, FILE, OUTPUT})
"""What must not leave the machine."""


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """What is known of a value; the empty one is one of which nothing is known.

    Attributes:
        name: The dotted name it goes by, imports and aliases resolved: `os.system`. What a
            call returns has `()` behind the name of what was called: `socket.socket()`.
        constant: Its value, where it is a constant; else `NOTHING`.
        taints: Where it came from.
        hidden: Whether a name on the way to it was put together or looked up as text.
        items: Values of a list or tuple by index, or of a dict by key; of what a call returned,
            the arguments it was given.
        code: The function or lambda it is, where the program defines it.
        owner: The class whose instance or method it is, where the program defines it.
        receiver: What it is an attribute of.
    """

    name: str = ""
    constant: Any = NOTHING
    taints: frozenset[str] = frozenset()
    hidden: bool = False
    items: Mapping[Any, Value] = field(default_factory=dict)
    code: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None = None
    owner: str = ""
    receiver: Value | None = None

    @property
    def is_constant(self) -> bool:
        """Whether its value is known."""
        return self.constant is not NOTHING

    @property
    def text(self) -> str | None:
        """Its value where it is text or bytes that are text; else None."""
        if isinstance(self.constant, str):
            return self.constant
        if isinstance(self.constant, bytes):
            return self.constant.decode("utf-8", "replace")
        return None

    def tainted(self, *taints: str) -> Self:
        """The same, come from elsewhere as well."""
        more = self.taints.union(taints)
        return self if more == self.taints else replace(self, taints=more)

    def concealed(self) -> Self:
        """The same, reached by a name that was not written out."""
        return self if self.hidden else replace(self, hidden=True)


UNKNOWN = Value()
PIECED: Final = "…"
"""The name of text that is put together of parts not all of which are known."""
_MOST_PIECES = 100


def constant(value: Any, taints: frozenset[str] = frozenset()) -> Value:
    """A value that is known."""
    return Value(constant=value, taints=taints)


def taints_of(*values: Value) -> frozenset[str]:
    """Where any of them came from; what a value holds is told by the value."""
    return frozenset().union(*(value.taints for value in values))


def pieced(left: Value, right: Value) -> Value:
    """Text put together of parts not all of which are known."""
    parts = [*_pieces(left), *_pieces(right)]
    taints = left.taints | right.taints
    if len(parts) > _MOST_PIECES or not any(part.is_constant for part in parts):
        return Value(taints=taints)
    return Value(name=PIECED, taints=taints, items=dict(enumerate(parts)))


def _pieces(value: Value) -> list[Value]:
    return list(value.items.values()) if value.name == PIECED else [value]


def sequence(items: list[Value]) -> Value:
    """A list or tuple of values, a constant where all of them are."""
    known = all(item.is_constant for item in items)
    return Value(
        constant=tuple(item.constant for item in items) if known else NOTHING,
        taints=frozenset().union(*(item.taints for item in items[:1000])),
        items=dict(enumerate(items[:1000])),
    )


def path_of(parts: list[Value]) -> Value:
    """A path put together of parts."""
    texts = [part.constant for part in parts if isinstance(part.constant, str)]
    taints = taints_of(*parts)
    if len(texts) == len(parts):
        return Value(
            name="pathlib.Path()",
            constant="/".join(text.rstrip("/") for text in texts),
            taints=taints,
        )
    slash = constant("/")
    joined = [one for part in parts for one in (part, slash)][:-1]
    return Value(name="pathlib.Path()", taints=taints, items=dict(enumerate(joined)))


def join(first: Value, second: Value) -> Value:
    """What is known where a value is one or the other: the graver of what both may be."""
    if first is second:
        return first
    kept = first if _weight(first) >= _weight(second) else second
    return kept.tainted(*first.taints, *second.taints)


def _weight(value: Value) -> int:
    return (
        4 * bool(value.name)
        + 2 * (value.code is not None)
        + (value.is_constant and value.constant is not None)
        + 2 * bool(value.items)
    )
