"""Judging what a program runs as code: text, code objects, files, modules by name."""

from __future__ import annotations

import re

from assay.core.finding import Confidence, Severity
from assay.scanning.scanners.known_names import (
    BUILDS_CODE,
    COMPILES,
    EXECUTES,
    MILD_EXECUTES,
    RUNS_FILES,
    SYSTEM_MODULES,
)
from assay.scanning.scanners.python_code.deeds import Deeds, shown
from assay.scanning.scanners.python_code.sources import fragments
from assay.scanning.scanners.python_code.state import Call
from assay.scanning.scanners.python_code.values import (
    CODED,
    DECODED,
    INPUT,
    NETWORK,
    READ,
    UNKNOWN,
    Value,
    taints_of,
)

_OWN_FILE = re.compile(r"\.py\Z|version|about|release|meta|setup|config", re.IGNORECASE)
_CALLS_IN_TEXT = re.compile(r"__import__|__class__|__globals__|\b(?:os|subprocess)\.\w+\(")
_OUT_OF_TEMPLATES = re.compile(r"__(?:globals|class|mro|subclasses|builtins|import|base)__|popen")
_SYSTEM = frozenset({"os", "subprocess", "pty", "marshal"})
_PACKED = (".zip", ".whl", ".egg", ".bin", ".dat", ".pt", ".gz")
_PARSED = "builtins.compile()"


def judge(call: Call, deeds: Deeds) -> None:
    """Note what a call runs as code."""
    name = call.name
    if name in EXECUTES:
        _text(call, call.argument(0), deeds)
    elif name in COMPILES:
        _compiled(call, deeds)
    elif name in BUILDS_CODE:
        _code(call, deeds)
    elif name in RUNS_FILES or call.name.endswith((".exec_module", ".load_module")):
        _file(call, deeds)
    elif name in ("builtins.__import__", "importlib.import_module"):
        _computed(call, deeds)
    elif name.endswith(".?") and name[:-2] in SYSTEM_MODULES:
        grave = name[:-2] in _SYSTEM and call.place.unasked
        _computed(call, deeds, Severity.HIGH if grave else Severity.MEDIUM)
    elif name == "builtins.getattr":
        _computed(call, deeds, Severity.LOW)
    elif _runs_otherwise(call):
        deeds.add("code.executes-text", call.line, shown(call), call.place, Severity.HIGH)


def _runs_otherwise(call: Call) -> bool:
    """Expressions that reach out given to a query, and archives that modules are imported from."""
    if call.name.endswith((".query", ".eval")):
        return _CALLS_IN_TEXT.search(call.argument(0).text or "") is not None
    if call.name == "jinja2.Template" or call.name.endswith(".from_string"):
        return _OUT_OF_TEMPLATES.search(call.argument(0, "source").text or "") is not None
    if call.name in ("sys.path.insert", "sys.path.append") and call.arguments:
        return call.place.unasked and fragments(call.arguments[-1]).endswith(_PACKED)
    return False


def _text(call: Call, text: Value, deeds: Deeds) -> None:
    taints = taints_of(text)
    if NETWORK in taints:
        deeds.add("code.downloads-and-runs", call.line, shown(call), call.place)
    elif DECODED in taints:
        deeds.add("code.executes-decoded", call.line, shown(call), call.place)
    elif text.name.startswith(("marshal.", "types.CodeType")):
        severity = None if call.place.unasked else Severity.HIGH
        deeds.add("code.executes-decoded", call.line, shown(call), call.place, severity)
    elif call.name in MILD_EXECUTES:
        deeds.add("code.executes-text", call.line, shown(call), call.place, Severity.LOW)
    elif text.is_constant or (text.name == _PARSED and text.items and text.items[0].is_constant):
        severity = Severity.HIGH if call.hidden else Severity.LOW
        deeds.add("code.executes-text", call.line, shown(call), call.place, severity)
    else:
        severity, confidence = _unknown_text(call, text)
        deeds.add("code.executes-text", call.line, shown(call), call.place, severity, confidence)


