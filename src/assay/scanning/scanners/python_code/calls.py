"""What is known of a call: what it calls, what that returns, and who is told."""

from __future__ import annotations

import ast
from typing import Any

from assay.scanning.scanners.known_names import PROCESS_NAMES
from assay.scanning.scanners.python_code import folding, functions
from assay.scanning.scanners.python_code.access import attribute, rebind
from assay.scanning.scanners.python_code.decoding import DECODERS, UndecodableError, decoded
from assay.scanning.scanners.python_code.folding import UnfoldableError
from assay.scanning.scanners.python_code.following import follow, follow_unknown
from assay.scanning.scanners.python_code.indirection import INDIRECT
from assay.scanning.scanners.python_code.sources import taints_of_call
from assay.scanning.scanners.python_code.state import Call, Program, Scope
from assay.scanning.scanners.python_code.values import (
    CODED,
    DECODED,
    PIECED,
    UNKNOWN,
    Value,
    constant,
    path_of,
    sequence,
    taints_of,
)

_HELD = frozenset(
    "append extend insert add update write writelines setdefault __setitem__ appendleft".split()
)
_SMALL = frozenset(
    "builtins.len builtins.bool builtins.isinstance builtins.issubclass builtins.hasattr "
    "builtins.type builtins.id builtins.print builtins.callable builtins.any builtins.all "
    "builtins.hash hashlib.sha256() hashlib.md5() os.path.exists os.path.isfile os.path.isdir "
    "os.path.getsize builtins.range builtins.min builtins.max logging.getLogger".split()
)
"""What they return tells next to nothing about what they were given."""
_PATHS = frozenset({"os.path.join", "pathlib.Path", "pathlib.PurePath"})
_MOST_ARGUMENTS = 200
_MOST_HELD = 2_000


def evaluate_call(program: Program, node: ast.Call, scope: Scope) -> Value:
    """What a call returns; tells the listener of it."""
    callee = program.evaluate(program, node.func, scope)
    arguments = _arguments(program, node, scope)
    named = {
        keyword.arg or f"**{number}": program.evaluate(program, keyword.value, scope)
        for number, keyword in enumerate(node.keywords[:_MOST_ARGUMENTS])
    }
    call = Call(
        callee.name, callee, tuple(arguments), named, scope.place, program.line_of(node), node
    )
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    return make_call(program, call, method, scope)


def _arguments(program: Program, node: ast.Call, scope: Scope) -> list[Value]:
    found: list[Value] = []
    for part in node.args[:_MOST_ARGUMENTS]:
        if isinstance(part, ast.Starred):
            value = program.evaluate(program, part.value, scope)
            found.extend(list(value.items.values())[:_MOST_ARGUMENTS] or [value])
        else:
            found.append(program.evaluate(program, part, scope))
    return found


def make_call(program: Program, call: Call, method: str, scope: Scope) -> Value:
    """What a call returns, by what is called; `method` is the attribute it was taken by."""
    callee = call.callee
    if callee.code is not None or callee.owner:
        returned = follow(program, call)
        _hand_over(program, call, scope)
        return returned
    if method in ("__getattribute__", "__getattr__") and callee.receiver and call.arguments:
        named = call.arguments[-1].text
        if named is not None:
            base = callee.receiver if len(call.arguments) == 1 else call.arguments[0]
            return attribute(program, base, named, scope, call.line).concealed()
    indirect = INDIRECT.get(call.name)
    if indirect is not None:
        found = indirect(program, call, scope)
        if found is not None:
            return found
    if callee.receiver is not None and method:
        found = _method(program, call, method, callee.receiver, scope)
        if found is not None:
            return found
    found = _worked_out(call)
    program.listener.call(call)
    _hand_over(program, call, scope)
    return found if found is not None else _returned(call)


def _method(
    program: Program, call: Call, method: str, receiver: Value, scope: Scope
) -> Value | None:
    """Methods of constants and of lists and dicts that are known."""
    if method in _HELD and call.values:
        _hold(program, call, method, scope)
        return None
    if receiver.is_constant and not receiver.name.endswith("()"):
        if all(value.is_constant for value in call.values):
            return _of_constants(call, method, receiver)
        if method in ("format", "join"):
            parts = [receiver, *call.values]
            return Value(PIECED, taints=taints_of(*parts), items=dict(enumerate(parts)))
    if method == "get" and receiver.items and call.arguments:
        key = call.arguments[0].constant
        if isinstance(key, str) and key in receiver.items:
            return receiver.items[key]
    return None


