"""The program of an export, as JSON: its operators, and the texts its loader evaluates.

Source: `torch/_export/serde/schema.py` (version 8), `torch/_export/serde/serialize.py`,
`torch/utils/_pytree.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from assay.core.finding import Severity
from assay.scanning.pickle import Safety
from assay.scanning.scanners.torch_export.expressions import is_guard, is_size
from assay.scanning.scanners.torch_export.rules import RULES
from assay.scanning.scanners.torch_operators import Reach, reach_of
from assay.scanning.subject import Answer, Subject

_OPERATOR = re.compile(r"torch\.ops\.(\w+)\.(\w+)(?:\.\w+)?\Z")
_PLAIN = re.compile(
    r"_operator\.(?:add|sub|mul|truediv|floordiv|mod|pow|neg|pos|abs|eq|ne|lt|le|gt|ge|and_|or_|xor|"
    r"not_|invert|lshift|rshift|getitem|matmul|index)|math\.\w+|torch\.(?:sym_\w+|_sym_\w+)|torch\._higher_order_ops\.\w+\.\w+|"
    r"torch\._C\._functorch\.\w+|#\w+:[\w.]+|_?call_\w+|builtins\.(?:getattr|round|int|float|bool)|"
    r"torch\._C\._set_grad_enabled|torch\.autograd\.\w+\.\w+|getattr"
)
_OPERATOR_MODULES = re.compile(r"torch\.(?:fx|_higher_order_ops|utils|_inductor|_library)\b")
_IMPORTING = ("default_factory_module", "__enum__")
_MOST_NESTED = 8
_RULES = {
    Reach.REACHING: "torch-export.reaching-operator",
    Reach.UNKNOWN: "torch-export.operator",
}


def judge_program(document: dict[str, Any], subject: Subject, answer: Answer) -> None:
    """Judge a program that was parsed.

    Args:
        document: The whole JSON object.
        subject: What it is part of; its policy judges imports.
        answer: Where findings go.
    """
    judging = _Judging(subject, answer)
    by_key: dict[str, Callable[[Any], None]] = {
        "target": judging.target,
        "expr_str": judging.size,
        "guards_code": judging.guards,
    }
    for found in _objects(document, judging):
        for key in by_key.keys() & found.keys():
            by_key[key](found[key])
        judging.imports(found)


def _objects(document: Any, judging: _Judging) -> Iterator[dict[str, Any]]:
    """Every object, those in texts that are JSON again included, without recursion."""
    waiting: list[tuple[Any, int]] = [(document, 0)]
    while waiting:
        value, nested = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting.extend((one, nested) for one in value.values())
        elif isinstance(value, list):
            waiting.extend((one, nested) for one in value)
        elif isinstance(value, str) and any(key in value for key in _IMPORTING):
            inner = _parsed(value)
            if inner is None or nested >= _MOST_NESTED:
                judging.odd(value)
            else:
                waiting.append((inner, nested + 1))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


class _Judging:
    def __init__(self, subject: Subject, answer: Answer) -> None:
        self._subject = subject
        self._answer = answer

    def target(self, value: Any) -> None:
        """What a node calls."""
        if not isinstance(value, str) or _PLAIN.fullmatch(value):
            return
        found = _OPERATOR.match(value)
        if found:
            rule = _RULES.get(reach_of("::".join(found.groups())))
        elif value.startswith("torch.ops.") or _OPERATOR_MODULES.match(value):
            rule = "torch-export.operator"
        else:
            rule = "torch-export.reaching-operator"
        if rule:
            self._answer.find(RULES[rule], value)

    def size(self, value: Any) -> None:
        """A size, which is evaluated."""
        if isinstance(value, str) and not is_size(value):
            self._answer.find(RULES["torch-export.expression"], value)

    def guards(self, value: Any) -> None:
        """Conditions on inputs, which become a function."""
        for one in value if isinstance(value, list) else ():
            if isinstance(one, str) and not is_guard(one):
                self._answer.find(RULES["torch-export.expression"], one)

    def imports(self, found: dict[str, Any]) -> None:
        """Names that the loader imports to rebuild a structure."""
        if isinstance(found.get("default_factory_module"), str):
            self._import(found["default_factory_module"], str(found.get("default_factory_name")))
        if "__enum__" in found:
            module, _, name = str(found.get("fqn")).partition(":")
            self._import(module, name)

    def _import(self, module: str, name: str) -> None:
        safety = self._subject.policy.judge(module, name).safety
        if safety is Safety.ALLOWED:
            return
        severity = Severity.HIGH if safety is Safety.DANGEROUS else None
        shown = f"{module}.{name}"
        self._answer.find(RULES["torch-export.import"], shown, severity=severity)

    def odd(self, value: str) -> None:
        """A structure that cannot be read."""
        self._answer.unread(f"a structure that is no JSON: {value[:80]!r}")
