"""What is known of names, attributes and items."""

from __future__ import annotations

import ast
import builtins
from dataclasses import replace
from typing import Any

from assay.scanning.scanners.dotted_names import (
    INTERNALS,
    attribute_name,
    is_namespace,
)
from assay.scanning.scanners.known_names import STARS
from assay.scanning.scanners.python_code import folding
from assay.scanning.scanners.python_code.folding import UnfoldableError
from assay.scanning.scanners.python_code.following import follow_unknown
from assay.scanning.scanners.python_code.namespaces import looked_up
from assay.scanning.scanners.python_code.sources import ENVIRONMENTS, environment_item
from assay.scanning.scanners.python_code.state import Program, Scope
from assay.scanning.scanners.python_code.values import (
    DECODED,
    ENVIRONMENT,
    NOTHING,
    UNKNOWN,
    Value,
    constant,
    join,
)

_BUILTINS = frozenset(dir(builtins)) | {"unicode", "raw_input", "execfile", "reload", "unichr"}


def name_of(program: Program, node: ast.Name, scope: Scope) -> Value:
    """What a name stands for."""
    del program
    found = scope.find(node.id)
    if found is not None:
        return found
    for module in scope.module().stars:
        if node.id in STARS.get(module, ()):
            return Value(name=attribute_name(module, node.id))
    if node.id == "__builtins__":
        return Value(name="builtins")
    if node.id == "get_ipython":
        return Value(name="IPython.get_ipython")
    if node.id in _BUILTINS:
        return Value(name=f"builtins.{node.id}")
    return UNKNOWN


def attribute_of(program: Program, node: ast.Attribute, scope: Scope) -> Value:
    """What is known of `value.name`."""
    base = program.evaluate(program, node.value, scope)
    return attribute(program, base, node.attr, scope, program.line_of(node))


def attribute(program: Program, base: Value, name: str, scope: Scope, line: int) -> Value:
    """An attribute of a value."""
    if base.owner:
        found = _of_class(program, base, name)
        if found is not None:
            return follow_unknown(program, found, scope.place) if _is_property(found) else found
    if name in base.items:
        return base.items[name]
    if base.code is not None and name in ("__globals__", "func_globals"):
        return Value(name="globals()", items=scope.module().names, hidden=True)
    if base.code is not None and name == "__builtins__":
        return Value(name="builtins", hidden=True)
    if name == "__file__" and base.name and not base.name.startswith("."):
        package = base.name.replace(".", "/")
        return constant(f"/usr/lib/python3/site-packages/{package}/__init__.py")
    if name in INTERNALS and not base.owner:
        program.listener.attribute(base, name, scope.place, line)
    named = attribute_name(base.name, name) if base.name else ""
    return Value(
        name=named,
        taints=base.taints.union((ENVIRONMENT,)) if named in ENVIRONMENTS else base.taints,
        hidden=base.hidden or _is_borrowed(base.name, name, named),
        receiver=base,
    )


def _is_property(found: Value) -> bool:
    decorators = getattr(found.code, "decorator_list", ())
    return any(
        getattr(one, "id", getattr(one, "attr", "")) in ("property", "cached_property")
        for one in decorators
    )


def _is_borrowed(module: str, name: str, named: str) -> bool:
    """Whether a module of the standard library was taken from another module."""
    return bool(module) and not named.endswith(f"{module}.{name}") and "." not in named


def _of_class(program: Program, base: Value, name: str) -> Value | None:
    waiting, seen = [base.owner], set()
    while waiting:
        owner = waiting.pop(0)
        record = program.classes.get(owner)
        if record is None or owner in seen:
            continue
        seen.add(owner)
        found = record.attributes.get(name) or record.scope.names.get(name)
        if found is not None:
            return replace(found, receiver=base, owner=base.owner) if found.code else found
        for parent in record.bases:
            if parent.owner:
                waiting.append(parent.owner)
            elif parent.name:
                return Value(name=attribute_name(f"{parent.name}()", name), receiver=base)
    return None


def subscript_of(program: Program, node: ast.Subscript, scope: Scope) -> Value:
    """What is known of `value[index]`."""
    base = program.evaluate(program, node.value, scope)
    if isinstance(node.slice, ast.Slice):
        return _slice(program, base, node.slice, scope)
    index = program.evaluate(program, node.slice, scope)
    return item(base, index, computed=not isinstance(node.slice, ast.Constant))


def item(base: Value, index: Value, *, computed: bool = False) -> Value:
    """An item of a value."""
    if base.name in ENVIRONMENTS:
        return environment_item(index)
    if index.is_constant:
        key = index.constant
        if is_namespace(base.name):
            return looked_up(base, key, computed=computed)
        if isinstance(key, int) and key < 0 and base.items:
            key += len(base.items)
        if is_key(key) and key in base.items:
            return base.items[key]
        if base.is_constant:
            try:
                found = folding.subscript(base.constant, index.constant)
                letter = isinstance(base.constant, (str, bytes))
                return constant(found, base.taints.union((DECODED,) if letter else ()))
            except UnfoldableError:
                return UNKNOWN
    found = UNKNOWN
    for value in list(base.items.values())[:50]:
        found = join(found, value)
    name = f"{base.name}[]" if base.name and not base.name.endswith("[]") else base.name
    return replace(found, name=found.name or name, constant=NOTHING, receiver=base).tainted(
        *base.taints, *index.taints
    )


def is_key(value: Any) -> bool:
    """Whether a constant is kept as a key."""
    return isinstance(value, (str, int, bytes, float, bool, type(None)))


def _slice(program: Program, base: Value, node: ast.Slice, scope: Scope) -> Value:
    parts = [
        constant(None) if part is None else program.evaluate(program, part, scope)
        for part in (node.lower, node.upper, node.step)
    ]
    if base.is_constant and all(part.is_constant for part in parts):
        try:
            found = folding.subscript(base.constant, slice(*(part.constant for part in parts)))
        except UnfoldableError:
            return UNKNOWN.tainted(*base.taints)
        backwards = isinstance(parts[2].constant, int) and parts[2].constant < 0
        more = (DECODED,) if backwards and isinstance(found, (str, bytes)) else ()
        return constant(found, base.taints.union(more))
    return Value(taints=base.taints, items=base.items)


def rebind(program: Program, target: ast.expr, value: Value, scope: Scope) -> None:
    """What a name or an attribute of one's own stands for has changed."""
    if isinstance(target, ast.Name):
        scope.set(target.id, value)
    elif isinstance(target, ast.Attribute):
        base = program.evaluate(program, target.value, scope)
        record = program.classes.get(base.owner)
        if record is not None:
            record.attributes[target.attr] = value
