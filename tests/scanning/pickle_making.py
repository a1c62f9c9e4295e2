"""Writes pickles opcode by opcode: values, imports, calls, and functions with their code."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FunctionType

from assay.core.finding import Verdict, verdict_of
from assay.scanning.pickle import PickleResult, scan_pickle


@dataclass(frozen=True)
class Name:
    """An import."""

    module: str
    name: str


@dataclass(frozen=True)
class Made:
    """What opcodes leave on the stack."""

    code: bytes


def name(dotted: str) -> Name:
    """An import by `module.name`."""
    module, _, last = dotted.rpartition(".")
    return Name(module, last)


def code(value: object) -> bytes:
    """The opcodes of a value, protocol 4."""
    match value:
        case Made():
            return value.code
        case Name():
            return code(value.module) + code(value.name) + b"\x93"
        case str():
            data = value.encode()
            return b"X" + struct.pack("<I", len(data)) + data
        case bytes():
            return b"B" + struct.pack("<I", len(value)) + value
        case tuple():
            return b"(" + b"".join(map(code, value)) + b"t"
        case list():
            return b"](" + b"".join(map(code, value)) + b"e"
        case dict():
            return b"}(" + b"".join(code(k) + code(v) for k, v in value.items()) + b"u"
        case bool():
            return b"\x88" if value else b"\x89"
        case None:
            return b"N"
        case float():
            return b"G" + struct.pack(">d", value)
        case CodeType():
            return code(call(CODE, *code_arguments(value)))
    return b"J" + struct.pack("<i", int(value))  # type: ignore[call-overload]


def call(callee: Name | Made, *arguments: object) -> Made:
    """REDUCE."""
    return Made(code(callee) + code(arguments) + b"R")


def new(callee: Name | Made, *arguments: object) -> Made:
    """NEWOBJ."""
    return Made(code(callee) + code(arguments) + b"\x81")


def build(target: Name | Made, state: object) -> Made:
    """BUILD."""
    return Made(code(target) + code(state) + b"b")


def after(first: Made | Name, second: object) -> Made:
    """Something that is made and dropped, and what comes after."""
    return Made(code(first) + b"0" + code(second))


def stream(value: object) -> bytes:
    """A whole pickle, protocol 4."""
    return b"\x80\x04" + code(value) + b"."


def result(value: object) -> PickleResult:
    """What the scan says of a value's pickle."""
    return scan_pickle(stream(value), path="f")


def verdict(data: bytes) -> Verdict:
    """The verdict about a pickle."""
    found = scan_pickle(data, path="f")
    return verdict_of(found.findings, found.unread)


def of(value: object) -> Verdict:
    """The verdict about a value's pickle."""
    return verdict(stream(value))


def rules(value: object) -> set[str]:
    """The rules that found something in a value's pickle."""
    return {finding.rule for finding in result(value).findings}


CODE = Name("types", "CodeType")


def code_arguments(made: CodeType) -> tuple[object, ...]:
    """The arguments of a code object, as cloudpickle writes them for CPython 3.11 and later."""
    return (
        *(made.co_argcount, made.co_posonlyargcount, made.co_kwonlyargcount, made.co_nlocals),
        *(made.co_stacksize, made.co_flags, made.co_code, made.co_consts, made.co_names),
        *(made.co_varnames, made.co_filename, made.co_name, made.co_qualname),
        *(made.co_firstlineno, made.co_linetable, made.co_exceptiontable),
        *(made.co_freevars, made.co_cellvars),
    )


def by_cloudpickle(function: Callable[..., object]) -> Made:
    """A function with its code, as cloudpickle writes it."""
    assert isinstance(function, FunctionType)
    code_type = call(name("cloudpickle.cloudpickle._builtin_type"), "CodeType")
    made = call(code_type, *code_arguments(function.__code__))
    return call(name("cloudpickle.cloudpickle._make_function"), made, {}, None, None, None)


def by_dill(function: Callable[..., object]) -> Made:
    """A function with its code, as dill writes it."""
    assert isinstance(function, FunctionType)
    given = (b"\x02\x01", *code_arguments(function.__code__))
    made = call(name("dill._dill._create_code"), *given)
    names = {"__name__": "__main__"}
    return call(name("dill._dill._create_function"), made, names, "f", None, None)
