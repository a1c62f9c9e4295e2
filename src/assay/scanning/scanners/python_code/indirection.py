"""Calls that stand for something else: imports, attributes and calls by name."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from assay.scanning.scanners.dotted_names import attribute_name, import_name
from assay.scanning.scanners.known_names import EXECUTES, SYSTEM_MODULES
from assay.scanning.scanners.python_code.following import follow_unknown
from assay.scanning.scanners.python_code.sources import environment_item
from assay.scanning.scanners.python_code.state import Call, Place, Program, Scope
from assay.scanning.scanners.python_code.values import UNKNOWN, Value, sequence

Indirect = Callable[[Program, Call, Scope], Value | None]


def _import(program: Program, call: Call, scope: Scope) -> Value | None:
    """`__import__(name)` and `importlib.import_module(name)`."""
    name = call.argument(0, "name").text
    if name is None:
        program.listener.call(call)
        return Value(name="?module", hidden=True)
    module = name if call.name.endswith("import_module") else name.partition(".")[0]
    if call.name == "builtins.__import__" and call.argument(3, "fromlist").constant:
        module = name
    del scope
    return Value(name=import_name(module), hidden=module.partition(".")[0] in SYSTEM_MODULES)


def _getattr(program: Program, call: Call, scope: Scope) -> Value | None:
    base, name = call.argument(0), call.argument(1).text
    if name is None:
        if base.name in SYSTEM_MODULES or base.name == "?module":
            program.listener.call(call)
        return Value(name=f"{base.name}.?" if base.name else "", hidden=True, taints=base.taints)
    node = ast.Attribute(value=ast.Name(id="_", ctx=ast.Load()), attr=name, ctx=ast.Load())
    inner = Scope(scope, scope.place)
    inner.names["_"] = base
    ast.copy_location(node, call.node)
    found = program.evaluate(program, node, inner)
    return found.concealed() if base.name.partition(".")[0] in SYSTEM_MODULES else found


def _by_path(program: Program, call: Call, scope: Scope) -> Value | None:
    """`pydoc.locate("os.system")` and others that import by a dotted path."""
    del program, scope
    path = call.argument(0).text
    if path is None:
        return Value(hidden=True)
    head, _, rest = path.replace(":", ".").partition(".")
    name = import_name(head)
    for part in rest.split(".") if rest else ():
        name = attribute_name(name, part)
    return Value(name=name, hidden=True)


def _globals(program: Program, call: Call, scope: Scope) -> Value | None:
    del program
    if call.arguments:
        return call.arguments[0].concealed()
    return Value(name="globals()", items=scope.module().names)


def _partial(program: Program, call: Call, scope: Scope) -> Value | None:
    """`functools.partial(f, x)`: told of as a call of `f`, since nobody makes one for nothing."""
    del scope
    target = call.argument(0)
    if target.code is not None or target.owner or not target.name:
        return None
    inner = replace_call(call, target, call.arguments[1:])
    program.listener.call(inner)
    return target


def replace_call(call: Call, callee: Value, arguments: tuple[Value, ...]) -> Call:
    """The same call of another function with other arguments."""
    return Call(callee.name, callee, arguments, call.named, call.place, call.line, call.node)


def _map(program: Program, call: Call, scope: Scope) -> Value | None:
    """`map(f, values)`: `f` of each constant, worked out where it is known."""
    function, values = call.argument(0), call.argument(1)
    items = list(values.items.values()) or [
        Value(constant=part) for part in _parts(values.constant)
    ]
    if len(items) > program.loops:
        return None
    found = []
    inner = Scope(scope, scope.place)
    inner.names["_f"] = function
    node = ast.Call(
        func=ast.Name(id="_f", ctx=ast.Load()),
        args=[ast.Name(id="_x", ctx=ast.Load())],
        keywords=[],
    )
    ast.copy_location(node, call.node)
    for item in items or [UNKNOWN.tainted(*values.taints)]:
        program.loops -= 1
        inner.names["_x"] = item
        result = program.evaluate(program, node, inner)
        found.append(result)
        if not result.is_constant and len(found) > 20:
            break
    return sequence(found)


def _parts(constant: object) -> list[object]:
    return list(constant) if isinstance(constant, (str, bytes, tuple)) else []


def _reduce(program: Program, call: Call, scope: Scope) -> Value | None:
    """`functools.reduce(getattr, names, module)`, and sums of texts."""
    if call.argument(0).name != "builtins.getattr" or len(call.arguments) < 3:
        return None
    current = call.arguments[2]
    for part in _parts(call.arguments[1].constant)[:20]:
        step = replace_call(call, call.arguments[0], (current, Value(constant=part)))
        found = _getattr(program, step, scope)
        if found is None:
            return None
        current = found
    return current


def _getter(program: Program, call: Call, scope: Scope) -> Value | None:
    """`operator.attrgetter(name)`: a function, which is called with a module next."""
    del program, scope
    return Value(name="operator.attrgetter()", items=dict(enumerate(call.arguments)))


def _got(program: Program, call: Call, scope: Scope) -> Value | None:
    name = call.callee.items.get(0, UNKNOWN).text
    current = call.argument(0)
    for part in name.split(".") if name else ():
        step = replace_call(call, current, (current, Value(constant=part)))
        current = _getattr(program, step, scope) or UNKNOWN
    return current.concealed() if current.name else None


def _methodcaller(program: Program, call: Call, scope: Scope) -> Value | None:
    del program, scope
    return Value(name="operator.methodcaller()", items=dict(enumerate(call.arguments)))


def _method_called(program: Program, call: Call, scope: Scope) -> Value | None:
    held = call.callee.items
    step = replace_call(call, call.callee, (call.argument(0), held.get(0, UNKNOWN)))
    function = _getattr(program, step, scope)
    if function is None or not function.name:
        return None
    rest = tuple(value for key, value in held.items() if key != 0)
    program.listener.call(replace_call(call, function.concealed(), rest))
    return UNKNOWN


def _dict(program: Program, call: Call, scope: Scope) -> Value | None:
    del program, scope
    items = dict(call.argument(0).items) if call.arguments else {}
    from_environment = call.arguments and call.arguments[0].name == "os.environ"
    if from_environment:
        return None
    return Value(name="builtins.dict()", items={**items, **call.named}).tainted(
        *(taint for value in call.values for taint in value.taints)
    )


def _environment(program: Program, call: Call, scope: Scope) -> Value | None:
    del program, scope
    found = environment_item(call.argument(0, "key"))
    default = call.argument(1, "default")
    return replace(found, items={0: default}) if default.text is not None else found


def _exec(program: Program, call: Call, scope: Scope) -> Value | None:
    """Text that is known is gone through in place, after it was told of."""
    program.listener.call(call)
    text = call.argument(0, "source")
    if text.name == "builtins.compile()":
        text = text.items.get(0, UNKNOWN)
    return run_text(program, text, scope, call)


def run_text(program: Program, text: Value, scope: Scope, call: Call) -> Value:
    """What text gives that is run here, if it is known and a program."""
    source = text.text
    if source is None or program.nested >= 5:
        return UNKNOWN.tainted(*text.taints)
    tree = program.parse(source)
    if tree is None:
        return UNKNOWN
    program.listener.executes(text, call.place, call.line)
    line, program.line = program.line, call.line
    program.nested += 1
    try:
        if call.name == "builtins.eval" and len(tree.body) == 1:
            only = tree.body[0]
            if isinstance(only, ast.Expr):
                return program.evaluate(program, only.value, scope)
        program.run(program, tree.body, scope)
    finally:
        program.nested -= 1
        program.line = line
    return UNKNOWN


def run_code(program: Program, code: Value, scope: Scope, node: ast.AST) -> None:
    """Code made of text by `compile`, which is put where it will run."""
    if code.name != "builtins.compile()":
        return
    name = "builtins.exec"
    call = Call(name, Value(name=name), (code,), {}, scope.place, program.line_of(node), node)
    program.listener.call(call)
    run_text(program, code.items.get(0, UNKNOWN), scope, call)


def _function_of(program: Program, call: Call, scope: Scope) -> Value | None:
    """`types.FunctionType(code, ...)`: the code will run."""
    run_code(program, call.argument(0, "code"), scope, call.node)
    return None


def _rebuilds(program: Program, call: Call, scope: Scope) -> Value | None:
    """`copyreg.pickle(cls, function)`: what the function returns is what a pickle will call."""
    given = call.argument(1, "pickle_function")
    if given.code is not None:
        returned = follow_unknown(program, given, scope.place)
        program.listener.rebuilds("copyreg.pickle", returned, call.line)
    return UNKNOWN


def _type(program: Program, call: Call, scope: Scope) -> Value | None:
    """`type(name, bases, names)` makes a class whose functions will be called."""
    del scope
    for value in call.argument(2).items.values() if len(call.arguments) == 3 else ():
        if value.code is not None:
            program.methods.append((value.code, program.homes[id(value.code)], Place.LOAD, ""))
    return UNKNOWN if len(call.arguments) == 3 else Value(name="builtins.type()")


INDIRECT: dict[str, Indirect] = {
    "builtins.__import__": _import,
    "importlib.import_module": _import,
    "importlib.__import__": _import,
    "builtins.getattr": _getattr,
    "inspect.getattr_static": _getattr,
    "builtins.object.__getattribute__": _getattr,
    "builtins.vars": _globals,
    "builtins.globals": _globals,
    "builtins.locals": _globals,
    "functools.partial": _partial,
    "functools.reduce": _reduce,
    "builtins.map": _map,
    "builtins.filter": _map,
    "pydoc.locate": _by_path,
    "pkgutil.resolve_name": _by_path,
    "hydra.utils.get_method": _by_path,
    "hydra.utils.get_class": _by_path,
    "hydra.utils.get_object": _by_path,
    "operator.attrgetter": _getter,
    "operator.attrgetter()": _got,
    "operator.methodcaller": _methodcaller,
    "operator.methodcaller()": _method_called,
    "builtins.dict": _dict,
    "collections.OrderedDict": _dict,
    "os.getenv": _environment,
    "os.environ.get": _environment,
    **dict.fromkeys(EXECUTES, _exec),
    "builtins.type": _type,
    "types.FunctionType": _function_of,
    "types.LambdaType": _function_of,
    "copyreg.pickle": _rebuilds,
}
"""By what they are called. None as an answer: a call like any other."""
