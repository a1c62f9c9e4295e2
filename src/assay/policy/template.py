"""Messages of rules: text with `{fact}` and `{concerns}` filled in.

Values come from files under inspection, so they are shortened and shown without control
characters; nothing but a plain name can stand between braces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from assay.core.clock import rfc3339
from assay.core.errors import DataError
from assay.policy.facts import FACTS

CONCERNS = "concerns"
_PLACE = re.compile(r"\{([^{}]*)\}")
_MAX_VALUE = 120
_MAX_LIST = 20
_ELLIPSIS = "…"


def check_template(text: str, *, concerns: bool, subject: str) -> None:
    """Return if every place in braces names a fact.

    Raises:
        DataError: it does not, or a brace stands alone, or there is no text.
    """
    if not text.strip():
        raise DataError("is empty", subject=subject)
    for name in _PLACE.findall(text):
        if name not in FACTS and not (concerns and name == CONCERNS):
            raise DataError(f"{{{name}}} is not a fact", subject=subject)
    if set(_PLACE.sub("", text)) & {"{", "}"}:
        raise DataError("a brace stands alone", subject=subject)


def fill(text: str, values: Mapping[str, Any]) -> str:
    """The message, with every place filled from `values`."""
    if "{" not in text:
        return text
    return _PLACE.sub(lambda match: shown(values.get(match[1])), text)


def shown(value: Any) -> str:
    """A value in a few printable words."""
    match value:
        case bool():
            return "yes" if value else "no"
        case datetime():
            return rfc3339(value)
        case None:
            return "unknown"
        case Mapping():
            return _record(value)
        case list() | tuple():
            return _list(value)
        case _:
            return _printable(str(value))


def _list(rows: list[Any] | tuple[Any, ...]) -> str:
    if not rows:
        return "none"
    text = ", ".join(shown(row) for row in rows[:_MAX_LIST])
    more = len(rows) - _MAX_LIST
    return f"{text} and {more} more" if more > 0 else text


def _record(row: Mapping[str, Any]) -> str:
    if "severity" in row:
        where = f" in {_printable(row['path'])}" if row["path"] else ""
        return f"{_printable(row['id'])} ({_printable(row['rule'])}, {row['severity']}{where})"
    return _printable(str(row.get("id", "")))


def _printable(text: str) -> str:
    clean = "".join(character if character.isprintable() else "?" for character in text)
    return clean if len(clean) <= _MAX_VALUE else clean[:_MAX_VALUE] + _ELLIPSIS
