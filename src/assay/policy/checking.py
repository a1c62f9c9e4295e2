"""The type check of a rule's syntax tree: nothing in it may be misspelt or always the same.

Typing rules are CEL's, tightened where CEL is silent: no comparison of words by alphabet (a
severity is not ordered by spelling), no word outside an enumerated fact's choices, no call that
two engines answer differently (`size` of a string counts bytes in one and characters in another).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from assay.policy.syntax import (
    Binary,
    Call,
    Conditional,
    ExpressionError,
    Field,
    Index,
    Items,
    Literal,
    Macro,
    Name,
    Node,
    Unary,
)
from assay.policy.types import (
    BOOL,
    DURATION,
    INT,
    TEXT,
    TIMESTAMP,
    ListOf,
    Record,
    Scalar,
    Text,
    Type,
)

TEXT_METHODS = frozenset({"startsWith", "endsWith", "contains", "matches"})
CONSTANTS: Mapping[str, Type] = {"timestamp": TIMESTAMP, "duration": DURATION}
FUNCTIONS = ("size", *sorted(TEXT_METHODS), *CONSTANTS)
_TIMES: Mapping[tuple[str, Type, Type], Type] = {
    ("+", TIMESTAMP, DURATION): TIMESTAMP,
    ("+", DURATION, TIMESTAMP): TIMESTAMP,
    ("+", DURATION, DURATION): DURATION,
    ("-", TIMESTAMP, DURATION): TIMESTAMP,
    ("-", TIMESTAMP, TIMESTAMP): DURATION,
    ("-", DURATION, DURATION): DURATION,
}


@dataclass(slots=True)
class Checked:
    """What the check found: the type, the facts used, the constant calls to try at load."""

    kind: Type = BOOL
    names: set[str] = field(default_factory=set)
    constants: list[Call] = field(default_factory=list)


def check(tree: Node, scope: Mapping[str, Type], source: str) -> Checked:
    """Type an expression over `scope`.

    Raises:
        ExpressionError: an unknown name, field, function or word; operands of the wrong type.
    """
    checker = _Checker(scope, source)
    checker.found.kind = checker.type_of(tree, {})
    return checker.found


class _Checker:
    def __init__(self, scope: Mapping[str, Type], source: str) -> None:
        self.scope = scope
        self.source = source
        self.found = Checked()

    def error(self, message: str, at: int, remedy: str | None = None) -> ExpressionError:
        return ExpressionError(message, self.source, at, remedy=remedy)

    def type_of(self, node: Node, local: Mapping[str, Type]) -> Type:
        return self._BY_NODE[type(node)](self, node, local)

    def literal(self, node: Literal, local: Mapping[str, Type]) -> Type:
        del local
        if isinstance(node.value, str):
            return Text((node.value,), written=True)
        return BOOL if isinstance(node.value, bool) else INT

    def name(self, node: Name, local: Mapping[str, Type]) -> Type:
        if node.name in local:
            return local[node.name]
        if node.name not in self.scope:
            known = [*self.scope, *local]
            raise self.error(f"no fact is called {node.name!r}", node.at, _near(node.name, known))
        self.found.names.add(node.name)
        return self.scope[node.name]

    def field(self, node: Field, local: Mapping[str, Type]) -> Type:
        target = self.type_of(node.target, local)
        if not isinstance(target, Record):
            raise self.error(f"a {_kind(target)} has no field {node.name!r}", node.at)
        if node.name not in target.fields:
            remedy = _near(node.name, target.fields)
            raise self.error(f"{target} has no field {node.name!r}", node.at, remedy)
        return target.fields[node.name]

    def index(self, node: Index, local: Mapping[str, Type]) -> Type:
        target = self.type_of(node.target, local)
        if not isinstance(target, ListOf) or self.type_of(node.position, local) != INT:
            raise self.error("only a list can be indexed, by an integer", node.at)
        return target.item

    def unary(self, node: Unary, local: Mapping[str, Type]) -> Type:
        wanted = BOOL if node.operator == "!" else INT
        self.need(node.operand, wanted, local, node.at, f"{node.operator!r}")
        return wanted

    def need(self, node: Node, wanted: Type, local: Mapping[str, Type], at: int, what: str) -> None:
        kind = self.type_of(node, local)
        if kind != wanted:
            raise self.error(f"{what} needs {wanted}, not {_kind(kind)}", at)

    def binary(self, node: Binary, local: Mapping[str, Type]) -> Type:
        operator = node.operator
        if operator in ("&&", "||"):
            self.need(node.left, BOOL, local, node.at, operator)
            self.need(node.right, BOOL, local, node.at, operator)
            return BOOL
        left, right = self.type_of(node.left, local), self.type_of(node.right, local)
        if operator in ("==", "!="):
            self.comparable(node, left, right)
            return BOOL
        if operator == "in":
            if not isinstance(right, ListOf):
                raise self.error("'in' needs a list on its right", node.at)
            self.comparable(node, left, right.item)
            return BOOL
        if operator in ("<", "<=", ">", ">="):
            self.ordered(node, left, right)
            return BOOL
        return self.arithmetic(node, left, right)

    def arithmetic(self, node: Binary, left: Type, right: Type) -> Type:
        if left == right == INT:
            return INT
        kind = _TIMES.get((node.operator, left, right))
        if kind is None:
            shown = f"{_kind(left)} {node.operator} {_kind(right)}"
            raise self.error(f"{shown} is not defined", node.at)
        return kind

    def ordered(self, node: Binary, left: Type, right: Type) -> None:
        if isinstance(left, Text) or isinstance(right, Text):
            remedy = 'list the words instead, for instance f.severity in ["high", "critical"]'
            raise self.error(
                "words have no order: they would be compared by spelling", node.at, remedy
            )
        if left != right or left not in (INT, TIMESTAMP, DURATION):
            raise self.error(f"cannot order {_kind(left)} and {_kind(right)}", node.at)

    def comparable(self, node: Binary, left: Type, right: Type) -> None:
        if isinstance(left, Text) and isinstance(right, Text):
            self.words(left, right, node.at)
            self.words(right, left, node.at)
            if left.choices and right.choices and not set(left.choices) & set(right.choices):
                raise self.error(f"{_kind(left)} never equals {_kind(right)}", node.at)
        elif left != right or not isinstance(left, Scalar):
            raise self.error(f"cannot compare {_kind(left)} with {_kind(right)}", node.at)

    def words(self, words: Text, fact: Text, at: int) -> None:
        """Each word written in the policy must be one the fact can be."""
        if not words.written or fact.written or words.choices is None or fact.choices is None:
            return
        for word in words.choices:
            if word not in fact.choices:
                hint = _near(word, fact.choices)
                remedy = f"{hint} one of: {fact}" if hint else f"one of: {fact}"
                raise self.error(f"the fact is never {word!r}", at, remedy)

    def conditional(self, node: Conditional, local: Mapping[str, Type]) -> Type:
        self.need(node.test, BOOL, local, node.at, "the condition of '?'")
        yes, no = self.type_of(node.yes, local), self.type_of(node.no, local)
        if isinstance(yes, Text) and isinstance(no, Text):
            self.words(yes, no, node.at)
            self.words(no, yes, node.at)
        return self.merged((yes, no), node.at, "'? :'")

    def items(self, node: Items, local: Mapping[str, Type]) -> Type:
        if not node.items:
            raise self.error("an empty list says nothing", node.at)
        kinds = tuple(self.type_of(item, local) for item in node.items)
        return ListOf(self.merged(kinds, node.at, "a list"))

    def merged(self, kinds: Iterable[Type], at: int, what: str) -> Type:
        distinct = list(dict.fromkeys(kinds))
        if len(distinct) == 1:
            return distinct[0]
        texts = [kind for kind in distinct if isinstance(kind, Text)]
        if len(texts) == len(distinct):
            return _either(texts)
        raise self.error(f"{what} mixes " + " and ".join(sorted(map(_kind, distinct))), at)

    def macro(self, node: Macro, local: Mapping[str, Type]) -> Type:
        target = self.type_of(node.target, local)
        if not isinstance(target, ListOf):
            raise self.error(f"{node.kind} needs a list, not {_kind(target)}", node.at)
        if node.variable in self.scope or node.variable in local:
            raise self.error(
                f"{node.variable!r} already has a meaning; choose another name", node.at
            )
        inner = {**local, node.variable: target.item}
        body = self.type_of(node.body, inner)
        if node.kind == "map":
            return ListOf(body)
        if body != BOOL:
            raise self.error(f"{node.kind} needs a condition, not {_kind(body)}", node.at)
        return target if node.kind == "filter" else BOOL

    def call(self, node: Call, local: Mapping[str, Type]) -> Type:
        if node.function == "has":
            raise self.error(
                "has() would hide a misspelt field",
                node.at,
                "every field of the facts is always present; compare its value",
            )
        if node.function not in FUNCTIONS:
            remedy = _near(node.function, FUNCTIONS)
            raise self.error(f"no function {node.function!r}", node.at, remedy)
        match [self.type_of(argument, local) for argument in node.arguments]:
            case [ListOf()] if node.function == "size":
                return INT
            case [Text()] if node.function in CONSTANTS and not node.method:
                self.constant(node, node.arguments[0])
                return CONSTANTS[node.function]
            case [Text() as target, Text()] if node.function in TEXT_METHODS and node.method:
                return self.text_method(node, target)
        wanted = "a list" if node.function == "size" else "text"
        raise self.error(f"{node.function} is used wrongly; it takes {wanted}", node.at)

    def text_method(self, node: Call, target: Text) -> Type:
        if target.choices is not None:
            raise self.error(f"{node.function} is for free text, not {_kind(target)}", node.at)
        if node.function == "matches":
            self.constant(node, node.arguments[1])
        return BOOL

    def constant(self, node: Call, argument: Node) -> None:
        """Remember a call whose argument must be right at load: a time, a pattern."""
        if not isinstance(argument, Literal):
            raise self.error(f"{node.function} needs its text written out", node.at)
        self.found.constants.append(node)

    _BY_NODE: ClassVar[Mapping[type, Callable[..., Type]]] = {
        Literal: literal,
        Name: name,
        Field: field,
        Index: index,
        Call: call,
        Macro: macro,
        Unary: unary,
        Binary: binary,
        Conditional: conditional,
        Items: items,
    }


def _either(kinds: Iterable[Text]) -> Text:
    """The text that may be any of these."""
    words: dict[str, None] = {}
    written = True
    for kind in kinds:
        if kind.choices is None:
            return TEXT
        words.update(dict.fromkeys(kind.choices))
        written = written and kind.written
    return Text(tuple(words), written=written)


def _kind(kind: Type) -> str:
    match kind:
        case Text(choices=None):
            return "a string"
        case Text():
            return f"one of {kind}"
        case _:
            return str(kind)


def _near(word: str, known: Iterable[str]) -> str | None:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean {close[0]!r}?" if close else None
