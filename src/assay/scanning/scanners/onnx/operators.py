"""Operators a graph calls: whose they are, and what those that are nobody's can do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assay.core.finding import Confidence
from assay.scanning.scanners.onnx.contents import Contents
from assay.scanning.scanners.onnx.external import judge_path
from assay.scanning.scanners.onnx.operator_names import (
    COMPILED,
    MICROSOFT,
    NETWORK,
    PYTHON,
    STANDARD,
    is_known_domain,
)
from assay.scanning.scanners.onnx.records import Record
from assay.scanning.scanners.onnx.rules import RULES
from assay.scanning.scanners.operator_words import sounds_reaching
from assay.scanning.scanners.torch_operators import Reach, reach_of
from assay.scanning.subject import Answer

Called = tuple[str, str]
"""Domain and name of an operator or function."""


def function_names(functions: Iterable[Record]) -> set[Called]:
    """What the model's own functions are called."""
    return {(_domain(one.text("domain")), one.text("name")) for one in functions}


def _domain(domain: str) -> str:
    return "" if domain == "ai.onnx" else domain


def called(node: Record) -> Called:
    """Which operator a node calls."""
    return _domain(node.text("domain")), node.text("op_type")


class Operators:
    """Judges nodes one by one; the same operator is reported once."""

    def __init__(self, functions: set[Called], contents: Contents, answer: Answer) -> None:
        self._functions = functions
        self._contents = contents
        self._answer = answer
        self._seen: set[Called] = set()

    def shadows(self) -> None:
        """Report functions that are called as operators of ONNX."""
        for domain, name in sorted(self._functions):
            if name in STANDARD.get(domain, ()):
                self._answer.find(RULES["onnx.shadowed-operator"], f"{domain or 'ai.onnx'}::{name}")

    def check(self, node: Record) -> None:
        """Judge one node.

        Raises:
            WireError: an attribute is no message.
        """
        which = called(node)
        domain, name = which
        if name in COMPILED:
            self._compiled(node, name)
        elif domain == "org.pytorch.aten" or name == "ATen":
            self._aten(node)
        if which in self._seen or which in self._functions:
            return
        self._seen.add(which)
        rule = rule_of(domain, name)
        if rule:
            shown = f"{domain or 'ai.onnx'}::{name}"
            self._answer.find(RULES[rule], shown, offset=node.offset)

    def _aten(self, node: Record) -> None:
        """An operator of PyTorch, called by name through ONNX."""
        rules = {
            Reach.REACHING: "onnx.system-operator",
            Reach.UNKNOWN: "onnx.custom-operator",
        }
        for name, value in _texts(node):
            rule = rules.get(reach_of(value)) if name == "operator" else None
            if rule:
                shown = f"ATen operator {value}"
                self._answer.find(RULES[rule], shown, offset=node.offset)

    def _compiled(self, node: Record, name: str) -> None:
        embedded = True
        for attribute in node.inside("attribute"):
            if attribute.text("name") == "embed_mode":
                embedded = attribute.integer("i", 1) == 1
        for key, value in _texts(node):
            if key == "ep_cache_context" and not embedded:
                judge_path(value, name, node.offset, self._answer)
        confidence = Confidence.HIGH if embedded else None
        shown = f"{name}, {'in the model' if embedded else 'in another file'}"
        rule = RULES["onnx.compiled-engine"]
        self._answer.find(rule, shown, offset=node.offset, confidence=confidence)


def _texts(node: Record) -> Iterator[tuple[str, str]]:
    for attribute in node.inside("attribute"):
        if attribute.has("s"):
            yield attribute.text("name"), attribute.text("s")


def rule_of(domain: str, name: str) -> str:
    """Which rule an operator breaks; "" where none."""
    if name in PYTHON:
        return "onnx.python-operator"
    if name in NETWORK:
        return "onnx.system-operator"
    if name in STANDARD.get(domain, ()) or (domain == "com.microsoft" and name in MICROSOFT):
        return ""
    if sounds_reaching(name):
        return "onnx.system-operator"
    return "" if is_known_domain(domain) else "onnx.custom-operator"
