"""Binding what is assigned: names, attributes, items."""

from __future__ import annotations

import ast
from dataclasses import replace

from assay.scanning.scanners.dotted_names import attribute_name
from assay.scanning.scanners.python_code.access import item, rebind
from assay.scanning.scanners.python_code.following import follow_unknown
from assay.scanning.scanners.python_code.indirection import run_code
from assay.scanning.scanners.python_code.state import Place, Program, Scope
from assay.scanning.scanners.python_code.values import NOTHING, Value, constant

_MOST_ITEMS = 2_000


def assign(program: Program, target: ast.expr, value: Value, scope: Scope) -> None:
    """Bind a target; what is not the program's own is told of."""
    if isinstance(target, ast.Name):
        scope.set(target.id, value)
    elif isinstance(target, (ast.Tuple, ast.List)):
        for index, part in enumerate(target.elts):
            plain = part.value if isinstance(part, ast.Starred) else part
            assign(program, plain, item(value, constant(index)), scope)
    elif isinstance(target, ast.Attribute):
        _assign_attribute(program, target, value, scope)
    elif isinstance(target, ast.Subscript):
        _assign_item(program, target, value, scope)


def _assign_attribute(program: Program, target: ast.Attribute, value: Value, scope: Scope) -> None:
    base = program.evaluate(program, target.value, scope)
    line = program.line_of(target)
    if target.attr in ("__code__", "func_code"):
        run_code(program, value, scope, target)
    if base.owner and base.owner in program.classes:
        program.classes[base.owner].attributes[target.attr] = value
    elif base.name and not base.name.endswith(("()", "[]")):
        name = attribute_name(base.name, target.attr)
        program.listener.assignment(name, value, scope.place, line)
        _expect(program, value, scope)
    else:
        rebind(program, target.value, _with_item(base, target.attr, value), scope)


def _with_item(base: Value, key: object, value: Value) -> Value:
    """A value that holds one more."""
    if len(base.items) >= _MOST_ITEMS:
        return base.tainted(*value.taints)
    items = {**base.items, key: value}
    return replace(base, items=items, taints=base.taints | value.taints, constant=NOTHING)


def _expect(program: Program, value: Value, scope: Scope) -> None:
    """What is put in the place of something else will be called like it."""
    if value.code is not None:
        follow_unknown(program, value, Place.LOAD if scope.place.unasked else scope.place)
    elif value.owner:
        program.handed.add(value.owner)


def _assign_item(program: Program, target: ast.Subscript, value: Value, scope: Scope) -> None:
    base = program.evaluate(program, target.value, scope)
    key = program.evaluate(program, target.slice, scope)
    inside = target.value
    if base.name in ("os.environ", "sys.modules", "globals()", "builtins"):
        name = f"{base.name}[{key.text or '?'}]"
        program.listener.assignment(name, value, scope.place, program.line_of(target))
        _expect(program, value, scope)
        if base.name == "globals()" and key.text is not None:
            scope.module().set(key.text, value)
    elif isinstance(inside, ast.Attribute) and inside.attr == "__dict__" and key.text:
        owner = ast.Attribute(value=inside.value, attr=key.text, ctx=ast.Store())
        _assign_attribute(program, ast.copy_location(owner, target), value, scope)
    else:
        known = key.constant if key.text is not None else f"?{len(base.items)}"
        rebind(program, inside, _with_item(base, known, value), scope)
