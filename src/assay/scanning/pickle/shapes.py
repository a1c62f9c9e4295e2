"""Argument lists: whether a call looks as a library writes it, and how it reads in a report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.judgement import Safety, Shape
from assay.scanning.pickle.names import ACTING, BORROWED, REACHING, UNMISTAKABLE, class_like
from assay.scanning.pickle.reading import constant
from assay.scanning.pickle.result import Buffer
from assay.scanning.pickle.values import (
    Global,
    Instance,
    Mapping,
    New,
    Opaque,
    Tuple,
    Value,
    Wide,
)

_PREVIEW = 48


def fits(data: Buffer, values: tuple[Value, ...], shape: Shape) -> bool:
    """Whether arguments are of the kinds of a shape, in number and order."""
    if shape and shape[-1].endswith("*"):
        head, rest = shape[:-1], shape[-1][:-1]
        shape = (*head, *([rest] * (len(values) - len(head))))
    if len(values) != len(shape):
        return False
    return all(_is(data, value, kinds) for value, kinds in zip(values, shape, strict=True))


def _is(data: Buffer, value: Value, kinds: str) -> bool:
    options, opcodes = _parsed(kinds)
    if type(value) is int and data[value] in opcodes:
        return True
    if isinstance(value, Tuple) and "data" in options:
        return all(_is(data, item, kinds) for item in value.items)
    return any(_is_one(data, value, kind) for kind in options)


@cache
def _parsed(kinds: str) -> tuple[frozenset[str], frozenset[int]]:
    """The kinds, and the opcodes of the constants that are of one whatever their value."""
    options = frozenset(kinds.split("|"))
    numbers = {"int", "float", "bool"} if "number" in options else set()
    plain = options | numbers
    every = "data" in options or "any" in options
    opcodes = (code for code in _CONSTANTS if every or constant_kind(code) in plain)
    return options, frozenset(opcodes)


def _is_one(data: Buffer, value: Value, kind: str) -> bool:
    if kind == "any":
        return True
    if type(value) is int:
        return _constant_is(data, value, kind)
    if isinstance(value, Global):
        return _import_is(value, kind)
    if kind.startswith("@"):
        return isinstance(value, Instance) and value.origin.dotted == kind[1:]
    if kind.startswith("partial="):
        return _is_partial_of(value, kind.removeprefix("partial="))
    return kind in _kinds(value)


def _is_partial_of(value: Value, dotted: str) -> bool:
    given = value.arguments if isinstance(value, Instance) else None
    first = given.items[0] if isinstance(given, Tuple) and given.items else None
    return isinstance(first, Global) and first.dotted == dotted


def _kinds(value: Value) -> tuple[str, ...]:
    if isinstance(value, Instance):
        return _instance_kinds(value)
    if value is Opaque.PERSISTENT:
        return ("instance",)
    if isinstance(value, New):
        return ("instance", "callable")
    if isinstance(value, Tuple):
        return ("tuple",)
    if isinstance(value, Wide):
        return ("tuple", "data")
    return ("dict", "data") if isinstance(value, Mapping) else (str(value), "data")


def _instance_kinds(value: Instance) -> tuple[str, ...]:
    if value.origin.dotted == ENCODED:
        return ("instance", "bytes", "data")
    if value.makes:
        return ("instance", "made", f"made-{value.makes}")
    return ("instance",) if makes_text(value) else ("instance", "object")


ENCODED = "_codecs.encode"
"""What protocols below 3 write bytes by."""


def _constant_is(data: Buffer, offset: int, kind: str) -> bool:
    code = data[offset]
    if kind == "bool" and code == op.INT:
        return True  # protocols 0 and 1 have no opcode for a bool
    if kind.startswith("="):
        return code in op.TEXT_CONSTANTS and constant(data, offset, 64) == kind[2:-1]
    if kind == "word":
        return code in op.TEXT_CONSTANTS and _is_word(constant(data, offset, _LONGEST_WORD + 1))
    if kind in ("name", "path-of-names"):
        return code in op.TEXT_CONSTANTS and _plain_name(constant(data, offset, 256), kind)
    if kind == "range-text":
        return code in op.TEXT_CONSTANTS and _is_range(constant(data, offset, 128))
    return kind in ("data", constant_kind(code)) or (
        kind == "number" and constant_kind(code) in ("int", "float", "bool")
    )


def _plain_name(text: object, kind: str) -> bool:
    """Whether a text names an attribute, or attributes of attributes, that lead nowhere else."""
    if not isinstance(text, str):
        return False
    parts = text.split(".") if kind == "path-of-names" else [text]
    return all(part.isidentifier() and part not in _LEADING for part in parts)


def _is_range(text: object) -> bool:
    return isinstance(text, str) and _RANGE.match(text) is not None


_RANGE = re.compile(r"range\(-?\d{1,19}, -?\d{1,19}(?:, -?\d{1,19})?\)\Z")
_LEADING = REACHING | ACTING | BORROWED | UNMISTAKABLE


def kind_of(data: Buffer, value: Value) -> str:
    """The narrowest kind that a policy can write for a value."""
    if type(value) is int:
        kind = constant_kind(data[value])
        return "word" if kind == "str" and holds_words(data, value) else kind
    if isinstance(value, Global):
        return "class" if _import_is(value, "class") else "passable"
    if isinstance(value, Instance) and value.origin.dotted == ENCODED:
        return "bytes"
    if isinstance(value, (Instance, New)) or value is Opaque.PERSISTENT:
        return "made" if isinstance(value, Instance) and value.makes else "instance"
    if isinstance(value, (Tuple, Wide)):
        return "tuple"
    return "dict" if isinstance(value, Mapping) else str(value)


def value_kind(data: Buffer, value: Value) -> str | None:
    """The built-in class of a value that the stream writes itself; None for what it makes."""
    if type(value) is int:
        return constant_kind(data[value])
    if isinstance(value, (Tuple, Wide)):
        return "tuple"
    if isinstance(value, Mapping):
        return "dict"
    known = isinstance(value, Opaque) and value not in (Opaque.PERSISTENT, Opaque.BUFFER)
    return str(value) if known else None


def constant_kind(code: int) -> str:
    """The kind of value a constant's opcode pushes."""
    if code in op.TEXT_CONSTANTS:
        return "str"
    if code in op.BYTES_CONSTANTS:
        return "bytes"
    if code in op.NUMBER_CONSTANTS:
        return "int"
    if code in op.FLOAT_CONSTANTS:
        return "float"
    return "none" if code == op.NONE else "bool"


