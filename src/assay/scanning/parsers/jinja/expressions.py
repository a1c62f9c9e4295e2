"""Expressions: the whole grammar of Jinja's, by precedence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assay.scanning.parsers.jinja import lexer
from assay.scanning.parsers.jinja.lexer import TemplateError, Token
from assay.scanning.parsers.jinja.nodes import Constant, Expression, Kind
from assay.scanning.parsers.jinja.reading import Reader

_MOST_DEPTH = 160
"""Of brackets and right-hand sides in one another; what people write stays below 20."""
_LEVELS = (
    {"or"},
    {"and"},
    {"not"},
    {"==", "!=", "<", "<=", ">", ">=", "in", "not in"},
    {"+", "-"},
    {"~"},
    {"*", "/", "//", "%"},
    {"**"},
)
_LEVEL = {word: level for level, words in enumerate(_LEVELS) for word in words}
_NOT, _COMPARE = _LEVEL["not"], _LEVEL["=="]
_CONSTANTS: dict[str, Constant] = {
    "true": True,
    "false": False,
    "none": None,
    "True": True,
    "False": False,
    "None": None,
}
_ENDS_TEST = frozenset({"else", "or", "and"})


class Expressions(Reader):
    """The expressions the tokens of a template make."""

    def __init__(self, found: list[Token]) -> None:
        super().__init__(found)
        self._depth = 0

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise self.error("an expression nested deeper than the budget")
        yield
        self._depth -= 1

    def values(self) -> Expression:
        """An expression, or several with commas, which make a tuple."""
        return self._tuple(self.value)

    def values_of_loop(self) -> Expression:
        """What a loop goes over: no choice, since its `if` is the loop's own."""
        return self._tuple(lambda: self._binary(0))

    def _tuple(self, single: Callable[[], Expression]) -> Expression:
        offset = self.token.offset
        parts = [single()]
        comma = False
        while self.take(","):
            comma = True
            if not self._begins():
                break
            parts.append(single())
        return Expression(Kind.TUPLE, offset, tuple(parts)) if comma else parts[0]

    def _begins(self) -> bool:
        """Whether an expression can begin here."""
        token = self.token
        if token.kind == lexer.OPERATOR:
            return token.value in ("(", "[", "{", "-", "+")
        return token.kind in (lexer.NAME, lexer.STRING, lexer.INTEGER, lexer.FLOAT) and (
            token.value not in ("in", "recursive", "if") or token.kind == lexer.STRING
        )

    def value(self) -> Expression:
        """One expression, a choice (`a if b else c`) included."""
        with self._deeper():
            offset = self.token.offset
            node = self._binary(0)
            while self.word("if"):
                test = self._binary(0)
                missing = Expression(Kind.CONSTANT, offset, value="")
                other = self.value() if self.word("else") else missing
                node = Expression(Kind.CHOICE, offset, (test, node, other))
            return node

    def _binary(self, lowest: int) -> Expression:
        with self._deeper():
            node = self._unary(lowest)
            while True:
                word = self._operator()
                level = _LEVEL.get(word, -1)
                if level < max(lowest, 0) or level == _NOT:
                    return node
                node = self._operation(node, word, level)

    def _operation(self, node: Expression, word: str, level: int) -> Expression:
        """All operations of one level that follow, as one node as far as the operator is one."""
        kind = Kind.COMPARE if level == _COMPARE else Kind.BINARY
        parts, words = [node], list[str]()
        while (again := self._operator()) and (
            _LEVEL.get(again) == level if kind is Kind.COMPARE else again == word
        ):
            self.next()
            if again == "not in":
                self.next()
            words.append(again)
            parts.append(self._binary(level + 1))
        return Expression(kind, node.offset, tuple(parts), word, words=tuple(words))

    def _operator(self) -> str:
        """The operator that comes next, not taken; "" where none does."""
        token = self.token
        if token.kind == lexer.OPERATOR or (
            token.kind == lexer.NAME and token.value in ("or", "and", "in")
        ):
            return token.value
        if token.kind == lexer.NAME and token.value == "not":
            after = self.second()
            return "not in" if after.kind == lexer.NAME and after.value == "in" else ""
        return ""

    def _unary(self, lowest: int) -> Expression:
        signs: list[Token] = []
        while lowest <= _NOT and self.sees("not", lexer.NAME):
            signs.append(self.next())
        if signs:
            node = self._binary(_COMPARE)
        else:
            while self.sees("-") or self.sees("+"):
                signs.append(self.next())
            node = self._primary()
            node = self._plain_postfix(node) if signs else self._postfix(node)
        for sign in reversed(signs):
            node = Expression(Kind.UNARY, sign.offset, (node,), sign.value)
        return self._filtered(node) if signs and signs[0].value != "not" else node

    def _postfix(self, node: Expression) -> Expression:
        """Attributes, items and calls; then filters and tests, which may be called again."""
        return self._filtered(self._plain_postfix(node))

    def _filtered(self, node: Expression) -> Expression:
        while True:
            if self.take("|"):
                node = self.filter_over(node)
            elif self.sees("is", lexer.NAME):
                node = self._test(node)
            elif self.sees("("):
                node = self._call(Kind.CALL, node.offset, (node,), "")
            else:
                return node

    def filter_over(self, node: Expression) -> Expression:
        """The filter whose name comes next, over a value."""
        token = self.expect(lexer.NAME)
        return self._arguments_of(Kind.FILTER, token.offset, node, self._dotted(token))

    def filters(self, node: Expression) -> Expression:
        """Any number of filters over a value, each behind a `|`."""
        while self.take("|"):
            node = self.filter_over(node)
        return node

    def _dotted(self, first: Token) -> str:
        name = first.value
        while self.take("."):
            name += "." + self.expect(lexer.NAME).value
        return name

    def _arguments_of(self, kind: Kind, offset: int, node: Expression, word: str) -> Expression:
        if self.sees("("):
            return self._call(kind, offset, (node,), word)
        return Expression(kind, offset, (node,), word)

    def _test(self, node: Expression) -> Expression:
        """A test with its arguments: in brackets, or one that follows without."""
        offset = self.next().offset
        negated = self.word("not")
        word = self._dotted(self.expect(lexer.NAME))
        if self.sees("("):
            node = self._call(Kind.TEST, offset, (node,), word)
        elif self._argument_follows():
            argument = self._plain_postfix(self._primary())
            node = Expression(Kind.TEST, offset, (node, argument), word, words=("",))
        else:
            node = Expression(Kind.TEST, offset, (node,), word)
        return Expression(Kind.UNARY, offset, (node,), "not") if negated else node

    def _argument_follows(self) -> bool:
        token = self.token
        if token.kind == lexer.OPERATOR:
            return token.value in ("[", "{")
        if token.kind == lexer.NAME:
            return token.value not in _ENDS_TEST
        return token.kind in (lexer.STRING, lexer.INTEGER, lexer.FLOAT)

    def _plain_postfix(self, node: Expression) -> Expression:
        while True:
            if self.take("."):
                node = self._attribute(node)
            elif self.take("["):
                node = self._item(node)
            elif self.sees("("):
                node = self._call(Kind.CALL, node.offset, (node,), "")
            else:
                return node

    def _attribute(self, node: Expression) -> Expression:
        token = self.next()
        if token.kind == lexer.NAME:
            return Expression(Kind.ATTRIBUTE, token.offset, (node,), token.value)
        if token.kind == lexer.INTEGER:
            index = _number(token)
            return Expression(Kind.ITEM, token.offset, (node, index))
        raise TemplateError("a name is missing behind a point", token.offset)

    def _item(self, node: Expression) -> Expression:
        offset = self.token.offset
        if self.take("]"):
            return Expression(Kind.ITEM, offset, (node, Expression(Kind.TUPLE, offset)))
        parts = [self._slice()]
        comma = False
        while self.take(","):
            comma = True
            if self.sees("]"):
                break
            parts.append(self._slice())
        self.expect(lexer.OPERATOR, "]")
        index = Expression(Kind.TUPLE, offset, tuple(parts)) if comma else parts[0]
        return Expression(Kind.ITEM, offset, (node, index))

    def _slice(self) -> Expression:
        offset = self.token.offset
        none = Expression(Kind.CONSTANT, offset)
        first = none if self.sees(":") else self.value()
        if not self.take(":"):
            return first
        parts = [first, none, none]
        for place in (1, 2):
            if not (self.sees(":") or self.sees("]") or self.sees(",")):
                parts[place] = self.value()
            if not self.take(":"):
                break
        return Expression(Kind.SLICE, offset, tuple(parts))

    def _call(
        self, kind: Kind, offset: int, target: tuple[Expression, ...], word: str
    ) -> Expression:
        self.expect(lexer.OPERATOR, "(")
        parts, words = list(target), list[str]()
        while not self.take(")"):
            if words:
                self.expect(lexer.OPERATOR, ",")
                if self.take(")"):
                    break
            words.append(self._keyword())
            parts.append(self.value())
        return Expression(kind, offset, tuple(parts), word, words=tuple(words))

    def _keyword(self) -> str:
        for stars in ("**", "*"):
            if self.take(stars):
                return stars
        token = self.token
        if token.kind == lexer.NAME:
            after = self.second()
            if after.kind == lexer.OPERATOR and after.value == "=":
                self.next()
                self.next()
                return token.value
        return ""

    def _primary(self) -> Expression:
        token = self.next()
        if token.kind == lexer.NAME:
            if token.value in _CONSTANTS:
                return Expression(Kind.CONSTANT, token.offset, value=_CONSTANTS[token.value])
            return Expression(Kind.NAME, token.offset, word=token.value)
        if token.kind == lexer.STRING:
            return self._string(token)
        if token.kind in (lexer.INTEGER, lexer.FLOAT):
            return _number(token)
        if token.kind == lexer.OPERATOR and token.value in ("(", "[", "{"):
            return self._bracketed(token)
        raise TemplateError("an expression is missing", token.offset)

    def _string(self, token: Token) -> Expression:
        pieces = [token]
        while self.token.kind == lexer.STRING:
            pieces.append(self.next())
        text = "".join(lexer.text_of(piece.value, piece.offset) for piece in pieces)
        escaped = any("\\" in piece.value for piece in pieces) or len(pieces) > 1
        return Expression(Kind.CONSTANT, token.offset, value=text, literal=escaped)

    def _bracketed(self, token: Token) -> Expression:
        if token.value == "(":
            if self.take(")"):
                return Expression(Kind.TUPLE, token.offset)
            node = self.values()
            self.expect(lexer.OPERATOR, ")")
            return node
        parts: list[Expression] = []
        closing, kind = ("]", Kind.LIST) if token.value == "[" else ("}", Kind.DICT)
        while not self.take(closing):
            if parts:
                self.expect(lexer.OPERATOR, ",")
                if self.take(closing):
                    break
            parts.append(self.value())
            if kind is Kind.DICT:
                self.expect(lexer.OPERATOR, ":")
                parts.append(self.value())
        return Expression(kind, token.offset, tuple(parts))


def _number(token: Token) -> Expression:
    text = token.value.replace("_", "")
    if token.kind == lexer.FLOAT:
        value: Constant = float(text)
        if math.isinf(float(text)):
            raise TemplateError("a number over the budget", token.offset)
    else:
        value = int(text, 0) if text[:2].lower() in ("0x", "0o", "0b") else int(text)
    return Expression(Kind.CONSTANT, token.offset, value=value)
