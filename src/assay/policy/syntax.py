"""The part of CEL that rules are written in: syntax tree and canonical text.

Source: the CEL language definition (github.com/google/cel-spec, doc/langdef.md, "Syntax"), less
what lets a misspelt name pass unnoticed or two engines disagree: `has()`, maps and messages,
null, floating point, unsigned integers, bytes, raw and triple-quoted strings, comments.

What an engine runs is the text `render` writes from the checked tree, never the author's text,
so no difference between this parser and the engine's can slip past the checks.
"""

from __future__ import annotations

from dataclasses import dataclass

from assay.core.errors import DataError

_ASCII_PRINTABLE = range(0x20, 0x7F)
_BASIC_PLANE = 0xFFFF


class ExpressionError(DataError):
    """An expression a policy may not hold. The message ends with the place, line:column."""

    code = "bad-expression"

    def __init__(self, message: str, source: str, at: int, *, remedy: str | None = None) -> None:
        self.line = source.count("\n", 0, at) + 1
        self.column = at - (source.rfind("\n", 0, at) + 1) + 1
        super().__init__(f"{message} (at {self.line}:{self.column})", remedy=remedy)


@dataclass(frozen=True, slots=True)
class Literal:
    """`true`, `7`, `"text"`."""

    value: bool | int | str
    at: int


@dataclass(frozen=True, slots=True)
class Name:
    """A fact, `data`, or a variable bound by a macro."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Field:
    """`target.name`."""

    target: Node
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Index:
    """`target[position]`."""

    target: Node
    position: Node
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """`function(arguments)`; a method's target is the first argument."""

    function: str
    arguments: tuple[Node, ...]
    method: bool
    at: int


@dataclass(frozen=True, slots=True)
class Macro:
    """`target.kind(variable, body)`."""

    kind: str
    target: Node
    variable: str
    body: Node
    at: int


@dataclass(frozen=True, slots=True)
class Unary:
    """`!x` or `-x`."""

    operator: str
    operand: Node
    at: int


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`."""

    operator: str
    left: Node
    right: Node
    at: int


@dataclass(frozen=True, slots=True)
class Conditional:
    """`test ? yes : no`."""

    test: Node
    yes: Node
    no: Node
    at: int


@dataclass(frozen=True, slots=True)
class Items:
    """`[a, b]`."""

    items: tuple[Node, ...]
    at: int


Node = Literal | Name | Field | Index | Call | Macro | Unary | Binary | Conditional | Items


def render(node: Node) -> str:  # noqa: C901, PLR0911 - one case a kind of node
    """CEL text that every parser reads as exactly this tree: each operation in parentheses."""
    match node:
        case Literal(value=value):
            return quoted(value) if isinstance(value, str) else str(value).lower()
        case Name(name=name):
            return name
        case Field(target=target, name=name):
            return f"{render(target)}.{name}"
        case Index(target=target, position=position):
            return f"{render(target)}[{render(position)}]"
        case Call(function=function, arguments=arguments, method=True):
            return f"{render(arguments[0])}.{function}({_joined(arguments[1:])})"
        case Call(function=function, arguments=arguments):
            return f"{function}({_joined(arguments)})"
        case Macro(kind=kind, target=target, variable=variable, body=body):
            return f"{render(target)}.{kind}({variable}, {render(body)})"
        case Unary(operator=operator, operand=operand):
            return f"({operator}({render(operand)}))"
        case Binary(operator=operator, left=left, right=right):
            return f"({render(left)} {operator} {render(right)})"
        case Conditional(test=test, yes=yes, no=no):
            return f"({render(test)} ? {render(yes)} : {render(no)})"
        case Items(items=items):
            return f"[{_joined(items)}]"


def quoted(text: str) -> str:
    """A CEL string literal, in ASCII."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '\\"':
        return "\\" + character
    point = ord(character)
    if point in _ASCII_PRINTABLE:
        return character
    return f"\\u{point:04x}" if point <= _BASIC_PLANE else f"\\U{point:08x}"


def _joined(nodes: tuple[Node, ...]) -> str:
    return ", ".join(render(node) for node in nodes)
