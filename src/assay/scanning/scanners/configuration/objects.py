"""Walking a document: its objects, and what their keys hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from assay.scanning.scanners.configuration.interpolation import resolved
from assay.scanning.scanners.known_names import SECRET_KEY

_ENVIRONMENT = re.compile(r"\$\{(?:oc\.env|env|oc\.decode)[:.]\s*([\w]+)")
_CONTAINERS = frozenset({dict, list})
_NOT_CODE = frozenset({"pt", "tf", "default", "type"})

Around = Mapping[str, Any]
"""The object a key stands in."""


def objects(document: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document once, without recursion."""
    waiting = [document]
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        if isinstance(value, dict):
            seen.add(id(value))
            yield value
            if len(value) < 1000 or not _CONTAINERS.isdisjoint(map(type, value.values())):
                waiting.extend(v for v in value.values() if isinstance(v, (dict, list)) and v)
        elif isinstance(value, list):
            if len(value) > 1000:
                value = _sifted(value)
            else:
                seen.add(id(value))
            waiting.extend(v for v in value if isinstance(v, (dict, list)) and v)


def _sifted(values: list[Any]) -> list[Any]:
    """The containers of a long list, without lists of plain values such as merges are."""
    return [
        v
        for v in values
        if type(v) is dict or (type(v) is list and not _CONTAINERS.isdisjoint(map(type, v)))
    ]


def flags(around: Around) -> list[str]:
    """Arguments that switch a loader's guard off."""
    found = [key for key in ("allow_pickle",) if around.get(key) is True]
    return found + [key for key in ("weights_only", "safe_mode") if around.get(key) is False]


def leaks(around: Around, document: Any) -> bool:
    """Whether an argument holds a variable of the environment that is a secret."""
    for value in around.values():
        if not isinstance(value, str) or "${" not in value:
            continue
        names = _ENVIRONMENT.findall(value) + _ENVIRONMENT.findall(resolved(value, document))
        if any(SECRET_KEY.search(name) for name in names):
            return True
    return False


def named_texts(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """The texts in a key's value, each with the keys that lead to it."""
    waiting: list[tuple[str, Any]] = [(key, value)]
    while waiting:
        name, item = waiting.pop()
        if isinstance(item, str):
            yield name, item
        elif isinstance(item, list):
            waiting.extend((name, part) for part in item[:1000])
        elif isinstance(item, dict):
            skipped = _NOT_CODE if key.startswith("custom_pipeline") else ()
            waiting.extend(
                (f"{name}.{inner}"[:120], part)
                for inner, part in list(item.items())[:1000]
                if inner not in skipped
            )


def brief(value: Any) -> str:
    """A value for evidence."""
    return value if isinstance(value, str) else json.dumps(value, default=str)[:200]
