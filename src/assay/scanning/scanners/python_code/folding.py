"""Working out constants: operators, methods and built-in functions on values that are known.

Nothing here can reach anything but the values it is given. Every result is bounded.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from typing import Any

from assay.scanning.scanners.python_code.decoding import MOST_BYTES, UndecodableError, decode_as

MOST_ITEMS = 100_000
_MOST_BITS = 4096
_WIDE = re.compile(r"\d{5}")
_FIELD = re.compile(r"\{([^{}]*)\}")
_PLAIN_FIELD = re.compile(r"(\w*)(?:![rsa])?(?::[^{}]*)?\Z")
_ATOMS = (str, bytes, int, float, complex, bool, type(None))


class UnfoldableError(Exception):
    """The result is no constant that is kept."""


_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitXor: operator.xor,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.RShift: operator.rshift,
    ast.LShift: operator.lshift,
    ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}
MISTAKES = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, OverflowError)


def compare(kind: type[ast.cmpop], first: Any, second: Any) -> Any:
    """A comparison of two constants."""
    return _tried(_COMPARE[kind], first, second)


def unary(kind: type[ast.unaryop], value: Any) -> Any:
    """An operator on one constant."""
    return _tried(_UNARY[kind], value)


def binary(kind: type[ast.operator], first: Any, second: Any) -> Any:
    """An operator between two constants."""
    if kind not in _BINARY:
        raise UnfoldableError
    if kind is ast.Mult:
        _check_repeat(first, second)
    elif kind in (ast.LShift, ast.Pow):
        _check_growth(kind, first, second)
    elif kind is ast.Mod and isinstance(first, (str, bytes)):
        text = first if isinstance(first, str) else first.decode("latin-1")
        if _WIDE.search(text) or "*" in text:
            raise UnfoldableError
    return kept(_tried(_BINARY[kind], first, second))


def _check_repeat(first: Any, second: Any) -> None:
    for one, other in ((first, second), (second, first)):
        if isinstance(one, (str, bytes, tuple)) and isinstance(other, int):
            most = MOST_ITEMS if isinstance(one, tuple) else MOST_BYTES
            if len(one) * max(other, 0) > most:
                raise UnfoldableError


def _check_growth(kind: type[ast.operator], first: Any, second: Any) -> None:
    if not isinstance(second, (int, float)) or abs(second) > _MOST_BITS:
        raise UnfoldableError
    if kind is ast.Pow and isinstance(first, int) and first.bit_length() * second > _MOST_BITS:
        raise UnfoldableError


def kept(value: Any) -> Any:
    """A constant as it is kept: lists become tuples, what is too long is refused."""
    if isinstance(value, bytearray):
        value = bytes(value)
    elif isinstance(value, (list, set, frozenset)):
        value = tuple(value)
    if isinstance(value, (str, bytes)):
        if len(value) > MOST_BYTES:
            raise UnfoldableError
    elif isinstance(value, tuple):
        if len(value) > MOST_ITEMS:
            raise UnfoldableError
    elif isinstance(value, int):
        if value.bit_length() > _MOST_BITS:
            raise UnfoldableError
    elif not isinstance(value, _ATOMS):
        raise UnfoldableError
    return value


def _tried(function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except MISTAKES:
        raise UnfoldableError from None


def subscript(value: Any, index: Any) -> Any:
    """`value[index]`, where the index may be a slice."""
    if not isinstance(value, (str, bytes, tuple)):
        raise UnfoldableError
    return kept(_tried(operator.getitem, value, index))


def formatted(value: Any, conversion: int, spec: str) -> str:
    """One field of an f-string."""
    if _WIDE.search(spec):
        raise UnfoldableError
    if conversion in (ord("r"), ord("a")):
        value = repr(value)
    text: str = _tried(format, value, spec)
    return text


def _format(text: str, *arguments: Any, **named: Any) -> str:
    """`str.format`, where no field takes an attribute or an item."""
    plain = text.replace("{{", "").replace("}}", "")
    fields = _FIELD.findall(plain)
    if _WIDE.search(text) or not all(_PLAIN_FIELD.match(one) for one in fields):
        raise UnfoldableError
    return text.format(*arguments, **named)


def join(text: Any, parts: Any) -> Any:
    """`text.join(parts)`, within bounds."""
    if isinstance(text, str) and isinstance(parts, str):
        return text.join(parts)
    if sum(len(part) for part in parts) + len(text) * len(parts) > MOST_BYTES:
        raise UnfoldableError
    return text.join(parts)


def _replace(text: Any, old: Any, new: Any, *count: Any) -> Any:
    if text.count(old) * len(new) > MOST_BYTES:
        raise UnfoldableError
    return text.replace(old, new, *count)


def _padded(name: str) -> Callable[..., Any]:
    def pad(text: Any, width: Any, *fill: Any) -> Any:
        if not isinstance(width, int) or width > MOST_BYTES:
            raise UnfoldableError
        return getattr(text, name)(width, *fill)

    return pad


def _translate(text: Any, table: Any, *delete: Any) -> Any:
    if isinstance(text, str) and isinstance(table, tuple):
        return text.translate(dict(table))
    return text.translate(table, *delete)


def _method(name: str) -> Callable[..., Any]:
    def call(text: Any, *arguments: Any, **named: Any) -> Any:
        return getattr(text, name)(*arguments, **named)

    return call


_METHODS: dict[str, Callable[..., Any]] = {
    **{
        name: _method(name)
        for name in (
            "upper lower title swapcase capitalize casefold strip lstrip rstrip split rsplit "
            "splitlines partition rpartition removeprefix removesuffix startswith endswith find "
            "index count hex isdigit encode bit_length to_bytes isalpha copy".split()
        )
    },
    **{name: _padded(name) for name in ("zfill", "ljust", "rjust", "center", "expandtabs")},
    "join": join,
    "replace": _replace,
    "translate": _translate,
    "format": _format,
    "decode": decode_as,
    "tolist": lambda value: value,
    "tobytes": lambda value: value,
}


def method(value: Any, name: str, arguments: list[Any], named: dict[str, Any]) -> Any:
    """A method of a text, bytes, number or tuple."""
    function = _METHODS.get(name)
    if function is None:
        raise UnfoldableError
    if name == "encode" and arguments[:1] not in ([], ["utf-8"], ["utf8"], ["ascii"], ["latin-1"]):
        if not isinstance(value, str):
            raise UnfoldableError
        return kept(_tried(decode_as, value, "rot13") if arguments[0] == "rot13" else _no())
    try:
        return kept(function(value, *arguments, **named))
    except (*MISTAKES, UndecodableError):
        raise UnfoldableError from None


def _no() -> Any:
    raise UnfoldableError
