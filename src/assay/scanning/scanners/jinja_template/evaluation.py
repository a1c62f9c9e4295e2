"""Expressions, evaluated as far as constants go; on the way, what they reach for is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from assay.scanning.parsers.jinja.nodes import Expression, Kind, postorder
from assay.scanning.scanners.jinja_template import access, folding
from assay.scanning.scanners.jinja_template.calls import Arguments, Calls
from assay.scanning.scanners.jinja_template.checks import Checks, Scope
from assay.scanning.scanners.jinja_template.filters import Filters
from assay.scanning.scanners.jinja_template.origins import attribute_of, item_of, name_of
from assay.scanning.scanners.jinja_template.rules import RULES
from assay.scanning.scanners.jinja_template.triggers import compared, of_test
from assay.scanning.scanners.jinja_template.values import (
    HOLE,
    Source,
    Value,
    constant,
    fits,
    joined,
    merged,
    over,
    unknown,
)
from assay.scanning.scanners.jinja_template.wording import words

_LONGEST = 16 * 1024
_SENTENCE = 3
_DIRECT = (Kind.NAME, Kind.ATTRIBUTE, Kind.ITEM)
_FORMATS = ("format", "format_map")


class Evaluator:
    """Values of expressions in a scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._checks = Checks(scope)
        self._calls = Calls(scope, self._checks, self._of_part)
        self._filters = Filters(self._checks)
        self._values: dict[int, Value] = {}
        self._by_kind: dict[Kind, Callable[[Expression], Value]] = {
            Kind.CONSTANT: lambda node: constant(node.value, made=node.literal),
            Kind.NAME: self._name,
            Kind.ATTRIBUTE: self._attribute,
            Kind.ITEM: self._item,
            Kind.SLICE: self._slice,
            Kind.CALL: lambda node: self._calls.value(node, self._arguments(node)),
            Kind.FILTER: self._filter,
            Kind.TEST: self._test,
            Kind.UNARY: self._unary,
            Kind.BINARY: self._binary,
            Kind.COMPARE: self._compare,
            Kind.CHOICE: self._choice,
            Kind.LIST: self._list,
            Kind.TUPLE: self._list,
            Kind.DICT: self._dict,
        }

    def value(self, root: Expression) -> Value:
        """What an expression may stand for."""
        outer, self._values = self._values, {}
        for node in postorder(root):
            self._scope.step()
            value = self._by_kind[node.kind](node)
            self._checks.hidden_name(node, value)
            self._values[id(node)] = value
        found, self._values = self._values[id(root)], outer
        return found

    def _of_part(self, part: Expression) -> Value:
        return self._values[id(part)]

    def _parts(self, node: Expression) -> list[Value]:
        return [self._values[id(part)] for part in node.parts]

    def _arguments(self, node: Expression) -> Arguments:
        return list(zip(node.words, self._parts(node)[1:], strict=False))

    def _name(self, node: Expression) -> Value:
        found = self._scope.get(node.word)
        if found is not None:
            return found
        if node.word == "lipsum":
            self._scope.find(RULES["jinja.web-object"], "lipsum", node.offset)
        return name_of(node.word)

    def _attribute(self, node: Expression) -> Value:
        target, name = node.parts[0], node.word
        self._checks.attributes((name,), ".{}", node.offset)
        value = self._of_part(target)
        if name in _FORMATS:
            self._checks.formatted(value, node.offset)
        if target.kind is Kind.NAME:
            if self._scope.get(target.word) is None and access.web(target.word, name):
                self._scope.find(RULES["jinja.web-object"], f"{target.word}.{name}", node.offset)
            stored = self._scope.get(f"{target.word}.{name}")
            if stored is not None:
                return stored
        found = value.single
        if isinstance(found, dict) and name in found:
            return _of(found[name], value)
        return attribute_of(value, name)

    def _item(self, node: Expression) -> Value:
        target, index = self._parts(node)
        self._checks.subscripts(index.texts, node.offset)
        said = node.parts[1].kind in _DIRECT and Source.CONTENT in index.sources
        if not index.known and not target.known and (index.built or said):
            self._checks.computed_name(index, node.offset, sure=False)
        if isinstance(node.parts[1].value, str) and node.parts[0].kind is Kind.NAME:
            stored = self._scope.get(f"{node.parts[0].word}.{node.parts[1].value}")
            if stored is not None:
                return stored
        if target.known and index.known:
            return over(folding.item, target, index)
        return item_of(target, index)

    def _slice(self, node: Expression) -> Value:
        parts = self._parts(node)
        singles = [part.single for part in parts]
        if all(item is None or isinstance(item, int) for item in singles):
            return Value((slice(*singles),), open=False, text="")
        return replace(merged(*parts), built=False)

    def _filter(self, node: Expression) -> Value:
        target = self._of_part(node.parts[0])
        return self._filters.value(node.word, target, self._arguments(node), node.offset)

    def _test(self, node: Expression) -> Value:
        target, *values = self._parts(node)
        found = replace(merged(target, *values), text="", built=False)
        return of_test(found, target, values)

    def _unary(self, node: Expression) -> Value:
        value = over(folding.UNARY[node.word], *self._parts(node), made=False)
        if node.word != "not":
            return value
        return replace(
            value, when_true=value.when_false, when_false=value.when_true, text="", built=False
        )

    def _binary(self, node: Expression) -> Value:
        parts, word = self._parts(node), node.word
        if word in ("or", "and"):
            return _either(word, parts)
        self._checks.repeated(word, parts, node.offset)
        if word == "%":
            self._checks.formatted(parts[0], node.offset)
        if all(part.known for part in parts):
            if word == "~":
                return over(folding.concatenated, *parts)
            value = parts[0]
            for part in parts[1:]:
                value = over(folding.BINARY[word], value, part)
            return value
        found = merged(*parts)
        if word in ("~", "+") or (word == "%" and parts[0].texts):
            text = "".join(part.text for part in parts)[:_LONGEST]
            found = replace(found, text=text, built=any(p.texts or p.built for p in parts))
        return found

    def _compare(self, node: Expression) -> Value:
        parts = self._parts(node)
        value = merged(*parts)
        if all(part.known and not part.open for part in parts) and len(parts) == 2:
            value = over(folding.COMPARE[node.words[0]], *parts, made=False)
        value = replace(value, text="", built=False)
        for word, left, right in zip(node.words, parts, parts[1:], strict=False):
            value = compared(value, word, left, right)
        return value

    def _choice(self, node: Expression) -> Value:
        """Either value, each on the condition on which it is taken."""
        test, value, other = self._parts(node)
        mine, others = words(value.text) >= _SENTENCE, words(other.text) >= _SENTENCE
        triggers = test.triggers
        if mine is not others:
            triggers = test.when_true if mine else test.when_false
        return value.or_else(other).also(triggers)

    def _list(self, node: Expression) -> Value:
        parts = self._parts(node)
        singles = [part.single for part in parts]
        items = tuple(singles) if node.kind is Kind.TUPLE else singles
        found = merged(*parts)
        return replace(found, known=(items,), open=False, built=False) if fits(items) else found

    def _dict(self, node: Expression) -> Value:
        parts = self._parts(node)
        pairs = {}
        for key, value in zip(parts[::2], parts[1::2], strict=True):
            name = key.single
            if isinstance(name, (str, int, float)):
                pairs[name] = value.single
        found = merged(*parts)
        return replace(found, known=(pairs,), open=False, built=False) if fits(pairs) else found


def _of(item: object, container: Value) -> Value:
    """An item of a dictionary that is known."""
    if item is HOLE or not fits(item):
        return replace(merged(container), text=unknown().text, built=False)
    return replace(constant(item, made=container.made), sources=container.sources)


def _either(word: str, parts: list[Value]) -> Value:
    """`or` and `and`: any of the values."""
    found = merged(*parts)
    if word == "or" and len(parts) == 2 and all(p.known and not p.open for p in parts):
        found = over(folding.BINARY["or"], *parts, made=False)
    return replace(found, text=joined(part.text for part in parts if part.text))
