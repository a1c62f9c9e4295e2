"""What a file of TorchScript code calls, and which native classes it names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assay.scanning.scanners.acting_text import acting
from assay.scanning.scanners.torch_operators import Reach, reach_of, reach_of_class
from assay.scanning.scanners.torch_script.rules import RULES
from assay.scanning.scanners.torch_script.tokens import Chain, Text, read
from assay.scanning.subject import Answer

_OPERATORS = {
    Reach.REACHING: "torchscript.reaching-operator",
    Reach.UNKNOWN: "torchscript.custom-operator",
}
_CLASSES = {
    Reach.REACHING: "torchscript.reaching-operator",
    Reach.UNKNOWN: "torchscript.custom-class",
    Reach.COMPILED: "torchscript.compiled-engine",
}
_STATEMENTS = frozenset(("class", "def", "op_version_set"))
_LOADING = "__setstate__"
_AT_MARGIN = re.compile(r"^(?!(?:class|def|op_version_set)\b)[^\s#)\]}]", re.MULTILINE)
"""A line that is not indented and begins otherwise than TorchScript's; most files have none."""


def is_foreign(source: str) -> bool:
    """Whether a file does outside of functions what TorchScript files never do."""
    if not _AT_MARGIN.search(source):
        return False
    for found in read(source):
        if not isinstance(found, Chain) or not found.first:
            continue
        word = found.names[0]
        if word in ("import", "from"):
            return not source[found.offset :].split(maxsplit=1)[1].startswith("__torch__")
        if word not in _STATEMENTS:
            return True
    return False


def judge_code(source: str, answer: Answer) -> None:
    """Judge one file of code.

    Operators are reached by two names, `torch.OPERATOR` and `ops.NAMESPACE.OPERATOR`; what is
    called on a value is a method or one of the operators that begin with `self`, of which none
    reaches out.

    Args:
        source: The text.
        answer: Where findings go, with lines.
    """
    judging = _Judging(source, answer)
    for found in read(source):
        if isinstance(found, Chain):
            judging.chain(found)
        else:
            judging.text(found)
    judging.done()


@dataclass(frozen=True, slots=True)
class _Call:
    """A call whose first text may still come."""

    rule: str
    name: str
    offset: int


class _Judging:
    def __init__(self, source: str, answer: Answer) -> None:
        self._source = source
        self._answer = answer
        self._function = ""
        self._call: _Call | None = None
        self._line = 1
        self._counted = 0

    def chain(self, found: Chain) -> None:
        """Judge one chain of names."""
        self.done()
        if found.before == "def":
            self._function = found.names[0]
        elif found.rooted and found.names[0] in ("torch", "ops"):
            self._operator(found)
        elif found.rooted and found.names[:3] == ("__torch__", "torch", "classes"):
            self._class(found)

    def text(self, found: Text) -> None:
        """A text completes the call before it."""
        self.done(found.content)
        shown = acting(found.content.encode("utf-8", "replace"))
        if shown:
            self._find("torchscript.acting-text", shown, found.offset)

    def _operator(self, found: Chain) -> None:
        """An operator, or a namespace that is given away without naming one."""
        space, *rest = found.names
        wanted = 2 if space == "ops" else 1
        if len(rest) < wanted:
            if found.after != ":":
                self._find("torchscript.other-name", ".".join(found.names), found.offset)
            return
        name = "::".join(rest[:2]) if space == "ops" else f"aten::{rest[0]}"
        rule = _OPERATORS.get(reach_of(name))
        if rule:
            self._call = _Call(rule, name, found.offset)

    def _class(self, found: Chain) -> None:
        space, name = (*found.names[3:5], "", "")[:2]
        rule = _CLASSES.get(reach_of_class(space, name))
        if rule:
            self._find(rule, f"torch.classes.{space}.{name}", found.offset)

    def done(self, text: str = "") -> None:
        """Report the call that waited for its first text."""
        call, self._call = self._call, None
        if call is None:
            return
        shown = f"{call.name} with {text!r}" if text else call.name
        if self._function == _LOADING:
            shown = f"{shown}, when the model is loaded"
        self._find(call.rule, shown, call.offset)

    def _find(self, rule: str, shown: str, offset: int) -> None:
        self._line += self._source.count("\n", self._counted, offset)
        self._counted = max(self._counted, offset)
        self._answer.find(RULES[rule], shown, line=self._line)