def _of_constants(call: Call, method: str, receiver: Value) -> Value | None:
    try:
        found = folding.method(
            receiver.constant,
            method,
            [value.constant for value in call.arguments],
            {key: value.constant for key, value in call.named.items()},
        )
    except UnfoldableError:
        return None
    return _folded(method, found, call, receiver)


def _folded(method: str, found: Any, call: Call, receiver: Value) -> Value:
    taints = receiver.taints | taints_of(*call.arguments)
    if method in ("translate", "to_bytes") or (method == "decode" and _is_coding(call)):
        taints |= {DECODED}
    if method == "join" and isinstance(receiver.constant, (str, bytes)):
        pieces = call.arguments[0].constant
        if isinstance(pieces, tuple) and len(pieces) > 3 and all(len(p) == 1 for p in pieces):
            taints |= {DECODED}
    return constant(found, taints)


def _is_coding(call: Call) -> bool:
    name = str(call.argument(0, "encoding").constant)
    return name.startswith(("rot", "hex", "base64", "zlib", "bz2", "zip", "unicode", "raw"))


def _hold(program: Program, call: Call, method: str, scope: Scope) -> None:
    """A list that grows, or a dict or file that is given more: its name holds that from now on."""
    node = call.node
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    target = node.func.value
    before = call.callee.receiver
    if before is None or before.name.endswith("open()") or len(before.items) > _MOST_HELD:
        return
    given = call.arguments[-1] if call.arguments else UNKNOWN
    if method in ("append", "extend") and (before.items or before.constant == ()):
        grown = list(before.items.values())
        grown += [given] if method == "append" else list(given.items.values()) or [given]
        rebind(program, target, sequence(grown), scope)
    elif taints_of(given) - before.taints:
        items = {**before.items, f"+{len(before.items)}": given}
        kept = Value(before.name, taints=before.taints | given.taints, items=items)
        rebind(program, target, kept, scope)


def _worked_out(call: Call) -> Value | None:
    """What a function gives that only works on constants."""
    if not all(value.is_constant for value in call.values):
        if call.name in _PATHS and len(call.arguments) > 1:
            return path_of(list(call.arguments))
        return None
    if call.name in DECODERS:
        return _decoded(call)
    taints = taints_of(*call.values)
    named = {key: value.constant for key, value in call.named.items()}
    try:
        found = functions.call(call.name, [value.constant for value in call.arguments], named)
    except UnfoldableError:
        return None
    if call.name.startswith("pathlib."):
        return Value(name="pathlib.Path()", constant=found, taints=taints)
    if call.name in ("builtins.chr", "builtins.bytes", "builtins.bytearray") and call.arguments:
        taints |= {DECODED}
    return constant(found, taints)


def _decoded(call: Call) -> Value:
    taints = taints_of(*call.values)
    try:
        found = folding.kept(decoded(call.name, [value.constant for value in call.arguments]))
    except (UndecodableError, UnfoldableError):
        return UNKNOWN.tainted(CODED, *taints)
    return constant(found, taints | {DECODED})


def _hand_over(program: Program, call: Call, scope: Scope) -> None:
    """Functions given to a call may be called by it."""
    if call.name in ("functools.wraps", "functools.update_wrapper"):
        return
    for index, value in enumerate((*call.values, *_inner(call))):
        if value.owner:
            program.handed.add(value.owner)
        if value.code is not None:
            follow_unknown(program, value, scope.place)
        elif value.name in PROCESS_NAMES and call.callee.code is None:
            others = [other for other in call.values if other is not value]
            given = others[0] if len(others) == 1 or index else UNKNOWN
            if len(others) > 1:
                given = others[-1] if isinstance(others[-1].constant, tuple) else others[0]
            parts = tuple(given.items.values()) or (given,)
            program.listener.call(
                Call(value.name, value, parts, {}, scope.place, call.line, call.node)
            )


def _inner(call: Call) -> list[Value]:
    """Functions inside lists given to a call."""
    found: list[Value] = []
    for value in call.values:
        found.extend(one for one in list(value.items.values())[:50] if one.code or one.name)
    return found[:100]


def _returned(call: Call) -> Value:
    """What is known of the result of a call that is not worked out."""
    if call.name in _SMALL:
        return UNKNOWN
    taints = taints_of_call(call)
    if call.name in DECODERS:
        taints |= {CODED}
    receiver = call.callee.receiver
    items = dict(enumerate(call.arguments))
    if receiver is not None and not items:
        items = dict(receiver.items)
    name = f"{call.name}()" if call.name and len(call.name) < 200 else ""
    return Value(name=name, taints=taints, items=items, hidden=call.hidden)
