"""Operators, filters and methods over constants, within a budget.

What is not listed is not folded: its value is not known.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from assay.scanning.scanners.jinja_template.values import HOLE, Hole, whole

_MOST_REPEATED = 16 * 1024
_MOST_POWER = 64
_WIDTH = re.compile(r"\d{4,}|\*")
_FIELD = re.compile(r"\{([^{}]*)\}")
_PLAIN_FIELD = re.compile(r"[\w]*(?:![rsa])?(?::[^{}]{0,20})?\Z")


def concatenated(*parts: Any) -> Any:
    """`~`."""
    if any(isinstance(part, (list, dict, tuple, Hole)) for part in parts):
        return HOLE
    return "".join(map(str, parts))


def _times(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, (str, list, tuple)):
        left, right = right, left
    if isinstance(left, (str, list, tuple)) and len(left) * int(right) > _MOST_REPEATED:
        return HOLE
    return left * right


def _power(left: Any, right: Any) -> Any:
    if isinstance(right, int | float) and abs(right) <= _MOST_POWER:
        result = left**right
        return HOLE if isinstance(result, complex) else result
    return HOLE


def _remainder(left: Any, right: Any) -> Any:
    return (
        formatted(left, *right)
        if isinstance(right, tuple) and isinstance(left, str)
        else (formatted(left, right) if isinstance(left, str) else left % right)
    )


def formatted(template: Any, *arguments: Any, **keywords: Any) -> Any:
    """`%` formatting, widths held short."""
    if not isinstance(template, str) or _WIDTH.search(template):
        return HOLE
    if not whole(list(arguments)) or not whole(keywords):
        return HOLE
    return template % (keywords or tuple(arguments))


def filled(template: str, *arguments: Any, **keywords: Any) -> Any:
    """`str.format`, as far as its fields only name arguments."""
    fields = _FIELD.findall(template)
    if not all(_PLAIN_FIELD.match(field) for field in fields) or _WIDTH.search(template):
        return HOLE
    if not whole(list(arguments)) or not whole(keywords):
        return HOLE
    return template.format(*arguments, **keywords)


BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": _times,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": _remainder,
    "**": _power,
    "or": lambda left, right: left or right,
    "and": lambda left, right: left and right,
}
UNARY: Mapping[str, Callable[[Any], Any]] = {
    "-": operator.neg,
    "+": operator.pos,
    "not": operator.not_,
}
COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda left, right: left in right,
    "not in": lambda left, right: left not in right,
}


def item(target: Any, index: Any) -> Any:
    """A subscript: an index, a key or a slice."""
    if isinstance(target, (str, list, tuple)) and isinstance(index, (int, slice)):
        return target[index]
    return target[index] if isinstance(target, dict) else HOLE


def _listed(value: Any) -> list[Any]:
    if isinstance(value, (str, list, tuple, dict)):
        return list(value)
    raise TypeError


def _join(value: Any, separator: Any = "", attribute: Any = None) -> Any:
    if attribute is not None:
        return HOLE
    items = _listed(value)
    return str(separator).join(map(str, items)) if whole(items) else HOLE


def _reverse(value: Any) -> Any:
    return value[::-1] if isinstance(value, str) else _listed(value)[::-1]


def _integer(value: Any, default: Any = 0, base: Any = 10) -> Any:
    if isinstance(value, str):
        digits = value.strip()
        return HOLE if len(digits) > 40 else int(digits, base)
    return int(value) if isinstance(value, (int, float)) else default


def _plain(function: Callable[[str], Any]) -> Callable[[Any], Any]:
    """A text's method, as a filter over what it shows."""
    return lambda value: HOLE if isinstance(value, (list, dict, tuple)) else function(str(value))


def _replace(value: Any, old: Any, new: Any, count: Any = None) -> Any:
    text, old, new = str(value), str(old), str(new)
    if len(text) * max(len(new), 1) > 64 * _MOST_REPEATED:
        return HOLE
    return text.replace(old, new, -1 if count is None else count)


def _split(text: str, separator: Any = None, limit: Any = -1) -> list[str]:
    return text.split(separator, limit)


FILTERS: Mapping[str, tuple[Callable[..., Any], bool]] = {
    "lower": (_plain(str.lower), True),
    "upper": (_plain(str.upper), True),
    "capitalize": (_plain(str.capitalize), True),
    "title": (_plain(str.title), True),
    "trim": (lambda v, chars=None: str(v).strip(chars), True),
    "string": (_plain(str), False),
    "safe": (_plain(str), False),
    "escape": (_plain(str), False),
    "e": (_plain(str), False),
    "forceescape": (_plain(str), False),
    "default": (lambda value, *_: value, False),
    "d": (lambda value, *_: value, False),
    "list": (_listed, False),
    "join": (_join, True),
    "reverse": (_reverse, True),
    "replace": (_replace, True),
    "format": (formatted, True),
    "first": (lambda value: _listed(value)[0], True),
    "last": (lambda value: _listed(value)[-1], True),
    "length": (len, False),
    "count": (len, False),
    "int": (_integer, False),
    "float": (lambda value, *_: float(value), False),
    "abs": (abs, False),
    "sort": (lambda value, *_: sorted(_listed(value)), False),
    "unique": (lambda value, *_: list(dict.fromkeys(_listed(value))), False),
    "items": (lambda value: [list(pair) for pair in value.items()], False),
    "dictsort": (lambda value, *_: [list(pair) for pair in sorted(value.items())], False),
    "min": (lambda value, *_: min(_listed(value)), False),
    "max": (lambda value, *_: max(_listed(value)), False),
    "sum": (lambda value, *_: sum(value), False),
}
"""Filters with whether they put text together."""

METHODS: Mapping[str, Callable[..., Any]] = {
    "lower": lambda text: str(text).lower(),
    "upper": lambda text: str(text).upper(),
    "title": lambda text: str(text).title(),
    "capitalize": lambda text: str(text).capitalize(),
    "swapcase": lambda text: str(text).swapcase(),
    "strip": lambda text, chars=None: text.strip(chars),
    "lstrip": lambda text, chars=None: text.lstrip(chars),
    "rstrip": lambda text, chars=None: text.rstrip(chars),
    "removeprefix": lambda text, prefix: text.removeprefix(prefix),
    "removesuffix": lambda text, suffix: text.removesuffix(suffix),
    "replace": _replace,
    "join": lambda text, items: _join(items, text),
    "format": filled,
    "format_map": lambda text, mapping: filled(text, **mapping),
    "split": _split,
    "rsplit": lambda text, separator=None, limit=-1: text.rsplit(separator, limit),
    "splitlines": lambda text: text.splitlines(),
    "keys": lambda mapping: list(mapping.keys()),
    "values": lambda mapping: list(mapping.values()),
    "items": lambda mapping: [list(pair) for pair in mapping.items()],
    "get": lambda mapping, key, other=None: mapping.get(key, other),
    "pop": lambda items, index=-1: items[index],
    "startswith": lambda text, prefix: text.startswith(prefix),
    "endswith": lambda text, suffix: text.endswith(suffix),
}
"""Methods of texts, lists and dictionaries."""
