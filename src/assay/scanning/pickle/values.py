"""Abstract values: what the machine knows of an object without making it.

A constant is the offset of the opcode that pushed it, an `int`, and is read from the
buffer only when something asks. Containers are kept only as far as a judgement may need
them, so a long list of numbers costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from assay.scanning.pickle.imports import Judgement, Safety


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

    @property
    def dotted(self) -> str:
        """`module.name`."""
        return f"{self.module}.{self.name}"

    def made(self) -> Instance:
        """The value a call of it leaves: one per import, since only its origin matters."""
        if self.instance is None:
            self.instance = Instance(self)
        return self.instance


@dataclass(slots=True, eq=False)
class Instance:
    """What a call left. `arguments` and `state` are kept where a size depends on them."""

    origin: Global
    arguments: Value | None = None
    state: Value | None = None


Value = int | Opaque | Tuple | Mapping | Global | Instance


def tuple_of(items: list[Value]) -> Value:
    """A tuple of what was on the stack; opaque when it is long or deep.

    A tuple in it counts with all it holds, however often it occurs, so that looking through one
    is always short.
    """
    if not items:
        return EMPTY
    weight = 1 + sum(item.weight if type(item) is Tuple else 1 for item in items)
    return Opaque.TUPLE if weight > Tuple.HEAVIEST else Tuple(tuple(items), weight)
