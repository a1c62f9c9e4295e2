"""Filters and tests."""

from __future__ import annotations

from dataclasses import replace

from assay.scanning.scanners.jinja_template import folding
from assay.scanning.scanners.jinja_template.calls import Arguments, builds, folded_call
from assay.scanning.scanners.jinja_template.checks import Checks
from assay.scanning.scanners.jinja_template.origins import attribute_of
from assay.scanning.scanners.jinja_template.triggers import of_call, of_test
from assay.scanning.scanners.jinja_template.values import (
    OTHER_MARK,
    Source,
    Value,
    merged,
    unknown,
)

_BY_ATTRIBUTE = frozenset("map selectattr rejectattr groupby sort unique sum min max".split())
_SELECTING = frozenset({"selectattr", "rejectattr"})
_ATTRIBUTE_FIRST = _SELECTING | {"groupby"}
_KEEPS_ARGUMENTS = frozenset("join format replace".split())
_COUNTS = frozenset("length count int float abs round".split())
_MAKES_TEXT = frozenset("string tojson join pprint".split())


class Filters:
    """Values of filters, what they reach for judged by `checks`."""

    def __init__(self, checks: Checks) -> None:
        self._checks = checks

    def value(self, name: str, target: Value, arguments: Arguments, offset: int) -> Value:
        """What a filter may give."""
        values = [value for _, value in arguments]
        if name == "attr":
            return self._attribute(target, values, offset)
        if name in _BY_ATTRIBUTE:
            return self._over_attribute(name, target, arguments, offset)
        if name == "random":
            return unknown(Source.CHANCE)
        self._checks.called(name, target, values, offset)
        rule = folding.FILTERS.get(name)
        if rule is not None:
            folded = folded_call(rule[0], target, arguments, made=rule[1])
            if folded is not None:
                return _counted(folded) if name in _COUNTS else folded
        if name in ("default", "d") and values:
            return target.or_else(values[0])
        return _other(name, target, values)

    def _attribute(self, target: Value, values: list[Value], offset: int) -> Value:
        """`attr`, which takes an attribute and never an item."""
        name = values[0] if values else unknown()
        self._checks.attributes(name.texts, "|attr({!r})", offset)
        if name.texts:
            return attribute_of(target, name.texts[0])
        if name.known:
            return merged(target)
        self._checks.computed_name(name, offset, sure=True)
        return replace(merged(target, name), built=False)

    def _over_attribute(
        self, filter_name: str, target: Value, arguments: Arguments, offset: int
    ) -> Value:
        """Filters that take an attribute, by its dotted name, of every item."""
        names, plain = _named(filter_name, arguments)
        found = target
        for value in names:
            pieces = (piece for text in value.texts for piece in text.split("."))
            self._checks.attributes(pieces, f"|{filter_name}({{!r}})", offset)
            if not value.known:
                self._checks.computed_name(value, offset, sure=False)
            elif filter_name == "map":
                found = attribute_of(target, value.text.rsplit(".", 1)[-1])
        found = replace(found, known=(), open=True, text=unknown(*found.sources).text)
        if filter_name in _SELECTING and names:
            return of_test(found, attribute_of(target, names[0].text), plain[2:])
        return found


def _named(filter_name: str, arguments: Arguments) -> tuple[list[Value], list[Value]]:
    """Arguments that name an attribute, and those without a keyword."""
    names = [value for word, value in arguments if word == "attribute"]
    plain = [value for word, value in arguments if not word]
    if filter_name in _ATTRIBUTE_FIRST and plain:
        names.append(plain[0])
    elif filter_name == "map" and plain and "attr" in plain[0].texts:
        names.extend(plain[1:2])
    return names, plain


def _other(name: str, target: Value, values: list[Value]) -> Value:
    """A filter over what is not known."""
    found = merged(target, *values) if name in _KEEPS_ARGUMENTS else merged(target)
    found = replace(found, built=builds(name, target, values))
    if name in _MAKES_TEXT and Source.MESSAGE in found.sources:
        sources = found.sources - {Source.MESSAGE} | {Source.CONTENT}
        found = replace(found, sources=sources)
    if name in _COUNTS:
        found = replace(_counted(found), text=OTHER_MARK)
    return of_call(found, name, target, values)


def _counted(value: Value) -> Value:
    """A number is not what a message says, even where it counts that."""
    return replace(value, sources=value.sources - {Source.CONTENT})
