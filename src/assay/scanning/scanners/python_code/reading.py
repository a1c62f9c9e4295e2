"""Reading a program: its tree is gone through, and every call it makes is judged."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from assay.scanning.scanners.known_names import EXECUTES, MILD_EXECUTES, SHELLS
from assay.scanning.scanners.python_code import (
    commands,
    executing,
    files,
    loading,
    network,
    tampering,
    unicode,
)
from assay.scanning.scanners.python_code.deeds import Deed, Deeds
from assay.scanning.scanners.python_code.dropping import Destroys, Fetched
from assay.scanning.scanners.python_code.expressions import evaluate
from assay.scanning.scanners.python_code.following import bind_parameters
from assay.scanning.scanners.python_code.outline import functions_of, imports_of, is_foreign
from assay.scanning.scanners.python_code.parsing import UnparsableError, parse
from assay.scanning.scanners.python_code.state import (
    Call,
    Function,
    OverBudgetError,
    Place,
    Program,
    Scope,
)
from assay.scanning.scanners.python_code.statements import run
from assay.scanning.scanners.python_code.values import DECODED, INPUT, Value

_JUDGES = (
    executing.judge,
    commands.judge,
    network.judge,
    files.judge,
    loading.judge,
    tampering.judge,
)
_REBUILDERS = frozenset({"__reduce__", "__reduce_ex__", "__getnewargs__", "__getnewargs_ex__"})
_REBUILT = (EXECUTES - MILD_EXECUTES) | SHELLS | {"builtins.__import__", "os.putenv"}
_REQUESTS = frozenset(
    "__call__ predict predict_fn transform_fn input_fn handle inference preprocess run execute "
    "postprocess output_fn".split()
)
_MOST_HELD = 64
_MOST_CALLS = 2_000
_SHORTEST_HELD = 16


@dataclass(slots=True)
class Reading:
    """What a program was seen to do.

    Attributes:
        deeds: In the order of their lines.
        problem: Why it was not read to its end; "" where it was.
        held: Bytes and decoded text the program holds that may be something else inside:
            pickles, marshalled code, programs.
        imports: Modules it imports that are no part of the standard library.
        calls: Names of such modules that it calls when it is imported or loaded.
        functions: First and last line and name of each function and method at the top.
        invalid: Whether it is no Python that the interpreter would run.
    """

    deeds: tuple[Deed, ...]
    problem: str = ""
    held: tuple[tuple[int, bytes], ...] = field(default=())
    imports: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    functions: tuple[tuple[int, int, str], ...] = ()
    invalid: bool = False


class _Judge:
    """Told what a program does; keeps deeds."""

    def __init__(self, deeds: Deeds) -> None:
        self.deeds = deeds
        self.held: dict[bytes, int] = {}
        self._fetched = Fetched()
        self._destroys = Destroys()
        self.calls: dict[str, None] = {}

    def call(self, call: Call) -> None:
        for judge in _JUDGES:
            judge(call, self.deeds)
        self._fetched.judge(call, self.deeds)
        self._destroys.judge(call, self.deeds)
        if call.place.unasked and len(self.calls) < _MOST_CALLS and is_foreign(call.name):
            self.calls.setdefault(call.name)
        for value in call.values:
            self._hold(value, call.line)

    def assignment(self, target: str, value: Value, place: Place, line: int) -> None:
        tampering.assigned(target, value, place, line, self.deeds)

    def attribute(self, value: Value, name: str, place: Place, line: int) -> None:
        tampering.reached(value, name, place, line, self.deeds)

    def rebuilds(self, how: str, value: Value, line: int) -> None:
        function = value.items.get(0)
        if function is not None and function.name in _REBUILT:
            text = f"{how} gives {function.name}"
            self.deeds.add("code.pickle-payload", line, text, Place.FUNCTION)

    def executes(self, text: Value, place: Place, line: int) -> None:
        if DECODED in text.taints:
            shown = (text.text or "")[:120]
            self.deeds.add("code.executes-decoded", line, f"decoded: {shown}", place)

    def _hold(self, value: Value, line: int) -> None:
        raw = value.constant
        if not isinstance(raw, bytes) or len(self.held) >= _MOST_HELD:
            return
        if len(raw) >= _SHORTEST_HELD:
            self.held.setdefault(raw, line)


def read(source: str, place: Place = Place.IMPORT, *, entry: bool = False) -> Reading:
    """Read a program.

    Args:
        source: Its text.
        place: When it runs: a module, when imported; a script, when run.
        entry: Whether something else calls its functions by name, whatever they are called.
    """
    deeds = Deeds()
    unicode.judge_text(source, deeds)
    try:
        tree = parse(source)
    except UnparsableError as error:
        return Reading(tuple(deeds), str(error), invalid=error.invalid)
    judge = _Judge(deeds)
    program = _program(judge)
    problem = ""
    try:
        _gone_through(program, tree, place, entry=entry)
    except OverBudgetError as error:
        problem = str(error)
    except RecursionError:
        problem = "nested too deeply"
    if program.cut and not problem:
        problem = "nested too deeply"
    if not source.isascii():
        _names(source, tree, deeds)
    return Reading(
        tuple(deeds),
        problem,
        tuple((line, raw) for raw, line in judge.held.items()),
        imports_of(tree),
        tuple(judge.calls),
        functions_of(tree),
    )


def _program(judge: _Judge) -> Program:
    program = Program(judge)
    program.evaluate = evaluate
    program.run = run
    program.parse = _parsed
    return program


def _parsed(text: str) -> ast.Module | None:
    try:
        return parse(text)
    except UnparsableError:
        return None


def _gone_through(program: Program, tree: ast.Module, place: Place, *, entry: bool) -> None:
    """The module, then every function, as something else may call it."""
    module = Scope(None, place)
    program.run(program, tree.body, module)
    done = 0
    while done < len(program.methods):
        code, home, when, owner = program.methods[done]
        done += 1
        if when is Place.FUNCTION and (entry or owner in program.handed):
            when = Place.LOAD
        _function(program, code, home, when, owner)


def _function(program: Program, code: Function, home: Scope, place: Place, owner: str) -> None:
    scope = Scope(home, place, owner=owner)
    scope.parent = home
    bind_parameters(scope, code.args, (), {})
    _mark_requests(code, scope, owner)
    if isinstance(code, ast.Lambda):
        program.evaluate(program, code.body, scope)
        return
    program.run(program, code.body, scope)
    if code.name in _REBUILDERS and scope.returned is not None:
        program.listener.rebuilds(code.name, scope.returned, code.lineno)


def _mark_requests(code: Function, scope: Scope, owner: str) -> None:
    """What servers of models call with what somebody sent."""
    if isinstance(code, ast.Lambda) or code.name not in _REQUESTS:
        return
    if owner and not owner.endswith(("Handler", "Service", "Predictor", "PythonModel")):
        return
    for name, value in scope.names.items():
        if name not in ("self", "cls", "model", "context"):
            scope.names[name] = value.tainted(INPUT)


def _names(source: str, tree: ast.Module, deeds: Deeds) -> None:
    names: set[str] = set()
    for node in ast.walk(tree):
        name = (
            getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "name", None)
        )
        if isinstance(name, str):
            names.add(name)
            if not name.isascii():
                unicode.judge_name(name, getattr(node, "lineno", 0), deeds)
    unicode.judge_styled(source, names, deeds)
