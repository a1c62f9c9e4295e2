"""What is known of lists, dicts, comprehensions and f-strings."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from assay.scanning.scanners.python_code import folding
from assay.scanning.scanners.python_code.access import is_key, item
from assay.scanning.scanners.python_code.folding import UnfoldableError
from assay.scanning.scanners.python_code.state import Program, Scope
from assay.scanning.scanners.python_code.values import (
    NOTHING,
    PIECED,
    UNKNOWN,
    Value,
    constant,
    join,
    sequence,
    taints_of,
)

_MOST_ITEMS = 20_000


def sequence_of(program: Program, node: ast.List | ast.Tuple | ast.Set, scope: Scope) -> Value:
    """What is known of a list, tuple or set."""
    items: list[Value] = []
    for element in node.elts[:_MOST_ITEMS]:
        if isinstance(element, ast.Starred):
            value = program.evaluate(program, element.value, scope)
            items.extend(value.items.values() or [value])
        else:
            items.append(program.evaluate(program, element, scope))
    return sequence(items)


def dictionary_of(program: Program, node: ast.Dict, scope: Scope) -> Value:
    """What is known of a dict."""
    items: dict[Any, Value] = {}
    for number, (key, part) in enumerate(zip(node.keys, node.values, strict=True)):
        value = program.evaluate(program, part, scope)
        if key is None:
            items.update(value.items)
            items[f"**{number}"] = value
            continue
        known = program.evaluate(program, key, scope)
        usable = known.is_constant and is_key(known.constant)
        items[known.constant if usable else f"?{number}"] = value
    return Value(name="builtins.dict()", items=items, taints=taints_of(*items.values()))


def lambda_of(program: Program, node: ast.Lambda, scope: Scope) -> Value:
    """A function without a name."""
    program.homes[id(node)] = scope
    return Value(code=node)


def comprehension_of(
    program: Program, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, scope: Scope
) -> Value:
    """What is known of a comprehension."""
    found = _gathered(program, node.generators, node.elt, scope)
    if found is not None:
        return sequence(found)
    inner = _bound(program, node.generators, scope)
    value = program.evaluate(program, node.elt, inner)
    return Value(items={"*": value}, taints=value.taints)


def _gathered(
    program: Program, generators: list[ast.comprehension], element: ast.expr, scope: Scope
) -> list[Value] | None:
    """The items of a comprehension over one constant; None where they are not known."""
    first = generators[0]
    source = program.evaluate(program, first.iter, scope)
    known = source.constant
    if len(generators) > 1 or not isinstance(known, (str, bytes, tuple)):
        return None
    if not known or program.loops < len(known):
        return None
    inner = Scope(scope, scope.place)
    found = []
    for each in known:
        program.loops -= 1
        bind(inner, first.target, constant(each, source.taints))
        tests = [program.evaluate(program, test, inner) for test in first.ifs]
        if any(test.is_constant and not test.constant for test in tests):
            continue
        value = program.evaluate(program, element, inner)
        if not value.is_constant:
            return None
        found.append(value)
    return found


def bind(scope: Scope, target: ast.expr, value: Value) -> None:
    """Bind plain names, or tuples of them, to a value's parts."""
    if isinstance(target, ast.Name):
        scope.set(target.id, value)
    elif isinstance(target, (ast.Tuple, ast.List)):
        for index, part in enumerate(target.elts):
            plain = part.value if isinstance(part, ast.Starred) else part
            bind(scope, plain, item(value, constant(index)))


def _bound(program: Program, generators: list[ast.comprehension], scope: Scope) -> Scope:
    inner = Scope(scope, scope.place)
    for generator in generators:
        source = program.evaluate(program, generator.iter, inner)
        bind(inner, generator.target, element_of(source))
        for test in generator.ifs:
            program.evaluate(program, test, inner)
    return inner


def element_of(source: Value) -> Value:
    """What is known of every item a value gives when it is gone through."""
    found = UNKNOWN
    for value in list(source.items.values())[:50]:
        found = join(found, value)
    if isinstance(source.constant, (str, bytes)):
        return Value(taints=source.taints)
    return found.tainted(*source.taints)


def dict_comprehension_of(program: Program, node: ast.DictComp, scope: Scope) -> Value:
    """What is known of a comprehension that makes a dict."""
    inner = _bound(program, node.generators, scope)
    key = program.evaluate(program, node.key, inner)
    value = program.evaluate(program, node.value, inner)
    return Value(
        name="builtins.dict()", items={"*key": key, "*": value}, taints=taints_of(key, value)
    )


def f_string_of(program: Program, node: ast.JoinedStr, scope: Scope) -> Value:
    """What is known of an f-string."""
    parts = [program.evaluate(program, part, scope) for part in node.values]
    taints = taints_of(*parts)
    if all(isinstance(part.constant, str) for part in parts):
        text = "".join(part.constant for part in parts)
        try:
            return constant(folding.kept(text), taints)
        except UnfoldableError:
            return UNKNOWN
    return Value(name=PIECED, taints=taints, items=dict(enumerate(parts)))


def field_of(program: Program, node: ast.FormattedValue, scope: Scope) -> Value:
    """What is known of a field of an f-string."""
    value = program.evaluate(program, node.value, scope)
    spec = "" if node.format_spec is None else None
    if node.format_spec is not None:
        spec = program.evaluate(program, node.format_spec, scope).text
    if value.is_constant and spec is not None:
        try:
            text = folding.formatted(value.constant, node.conversion, spec)
            return constant(text, value.taints)
        except UnfoldableError:
            return UNKNOWN
    return value if value.name == PIECED else replace(value, constant=NOTHING, code=None)
