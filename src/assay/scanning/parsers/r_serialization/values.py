"""What an R object is made of, as the walk sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

SYMBOL, PAIRS, CLOSURE, ENVIRONMENT, PROMISE, CALL = 1, 2, 3, 4, 5, 6
SPECIAL, BUILTIN, CHARACTERS, LOGICAL, INTEGER, REAL, COMPLEX = 7, 8, 9, 10, 13, 14, 15
TEXTS, DOTS, LIST, EXPRESSIONS, BYTECODE, POINTER, WEAK = 16, 17, 19, 20, 21, 22, 23
RAW, S4, ALTERNATIVE = 24, 25, 238
ATTRIBUTED_LIST, ATTRIBUTED_CALL, REPEATED, REPEATABLE = 239, 240, 243, 244
PERSISTENT, PACKAGE, NAMESPACE, REFERENCE = 247, 248, 249, 255
"""Types of items (Rinternals.h, serialize.c)."""
NOTHING = frozenset({241, 242, 250, 251, 252, 253, 254})
"""The base and empty environments, missing arguments, what is unbound, nil."""
NO_VALUE = frozenset({251, 252})

HAS_ATTRIBUTES, HAS_TAG = 1 << 9, 1 << 10
ACTIVE = 1 << 15 << 12
"""Flags of an item; an active binding's is one of its levels, which begin at bit 12."""


class RError(ValueError):
    """The bytes are no serialization.

    Attributes:
        offset: Where.
    """

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(what)
        self.offset = offset


class BudgetError(RError):
    """There is more than the budget allows."""


@dataclass(slots=True)
class Region:
    """A piece of code: of a promise, of a function, or a call kept as data.

    Attributes:
        kind: `PROMISE`, `CLOSURE` or `CALL`.
        place: What holds it: `top`, `element`, `attribute` or `environment`.
        name: The name it has there, "" for none.
        offset: Where it begins.
        names: What it calls.
        texts: Its first texts.
        waits: Of a promise, whether it has no value yet, so that its code runs when it is used.
        active: Whether it is the function of an active binding, which runs when it is looked at.
    """

    kind: int
    place: str
    name: str
    offset: int
    names: dict[str, None] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    waits: bool = False
    active: bool = False


class Tag:
    """The name of a pair, read before what it names."""

    __slots__ = ("active", "name")

    def __init__(self) -> None:
        self.name = ""
        self.active = False


class Task(NamedTuple):
    """Something to be read.

    Attributes:
        read: What reads it.
        role: What it is to what holds it.
        region: The code it is in.
        depth: How deep.
        tag: The name it has.
        number: How many there are, of elements.
    """

    read: Callable[[Task], None]
    role: str
    region: Region | None
    depth: int
    tag: Tag | None = None
    number: int = 0
