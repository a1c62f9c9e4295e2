"""Calls into functions the program defines itself, followed with what they are given."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from assay.scanning.scanners.known_names import SYSTEM_MODULES
from assay.scanning.scanners.python_code.state import (
    MOST_CALLS,
    MOST_DEPTH,
    Call,
    Function,
    Place,
    Program,
    Scope,
)
from assay.scanning.scanners.python_code.values import UNKNOWN, Value, sequence, taints_of

_MOST_FOLLOWED = 20_000
_MOST_TIMES = 24
"""How often one function is followed with different arguments that tell something."""


def follow(program: Program, call: Call) -> Value:
    """What a function, method or class of the program returns for these arguments."""
    callee = call.callee
    if callee.code is not None:
        return _follow(program, callee, call.arguments, call.named, call.place)
    taints = taints_of(*call.values)
    items = dict(enumerate(call.arguments))
    made = Value(name=f".{callee.owner}()", owner=callee.owner, taints=taints, items=items)
    for name in ("__init__", "__new__", "__call__", "__post_init__"):
        method = _method(program, callee.owner, name)
        if method is None:
            continue
        returned = _follow(
            program, method, (made, *call.arguments), call.named, call.place, bound=True
        )
        if name == "__call__" and callee.name.endswith("()"):
            return returned
    return made


def follow_unknown(program: Program, value: Value, place: Place) -> Value:
    """A function that something else will call, with arguments nobody knows."""
    return _follow(program, value, (), {}, place)


def _method(program: Program, owner: str, name: str) -> Value | None:
    seen: set[str] = set()
    waiting = [owner]
    while waiting:
        record = program.classes.get(waiting.pop(0))
        if record is None or record.name in seen:
            continue
        seen.add(record.name)
        found = record.scope.names.get(name)
        if found is not None:
            return found if found.code is not None else None
        waiting.extend(base.owner for base in record.bases if base.owner)
    return None


def _follow(
    program: Program,
    callee: Value,
    arguments: tuple[Value, ...],
    named: dict[str, Value],
    place: Place,
    *,
    bound: bool = False,
) -> Value:
    code = callee.code
    if code is None:
        return UNKNOWN
    through = UNKNOWN.tainted(*taints_of(*arguments, *named.values()))
    if id(code) in program.following or len(program.following) >= MOST_CALLS:
        return through
    if program.depth > MOST_DEPTH - 30 or len(program.followed) > _MOST_FOLLOWED:
        return through
    if callee.owner and not bound and callee.receiver is not None:
        arguments = (callee.receiver, *arguments)
    telling = any(map(_tells, arguments)) or any(map(_tells, named.values()))
    signs = (tuple(map(_sign, arguments)), _signs(named)) if telling else ()
    key = (id(code), place, signs)
    if key in program.followed:
        return program.followed[key]
    times = program.times.get((id(code), place), 0)
    if times >= _MOST_TIMES:
        return through
    program.times[(id(code), place)] = times + 1
    program.followed[key] = through
    returned = _run(program, callee, code, arguments, named, place)
    program.followed[key] = returned
    return returned


def _run(
    program: Program,
    callee: Value,
    code: Function,
    arguments: tuple[Value, ...],
    named: dict[str, Value],
    place: Place,
) -> Value:
    scope = Scope(program.homes.get(id(code)), place, owner=callee.owner)
    bind_parameters(scope, code.args, arguments, named)
    program.following.append(id(code))
    try:
        if isinstance(code, ast.Lambda):
            return program.evaluate(program, code.body, scope)
        program.run(program, code.body, scope)
    finally:
        program.following.pop()
    if scope.returned is None:
        return UNKNOWN
    if scope.yields:
        return Value(items={"*": scope.returned}, taints=scope.returned.taints)
    return scope.returned


def bind_parameters(
    scope: Scope,
    parameters: ast.arguments,
    arguments: tuple[Value, ...],
    named: dict[str, Value],
) -> None:
    """Bind a function's parameters to what it is called with."""
    plain = [*parameters.posonlyargs, *parameters.args]
    for index, parameter in enumerate(plain):
        if index < len(arguments):
            scope.names[parameter.arg] = arguments[index]
        else:
            scope.names[parameter.arg] = named.get(parameter.arg, UNKNOWN)
    for parameter in parameters.kwonlyargs:
        scope.names[parameter.arg] = named.get(parameter.arg, UNKNOWN)
    if parameters.vararg is not None:
        rest = list(arguments[len(plain) :])
        scope.names[parameters.vararg.arg] = sequence(rest) if rest else UNKNOWN
    if parameters.kwarg is not None:
        taken = {parameter.arg for parameter in (*plain, *parameters.kwonlyargs)}
        others = {key: value for key, value in named.items() if key not in taken}
        scope.names[parameters.kwarg.arg] = Value(items=others, taints=taints_of(*others.values()))
    if scope.owner and plain and plain[0].arg in ("self", "cls") and not arguments:
        scope.names[plain[0].arg] = Value(name=f".{scope.owner}()", owner=scope.owner)


def _tells(value: Value) -> bool:
    """Whether an argument can make a function do what it does not do with any other."""
    if value.taints or value.code is not None or value.hidden:
        return True
    if isinstance(value.constant, (str, bytes, tuple)):
        return len(value.constant) > 0
    if value.name.partition(".")[0] in SYSTEM_MODULES:
        return True
    return any(
        part.code is not None or part.text is not None or part.taints
        for part in list(value.items.values())[:20]
    )


def _sign(value: Value) -> object:
    """What makes one argument another, as far as following it again could tell more."""
    constant: object = None
    if value.is_constant:
        constant = value.constant if _is_small(value.constant) else id(value)
        constant = (type(value.constant), constant)
    elif value.items:
        constant = tuple(
            (str(key), part.name, str(part.text)[:200], part.taints)
            for key, part in list(value.items.items())[:20]
        )
    return (value.name, value.owner, id(value.code), value.taints, constant)


def _is_small(value: object) -> bool:
    return isinstance(value, (str, bytes, int, float, bool, type(None)))


def _signs(named: dict[str, Value]) -> Iterable[object]:
    return tuple((key, _sign(value)) for key, value in named.items())
