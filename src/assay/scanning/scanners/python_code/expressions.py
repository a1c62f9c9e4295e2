"""What is known of an expression."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from assay.scanning.scanners.python_code import folding
from assay.scanning.scanners.python_code.calls import evaluate_call
from assay.scanning.scanners.python_code.folding import UnfoldableError
from assay.scanning.scanners.python_code.known import STARS
from assay.scanning.scanners.python_code.names import (
    INTERNALS,
    attribute_name,
    is_namespace,
    looked_up,
)
from assay.scanning.scanners.python_code.following import follow_unknown
from assay.scanning.scanners.python_code.sources import ENVIRONMENTS, environment_item
from assay.scanning.scanners.python_code.state import MOST_DEPTH, Program, Scope
from assay.scanning.scanners.python_code.values import (
    DECODED,
    ENVIRONMENT,
    NOTHING,
    PIECED,
    UNKNOWN,
    Value,
    constant,
    join,
    path_of,
    pieced,
    sequence,
    taints_of,
)

_BUILTINS = frozenset(dir(builtins)) | {"unicode", "raw_input", "execfile", "reload", "unichr"}
_MOST_SPINE = 5_000
_MOST_ITEMS = 20_000


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


def _name(program: Program, node: ast.Name, scope: Scope) -> Value:
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


def _attribute(program: Program, node: ast.Attribute, scope: Scope) -> Value:
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


def _subscript(program: Program, node: ast.Subscript, scope: Scope) -> Value:
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
        if _hashable(key) and key in base.items:
            return base.items[key]
        if base.is_constant:
            try:
                return constant(folding.subscript(base.constant, index.constant), base.taints)
            except UnfoldableError:
                return UNKNOWN
    found = UNKNOWN
    for value in list(base.items.values())[:50]:
        found = join(found, value)
    name = f"{base.name}[]" if base.name and not base.name.endswith("[]") else base.name
    return replace(found, name=found.name or name, constant=NOTHING, receiver=base).tainted(
        *base.taints, *index.taints
    )


def _hashable(value: Any) -> bool:
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


def _f_string(program: Program, node: ast.JoinedStr, scope: Scope) -> Value:
    parts = [program.evaluate(program, part, scope) for part in node.values]
    taints = taints_of(*parts)
    if all(isinstance(part.constant, str) for part in parts):
        text = "".join(part.constant for part in parts)
        try:
            return constant(folding.kept(text), taints)
        except UnfoldableError:
            return UNKNOWN
    return Value(name=PIECED, taints=taints, items=dict(enumerate(parts)))


def _field(program: Program, node: ast.FormattedValue, scope: Scope) -> Value:
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


def _sequence(program: Program, node: ast.List | ast.Tuple | ast.Set, scope: Scope) -> Value:
    items: list[Value] = []
    for element in node.elts[:_MOST_ITEMS]:
        if isinstance(element, ast.Starred):
            value = program.evaluate(program, element.value, scope)
            items.extend(value.items.values() or [value])
        else:
            items.append(program.evaluate(program, element, scope))
    return sequence(items)


def _dictionary(program: Program, node: ast.Dict, scope: Scope) -> Value:
    items: dict[Any, Value] = {}
    for number, (key, part) in enumerate(zip(node.keys, node.values, strict=True)):
        value = program.evaluate(program, part, scope)
        if key is None:
            items.update(value.items)
            items[f"**{number}"] = value
            continue
        known = program.evaluate(program, key, scope)
        usable = known.is_constant and _hashable(known.constant)
        items[known.constant if usable else f"?{number}"] = value
    return Value(name="builtins.dict()", items=items, taints=taints_of(*items.values()))


def _lambda(program: Program, node: ast.Lambda, scope: Scope) -> Value:
    program.homes[id(node)] = scope
    return Value(code=node)


def _comprehension(
    program: Program, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, scope: Scope
) -> Value:
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


def _dict_comprehension(program: Program, node: ast.DictComp, scope: Scope) -> Value:
    inner = _bound(program, node.generators, scope)
    key = program.evaluate(program, node.key, inner)
    value = program.evaluate(program, node.value, inner)
    return Value(
        name="builtins.dict()", items={"*key": key, "*": value}, taints=taints_of(key, value)
    )


def _walrus(program: Program, node: ast.NamedExpr, scope: Scope) -> Value:
    value = program.evaluate(program, node.value, scope)
    scope.set(node.target.id, value)
    return value


def _inner(
    program: Program, node: ast.Await | ast.Starred | ast.YieldFrom | ast.Yield, scope: Scope
) -> Value:
    value = UNKNOWN if node.value is None else program.evaluate(program, node.value, scope)
    if isinstance(node, (ast.Yield, ast.YieldFrom)):
        scope.give(value)
        return UNKNOWN
    return value


_HANDLERS: dict[type[ast.expr], Callable[[Program, Any, Scope], Value]] = {
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Call: evaluate_call,
    ast.BinOp: _binary,
    ast.BoolOp: _boolean,
    ast.Compare: _compare,
    ast.UnaryOp: _unary,
    ast.IfExp: _either,
    ast.JoinedStr: _f_string,
    ast.FormattedValue: _field,
    ast.List: _sequence,
    ast.Tuple: _sequence,
    ast.Set: _sequence,
    ast.Dict: _dictionary,
    ast.Lambda: _lambda,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _dict_comprehension,
    ast.NamedExpr: _walrus,
    ast.Await: _inner,
    ast.Starred: _inner,
    ast.Yield: _inner,
    ast.YieldFrom: _inner,
}
