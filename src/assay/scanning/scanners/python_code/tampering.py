"""Judging how a program changes what other code relies on, and hides what it does."""

from __future__ import annotations

import re

from assay.core.finding import Confidence, Severity
from assay.scanning.scanners.known_names import (
    FETCHES,
    HOOKS,
    PROCESS_NAMES,
    SENDS,
    SYSTEM_MODULES,
)
from assay.scanning.scanners.python_code.deeds import Deeds, shown
from assay.scanning.scanners.python_code.state import Call, Place
from assay.scanning.scanners.python_code.values import Value

_LOADERS = re.compile(
    r"(?:torch\.(?:load|serialization\.\w+|save|nn\.Module\.(?:load_state_dict|__\w+__))|"
    r"pickle\.\w+|_pickle\.\w+|json\.loads?|safetensors\.\w+(?:\.\w+)?|joblib\.load|"
    r"numpy\.load|importlib\.\w+|ssl\._create_default_https_context|hashlib\.\w+|hmac\.\w+|"
    r"socket\.\w+|subprocess\.\w+|os\.(?:system|popen|open|environ)|io\.open|requests\.\w+|"
    r"huggingface_hub\.\w+|transformers\.(?:AutoModel\w*|PreTrainedModel)\.from_pretrained)\Z"
)
_MILD = frozenset(
    "ssl._create_default_https_context socket.socket socket.getaddrinfo torch.load "
    "torch.nn.Module.load_state_dict socket.setdefaulttimeout importlib.metadata".split()
)
_BUILTINS = re.compile(r"builtins(?:\.|\[)(\w+)\]?\Z")
_HARMLESS_BUILTINS = frozenset("exit quit print unicode xrange raw_input input profile _".split())
_PLAIN = frozenset(
    "builtins.dict() builtins.list() builtins.tuple() builtins.set() builtins.object "
    "builtins.str builtins.int builtins.type builtins.dict builtins.list builtins.tuple".split()
)
_CHAIN = frozenset({"__subclasses__", "__globals__", "__base__", "__bases__", "__mro__"})


def judge(call: Call, deeds: Deeds) -> None:
    """Note hooks, and names that were hidden."""
    if call.name in HOOKS:
        severity = Severity.MEDIUM if call.place.unasked else Severity.LOW
        deeds.add("code.patches", call.line, shown(call), call.place, severity)
    elif call.name == "builtins.setattr":
        base, name = call.argument(0), call.argument(1).text
        if base.name and not base.name.startswith(".") and not base.name.endswith("()"):
            assigned(f"{base.name}.{name or '?'}", call.argument(2), call.place, call.line, deeds)
    if call.hidden and call.name in PROCESS_NAMES | SENDS | FETCHES:
        deeds.add("code.obfuscated", call.line, shown(call), call.place)


def assigned(target: str, value: Value, place: Place, line: int, deeds: Deeds) -> None:
    """Note what replaces something of another module."""
    text = f"{target} = {value.name or '…'} {place.words}"
    if value.name in PROCESS_NAMES:
        deeds.add("code.obfuscated", line, text, place, Severity.HIGH)
        return
    builtin = _BUILTINS.match(target)
    if builtin is not None and builtin.group(1) not in _HARMLESS_BUILTINS:
        severity = Severity.HIGH if place.unasked and value.code is not None else Severity.MEDIUM
        deeds.add("code.patches", line, text, place, severity)
    elif target == "os.environ[LD_PRELOAD]":
        severity = Severity.HIGH if place.unasked else Severity.MEDIUM
        deeds.add("code.persistence", line, text, place, severity)
    elif _LOADERS.match(target):
        severity = Severity.MEDIUM if target not in _MILD else Severity.LOW
        deeds.add("code.patches", line, text, place, severity, Confidence.MEDIUM)
    elif target.startswith("sys.modules[") and place.unasked:
        root = target.removeprefix("sys.modules[").rstrip("]").partition(".")[0]
        if root in SYSTEM_MODULES | {"torch", "pickle", "json", "numpy", "safetensors"}:
            deeds.add("code.patches", line, text, place, Severity.MEDIUM)


def reached(value: Value, name: str, place: Place, line: int, deeds: Deeds) -> None:
    """Note attributes that lead from a plain value to everything."""
    chain = [name]
    current: Value | None = value
    plain = False
    while current is not None and len(chain) < 20:
        plain = plain or current.is_constant or current.name in _PLAIN
        chain.append(current.name.rpartition(".")[2] or "…")
        current = current.receiver
    grave = name in ("__subclasses__", "__globals__", "__builtins__", "f_builtins")
    if plain and name in _CHAIN and grave:
        text = ".".join(reversed(chain))
        deeds.add("code.internals", line, f"{text} {place.words}", place)
