"""Follows a model's input through its graph, its branches and its functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from assay.scanning.parsers.protobuf import BudgetError
from assay.scanning.scanners.onnx.flow_graph import (
    FlowGraph,
    Node,
    body_of,
    few_numbers,
    graph_of,
)
from assay.scanning.scanners.onnx.flows import Flow, classify, mixed
from assay.scanning.scanners.onnx.operators import Called
from assay.scanning.scanners.onnx.records import Record

_MOST_NODES = 1_000_000
_MOST_DEPTH = 24
_REPEATING = ("Loop", "Scan", "SequenceMap")

Found = Callable[[Node], None]
"""Called with a node that switches a result by a gate."""


class Walk:
    """One analysis of a model, within a budget for all its graphs.

    Attributes:
        functions: The model's own, by what they are called.
        found: Told of every switch.
        results: What functions made of values of the same classes before.
    """

    def __init__(self, functions: Mapping[Called, Record], found: Found) -> None:
        self.functions = functions
        self.found = found
        self.results: dict[tuple[Called, tuple[Flow, ...]], Flow] = {}
        self._left = _MOST_NODES

    def model(self, graph: Record) -> None:
        """Analyse the main graph.

        Raises:
            WireError: something inside is no message.
            BudgetError: there are more nodes, or they are deeper, than the budget allows.
        """
        whole = graph_of(graph)
        _Scope(self, whole, dict.fromkeys(whole.data, Flow.RAW), None, 0).run()

    def spend(self, node: Node, depth: int) -> None:
        """Count a node.

        Raises:
            BudgetError: it is one too many, or too deep.
        """
        self._left -= 1
        if self._left < 0 or depth > _MOST_DEPTH:
            raise BudgetError("more nodes than are followed", node.record.offset)


class _Scope:
    """The values of one graph, with those of the graphs around it."""

    def __init__(
        self, walk: Walk, graph: FlowGraph, flows: dict[str, Flow], outer: _Scope | None, depth: int
    ) -> None:
        self.graph = graph
        self.flows = flows
        self.outer = outer
        self._walk = walk
        self._depth = depth
        self._live = _live(graph)

    def run(self) -> list[Flow]:
        """The classes of the graph's outputs."""
        for node in self.graph.nodes:
            self._walk.spend(node, self._depth)
            flow = self._node(node)
            for name in node.outputs:
                self.flows[name] = flow
        return [self._flow(name) for name in self.graph.outputs]

    def _flow(self, name: str) -> Flow:
        """A value's class; what is made nowhere is a constant."""
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.flows:
                return scope.flows[name]
            scope = scope.outer
        return Flow.NEUTRAL

    def _numbers(self, name: str) -> tuple[int, ...]:
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.graph.numbers:
                return scope.graph.numbers[name]
            scope = scope.outer
        return ()

    def _node(self, node: Node) -> Flow:
        flows = [self._flow(name) for name in node.inputs]
        name = node.which[1]
        function = self._walk.functions.get(node.which)
        if function is not None:
            return self._function(node.which, function, flows)
        if name == "If":
            return self._branches(node, flows)
        if name in _REPEATING:
            return self._repeated(node, name, flows)
        if name == "Constant":
            self._constant(node)
        flow, switches = classify(node, flows, self._numbers)
        if switches:
            self._report(node)
        return flow

    def _function(self, which: Called, function: Record, flows: list[Flow]) -> Flow:
        """A call of the model's own function; the same values make the same of it again."""
        key = (which, tuple(flows))
        results = self._walk.results
        if key not in results:
            results[key] = mixed(self._inner(body_of(function), flows, None))
        return results[key]

    def _report(self, node: Node) -> None:
        if not self._live.isdisjoint(node.outputs):
            self._walk.found(node)

    def _constant(self, node: Node) -> None:
        for attribute in node.record.inside("attribute"):
            numbers = [few_numbers(tensor) for tensor in attribute.inside("t")]
            if attribute.has("i"):
                numbers.append((attribute.integer("i"),))
            for name in node.outputs[: len(numbers)]:
                self.graph.numbers[name] = numbers[0]

    def _branches(self, node: Node, flows: list[Flow]) -> Flow:
        """An `If`: a switch where a gate decides about something learned."""
        results = self._subgraphs(node, [])
        if Flow.GATE in flows[:1] and max(results, default=Flow.NEUTRAL) >= Flow.GATED:
            self._report(node)
        return mixed([*results, *flows])

    def _repeated(self, node: Node, name: str, flows: list[Flow]) -> Flow:
        """A loop: its body sees what goes in, once."""
        given = [Flow.NEUTRAL, Flow.NEUTRAL, *flows[2:]] if name == "Loop" else flows
        return mixed([*self._subgraphs(node, given), *flows])

    def _subgraphs(self, node: Node, given: list[Flow]) -> list[Flow]:
        results = []
        for _, graph in node.graphs():
            results.extend(self._inner(graph_of(graph), given, self))
        return results

    def _inner(self, graph: FlowGraph, given: Iterable[Flow], outer: _Scope | None) -> list[Flow]:
        flows = dict(zip(graph.inputs, given, strict=False))
        return _Scope(self._walk, graph, flows, outer, self._depth + 1).run()


def _live(graph: FlowGraph) -> set[str]:
    """Names of values an output of the graph is made of.

    What a subgraph takes from around it counts as used wherever the subgraph is.
    """
    live = set(graph.outputs)
    for node in reversed(graph.nodes):
        if not live.isdisjoint(node.outputs):
            live.update(node.inputs)
            for _, inner in node.graphs():
                live.update(name for one in inner.inside("node") for name in one.texts("input"))
                live.update(value.text("name") for value in inner.inside("output"))
    return live
