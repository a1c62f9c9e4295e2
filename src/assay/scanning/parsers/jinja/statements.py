"""Statements: tags with their bodies, read with a stack of the tags that are open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from assay.scanning.parsers.jinja import lexer
from assay.scanning.parsers.jinja.expressions import Expressions
from assay.scanning.parsers.jinja.lexer import TemplateError, tokens
from assay.scanning.parsers.jinja.nodes import (
    BODY,
    Body,
    CallBlock,
    Expression,
    FilterBlock,
    For,
    Group,
    If,
    Kind,
    Load,
    Macro,
    Output,
    Set,
    SetBlock,
    Statement,
    Text,
    With,
)

_MOST_NESTED = 60
"""Tags in one another; what people write stays below 20."""
_GROUPS = frozenset({"generation", "autoescape", "block"})
_NOTHING = frozenset({"break", "continue"})
_COLON = frozenset("if elif else for macro call filter with set".split()) | _GROUPS
_MIDDLE = {"elif": ("if",), "else": ("if", "for")}
Parameters = tuple[tuple[str, Expression | None], ...]
Make = Callable[[list[Body]], Statement]


@dataclass(slots=True)
class _Open:
    """A tag whose end has not come.

    Attributes:
        tag: Its word.
        offset: Where it stands.
        make: Makes the statement of the finished bodies.
        tests: Tests of an `if` so far.
        bodies: Finished bodies.
        body: The one being read.
        last: Whether an `else` has come.
    """

    tag: str
    offset: int
    make: Make
    tests: list[Expression] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)
    body: list[Statement] = field(default_factory=list)
    last: bool = False

    def close(self) -> None:
        self.bodies.append(tuple(self.body))
        self.body = []


def parse(source: str) -> Body:
    """A template's statements.

    Raises:
        TemplateError: Jinja would not take it, its tags are not known here, or it is over a
            budget.
    """
    return _Parser(Expressions(list(tokens(source)))).all()


class _Parser:
    def __init__(self, reader: Expressions) -> None:
        self._reader = reader
        self._open: list[_Open] = []
        self._root: list[Statement] = []
        self._tags: dict[str, Callable[[int], None]] = {
            "if": self._if,
            "for": self._for,
            "set": self._set,
            "macro": self._macro,
            "call": self._call_block,
            "filter": self._filter,
            "with": self._with,
            "do": self._do,
            "include": self._include,
            "extends": self._include,
            "import": self._include,
            "from": self._include,
        }

    def all(self) -> Body:
        """Every statement to the end."""
        reader = self._reader
        while True:
            token = reader.next()
            if token.kind == lexer.END:
                break
            if token.kind == lexer.TEXT:
                self._add(Text(token.value, token.offset))
            elif token.kind == lexer.BEGIN_OUTPUT:
                self._add(Output(reader.values()))
                reader.expect(lexer.END_OUTPUT)
            else:
                self._tag(token.offset)
        if self._open:
            raise TemplateError(f"{self._open[-1].tag} without an end", self._open[-1].offset)
        return tuple(self._root)

    def _add(self, statement: Statement) -> None:
        (self._open[-1].body if self._open else self._root).append(statement)

    def _tag(self, offset: int) -> None:
        word = self._reader.expect(lexer.NAME).value
        if word in self._tags:
            self._tags[word](offset)
        elif word in _GROUPS:
            self._group(word, offset)
        elif word in _MIDDLE:
            self._middle(word)
        elif word.startswith("end"):
            self._end(word)
        elif word not in _NOTHING:
            raise TemplateError(f"a tag that is not known: {word[:40]}", offset)
        if word in _COLON:
            self._reader.take(":")  # as in Python, which Jinja takes too
        self._reader.expect(lexer.END_BLOCK)

    def _begin(self, opened: _Open) -> None:
        if len(self._open) >= _MOST_NESTED:
            raise TemplateError("tags nested deeper than the budget", opened.offset)
        self._open.append(opened)

    def _end(self, word: str) -> None:
        opened = self._open.pop() if self._open else None
        if opened is None or word != f"end{opened.tag}":
            raise self._reader.error(f"{word[:40]} ends nothing")
        if word == "endblock" and self._reader.token.kind == lexer.NAME:
            self._reader.next()
        opened.close()
        self._add(opened.make(opened.bodies))

    def _middle(self, word: str) -> None:
        opened = self._open[-1] if self._open else None
        if opened is None or opened.tag not in _MIDDLE[word] or opened.last:
            raise self._reader.error(f"{word} without its beginning")
        opened.close()
        if word == "elif":
            opened.tests.append(self._reader.values())
        else:
            opened.last = True

    def _if(self, offset: int) -> None:
        tests = [self._reader.values()]

        def make(bodies: list[Body]) -> Statement:
            otherwise = bodies[len(tests)] if len(bodies) > len(tests) else ()
            return If(tuple(zip(tests, bodies, strict=False)), otherwise)

        self._begin(_Open("if", offset, make, tests))

    def _for(self, offset: int) -> None:
        reader = self._reader
        targets = self._names()
        if not reader.word("in"):
            raise reader.error("a loop over nothing")
        values = reader.values_of_loop()
        test = reader.value() if reader.word("if") else None
        reader.word("recursive")

        def make(bodies: list[Body]) -> Statement:
            return For(targets, values, test, bodies[0], bodies[1] if bodies[1:] else ())

        self._begin(_Open("for", offset, make))

    def _names(self) -> tuple[str, ...]:
        """The names a statement sets, with or without brackets around them."""
        reader = self._reader
        found: list[str] = []
        depth = 0
        while True:
            while reader.take("("):
                depth += 1
            name = reader.expect(lexer.NAME).value
            if reader.take("."):
                name += "." + reader.expect(lexer.NAME).value
            found.append(name)
            while depth and reader.take(")"):
                depth -= 1
            if not reader.take(","):
                break
            if reader.token.kind != lexer.NAME and not reader.sees("("):
                break
        while depth and reader.take(")"):
            depth -= 1
        if depth:
            raise reader.error("a bracket is not closed")
        return tuple(found)

    def _set(self, offset: int) -> None:
        reader = self._reader
        targets = self._names()
        if reader.take("="):
            self._add(Set(targets, reader.values()))
            return
        value = reader.filters(_body(offset))
        self._begin(_Open("set", offset, lambda bodies: SetBlock(targets[0], value, bodies[0])))

    def _parameters(self) -> Parameters:
        reader = self._reader
        found: list[tuple[str, Expression | None]] = []
        reader.expect(lexer.OPERATOR, "(")
        while not reader.take(")"):
            if found:
                reader.expect(lexer.OPERATOR, ",")
                if reader.take(")"):
                    break
            name = reader.expect(lexer.NAME).value
            found.append((name, reader.value() if reader.take("=") else None))
        return tuple(found)

    def _macro(self, offset: int) -> None:
        name = self._reader.expect(lexer.NAME).value
        parameters = self._parameters()
        self._begin(_Open("macro", offset, lambda bodies: Macro(name, parameters, bodies[0])))

    def _call_block(self, offset: int) -> None:
        reader = self._reader
        parameters = self._parameters() if reader.sees("(") else ()
        call = reader.value()
        self._begin(_Open("call", offset, lambda bodies: CallBlock(call, parameters, bodies[0])))

    def _filter(self, offset: int) -> None:
        value = self._reader.filters(self._reader.filter_over(_body(offset)))
        self._begin(_Open("filter", offset, lambda bodies: FilterBlock(value, bodies[0])))

    def _with(self, offset: int) -> None:
        reader = self._reader
        names: list[tuple[str, Expression]] = []
        while reader.token.kind == lexer.NAME:
            name = reader.next().value
            reader.expect(lexer.OPERATOR, "=")
            names.append((name, reader.value()))
            if not reader.take(","):
                break
        self._begin(_Open("with", offset, lambda bodies: With(tuple(names), bodies[0])))

    def _group(self, word: str, offset: int) -> None:
        reader = self._reader
        value = None
        if word == "block":
            reader.expect(lexer.NAME)
            while reader.word("scoped") or reader.word("required"):
                continue
        elif word == "autoescape":
            value = reader.value()
        self._begin(_Open(word, offset, lambda bodies: Group(word, bodies[0], value)))

    def _do(self, offset: int) -> None:
        del offset
        self._add(Output(self._reader.values(), emits=False))

    def _include(self, offset: int) -> None:
        """`include`, `import`, `extends` and `from`; the word was taken before."""
        del offset
        reader = self._reader
        tag = reader.before()
        source = reader.value()
        names: list[str] = []
        if tag == "import":
            reader.word("as")
            names.append(reader.expect(lexer.NAME).value)
        elif tag == "from":
            reader.word("import")
        while reader.token.kind == lexer.NAME:
            name = reader.next().value
            if name in ("as", "with", "without", "ignore"):
                name = reader.expect(lexer.NAME).value if name == "as" else ""
                if not name:
                    reader.next()
            if name:
                names.append(name)
            reader.take(",")
        self._add(Load(tag, source, tuple(names)))


def _body(offset: int) -> Expression:
    return Expression(Kind.NAME, offset, word=BODY)
