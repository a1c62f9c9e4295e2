"""Parser of the part of CEL that rules are written in; see `assay.policy.syntax`."""

from __future__ import annotations

import re
from dataclasses import dataclass

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

MAX_SOURCE = 4096
"""Characters in one expression."""

MAX_DEPTH = 48
"""Nesting of one expression; the engine's own parser stops near 100."""

MACROS = frozenset({"all", "exists", "exists_one", "filter", "map"})
RESERVED = frozenset(
    "as break const continue else false for function if import in let loop package namespace "
    "null return true var void while".split()
)
_MAX_INT = 2**63 - 1
_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<int>[0-9]+)(?![\w.])|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"""|(?P<string>"(?!"")(?:[^"\\\n]|\\.)*"|'(?!'')(?:[^'\\\n]|\\.)*')"""
    r"|(?P<op>\|\||&&|[=!<>]=|[-+*/%<>!?:.,()\[\]])"
)
_ESCAPES = {"\\": "\\", '"': '"', "'": "'", "n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parse(source: str) -> Node:
    """The tree of an expression.

    Raises:
        ExpressionError: longer than `MAX_SOURCE`, nested deeper than `MAX_DEPTH`, or not in
            the part of CEL described above.
    """
    if len(source) > MAX_SOURCE:
        raise ExpressionError(f"longer than {MAX_SOURCE} characters", source, MAX_SOURCE)
    return _Parser(source).whole()


def _tokens(source: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None or match.lastgroup is None:
            raise ExpressionError(f"unexpected {source[at]!r}", source, at)
        if match.lastgroup != "space":
            found.append(_Token(match.lastgroup, match[0], at))
        at = match.end()
    found.append(_Token("end", "", len(source)))
    return found


class _Parser:
    """Recursive descent, one method a precedence level, lowest first."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = _tokens(source)
        self.position = 0
        self.depth = 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.position]

    def whole(self) -> Node:
        tree = self.expression()
        if self.next.kind != "end":
            raise self.error(f"unexpected {self.next.text!r}")
        return tree

    def error(
        self, message: str, at: int | None = None, remedy: str | None = None
    ) -> ExpressionError:
        where = self.next.at if at is None else at
        return ExpressionError(message, self.source, where, remedy=remedy)

    def take(self, *texts: str) -> _Token | None:
        token = self.next
        operator = token.kind == "op" or (token.kind == "name" and token.text == "in")
        if not operator or token.text not in texts:
            return None
        self.position += 1
        return token

    def need(self, text: str) -> _Token:
        token = self.take(text)
        if token is None:
            shown = repr(self.next.text) if self.next.text else "the end"
            raise self.error(f"expected {text!r}, found {shown}")
        return token

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"nested deeper than {MAX_DEPTH}")
        test = self.either()
        mark = self.take("?")
        if mark is not None:
            yes = self.either()
            self.need(":")
            test = Conditional(test, yes, self.expression(), mark.at)
        self.depth -= 1
        return test

    def either(self) -> Node:
        left = self.both()
        while (mark := self.take("||")) is not None:
            left = Binary("||", left, self.both(), mark.at)
        return left

    def both(self) -> Node:
        left = self.relation()
        while (mark := self.take("&&")) is not None:
            left = Binary("&&", left, self.relation(), mark.at)
        return left

    def relation(self) -> Node:
        left = self.sum()
        mark = self.take("==", "!=", "<", "<=", ">", ">=", "in")
        if mark is None:
            return left
        node = Binary(mark.text, left, self.sum(), mark.at)
        if (again := self.take("==", "!=", "<", "<=", ">", ">=", "in")) is not None:
            raise self.error("comparisons do not chain", again.at, "use && and parentheses")
        return node

    def sum(self) -> Node:
        left = self.product()
        while (mark := self.take("+", "-")) is not None:
            left = Binary(mark.text, left, self.product(), mark.at)
        return left

    def product(self) -> Node:
        left = self.unary()
        while (mark := self.take("*", "/", "%")) is not None:
            left = Binary(mark.text, left, self.unary(), mark.at)
        return left

    def unary(self) -> Node:
        mark = self.take("!", "-")
        if mark is None:
            return self.member()
        if self.next.text == mark.text and self.next.kind == "op":
            raise self.error(f"doubled {mark.text!r}")
        return Unary(mark.text, self.member(), mark.at)

    def member(self) -> Node:
        node = self.primary()
        while (mark := self.take(".", "[")) is not None:
            if mark.text == "[":
                node = Index(node, self.expression(), mark.at)
                self.need("]")
            else:
                node = self.selected(node)
        return node

    def selected(self, target: Node) -> Node:
        token = self.name()
        if self.take("(") is None:
            return Field(target, token.text, token.at)
        if token.text in MACROS:
            return self.macro(target, token)
        return Call(token.text, (target, *self.arguments(")")), method=True, at=token.at)

    def macro(self, target: Node, token: _Token) -> Node:
        variable = self.name()
        self.need(",")
        body = self.expression()
        self.need(")")
        return Macro(token.text, target, variable.text, body, token.at)

    def name(self) -> _Token:
        token = self.next
        if token.kind != "name" or token.text in RESERVED:
            raise self.error(f"expected a name, found {token.text!r}")
        self.position += 1
        return token

    def arguments(self, end: str) -> tuple[Node, ...]:
        found: list[Node] = []
        while self.take(end) is None:
            if found:
                self.need(",")
            found.append(self.expression())
        return tuple(found)

    def primary(self) -> Node:
        token = self.next
        if token.kind in ("int", "string") or token.text in ("true", "false"):
            self.position += 1
            return Literal(self.value(token), token.at)
        if self.take("(") is not None:
            inner = self.expression()
            self.need(")")
            return inner
        if self.take("[") is not None:
            return Items(self.arguments("]"), token.at)
        name = self.name()
        if self.take("(") is not None:
            return Call(name.text, self.arguments(")"), method=False, at=name.at)
        return Name(name.text, name.at)

    def value(self, token: _Token) -> bool | int | str:
        if token.kind == "string":
            return self.text(token)
        if token.kind == "name":
            return token.text == "true"
        if len(token.text) > len(str(_MAX_INT)) or int(token.text) > _MAX_INT:
            raise self.error("integer beyond 64 bits", token.at)
        return int(token.text)

    def text(self, token: _Token) -> str:
        def plain(match: re.Match[str]) -> str:
            if match[1] not in _ESCAPES:
                raise self.error(f"escape {match[0]!r} is not supported", token.at)
            return _ESCAPES[match[1]]

        return re.sub(r"\\(.)", plain, token.text[1:-1])
