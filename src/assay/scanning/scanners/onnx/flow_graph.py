"""A graph as the flow analysis sees it: nodes in order of their inputs, constants, data inputs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from assay.scanning.scanners.onnx.operators import Called, called
from assay.scanning.scanners.onnx.records import Record

_BOOL = 9
_INTEGERS = (6, 7)
_MOST_SHOWN = 4
_CAST_TO = "to"


@dataclass(frozen=True, slots=True)
class Node:
    """One node.

    Attributes:
        which: Domain and name of what it calls.
        inputs: Names of values, "" for one left out.
        outputs: Names of values.
        record: The message, for its attributes.
    """

    which: Called
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    record: Record

    def graphs(self) -> Iterator[tuple[str, Record]]:
        """Its subgraphs by attribute, such as the branches of an `If`."""
        for attribute in self.record.inside("attribute"):
            for graph in attribute.inside("g"):
                yield attribute.text("name"), graph

    def number(self, name: str) -> int:
        """An attribute that is a number; 0 where it is not there."""
        for attribute in self.record.inside("attribute"):
            if attribute.text("name") == name:
                return attribute.integer("i")
        return 0


@dataclass(slots=True)
class FlowGraph:
    """One graph or function body.

    Attributes:
        nodes: In an order in which every input is there before it is used, as far as there is.
        constants: Names of initializers.
        numbers: Those among them that are a few whole numbers.
        data: Names of inputs that are data; the others are settings.
        inputs: All names of inputs, in order.
        outputs: Names of outputs, in order.
    """

    nodes: list[Node] = field(default_factory=list)
    constants: set[str] = field(default_factory=set)
    numbers: dict[str, tuple[int, ...]] = field(default_factory=dict)
    data: set[str] = field(default_factory=set)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)


def graph_of(record: Record) -> FlowGraph:
    """The flow graph of a `GraphProto`.

    Raises:
        WireError: something inside is no message.
    """
    found = FlowGraph()
    for tensor in record.inside("initializer"):
        name = tensor.text("name")
        found.constants.add(name)
        numbers = few_numbers(tensor)
        if numbers:
            found.numbers[name] = numbers
    for sparse in record.inside("sparse_initializer"):
        found.constants.update(values.text("name") for values in sparse.inside("values"))
    for value in record.inside("input"):
        name = value.text("name")
        found.inputs.append(name)
        if name not in found.constants and not _is_setting(name, value):
            found.data.add(name)
    found.outputs.extend(value.text("name") for value in record.inside("output"))
    found.nodes.extend(_in_order(record))
    return found


def body_of(function: Record) -> FlowGraph:
    """The flow graph of a `FunctionProto`.

    Raises:
        WireError: something inside is no message.
    """
    found = FlowGraph(inputs=function.texts("input"), outputs=function.texts("output"))
    found.nodes.extend(_in_order(function))
    return found


def few_numbers(tensor: Record) -> tuple[int, ...]:
    """The values of a tensor of at most four whole numbers; () for any other."""
    count = math.prod(tensor.integers("dims"))
    kind = tensor.integer("data_type")
    if kind not in _INTEGERS or not 0 < count <= _MOST_SHOWN:
        return ()
    for span in tensor.spans("raw_data"):
        raw, width = tensor.message.raw(span, 64), 4 if kind == _INTEGERS[0] else 8
        parts = (raw[at : at + width] for at in range(0, len(raw), width))
        return tuple(int.from_bytes(part, "little", signed=True) for part in parts)
    return (*tensor.integers("int64_data"), *tensor.integers("int32_data"))


def _is_setting(name: str, value: Record) -> bool:
    """Whether an input says how to run rather than on what: one number, a flag, a mask."""
    if "mask" in name.lower():
        return True
    for kind in value.inside("type"):
        for tensor in kind.inside("tensor_type"):
            if tensor.integer("elem_type") == _BOOL:
                return True
            for shape in tensor.inside("shape"):
                return all(one.integer("dim_value") == 1 for one in shape.inside("dim"))
    return False


def _in_order(record: Record) -> Iterator[Node]:
    """The nodes so that a value is made before it is used; runtimes sort them as well."""
    nodes = [
        Node(called(one), tuple(one.texts("input")), tuple(one.texts("output")), one)
        for one in record.inside("node")
    ]
    made = {name for node in nodes for name in node.outputs if name}
    waiting: dict[str, list[int]] = {}
    missing = []
    for index, node in enumerate(nodes):
        wanted = {name for name in node.inputs if name in made}
        missing.append(len(wanted))
        for name in wanted:
            waiting.setdefault(name, []).append(index)
    ready = [index for index, count in enumerate(missing) if not count]
    yield from _released(nodes, waiting, missing, ready[::-1])


def _released(
    nodes: list[Node], waiting: Mapping[str, Iterable[int]], missing: list[int], ready: list[int]
) -> Iterator[Node]:
    while ready:
        node = nodes[ready.pop()]
        yield node
        for name in node.outputs:
            for index in waiting.get(name, ()):
                missing[index] -= 1
                if not missing[index]:
                    ready.append(index)
