"""What is known of an expression."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from assay.scanning.scanners.python_code import folding
from assay.scanning.scanners.python_code.access import attribute_of, name_of, subscript_of
from assay.scanning.scanners.python_code.calls import evaluate_call
from assay.scanning.scanners.python_code.containers import (
    comprehension_of,
    dict_comprehension_of,
    dictionary_of,
    element_of,
    f_string_of,
    field_of,
    lambda_of,
    sequence_of,
)
from assay.scanning.scanners.python_code.folding import UnfoldableError
from assay.scanning.scanners.python_code.state import MOST_DEPTH, Program, Scope
from assay.scanning.scanners.python_code.values import (
    DECODED,
    UNKNOWN,
    Value,
    constant,
    join,
    path_of,
    pieced,
    sequence,
)

_MOST_SPINE = 5_000


def evaluate(program: Program, node: ast.expr, scope: Scope) -> Value:
    """What is known of an expression's value."""
    program.step()
    if type(node) is ast.Constant:
        value = node.value
        return UNKNOWN if value is ... else constant(value)
    program.depth += 1
    if program.depth > MOST_DEPTH:
        program.depth -= 1
        program.cut = True
        return UNKNOWN
    try:
        handler = _HANDLERS.get(type(node))
        return UNKNOWN if handler is None else handler(program, node, scope)
    finally:
        program.depth -= 1


def _binary(program: Program, node: ast.BinOp, scope: Scope) -> Value:
    """An operator; long chains such as `a + b + c` are gone through without nesting."""
    chain: list[ast.BinOp] = []
    current: ast.expr = node
    while isinstance(current, ast.BinOp) and len(chain) < _MOST_SPINE:
        chain.append(current)
        current = current.left
    value = program.evaluate(program, current, scope)
    for operation in reversed(chain):
        right = program.evaluate(program, operation.right, scope)
        value = _operated(type(operation.op), value, right)
    return value


def _operated(kind: type[ast.operator], left: Value, right: Value) -> Value:
    taints = left.taints | right.taints
    if kind is ast.Div and left.name.startswith("pathlib"):
        return path_of([left, right])
    if left.is_constant and right.is_constant:
        try:
            found = folding.binary(kind, left.constant, right.constant)
        except UnfoldableError:
            return Value(taints=taints)
        if kind is ast.BitXor:
            taints |= {DECODED}
        return constant(found, taints)
    if kind in (ast.Add, ast.Mod):
        if kind is ast.Add and _is_list(left) and _is_list(right):
            return sequence([*left.items.values(), *right.items.values()][:2000])
        return pieced(left, right)
    return Value(taints=taints)


def _is_list(value: Value) -> bool:
    return not value.name and bool(value.items) and not value.is_constant


def _boolean(program: Program, node: ast.BoolOp, scope: Scope) -> Value:
    found = UNKNOWN
    for part in node.values:
        found = join(found, program.evaluate(program, part, scope))
    return found


def _compare(program: Program, node: ast.Compare, scope: Scope) -> Value:
    left = program.evaluate(program, node.left, scope)
    rights = [program.evaluate(program, part, scope) for part in node.comparators]
    if len(rights) == 1 and left.is_constant and rights[0].is_constant:
        try:
            return constant(folding.compare(type(node.ops[0]), left.constant, rights[0].constant))
        except UnfoldableError:
            return UNKNOWN
    return UNKNOWN


def _unary(program: Program, node: ast.UnaryOp, scope: Scope) -> Value:
    value = program.evaluate(program, node.operand, scope)
    if value.is_constant:
        try:
            return constant(folding.unary(type(node.op), value.constant), value.taints)
        except UnfoldableError:
            return UNKNOWN
    return UNKNOWN


def _either(program: Program, node: ast.IfExp, scope: Scope) -> Value:
    test = program.evaluate(program, node.test, scope)
    first = program.evaluate(program, node.body, scope)
    second = program.evaluate(program, node.orelse, scope)
    if test.is_constant:
        return first if test.constant else second
    return join(first, second)


def _walrus(program: Program, node: ast.NamedExpr, scope: Scope) -> Value:
    value = program.evaluate(program, node.value, scope)
    scope.set(node.target.id, value)
    return value


def _inner(
    program: Program, node: ast.Await | ast.Starred | ast.YieldFrom | ast.Yield, scope: Scope
) -> Value:
    value = UNKNOWN if node.value is None else program.evaluate(program, node.value, scope)
    if isinstance(node, (ast.Yield, ast.YieldFrom)):
        scope.yields = True
        scope.give(element_of(value) if isinstance(node, ast.YieldFrom) else value)
        return UNKNOWN
    return value


_HANDLERS: dict[type[ast.expr], Callable[[Program, Any, Scope], Value]] = {
    ast.Name: name_of,
    ast.Attribute: attribute_of,
    ast.Subscript: subscript_of,
    ast.Call: evaluate_call,
    ast.BinOp: _binary,
    ast.BoolOp: _boolean,
    ast.Compare: _compare,
    ast.UnaryOp: _unary,
    ast.IfExp: _either,
    ast.JoinedStr: f_string_of,
    ast.FormattedValue: field_of,
    ast.List: sequence_of,
    ast.Tuple: sequence_of,
    ast.Set: sequence_of,
    ast.Dict: dictionary_of,
    ast.Lambda: lambda_of,
    ast.ListComp: comprehension_of,
    ast.SetComp: comprehension_of,
    ast.GeneratorExp: comprehension_of,
    ast.DictComp: dict_comprehension_of,
    ast.NamedExpr: _walrus,
    ast.Await: _inner,
    ast.Starred: _inner,
    ast.Yield: _inner,
    ast.YieldFrom: _inner,
}