def _import_is(value: Global, kind: str) -> bool:
    judgement = value.judgement
    if judgement.safety is Safety.DANGEROUS:
        return False
    if kind.startswith("="):
        return value.dotted == kind[2:-1]
    if kind == "class":
        return judgement.kind == "class" or judgement.library or class_like(value.name)
    if kind == "passable":
        return judgement.safety is Safety.ALLOWED or judgement.library
    return kind == "import" or (kind == "callable" and judgement.safety is Safety.ALLOWED)


def holds_text(data: Buffer, value: Value) -> bool:
    """Whether a value is, or may hold, text or bytes: what tells a function what to do."""
    if type(value) is int:
        return constant_kind(data[value]) in ("str", "bytes")
    if isinstance(value, Tuple):
        return any(holds_text(data, item) for item in value.items)
    if isinstance(value, Instance):
        return makes_text(value)
    return isinstance(value, (Opaque, Mapping, Wide)) and not _is_empty(value)


_CONSTANTS = (
    *(op.TEXT_CONSTANTS | op.BYTES_CONSTANTS | op.NUMBER_CONSTANTS | op.FLOAT_CONSTANTS),
    *(op.NONE, op.NEWTRUE, op.NEWFALSE),
)


def makes_text(value: Instance) -> bool:
    """Whether what a call left is text or bytes, a path, or what holds them."""
    return value.origin.module in _TEXT_MODULES or value.origin.dotted in _TEXT_MAKERS


_TEXT_MODULES = frozenset("_codecs pathlib pathlib._local re array".split())
_TEXT_MAKERS = frozenset(
    "builtins.str builtins.bytes builtins.bytearray builtins.list builtins.tuple builtins.dict "
    "builtins.set builtins.frozenset collections.UserString collections.UserList numpy.str_ "
    "numpy.bytes_ numpy.unicode_ numpy.string_ numpy._core.multiarray.scalar "
    "numpy.core.multiarray.scalar".split()
)
"""What makes text or bytes, the name of a file, or something that holds them."""


def holds_words(data: Buffer, value: Value) -> bool:
    """Whether all text in a value is short words, as the values of enumerations are."""
    if type(value) is int and data[value] in op.TEXT_CONSTANTS:
        return _is_word(constant(data, value, _LONGEST_WORD + 1))
    if isinstance(value, Tuple):
        return all(holds_words(data, item) for item in value.items)
    return not holds_text(data, value)


def _is_word(text: object) -> bool:
    return isinstance(text, str) and len(text) <= _LONGEST_WORD and _WORD.match(text) is not None


_LONGEST_WORD = 64
_WORD = re.compile(r"[\w -]*\Z", re.ASCII)


def _is_empty(value: Value) -> bool:
    return isinstance(value, Mapping) and value.whole and not value.pairs


def preview(data: Buffer, value: Value, depth: int = 2) -> str:
    """A value as it would read in a program, short."""
    if type(value) is int:
        shown = repr(constant(data, value, _PREVIEW))
        return shown if len(shown) <= _PREVIEW else shown[: _PREVIEW - 1] + "…"
    if isinstance(value, Global):
        return value.dotted
    if isinstance(value, (Tuple, Mapping)):
        return _container(data, value, depth) if depth else "…"
    if isinstance(value, New):
        return f"{preview(data, value.cls)}.__new__"
    if isinstance(value, Wide):
        return "<tuple>"
    return f"<{value.origin.dotted if isinstance(value, Instance) else value}>"


def _container(data: Buffer, value: Tuple | Mapping, depth: int) -> str:
    if isinstance(value, Mapping):
        return "{" + _joined(data, value.pairs[:8], depth) + "}"
    comma = "," if len(value.items) == 1 else ""
    return f"({_joined(data, value.items[:8], depth)}{comma})"


def _joined(data: Buffer, values: Sequence[Value], depth: int) -> str:
    return ", ".join(preview(data, value, depth - 1) for value in values)
