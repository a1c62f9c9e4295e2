"""Every node of a graph judged: what acts outside it, and what TensorFlow does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from assay.core.finding import Confidence, Severity
from assay.scanning.parsers.protobuf import Message, WireError
from assay.scanning.scanners.embedded import Hidden
from assay.scanning.scanners.tensorflow.attributes import entries, tensors, texts, value_of
from assay.scanning.scanners.tensorflow.constants import judge_constant, judge_text_of
from assay.scanning.scanners.tensorflow.effects import EFFECTS, Act, Effect
from assay.scanning.scanners.tensorflow.graph import Node, Scope, scopes
from assay.scanning.scanners.tensorflow.origins import Origins
from assay.scanning.scanners.tensorflow.rules import RULES
from assay.scanning.scanners.tensorflow.stock_ops import is_of_known_library, is_stock
from assay.scanning.scanners.tensorflow.triggers import CHOICES, judge_choice
from assay.scanning.scanners.tensorflow.verdicts import Judgement, judge_sources, judge_text
from assay.scanning.subject import Answer, Subject

_RULE_OF = {
    Act.WRITE: "tensorflow.writes-file",
    Act.SAVE: "tensorflow.writes-file",
    Act.SAVE_DATA: "tensorflow.writes-file",
    Act.EXPORT: "tensorflow.writes-file",
    Act.LOG: "tensorflow.writes-file",
    Act.PRINT: "tensorflow.writes-file",
    Act.DEBUG: "tensorflow.network",
    Act.CONNECT: "tensorflow.network",
    Act.PYTHON: "tensorflow.python-function",
    Act.NATIVE: "tensorflow.native-call",
}
_T = TypeVar("_T")
_CALLBACK = b"python_cpu_callback"
_MOST_UNKNOWN = 32
_MOST_CHOICES = 500


class GraphJudging:
    """The judging of one graph.

    Args:
        graph: The `GraphDef`.
        subject: The file.
        answer: Where findings go.
        assets: Nodes the loader feeds with the paths of assets.
        listed: Nodes that are said to be paths of assets, though nobody feeds them.
    """

    def __init__(
        self,
        graph: Message,
        subject: Subject,
        answer: Answer,
        *,
        assets: frozenset[str] = frozenset(),
        listed: frozenset[str] = frozenset(),
    ) -> None:
        self._graph = graph
        self._subject = subject
        self._answer = answer
        self._assets = assets
        self._listed = listed
        self._scopes: Sequence[Scope] = ()
        self._origins: Origins | None = None
        self._functions: frozenset[str] = frozenset()
        self._unknown: set[str] = set()
        self._choices = 0
        self._hidden = Hidden(subject, answer)

    def judge(self) -> None:
        """Judge every node of the graph and of its functions; what is none is unread."""
        found: list[Scope] = []
        self._reading(found.extend, scopes(self._graph))
        self._scopes = tuple(found)
        self._functions = frozenset(scope.name for scope in self._scopes)
        self._origins = Origins(self._scopes, self._assets)
        for scope in self._scopes:
            self._reading(partial(self._nodes, scope), scope.nodes())

    def _reading(self, take: Callable[[Iterator[_T]], None], items: Iterator[_T]) -> None:
        """Hand on what can be read; what was read before the file broke has been taken."""
        try:
            take(items)
        except WireError as error:
            self._answer.unread(f"the graph is broken at offset {error.offset}: {error}")

    def _nodes(self, scope: Scope, nodes: Iterator[Node]) -> None:
        for node in nodes:
            self._node(scope, node)

    def _node(self, scope: Scope, node: Node) -> None:
        effect = EFFECTS.get(node.op)
        if effect is not None:
            self._effect(scope, node, effect)
        elif not is_stock(node.op) and node.op not in self._functions:
            self._foreign(scope, node)
        if node.op in CHOICES and node.inputs and self._choices < _MOST_CHOICES:
            self._choices += 1
            judge_choice(scope, node, self._answer)
        self._values(scope, node)

    def _values(self, scope: Scope, node: Node) -> None:
        for key, value in entries(scope, node):
            for tensor in tensors(value):
                judge_constant(tensor, _where(scope, node), self._hidden, self._answer)
            for holder, place in texts(value):
                if node.op == "XlaCallModule" and key == "module":
                    self._module(scope, node, holder.raw(place))
                judge_text_of(holder, place, f"{_where(scope, node)}.{key}", self._answer)

    def _module(self, scope: Scope, node: Node, module: bytes) -> None:
        if _CALLBACK in module:
            self._find("tensorflow.native-call", scope, node, _CALLBACK.decode(), None)

    def _foreign(self, scope: Scope, node: Node) -> None:
        if node.op in self._unknown or len(self._unknown) > _MOST_UNKNOWN:
            return
        self._unknown.add(node.op)
        known = is_of_known_library(node.op)
        rule = "tensorflow.library-operator" if known else "tensorflow.unknown-operator"
        self._find(rule, scope, node, "", None)

    def _effect(self, scope: Scope, node: Node, effect: Effect) -> None:
        for judged in self._judged(scope, node, effect):
            severity = judged.severity
            if severity is None:
                continue
            if effect.act is Act.READ_TABLE and self._is_listed(node):
                severity = min(severity, Severity.LOW, key=lambda one: one.rank)
            rule = _RULE_OF.get(effect.act, "tensorflow.reads-file")
            self._find(rule, scope, node, judged.shown, severity)

    def _is_listed(self, node: Node) -> bool:
        return any(name.split(":", 1)[0] in self._listed for name in node.inputs)

    def _judged(self, scope: Scope, node: Node, effect: Effect) -> Iterator[Judgement]:
        if effect.act is Act.GRAPH:
            yield from self._inner_graph(scope, node)
            return
        for name in effect.attributes:
            yield from _by_attribute(effect.act, scope, node, name)
        for index in effect.inputs:
            if self._origins is not None:
                sources = self._origins.of(scope, node, index)
                yield judge_sources(effect.act, sources)

    def _inner_graph(self, scope: Scope, node: Node) -> Iterator[Judgement]:
        """A graph in a constant is judged as one."""
        name = node.inputs[0].split(":", 1)[0] if node.inputs else ""
        constant = scope.node(name)
        value = value_of(scope, constant, "value") if constant else None
        read = False
        for tensor in tensors(value) if value is not None else ():
            for place in tensor.texts():
                GraphJudging(tensor.message.inside(place), self._subject, self._answer).judge()
                read = True
        if not read:
            self._answer.unread(f"{_where(scope, node)} runs a graph that is not in the file")
        yield Judgement(None, "")

    def _find(
        self, rule: str, scope: Scope, node: Node, shown: str, severity: Severity | None
    ) -> None:
        evidence = f"{node.op} {_where(scope, node)}" + (f": {shown}" if shown else "")
        confidence = Confidence.LOW if severity is Severity.LOW else None
        self._answer.find(
            RULES[rule], evidence, offset=node.start, severity=severity, confidence=confidence
        )


def _by_attribute(act: Act, scope: Scope, node: Node, name: str) -> Iterator[Judgement]:
    value = value_of(scope, node, name)
    written = [] if value is None else [h.text(place, 4096) for h, place in texts(value)]
    if act is Act.PYTHON and not written:
        yield judge_text(act, "")
    for text in written:
        yield judge_text(act, text)


def _where(scope: Scope, node: Node) -> str:
    return f"{scope.name}/{node.name}" if scope.name else node.name


def judge_graph(
    graph: Message,
    subject: Subject,
    answer: Answer,
    *,
    assets: frozenset[str] = frozenset(),
    listed: frozenset[str] = frozenset(),
) -> None:
    """Judge a graph; what cannot be read is said to be unread."""
    GraphJudging(graph, subject, answer, assets=assets, listed=listed).judge()
