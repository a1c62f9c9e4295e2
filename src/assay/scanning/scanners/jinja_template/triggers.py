"""Comparisons by which a template can tell one conversation from another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from assay.scanning.scanners.jinja_template.values import Source, Trigger, Value
from assay.scanning.scanners.jinja_template.wording import is_key, is_language

_LOOKS_FOR = frozenset(
    "startswith endswith find rfind index rindex count split rsplit partition rpartition replace "
    "removeprefix removesuffix contains regex_search regex_match match search select reject "
    "__contains__".split()
)
_TURNS = 2
_ORDER = (">", ">=", "<", "<=", "==")
_CONTENT = (Source.CONTENT, Source.PARAMETER)
_TOOL_ROLES = frozenset({"tool", "ipython", "function", "observation", "tool_response"})


def compared(value: Value, word: str, left: Value, right: Value) -> Value:
    """A comparison's value, with what it is a trigger of."""
    found = frozenset((*_triggers(left, right, word), *_triggers(right, left, word)))
    if not found:
        return value
    if word in ("not in", "!="):
        return replace(value, when_false=value.when_false | found)
    return replace(value, when_true=value.when_true | found)


def _triggers(subject: Value, other: Value, word: str) -> Iterator[Trigger]:
    """What a value that is compared with another can trigger."""
    for source in _CONTENT:
        if source in subject.sources:
            for needle in _needles(other):
                yield from _trigger(source, needle)
    for source in (Source.TIME, Source.CHANCE):
        if source in subject.sources:
            for item in other.known:
                if isinstance(item, (str, int, float)) and item not in ("", True, False):
                    yield Trigger(source, str(item)[:80])
    yield from _shape(subject, other, word)


def _shape(subject: Value, other: Value, word: str) -> Iterator[Trigger]:
    """How long a conversation is, and whether a message is a tool's."""
    if word in _ORDER and not subject.sources.isdisjoint((Source.MESSAGE, Source.TURN)):
        for item in other.known:
            if type(item) is int and item > _TURNS:
                yield Trigger(Source.TURN, f"{word} {item}", language=False)
    if Source.STRUCTURE in subject.sources:
        for needle in _TOOL_ROLES.intersection(_needles(other)):
            yield Trigger(Source.STRUCTURE, needle, language=False)


def _trigger(source: Source, needle: str) -> Iterator[Trigger]:
    if needle.strip() and not is_key(needle):
        language = source is not Source.PARAMETER and is_language(needle)
        yield Trigger(source, needle[:80], language)


def _needles(value: Value) -> Iterator[str]:
    for item in value.known:
        yield from _texts(item)


def _texts(item: Any) -> Iterator[str]:
    if isinstance(item, str):
        yield item
    elif isinstance(item, (list, tuple, dict)):
        yield from (piece for piece in item if isinstance(piece, str))


def of_call(value: Value, name: str, target: Value, arguments: Iterable[Value]) -> Value:
    """A method's or a filter's value: some look for a text."""
    if name not in _LOOKS_FOR:
        return value
    return of_test(value, target, arguments)


def of_test(value: Value, target: Value, arguments: Iterable[Value]) -> Value:
    """A test's value."""
    found = {
        trigger
        for source in _CONTENT
        if source in target.sources
        for argument in arguments
        for needle in _needles(argument)
        for trigger in _trigger(source, needle)
    }
    return value.also(frozenset(found))
