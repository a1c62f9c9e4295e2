"""Types of facts and the static check of an expression against them.

CEL engines look a field up when it is reached, so a misspelt field hides behind `||`, `&&`, `?:`
and empty lists, and a misspelt word (`"hgih"`) is simply unequal to everything. Here both are
refused before an expression is ever run: every name, every field and every word compared with an
enumerated fact is checked, whether or not it would be reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from assay.core.errors import DataError


@dataclass(frozen=True, slots=True)
class Scalar:
    """`bool`, `int`, `timestamp` or `duration`."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Text:
    """A string; with `choices`, one of these words.

    Attributes:
        written: Whether the words stand in the policy itself rather than in a fact.
    """

    choices: tuple[str, ...] | None = None
    written: bool = False

    def __str__(self) -> str:
        return "string" if self.choices is None else " | ".join(self.choices)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one type."""

    item: Type

    def __str__(self) -> str:
        return f"list of {self.item}"


@dataclass(frozen=True, slots=True)
class Record:
    """A record with these fields, all present."""

    name: str
    fields: Mapping[str, Type] = field(hash=False)

    def __str__(self) -> str:
        return self.name


Type = Scalar | Text | ListOf | Record

BOOL = Scalar("bool")
INT = Scalar("int")
TIMESTAMP = Scalar("timestamp")
DURATION = Scalar("duration")
TEXT = Text()

_INT64 = 2**63
_PYTHON = {"bool": bool, "int": int, "timestamp": datetime}


def check_value(value: Any, kind: Type, name: str) -> None:
    """Return if a Python value is exactly of a type.

    Raises:
        DataError: it is not; `name` is the place, for instance `findings[2].severity`.
    """
    match kind:
        case Scalar():
            _check_scalar(value, kind, name)
        case Text(choices=choices):
            if not isinstance(value, str) or (choices is not None and value not in choices):
                raise _differs(name, kind, value)
        case ListOf(item=item):
            if not isinstance(value, list | tuple):
                raise _differs(name, kind, value)
            for position, row in enumerate(value):
                check_value(row, item, f"{name}[{position}]")
        case Record(fields=fields):
            if not isinstance(value, Mapping):
                raise _differs(name, kind, value)
            check_names(value, fields, name)
            for key, inner in fields.items():
                check_value(value[key], inner, f"{name}.{key}")


def _check_scalar(value: Any, kind: Scalar, name: str) -> None:
    if type(value) is not _PYTHON.get(kind.name):
        raise _differs(name, kind, value)
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        raise _differs(name, kind, value)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise DataError("a time without a zone", subject=name)


def check_names(value: Mapping[str, Any], fields: Mapping[str, Any], name: str) -> None:
    """Return if a mapping has exactly these keys.

    Raises:
        DataError: one is missing or not known.
    """
    missing, extra = sorted(set(fields) - set(value)), sorted(map(str, set(value) - set(fields)))
    if missing:
        raise DataError(f"{missing[0]!r} is missing", subject=name)
    if extra:
        raise DataError(f"{extra[0][:80]!r} is not a field of it", subject=name)


def _differs(name: str, kind: Type, value: Any) -> DataError:
    return DataError(f"is not {kind}: {value!r:.80}", subject=name)


def type_of_data(value: Any, name: str) -> Type:
    """The type of a policy's constant: bool, int, text, a list of one of them, or a table.

    An empty list is a list of strings.

    Raises:
        DataError: another kind of value, or a list of mixed kinds.
    """
    match value:
        case bool():
            return BOOL
        case int() if -_INT64 <= value < _INT64:
            return INT
        case str():
            return Text((value,), written=True)
        case list():
            return ListOf(_type_of_items(value, name))
        case dict():
            return Record(name, {key: type_of_data(v, f"{name}.{key}") for key, v in value.items()})
        case _:
            raise DataError(f"data cannot hold {value!r:.60}", subject=name)


def _type_of_items(values: list[Any], name: str) -> Type:
    if not values:
        return TEXT
    kinds = {type(value) for value in values}
    if len(kinds) > 1 or kinds & {dict, list}:
        raise DataError("a list in data holds one kind of plain value", subject=name)
    if kinds == {str}:
        return Text(tuple(dict.fromkeys(values)), written=True)
    return type_of_data(values[0], name)
