"""What an expression may stand for: constants where they can be told, and where it comes from."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final, Self

_MOST_KNOWN = 16
_MOST_NUMBERS = 4
_MOST_TEXT = 16 * 1024
_MOST_ITEMS = 512
_MOST_BITS = 256
_MOST_LEVELS = 8

USER_MARK, OTHER_MARK = "\ue000", "\ue001"
"""Stand in a text for what a message says, and for any other value that is not known."""
ALTERNATIVE: Final = "\ue002"
"""Stands between texts of which one is emitted."""


class Hole:
    """Stands in a list or a dictionary for an item that is not known."""


HOLE: Final = Hole()


class Source(Enum):
    """Where a value comes from."""

    MESSAGE = "a message, or a list of them"
    CONTENT = "what a message says"
    STRUCTURE = "a role, a type, a tool call"
    TURN = "how many turns there were"
    TIME = "the date or the time"
    CHANCE = "chance"
    PARAMETER = "a macro's parameter"
    CONTEXT = "another variable of the caller"
    COMPUTED = "an attribute whose name is computed"


@dataclass(frozen=True, slots=True)
class Trigger:
    """A comparison by which a template can act for some conversations only.

    Attributes:
        source: Of what is compared.
        needle: With what, as text.
        language: Whether that is language, rather than a token such as `<think>` or `/think`.
    """

    source: Source
    needle: str
    language: bool = True


Triggers = frozenset[Trigger]
_NONE: Triggers = frozenset()


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression may stand for.

    Attributes:
        known: Constants it may be: text, numbers, lists, dictionaries.
        open: Whether it may be something else too.
        text: What it emits, as far as can be told; marks stand for the rest.
        sources: Where it comes from.
        when_true: Comparisons that made it true, or made it what it is.
        when_false: Comparisons that made it false.
        made: Whether a known text was put together from pieces.
        built: Whether it is text that is put together and not known.
        size: How many items a range has; 0 for anything else.
    """

    known: tuple[Any, ...] = ()
    open: bool = True
    text: str = OTHER_MARK
    sources: frozenset[Source] = frozenset()
    when_true: Triggers = _NONE
    when_false: Triggers = _NONE
    made: bool = False
    built: bool = False
    size: int = 0

    @property
    def single(self) -> Any:
        """The only constant it can be; a `Hole` where there is none."""
        return self.known[0] if len(self.known) == 1 and not self.open else HOLE

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts it may be."""
        return tuple(item for item in self.known if isinstance(item, str))

    @property
    def triggers(self) -> Triggers:
        """Every comparison that has to do with it."""
        return self.when_true | self.when_false

    @property
    def key(self) -> Hashable:
        """Equal for values that nothing can tell apart."""
        return (self.text, self.sources, self.when_true, self.when_false, repr(self.known))

    def also(self, triggers: Triggers) -> Self:
        """The same value, with comparisons on which it depends."""
        if triggers <= self.when_true:
            return self
        return replace(self, when_true=self.when_true | triggers)

    def or_else(self, other: Self) -> Self:
        """A value that may be this or the other."""
        if self == other:
            return self
        known = distinct((*self.known, *other.known))
        text = joined(piece for piece in (self.text, other.text) if piece)
        counts = sum(type(item) in (int, float) for item in known)
        if counts > _MOST_NUMBERS:  # a counter: what it has come to tells nothing
            known = tuple(item for item in known if type(item) not in (int, float))
            text = joined((OTHER_MARK, *(shown(item) for item in known)))
        counted = counts > _MOST_NUMBERS
        return replace(
            self,
            known=known[:_MOST_KNOWN],
            open=self.open or other.open or counted or len(known) > _MOST_KNOWN,
            text=text,
            sources=self.sources | other.sources,
            when_true=self.when_true | other.when_true,
            when_false=self.when_false | other.when_false,
            made=self.made or other.made,
            built=self.built or other.built,
        )


def joined(texts: Iterable[str]) -> str:
    """Texts that may stand in one place, one below another, within the budget."""
    return ALTERNATIVE.join(dict.fromkeys(texts))[:_MOST_TEXT]


def distinct(items: Iterable[Any]) -> tuple[Any, ...]:
    """Constants without those that occur again; lists and dictionaries by what they show."""
    found: dict[Any, Any] = {}
    for item in items:
        key = (type(item), item if isinstance(item, (str, int, float)) else repr(item))
        found.setdefault(key, item)
    return tuple(found.values())


def constant(value: Any, *, made: bool = False) -> Value:
    """A constant."""
    return Value((value,), open=False, text=shown(value), made=made)


def unknown(*sources: Source) -> Value:
    """Anything, from somewhere."""
    mark = USER_MARK if Source.CONTENT in sources else OTHER_MARK
    return Value(text=mark, sources=frozenset(sources))


def shown(value: Any) -> str:
    """What a constant emits."""
    if value is None or value is HOLE:
        return "" if value is None else OTHER_MARK
    if isinstance(value, (list, tuple, dict)):
        texts = [item for item in value if isinstance(item, str)]
        more = value.values() if isinstance(value, dict) else ()
        return joined((*texts, *(item for item in more if isinstance(item, str))))
    return str(value)[:_MOST_TEXT]


def fits(value: Any, level: int = 0) -> bool:
    """Whether a constant is small enough to be carried on."""
    if isinstance(value, str):
        return len(value) <= _MOST_TEXT
    if isinstance(value, bool | float | Hole) or value is None:
        return True
    if isinstance(value, int):
        return value.bit_length() <= _MOST_BITS
    if isinstance(value, (list, tuple, dict)):
        if level >= _MOST_LEVELS or len(value) > _MOST_ITEMS:
            return False
        rows = itertools.chain(value, value.values()) if isinstance(value, dict) else value
        return all(fits(item, level + 1) for item in rows)
    return False


def whole(value: Any, level: int = 0) -> bool:
    """Whether a constant has no hole."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return level < _MOST_LEVELS and all(whole(item, level + 1) for item in value)
    return not isinstance(value, Hole)


def over(function: Callable[..., Any], *values: Value, made: bool = True) -> Value:
    """A function's value over every choice of its arguments' constants.

    Args:
        function: Returns a constant, or a `Hole` where it cannot tell.
        values: The arguments.
        made: Whether the function puts text together.
    """
    found = merged(*values)
    if not all(value.known for value in values):
        return found
    results: list[Any] = []
    is_open = any(value.open for value in values)
    choices = itertools.product(*(value.known for value in values))
    for choice in itertools.islice(choices, _MOST_KNOWN):
        result = computed(function, *choice)
        if isinstance(result, Hole) or not fits(result):
            is_open = True
        else:
            results.append(result)
    if not results:
        return found
    total = 1
    for value in values:
        total *= len(value.known)
    known = distinct(results)
    return replace(
        found,
        known=known,
        open=is_open or total > _MOST_KNOWN,
        text=joined(shown(item) for item in known),
        made=made or any(value.made for value in values),
        built=False,
    )


def computed(function: Callable[..., Any], *arguments: Any) -> Any:
    """A function's result; a `Hole` where it has none."""
    try:
        return function(*arguments)
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
        return HOLE


def merged(*values: Value) -> Value:
    """Anything that comes from all of these."""
    return Value(
        text=joined(value.text for value in values) if values else OTHER_MARK,
        sources=frozenset().union(*(value.sources for value in values)),
        when_true=frozenset().union(*(value.when_true for value in values)),
        when_false=frozenset().union(*(value.when_false for value in values)),
        built=any(value.built for value in values),
    )
