"""Imports, functions and classes: what a program defines."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from assay.scanning.scanners.dotted_names import attribute_name, import_name
from assay.scanning.scanners.known_names import LIFECYCLE
from assay.scanning.scanners.python_code.calls import make_call
from assay.scanning.scanners.python_code.state import Call, ClassRecord, Place, Program, Scope
from assay.scanning.scanners.python_code.values import Value


def import_modules(program: Program, node: ast.Import, scope: Scope) -> None:
    """`import a.b as c`."""
    del program
    for alias in node.names:
        name = import_name(alias.name)
        bound = alias.asname or alias.name.partition(".")[0]
        scope.set(bound, Value(name=name if alias.asname else import_name(bound)))


def import_names(program: Program, node: ast.ImportFrom, scope: Scope) -> None:
    """`from a import b as c`."""
    del program
    module = import_name(node.module or "")
    if node.level:
        module = f"{'.' * node.level}{node.module or ''}"
    for alias in node.names:
        if alias.name == "*":
            scope.module().stars.add(module)
            continue
        name = f"{module}.{alias.name}" if node.level else attribute_name(module, alias.name)
        scope.set(alias.asname or alias.name, Value(name=name))


def define_function(
    program: Program, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope
) -> None:
    """A function: a value, and something that may be called by others later."""
    program.homes[id(node)] = scope
    owner = scope.owner if scope.is_class else ""
    value = Value(code=node, owner=owner)
    # Annotations are evaluated where the function is defined, as defaults are.
    for part in (*node.args.defaults, *node.args.kw_defaults, *_annotations(node)):
        if part is not None:
            program.evaluate(program, part, scope)
    scope.set(node.name, _decorated(program, node, value, scope))
    if not program.following:
        program.methods.append((node, scope, _place_of(node, scope, program), owner))


def _annotations(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr | None]:
    arguments = node.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        yield argument.annotation
    for gathered in (arguments.vararg, arguments.kwarg):
        yield gathered.annotation if gathered else None
    yield node.returns


def _decorated(
    program: Program,
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
    value: Value,
    scope: Scope,
) -> Value:
    """Decorators are calls, innermost first; what they return is taken to be what they got."""
    given = value
    for decorator in reversed(node.decorator_list):
        function = program.evaluate(program, decorator, scope)
        call = Call(
            function.name,
            function,
            (given,),
            {},
            scope.place,
            program.line_of(decorator),
            decorator,
        )
        if function.code is not None or (function.name and not function.name.startswith(".")):
            returned = make_call(program, call, "", scope)
            if function.name.startswith("builtins."):
                given = returned
    return value


def _place_of(
    node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope, program: Program
) -> Place:
    dunder = node.name.startswith("__") and node.name.endswith("__")
    if node.name in LIFECYCLE or (dunder and scope.is_class):
        return Place.LOAD
    record = program.classes.get(scope.owner) if scope.is_class else None
    return Place.LOAD if record is not None and record.bases else Place.FUNCTION


def define_class(program: Program, node: ast.ClassDef, scope: Scope) -> None:
    """A class: its body runs now, its methods later."""
    bases = tuple(
        base
        for base in (program.evaluate(program, part, scope) for part in node.bases)
        if base.name != "builtins.object"
    )
    inner = Scope(scope, scope.place, owner=node.name, is_class=True)
    program.classes[node.name] = ClassRecord(node.name, inner, bases)
    for keyword in node.keywords:
        program.evaluate(program, keyword.value, scope)
    program.run(program, node.body, inner)
    for name, value in inner.names.items():
        if name.startswith("__") and value.name:
            program.listener.assignment(f".{node.name}.{name}", value, Place.LOAD, node.lineno)
    scope.set(node.name, _decorated(program, node, Value(f".{node.name}", owner=node.name), scope))


def declare_outer(program: Program, node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
    """`global` and `nonlocal`."""
    del program
    for name in node.names:
        local = isinstance(node, ast.Nonlocal)
        scope.outer[name] = scope.home_of(name) if local else scope.module()
