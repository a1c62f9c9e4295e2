"""Calls: of functions the template is given, of its macros, and of methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from assay.scanning.parsers.jinja.nodes import Expression, Kind
from assay.scanning.scanners.jinja_template import access, folding
from assay.scanning.scanners.jinja_template.checks import Checks, Scope
from assay.scanning.scanners.jinja_template.origins import name_of
from assay.scanning.scanners.jinja_template.rules import RULES
from assay.scanning.scanners.jinja_template.triggers import of_call
from assay.scanning.scanners.jinja_template.values import (
    Source,
    Value,
    computed,
    merged,
    over,
    unknown,
)

Arguments = list[tuple[str, Value]]
"""Values with their keywords."""


class Calls:
    """Values of calls.

    Args:
        scope: Where names are looked up.
        checks: Where what is called is judged.
        value_of: The value of a part that was evaluated before.
    """

    def __init__(
        self, scope: Scope, checks: Checks, value_of: Callable[[Expression], Value]
    ) -> None:
        self._scope = scope
        self._checks = checks
        self._value_of = value_of

    def value(self, node: Expression, arguments: Arguments) -> Value:
        """What a call may give."""
        callee = node.parts[0]
        values = [value for _, value in arguments]
        root = self._unset(callee)
        if root:
            return self._global(root, node, arguments)
        if callee.kind is Kind.NAME:
            emitted = self._scope.macro(callee.word, arguments, node.offset)
            if emitted is not None:
                return emitted
        elif callee.kind is Kind.ATTRIBUTE:
            return self._method(callee, callee.word, node, arguments)
        elif callee.kind in (Kind.ITEM, Kind.FILTER):
            return self._by_name(callee, node, arguments)
        return merged(self._value_of(callee), *values)

    def _unset(self, node: Expression) -> str:
        """The name a node is, if the template does not set it."""
        free = node.kind is Kind.NAME and self._scope.get(node.word) is None
        return node.word if free else ""

    def _by_name(self, callee: Expression, node: Expression, arguments: Arguments) -> Value:
        """A call of `x['name']` or `x|attr('name')`."""
        names = self._value_of(callee.parts[1]).texts if len(callee.parts) > 1 else ()
        for name in names:
            if access.called(name):
                self._scope.find(RULES["jinja.dangerous-call"], f"[{name!r}]()", node.offset)
        if len(names) == 1:
            return self._method(callee, names[0], node, arguments)
        return merged(self._value_of(callee), *(value for _, value in arguments))

    def _global(self, name: str, node: Expression, arguments: Arguments) -> Value:
        """A function that is given to the template, or is none."""
        values = [value for _, value in arguments]
        if access.called_global(name):
            self._scope.find(RULES["jinja.dangerous-call"], f"{name}()", node.offset)
        if name == "range":
            return self._range(values, node.offset)
        if name == "dict" and all(word and word[0] != "*" for word, _ in arguments):
            pairs = {word: value.single for word, value in arguments}
            return replace(merged(*values), known=(pairs,), open=False, made=True)
        if name == "namespace":
            return replace(merged(*values), text="")
        if name in ("strftime_now", "now"):
            return unknown(Source.TIME)
        return replace(merged(*values), text=unknown().text) if values else name_of(name)

    def _range(self, values: list[Value], offset: int) -> Value:
        bounds = [value.single for value in values]
        found = replace(merged(*values), text=unknown().text, built=False)
        if not 0 < len(bounds) <= 3 or not all(type(item) is int for item in bounds):
            return found
        size = computed(_items_in, *bounds)
        if not isinstance(size, int):
            return found
        self._checks.ranged(size, offset)
        return replace(found, size=size)

    def _method(
        self, callee: Expression, name: str, node: Expression, arguments: Arguments
    ) -> Value:
        target = self._value_of(callee.parts[0])
        values = [value for _, value in arguments]
        root = self._unset(callee.parts[0])
        if access.called(name) or (root and access.module(root)):
            self._scope.find(RULES["jinja.dangerous-call"], f"{root}.{name}()", node.offset)
        self._checks.called(name, target, values, node.offset)
        method = folding.METHODS.get(name)
        if method is not None:
            folded = folded_call(method, target, arguments, made=True)
            if folded is not None:
                return folded
        found = replace(merged(target, *values), built=builds(name, target, values))
        return of_call(found, name, target, values)


def folded_call(
    function: Callable[..., object], target: Value, arguments: Arguments, *, made: bool
) -> Value | None:
    """A function over a target and arguments that are known; None where they are not."""
    if not target.known or not all(value.known for _, value in arguments):
        return None
    keywords = {word: value.single for word, value in arguments if word}
    if not all(word.isidentifier() for word in keywords):
        return None
    plain = [value for word, value in arguments if not word]
    return over(lambda *given: function(*given, **keywords), target, *plain, made=made)


def builds(name: str, target: Value, values: list[Value]) -> bool:
    """Whether a method or a filter puts text together of which a part is known."""
    return name in ("join", "format", "replace", "reverse") and (
        target.built or bool(target.known) or any(value.texts or value.built for value in values)
    )


def _items_in(*bounds: int) -> int:
    """How many items a range has, however many."""
    start, stop, step = (0, bounds[0], 1) if len(bounds) == 1 else (*bounds, 1)[:3]
    return max(0, -((start - stop) // step))
