"""What a template is made of: statements, and expressions inside them.

An expression is one node with its parts before it, whatever its kind, so that a tree of any
height is walked without recursion (`postorder`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

Constant = str | int | float | bool | None
"""What a literal stands for."""


class Kind(Enum):
    """What an expression does with its parts."""

    CONSTANT = auto()
    NAME = auto()
    ATTRIBUTE = auto()
    ITEM = auto()
    SLICE = auto()
    CALL = auto()
    FILTER = auto()
    TEST = auto()
    UNARY = auto()
    BINARY = auto()
    COMPARE = auto()
    CHOICE = auto()
    LIST = auto()
    TUPLE = auto()
    DICT = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """One node.

    Attributes:
        kind: What it is.
        offset: Of its first token, in characters.
        parts: The target first, then the arguments; a choice's test, value and other value;
            a dictionary's keys and values in turn; a slice's start, stop and step.
        word: The name, attribute, filter, test or operator.
        value: What a constant stands for.
        words: Beside each argument its keyword, "" for none, `*` or `**` for one that is
            spread; of a comparison its operators.
        literal: Whether a constant's text has escapes in the source.
    """

    kind: Kind
    offset: int
    parts: tuple[Expression, ...] = ()
    word: str = ""
    value: Constant = None
    words: tuple[str, ...] = ()
    literal: bool = False

    @property
    def arguments(self) -> tuple[Expression, ...]:
        """All parts but the target."""
        return self.parts[1:]


def postorder(root: Expression) -> Iterator[Expression]:
    """Every node, each behind its parts."""
    waiting: list[tuple[Expression, bool]] = [(root, False)]
    while waiting:
        node, opened = waiting.pop()
        if opened or not node.parts:
            yield node
            continue
        waiting.append((node, True))
        waiting.extend((part, False) for part in reversed(node.parts))


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """Text that is emitted as it stands."""

    text: str
    offset: int


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """An expression whose value is emitted (`{{ }}`), or only evaluated (`do`)."""

    value: Expression
    emits: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class If:
    """Tests with their bodies, in order, and what is done where none holds."""

    branches: tuple[tuple[Expression, Body], ...]
    otherwise: Body


@dataclass(frozen=True, slots=True, eq=False)
class For:
    """A loop; `targets` are the names it sets."""

    targets: tuple[str, ...]
    values: Expression
    test: Expression | None
    body: Body
    otherwise: Body


@dataclass(frozen=True, slots=True, eq=False)
class Set:
    """Names, or attributes of namespaces (`ns.name`), set to a value."""

    targets: tuple[str, ...]
    value: Expression


@dataclass(frozen=True, slots=True, eq=False)
class SetBlock:
    """A name set to the text its body emits; filters are applied to it."""

    target: str
    value: Expression
    body: Body


@dataclass(frozen=True, slots=True, eq=False)
class Macro:
    """A macro; parameters with their defaults, None where there is none."""

    name: str
    parameters: tuple[tuple[str, Expression | None], ...]
    body: Body


@dataclass(frozen=True, slots=True, eq=False)
class CallBlock:
    """A macro called with a body that it may emit."""

    call: Expression
    parameters: tuple[tuple[str, Expression | None], ...]
    body: Body


@dataclass(frozen=True, slots=True, eq=False)
class FilterBlock:
    """Filters over the text a body emits."""

    value: Expression
    body: Body


@dataclass(frozen=True, slots=True, eq=False)
class With:
    """Names set for a body."""

    names: tuple[tuple[str, Expression], ...]
    body: Body


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """A body that a tag marks and does not change: `block`, `generation`, `autoescape`."""

    tag: str
    body: Body
    value: Expression | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """Another template: `include`, `import`, `from` or `extends`; `names` are those it sets."""

    tag: str
    source: Expression
    names: tuple[str, ...] = field(default=())


Statement = (
    Text
    | Output
    | If
    | For
    | Set
    | SetBlock
    | Macro
    | CallBlock
    | FilterBlock
    | With
    | Group
    | Load
)
Body = tuple[Statement, ...]

BODY = "\0body"
"""The name that stands for a body's text at the bottom of the filters over it."""
