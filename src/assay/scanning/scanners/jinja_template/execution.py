"""Statements, gone through once for every way that matters, nothing rendered.

Both branches of a condition are gone through; a loop over constants is unrolled; a loop over
anything else is gone through twice, since what its first turn sets its second may use.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

from assay.core.finding import Severity
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
    Text,
    With,
)
from assay.scanning.rules import Rule
from assay.scanning.scanners.jinja_template.emission import BudgetError, Emission
from assay.scanning.scanners.jinja_template.evaluation import Evaluator
from assay.scanning.scanners.jinja_template.names import Names, any_item, item_of
from assay.scanning.scanners.jinja_template.rules import RULES
from assay.scanning.scanners.jinja_template.values import (
    Source,
    Triggers,
    Value,
    constant,
    joined,
    unknown,
)

_MOST_STEPS = 30_000
_MOST_EXPRESSIONS = 150_000
_MOST_TURNS = 64
_MANY_TURNS = 10_000_000
_MOST_CALLS = 5
_MOST_REMEMBERED = 2_000
_LEAVES = ("/", "\\", "~")
Find = Callable[[Rule, str, int, Severity | None], None]


class Execution:
    """One template.

    Attributes:
        emission: What it emits.
        asks_for_messages: Whether it uses the messages it is given.
    """

    def __init__(self, find: Find) -> None:
        self.emission = Emission()
        self.asks_for_messages = False
        self._report = find
        self._names = Names()
        self._macros: dict[str, Macro] = {}
        self._called: set[str] = set()
        self._calls: list[tuple[str, int]] = []
        self._emitted: dict[Hashable, Value] = {}
        self._evaluator = Evaluator(self)
        self._triggers: Triggers = frozenset()
        self._unsure = self._steps = self._expressions = 0
        self._turns = 1
        self._by_type: dict[type, Callable[[Any], None]] = {
            Text: self._text,
            Output: self._output,
            If: self._if,
            For: self._for,
            Set: self._set,
            SetBlock: self._set_block,
            Macro: self._define,
            CallBlock: self._call_block,
            FilterBlock: self._filter_block,
            With: self._with,
            Group: self._group,
            Load: self._load,
        }

    def run(self, body: Body) -> None:
        """Go through a template.

        Raises:
            BudgetError: it takes more steps than the budget allows.
        """
        self._body(body)
        for name in list(self._macros):
            if name not in self._called:
                self.macro(name, [], 0)

    # What the evaluator asks for.

    def get(self, name: str) -> Value | None:
        """What a name the template sets is."""
        self.asks_for_messages |= name == "messages"
        return unknown() if name in self._macros else self._names.get(name)

    def find(
        self, rule: Rule, evidence: str, offset: int, severity: Severity | None = None
    ) -> None:
        """Report a finding."""
        self._report(rule, evidence, offset, severity)

    def step(self) -> None:
        """Count one expression towards the budget."""
        self._expressions += 1
        if self._expressions > _MOST_EXPRESSIONS:
            raise BudgetError

    def macro(self, name: str, arguments: list[tuple[str, Value]], offset: int) -> Value | None:
        """What a macro emits for these arguments."""
        macro = self._macros.get(name)
        if macro is None:
            return None
        self._called.add(name)
        changes, triggers = self._names.changes, self._triggers
        key = (name, changes, triggers, *((word, value.key) for word, value in arguments))
        if key not in self._emitted:
            emitted = self._gone_through(macro, arguments, offset)
            if len(self._emitted) >= _MOST_REMEMBERED:
                return emitted
            self._emitted[key] = emitted
        return self._emitted[key]

    def _gone_through(self, macro: Macro, arguments: list[tuple[str, Value]], offset: int) -> Value:
        if len(self._calls) >= _MOST_CALLS or any(macro.name == name for name, _ in self._calls):
            if self._calls[-1] == (macro.name, self._unsure):
                shown = f"{macro.name} calls itself without end"
                self.find(RULES["jinja.exhaustion"], shown, offset)
            return unknown(*(source for _, value in arguments for source in value.sources))
        self._calls.append((macro.name, self._unsure))
        self._names.macros += 1
        with self._names.inside():
            self._bind(macro, arguments)
            emitted = self._captured(macro.body)
        self._names.macros -= 1
        self._calls.pop()
        return emitted

    def _bind(self, macro: Macro, arguments: list[tuple[str, Value]]) -> None:
        """Set a macro's parameters; where nobody calls it they may be anything."""
        plain = [value for word, value in arguments if not word]
        named = {word: value for word, value in arguments if word and word[0] != "*"}
        anything = unknown() if arguments else unknown(Source.PARAMETER)
        for place, (parameter, default) in enumerate(macro.parameters):
            if place < len(plain):
                value = plain[place]
            elif parameter in named:
                value = named[parameter]
            elif default is None:
                value = anything
            else:
                value = self._evaluator.value(default)
                value = value if arguments else value.or_else(anything)
            self._names.put(parameter, value)

    # Statements.

    def _body(self, body: Body) -> None:
        for statement in body:
            self._steps += 1
            if self._steps > _MOST_STEPS:
                raise BudgetError
            self._by_type[type(statement)](statement)

    def _captured(self, body: Body) -> Value:
        """What a body emits, as a value."""
        self.emission.capture()
        self._body(body)
        return self.emission.captured()

    @contextmanager
    def _under(self, triggers: Triggers, *, sure: bool = False) -> Iterator[None]:
        """What is gone through depends on these comparisons, or is not sure to happen at all."""
        outer, self._triggers = self._triggers, self._triggers | triggers
        self._unsure += not sure
        yield
        self._triggers = outer
        self._unsure -= not sure

    def _emit(self, value: Value, offset: int) -> None:
        self.emission.emit(value.also(self._triggers), offset)

    def _assign(self, name: str, value: Value) -> None:
        self._names.assign(name, value, self._triggers, sure=not self._unsure)

    def _text(self, statement: Text) -> None:
        self._emit(constant(statement.text), statement.offset)

    def _output(self, statement: Output) -> None:
        value = self._evaluator.value(statement.value)
        if statement.emits:
            self._emit(value, statement.value.offset)

    def _if(self, statement: If) -> None:
        failed: Triggers = frozenset()
        for test, body in statement.branches:
            value = self._evaluator.value(test)
            with self._under(value.when_true | failed):
                self._body(body)
            failed |= value.when_false
        with self._under(failed):
            self._body(statement.otherwise)

    def _for(self, statement: For) -> None:
        values = self._evaluator.value(statement.values)
        self._names.default("loop", unknown(Source.TURN))
        outer, self._turns = self._turns, self._turns * max(values.size, 1)
        if outer > 1 and self._turns >= _MANY_TURNS > outer:
            shown = f"loops in loops, {self._turns} turns"
            self.find(RULES["jinja.exhaustion"], shown, statement.values.offset)
        turns, sure = _turns(values)
        start = second = len(self.emission.pieces)
        for turn in turns:
            second = len(self.emission.pieces)
            self._turn(statement, turn, values.triggers, sure=sure)
        if not sure:
            self.emission.forget_repeated(start, second)
        self._turns = outer
        with self._under(values.triggers):
            self._body(statement.otherwise)

    def _turn(self, statement: For, turn: Value, triggers: Triggers, *, sure: bool) -> None:
        with self._names.only_for(statement.targets):
            for name, value in self._names.spread(statement.targets, turn):
                self._names.assign(name, value, frozenset(), sure=True)
            if statement.test is not None:
                triggers = triggers | self._evaluator.value(statement.test).when_true
            with self._under(triggers, sure=sure and statement.test is None):
                self._body(statement.body)

    def _set(self, statement: Set) -> None:
        value = self._evaluator.value(statement.value)
        triggers = value.triggers | self._triggers
        if triggers:  # what a name is set to is emitted somewhere, so its conditions count here
            self.emission.note(value.text, triggers, statement.value.offset)
        for name, item in self._names.spread(statement.targets, value):
            self._assign(name, item)
        if statement.value.kind is Kind.CALL and statement.value.parts[0].word == "namespace":
            self._namespace(statement.targets[0], statement.value)

    def _namespace(self, name: str, call: Expression) -> None:
        for word, part in zip(call.words, call.arguments, strict=False):
            if word.isidentifier():
                self._names.put(f"{name}.{word}", self._evaluator.value(part))

    def _filtered(self, filters: Expression, body: Body) -> Value:
        """Filters over what a body emits."""
        self._names.put(BODY, self._captured(body))
        return self._evaluator.value(filters)

    def _set_block(self, statement: SetBlock) -> None:
        self._assign(statement.target, self._filtered(statement.value, statement.body))

    def _filter_block(self, statement: FilterBlock) -> None:
        self._emit(self._filtered(statement.value, statement.body), statement.value.offset)

    def _define(self, statement: Macro) -> None:
        self._macros[statement.name] = statement

    def _call_block(self, statement: CallBlock) -> None:
        with self._names.inside():
            for name, default in statement.parameters:
                value = unknown(Source.PARAMETER)
                if default is not None:
                    value = value.or_else(self._evaluator.value(default))
                self._names.put(name, value)
            self._captured(statement.body)
        self._emit(self._evaluator.value(statement.call), statement.call.offset)

    def _with(self, statement: With) -> None:
        with self._names.inside():
            for name, value in statement.names:
                self._names.put(name, self._evaluator.value(value))
            self._body(statement.body)

    def _group(self, statement: Group) -> None:
        if statement.value is not None:
            self._evaluator.value(statement.value)
        self._body(statement.body)

    def _load(self, statement: Load) -> None:
        source = self._evaluator.value(statement.source)
        leaves = any(
            text.startswith(_LEAVES) or ".." in text or ":" in text for text in source.texts
        )
        severity = Severity.HIGH if leaves or not source.known else None
        shown = f"{statement.tag} {joined(source.texts) or 'a name that is not known'}"
        self.find(RULES["jinja.other-template"], shown, statement.source.offset, severity)
        for name in statement.names:
            self._names.put(name, unknown(Source.CONTEXT))


def _turns(values: Value) -> tuple[list[Value], bool]:
    """What a loop's name is in each turn that is gone through, and whether these are all turns."""
    items = list(values.single) if isinstance(values.single, dict) else values.single
    if isinstance(items, (list, tuple, str)) and 0 < len(items) <= _MOST_TURNS:
        return [item_of(item, values) for item in items], True
    return [any_item(values)] * 2, False
