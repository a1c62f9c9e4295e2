"""Where reading a program is: its scopes, its budgets, and who is told what it does."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

from assay.scanning.scanners.python_code.values import UNKNOWN, Value, join

MOST_STEPS = 2_000_000
"""Expressions and statements looked at in one program, all calls followed included."""
MOST_DEPTH = 110
"""How deep expressions, statements and calls followed may nest together."""
MOST_CALLS = 6
"""Calls inside calls that are followed into functions of the program."""
MOST_LOOPS = 40_000
"""Rounds of loops that are gone through to work out a constant."""

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Place(IntEnum):
    """When a statement runs; a later one is sooner."""

    FUNCTION = 0
    SCRIPT = 1
    LOAD = 2
    IMPORT = 3

    @property
    def unasked(self) -> bool:
        """Whether it runs without somebody starting this program as such."""
        return self >= Place.LOAD

    @property
    def words(self) -> str:
        """For evidence."""
        return _WORDS[self]


_WORDS = {
    Place.FUNCTION: "in a function",
    Place.SCRIPT: "when run as a script",
    Place.LOAD: "when loaded or used",
    Place.IMPORT: "when imported",
}


class OverBudgetError(Exception):
    """The program is longer or nests deeper than it is read."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call in a program.

    Attributes:
        name: The dotted name of what is called; "" where it is not known.
        callee: What is called.
        arguments: By place.
        named: By name; `**` for those of which the name is not known.
        place: When it runs.
        line: From 1.
        node: Its expression.
    """

    name: str
    callee: Value
    arguments: tuple[Value, ...]
    named: dict[str, Value]
    place: Place
    line: int
    node: ast.AST

    @property
    def hidden(self) -> bool:
        """Whether its name was not written out."""
        return self.callee.hidden

    def argument(self, index: int, name: str = "") -> Value:
        """An argument by place or name; the unknown value where it is not given."""
        if index < len(self.arguments):
            return self.arguments[index]
        return self.named.get(name, UNKNOWN)

    @property
    def values(self) -> tuple[Value, ...]:
        """All arguments."""
        return (*self.arguments, *self.named.values())


class Listener(Protocol):
    """Who judges what a program does."""

    def call(self, call: Call) -> None:
        """A call of something the program does not define itself."""
        ...

    def assignment(self, target: str, value: Value, place: Place, line: int) -> None:
        """An attribute or item of something the program does not define is set."""
        ...

    def attribute(self, value: Value, name: str, place: Place, line: int) -> None:
        """An attribute that leads to the interpreter's internals is taken."""
        ...

    def rebuilds(self, how: str, value: Value, line: int) -> None:
        """A tuple of a function and its arguments, which a pickle will name."""
        ...

    def executes(self, text: Value, place: Place, line: int) -> None:
        """Text that is known is run; what it does is told next."""
        ...


class Scope:
    """Names of a module, class or function."""

    def __init__(
        self, parent: Scope | None, place: Place, *, owner: str = "", is_class: bool = False
    ) -> None:
        self.parent = parent
        self.place = place
        self.owner = owner
        self.is_class = is_class
        self.names: dict[str, Value] = {}
        self.stars: set[str] = set()
        self.outer: dict[str, Scope] = {}
        self.yields = False
        self.returned: Value | None = None
        self._branches: list[dict[str, Value | None]] = []

    def module(self) -> Scope:
        """The outermost scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def find(self, name: str) -> Value | None:
        """What a name stands for, here or further out."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names and (scope is self or not scope.is_class):
                return scope.names[name]
            scope = scope.parent
        return None

    def home_of(self, name: str) -> Scope:
        """The function around this one that binds a name; the module where none does."""
        scope = self.parent
        while scope is not None and scope.parent is not None:
            if name in scope.names and not scope.is_class:
                return scope
            scope = scope.parent
        return scope or self

    def set(self, name: str, value: Value) -> None:
        """Bind a name."""
        if name in self.outer:
            home = self.outer[name]
            if home is not self:
                home.set(name, value)
                return
        if self._branches:
            self._branches[-1].setdefault(name, self.names.get(name))
        self.names[name] = value

    @contextmanager
    def branch(self, changes: dict[str, Value]) -> Iterator[None]:
        """What is bound inside is taken back afterwards, and put into `changes`."""
        self._branches.append({})
        try:
            yield
        finally:
            before = self._branches.pop()
            for name, old in before.items():
                changes[name] = self.names[name]
                if old is None:
                    del self.names[name]
                else:
                    self.names[name] = old

    def merge(self, *branches: dict[str, Value]) -> None:
        """Bind what either of some branches bound."""
        for name in dict.fromkeys(name for branch in branches for name in branch):
            values = [branch.get(name) or self.names.get(name) for branch in branches]
            known = [value for value in values if value is not None]
            joined = known[0]
            for value in known[1:]:
                joined = join(joined, value)
            self.set(name, joined)

    def give(self, value: Value) -> None:
        """A value that a function returns."""
        self.returned = value if self.returned is None else join(self.returned, value)


@dataclass
class ClassRecord:
    """A class of the program.

    Attributes:
        name: As it is written.
        scope: Its body's names.
        bases: What it derives from.
        attributes: What methods set on `self`.
    """

    name: str
    scope: Scope
    bases: tuple[Value, ...]
    attributes: dict[str, Value] = field(default_factory=dict)


class Program:
    """A program that is being read.

    Attributes:
        listener: Is told what it does.
        evaluate: What is known of an expression.
        run: Goes through statements.
        parse: The tree of text that the program runs; None where there is none.
        classes: By name.
        line: Stands for every line, while text that the program runs is read.
        depth: Of nesting now.
    """

    evaluate: Callable[[Program, ast.expr, Scope], Value]
    run: Callable[[Program, list[ast.stmt], Scope], None]
    parse: Callable[[str], ast.Module | None]

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.classes: dict[str, ClassRecord] = {}
        self.methods: list[tuple[Function, Scope, Place, str]] = []
        self.homes: dict[int, Scope] = {}
        self.followed: dict[tuple[object, ...], Value] = {}
        self.times: dict[tuple[int, Place], int] = {}
        self.following: list[int] = []
        self.handed: set[str] = set()
        self.line = 0
        self.depth = 0
        self.nested = 0
        self.loops = MOST_LOOPS
        self._steps = 0
        self.cut = False

    def step(self) -> None:
        """Count one expression or statement.

        Raises:
            OverBudgetError: it is one too many.
        """
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise OverBudgetError(f"more than {MOST_STEPS} steps")

    @contextmanager
    def deeper(self) -> Iterator[bool]:
        """One level further in; false where that is too deep to look at."""
        self.depth += 1
        try:
            yield self.depth <= MOST_DEPTH
        finally:
            self.depth -= 1

    def line_of(self, node: ast.AST) -> int:
        """Where an expression or statement is in the file."""
        return self.line or getattr(node, "lineno", 0)
