"""Going through a program's statements in order."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from assay.scanning.scanners.python_code.binding import assign
from assay.scanning.scanners.python_code.containers import element_of
from assay.scanning.scanners.python_code.definitions import (
    declare_outer,
    define_class,
    define_function,
    import_modules,
    import_names,
)
from assay.scanning.scanners.python_code.state import MOST_DEPTH, Place, Program, Scope
from assay.scanning.scanners.python_code.values import UNKNOWN, Value, constant

_MOST_BRANCHES = 2_000
_PLAIN_BODY = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.If, ast.Pass)
_MOST_PLAIN = 12
_MOST_ROUNDS = 5_000
_FIRST_ROUNDS = 2


def run(program: Program, body: list[ast.stmt], scope: Scope) -> None:
    """Go through statements."""
    program.depth += 1
    if program.depth > MOST_DEPTH:
        program.depth -= 1
        program.cut = True
        return
    try:
        for node in body:
            program.step()
            handler = _HANDLERS.get(type(node))
            if handler is not None:
                handler(program, node, scope)
    finally:
        program.depth -= 1


def _expression(program: Program, node: ast.Expr, scope: Scope) -> None:
    program.evaluate(program, node.value, scope)


def _assign(program: Program, node: ast.Assign, scope: Scope) -> None:
    value = program.evaluate(program, node.value, scope)
    for target in node.targets:
        assign(program, target, value, scope)


def _annotated(program: Program, node: ast.AnnAssign, scope: Scope) -> None:
    program.evaluate(program, node.annotation, scope)
    if node.value is not None:
        assign(program, node.target, program.evaluate(program, node.value, scope), scope)


def _augmented(program: Program, node: ast.AugAssign, scope: Scope) -> None:
    load = _loaded(node.target)
    both = ast.BinOp(left=load, op=node.op, right=node.value)
    ast.copy_location(both, node)
    assign(program, node.target, program.evaluate(program, both, scope), scope)


def _loaded(target: ast.expr) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.copy_location(ast.Name(id=target.id, ctx=ast.Load()), target)
    return target


def _if(program: Program, node: ast.If, scope: Scope) -> None:
    """Branches in turn; `elif` after `elif` is no nesting."""
    branches: list[dict[str, Value]] = []
    current: ast.If | None = node
    while current is not None and len(branches) < _MOST_BRANCHES:
        program.evaluate(program, current.test, scope)
        place = scope.place
        if _is_main(current.test) and place is Place.IMPORT:
            scope.place = Place.SCRIPT
        branches.append(_branch(program, current.body, scope))
        scope.place = place
        only = current.orelse[0] if len(current.orelse) == 1 else None
        if isinstance(only, ast.If):
            current = only
        else:
            branches.append(_branch(program, current.orelse, scope))
            current = None
    scope.merge(*branches)


def _is_main(test: ast.expr) -> bool:
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.Eq):
        return False
    sides = (test.left, test.comparators[0])
    named = any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)
    return named and any(
        isinstance(side, ast.Constant) and side.value == "__main__" for side in sides
    )


def _branch(program: Program, body: list[ast.stmt], scope: Scope) -> dict[str, Value]:
    changes: dict[str, Value] = {}
    with scope.branch(changes):
        program.run(program, body, scope)
    return changes


def _for(program: Program, node: ast.For | ast.AsyncFor, scope: Scope) -> None:
    source = program.evaluate(program, node.iter, scope)
    if not _gone_through(program, node, source, scope):
        changes: dict[str, Value] = {}
        with scope.branch(changes):
            assign(program, node.target, element_of(source), scope)
            program.run(program, node.body, scope)
        scope.merge(changes, {})
    program.run(program, node.orelse, scope)


def _gone_through(
    program: Program, node: ast.For | ast.AsyncFor, source: Value, scope: Scope
) -> bool:
    """Go through a loop over a constant round by round, as long as it works something out."""
    known = source.constant
    if not isinstance(known, (str, bytes, tuple)) or not 0 < len(known) <= program.loops:
        return False
    plain = len(node.body) <= _MOST_PLAIN and all(isinstance(s, _PLAIN_BODY) for s in node.body)
    if not plain and len(known) > 4:
        return False
    for number, each in enumerate(known):
        program.loops -= 1
        assign(program, node.target, constant(each, source.taints), scope)
        program.run(program, node.body, scope)
        if number == 1 and not _works_out(node.body, scope):
            break
    return True


def _works_out(body: list[ast.stmt], scope: Scope) -> bool:
    """Whether any name that the body changes is text, bytes or a list that is known now."""
    for node in body:
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AugAssign):
            targets = [node.target]
        elif isinstance(node, ast.If):
            if _works_out([*node.body, *node.orelse], scope):
                return True
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            function = node.value.func
            targets = [function.value] if isinstance(function, ast.Attribute) else []
        for target in targets:
            if isinstance(target, ast.Name):
                value = scope.find(target.id)
                if value is not None and isinstance(value.constant, (str, bytes, tuple)):
                    return True
    return False


def _while(program: Program, node: ast.While, scope: Scope) -> None:
    plain = len(node.body) <= _MOST_PLAIN and all(isinstance(s, _PLAIN_BODY) for s in node.body)
    test = program.evaluate(program, node.test, scope)
    if plain and test.constant is True and not isinstance(node.test, ast.Constant):
        _rounds(program, node, scope)
    else:
        scope.merge(_branch(program, node.body, scope), {})
    program.run(program, node.orelse, scope)


def _rounds(program: Program, node: ast.While, scope: Scope) -> None:
    """Go through a loop while its test is known to hold and it works something out."""
    names = [part.id for part in ast.walk(node.test) if isinstance(part, ast.Name)]
    for number in range(min(_MOST_ROUNDS, program.loops)):
        program.loops -= 1
        before = [scope.find(name) for name in names]
        program.run(program, node.body, scope)
        same = all(scope.find(name) is old for name, old in zip(names, before, strict=True))
        if same or (number == _FIRST_ROUNDS and not _works_out(node.body, scope)):
            return
        if program.evaluate(program, node.test, scope).constant is not True:
            return


def _try(program: Program, node: Any, scope: Scope) -> None:
    program.run(program, node.body, scope)
    branches: list[dict[str, Value]] = [{}]
    for handler in node.handlers:
        changes: dict[str, Value] = {}
        with scope.branch(changes):
            if handler.name:
                scope.set(handler.name, UNKNOWN)
            program.run(program, handler.body, scope)
        branches.append(changes)
    scope.merge(*branches)
    program.run(program, node.orelse, scope)
    program.run(program, node.finalbody, scope)


def _with(program: Program, node: ast.With | ast.AsyncWith, scope: Scope) -> None:
    for entry in node.items:
        value = program.evaluate(program, entry.context_expr, scope)
        if entry.optional_vars is not None:
            assign(program, entry.optional_vars, value, scope)
    program.run(program, node.body, scope)


def _return(program: Program, node: ast.Return, scope: Scope) -> None:
    if node.value is not None:
        scope.give(program.evaluate(program, node.value, scope))


def _several(program: Program, node: ast.Assert | ast.Raise | ast.Delete, scope: Scope) -> None:
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.expr):
            program.evaluate(program, part, scope)


def _match(program: Program, node: ast.Match, scope: Scope) -> None:
    subject = program.evaluate(program, node.subject, scope)
    branches: list[dict[str, Value]] = []
    for case in node.cases:
        changes: dict[str, Value] = {}
        with scope.branch(changes):
            for part in ast.walk(case.pattern):
                if isinstance(part, (ast.MatchAs, ast.MatchStar)) and part.name:
                    scope.set(part.name, UNKNOWN.tainted(*subject.taints))
            if case.guard is not None:
                program.evaluate(program, case.guard, scope)
            program.run(program, case.body, scope)
        branches.append(changes)
    scope.merge(*branches)


_HANDLERS: dict[type[ast.stmt], Callable[[Program, Any, Scope], None]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Import: import_modules,
    ast.ImportFrom: import_names,
    ast.FunctionDef: define_function,
    ast.AsyncFunctionDef: define_function,
    ast.ClassDef: define_class,
    ast.Return: _return,
    ast.Global: declare_outer,
    ast.Nonlocal: declare_outer,
    ast.Assert: _several,
    ast.Raise: _several,
    ast.Delete: _several,
    ast.Match: _match,
}