def _unknown_text(call: Call, text: Value) -> tuple[Severity, Confidence]:
    """Text of which only the origin is known: how grave where it runs unasked, and else."""
    taints, unasked = taints_of(text), call.place.unasked
    if call.hidden or (INPUT in taints and unasked):
        return Severity.HIGH, Confidence.HIGH
    whole = call.name != "builtins.eval"
    grave, mild, confidence = Severity.MEDIUM, Severity.LOW, Confidence.LOW
    if CODED in taints:
        grave, mild, confidence = Severity.HIGH, Severity.MEDIUM, Confidence.MEDIUM
    elif READ in taints and whole:
        path = fragments(text).strip("…")
        grave = Severity.HIGH if path and not _OWN_FILE.search(path) else Severity.MEDIUM
        confidence = Confidence.MEDIUM
    elif whole:
        grave, mild, confidence = Severity.HIGH, Severity.MEDIUM, Confidence.MEDIUM
    return (grave if unasked else mild), confidence


def _compiled(call: Call, deeds: Deeds) -> None:
    taints = taints_of(call.argument(0, "source"))
    if NETWORK in taints:
        deeds.add("code.downloads-and-runs", call.line, shown(call), call.place)
    elif DECODED in taints:
        deeds.add("code.executes-decoded", call.line, shown(call), call.place)
    elif call.hidden:
        deeds.add("code.obfuscated", call.line, shown(call), call.place)


def _code(call: Call, deeds: Deeds) -> None:
    """Code objects made of bytes, or put together."""
    taints = taints_of(*call.values)
    if NETWORK in taints:
        deeds.add("code.downloads-and-runs", call.line, shown(call), call.place)
    elif call.name.startswith("marshal.") or DECODED in taints:
        known = DECODED in taints or call.argument(0).is_constant
        severity = None if known or call.place.unasked else Severity.MEDIUM
        deeds.add("code.executes-decoded", call.line, shown(call), call.place, severity)
    elif call.name in ("types.CodeType", "new.code"):
        deeds.add("code.executes-text", call.line, shown(call), call.place, Severity.MEDIUM)
    elif call.hidden:
        deeds.add("code.obfuscated", call.line, shown(call), call.place)


def _file(call: Call, deeds: Deeds) -> None:
    taints = taints_of(*call.values)
    if call.callee.receiver is not None:
        taints |= taints_of(call.callee.receiver)
    if NETWORK in taints:
        deeds.add("code.downloads-and-runs", call.line, shown(call), call.place)
    else:
        path = "".join(fragments(value) for value in _paths(call)).strip("…")
        odd = call.place.unasked and path and not path.endswith((".py", ".pyc", ".so", ".pyd"))
        named = "/" in path or "." in path
        severity = Severity.HIGH if call.hidden or (odd and named) else Severity.LOW
        deeds.add("code.executes-text", call.line, shown(call), call.place, severity)


def _paths(call: Call) -> list[Value]:
    """The file a call runs: its argument, or that of the loader it is a method of."""
    receiver = call.callee.receiver
    if call.name.startswith("runpy."):
        return [call.argument(0)]
    if receiver is None:
        return [call.argument(1)]
    return [receiver.items.get(1, receiver.items.get(0, UNKNOWN))]


def _computed(call: Call, deeds: Deeds, severity: Severity = Severity.LOW) -> None:
    """A module or function of which the name is worked out while the program runs."""
    taints = taints_of(*call.values, call.callee)
    if taints & {DECODED, CODED, NETWORK} and call.place.unasked:
        grave = max(severity, Severity.MEDIUM, key=lambda one: one.rank)
        deeds.add("code.obfuscated", call.line, shown(call), call.place, grave)
    elif severity is not Severity.LOW:
        deeds.add("code.obfuscated", call.line, shown(call), call.place, severity)
