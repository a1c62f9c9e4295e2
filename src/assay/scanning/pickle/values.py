"""Abstract values: what the machine knows of an object without making it.

A constant is the offset of the opcode that pushed it, an `int`, and is read from the
buffer only when something asks. Containers are kept only as far as a judgement may need
them, so a long list of numbers costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from assay.scanning.pickle.judgement import Judgement, Safety


class Opaque(StrEnum):
    """Values of which only the kind is known."""

    LIST = "list"
    SET = "set"
    FROZENSET = "frozenset"
    TUPLE = "tuple"
    DICT = "dict"
    BUFFER = "buffer"
    PERSISTENT = "persistent object"


@dataclass(slots=True, eq=False)
class Tuple:
    """A tuple that holds, with the tuples in it, at most `HEAVIEST` values."""

    items: tuple[Value, ...]
    weight: int

    HEAVIEST = 64


EMPTY = Tuple((), 1)


@dataclass(slots=True, eq=False)
class Wide:
    """A tuple too heavy to be judged item by item; kept for the names of carried code."""

    items: tuple[Value, ...]

    WIDEST = 4096


@dataclass(slots=True, eq=False)
class Mapping:
    """A dict: keys and values in turn as they were set, as long as they are few."""

    pairs: list[Value] = field(default_factory=list)
    whole: bool = True

    LONGEST = 512


@dataclass(slots=True, eq=False)
class Call:
    """One use that was judged: where, how, with what, and how it was judged."""

    offset: int
    how: str
    arguments: str
    safety: Safety
    reason: str = ""


@dataclass(slots=True, eq=False)
class Global:
    """An imported name, and what was done with it. One per name and stream."""

    module: str
    name: str
    offset: int
    judgement: Judgement
    calls: list[Call] = field(default_factory=list)
    uses: set[str] = field(default_factory=lambda: {"imported"})
    count: int = 0
    worst: int = -1
    instance: Instance | None = None
    product: Instance | None = None

    @property
    def dotted(self) -> str:
        """`module.name`; the module alone where it is the module."""
        return f"{self.module}.{self.name}" if self.name else self.module

    def made(self) -> Instance:
        """The value a call of it leaves: one per import, since only its origin matters."""
        if self.instance is None:
            self.instance = Instance(self)
        return self.instance

    def produced(self) -> Instance:
        """An object of a class that a call of it made."""
        if self.product is None:
            self.product = Instance(self, product=True)
        return self.product


@dataclass(slots=True, eq=False)
class Instance:
    """What a call left. `arguments` and `state` are kept where a judgement depends on them.

    A `product` is an object of the class that a call of `origin` made.
    """

    origin: Global
    arguments: Value | None = None
    state: Value | None = None
    product: bool = False

    @property
    def makes(self) -> str:
        """`code`, `function` or `class` where it is what the file carries; "" otherwise."""
        return "" if self.product else self.origin.judgement.makes


@dataclass(slots=True, eq=False)
class New:
    """A class's own `__new__`: how protocols 2 and 3 write a call with keywords."""

    cls: Global | Instance


Value = int | Opaque | Tuple | Wide | Mapping | Global | Instance | New


def tuple_of(items: list[Value]) -> Value:
    """A tuple of what was on the stack; wide or opaque when it is long or deep.

    A tuple in it counts with all it holds, however often it occurs, so that looking through one
    is always short.
    """
    if not items:
        return EMPTY
    weight = 1 + sum(map(_weight, items))
    if weight <= Tuple.HEAVIEST:
        return Tuple(tuple(items), weight)
    return Wide(tuple(items)) if len(items) <= Wide.WIDEST else Opaque.TUPLE


def _weight(item: Value) -> int:
    if type(item) is Tuple:
        return item.weight
    return Tuple.HEAVIEST if type(item) is Wide else 1


def int_of(value: Value) -> int:
    """The offset of a constant that a shape has been checked for."""
    return value if type(value) is int else 0
