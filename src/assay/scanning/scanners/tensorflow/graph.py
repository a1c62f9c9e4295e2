"""Graphs and functions, node by node, read where they lie.

Field numbers: TensorFlow's `graph.proto`, `node_def.proto`, `function.proto`, `op_def.proto`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from assay.scanning.parsers.protobuf import LENGTH, Field, Message, WireError

_NODE, _LIBRARY = 1, 2
_FUNCTION = 1
_SIGNATURE, _FUNCTION_NODE = 1, 3
_SIGNATURE_NAME, _SIGNATURE_INPUT = 1, 2
_NAME_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Node:
    """One node.

    Attributes:
        name: Unique within its graph or function.
        op: The operator, or a function of the library.
        inputs: Names of nodes, with outputs; those that begin with `^` are for order only.
        attributes: Entries of the map of attributes: each a message of a key and a value.
        start: Offset of the node in the file.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: tuple[Field, ...]
    start: int


@dataclass(frozen=True)
class Scope:
    """What nodes' names are unique in: the graph itself, or a function.

    Attributes:
        name: Of the function; "" for the graph.
        message: The `GraphDef` or `FunctionDef`.
        arguments: Of the function, by name, in order.
    """

    name: str
    message: Message
    arguments: tuple[str, ...] = ()
    _read: dict[str, Node] = field(default_factory=dict)

    def nodes(self) -> Iterator[Node]:
        """Every node in order.

        Raises:
            WireError: at a node that is none.
        """
        number = _FUNCTION_NODE if self.name else _NODE
        for item in self.message:
            if item.number == number and item.wire == LENGTH:
                yield _node(self.message, item)

    def whole_nodes(self) -> Iterator[Node]:
        """Every node up to where the message is broken."""
        with suppress(WireError):
            yield from self.nodes()

    @cached_property
    def _places(self) -> Mapping[str, Field]:
        """Where each node lies, by name; up to where the message is broken."""
        number = _FUNCTION_NODE if self.name else _NODE
        found: dict[str, Field] = {}
        with suppress(WireError):
            for item in self.message:
                if item.number == number and item.wire == LENGTH:
                    found[_text(self.message.inside(item), 1)] = item
        return found

    def node(self, name: str) -> Node | None:
        """The node of a name.

        Raises:
            WireError: at a node that is none.
        """
        if name not in self._read:
            place = self._places.get(name)
            if place is None:
                return None
            self._read[name] = _node(self.message, place)
        return self._read[name]


def _text(message: Message, number: int) -> str:
    """The last text in a field, as readers take it."""
    found = ""
    for item in message:
        if item.number == number and item.wire == LENGTH:
            found = message.text(item, _NAME_BYTES)
    return found


def _node(message: Message, place: Field) -> Node:
    inner = message.inside(place)
    name, op = "", ""
    inputs: list[str] = []
    attributes: list[Field] = []
    for item in inner:
        if item.wire != LENGTH:
            continue
        if item.number == 1:
            name = inner.text(item, _NAME_BYTES)
        elif item.number == 2:
            op = inner.text(item, _NAME_BYTES)
        elif item.number == 3:
            inputs.append(inner.text(item, _NAME_BYTES))
        elif item.number == 5:
            attributes.append(item)
    return Node(name, op, tuple(inputs), tuple(attributes), place.start)


def scopes(graph: Message) -> Iterator[Scope]:
    """The graph, then every function of its library.

    Raises:
        WireError: at a function that is none.
    """
    yield Scope("", graph)
    for item in graph:
        if item.number == _LIBRARY and item.wire == LENGTH:
            library = graph.inside(item)
            for entry in library:
                if entry.number == _FUNCTION and entry.wire == LENGTH:
                    yield _function(library.inside(entry))


def _function(message: Message) -> Scope:
    name = ""
    arguments: list[str] = []
    for item in message:
        if item.number == _SIGNATURE and item.wire == LENGTH:
            signature = message.inside(item)
            for part in signature:
                if part.number == _SIGNATURE_NAME and part.wire == LENGTH:
                    name = signature.text(part, _NAME_BYTES)
                elif part.number == _SIGNATURE_INPUT and part.wire == LENGTH:
                    arguments.append(_text(signature.inside(part), 1))
    return Scope(name or "?", message, tuple(arguments))
