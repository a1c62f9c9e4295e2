"""Where a text in a graph comes from: constants, joined or chosen between, or from outside.

A path is judged by this: the saver's operators write where their caller says, by a placeholder
or an argument, and an operator that is given a constant goes where the file says.
"""

from __future__ import annotations

import base64
import binascii
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assay.scanning.scanners.tensorflow.attributes import (
    entries,
    first_text,
    functions,
    tensors,
    value_of,
)
from assay.scanning.scanners.tensorflow.graph import Node, Scope

HOLE = "\ufffc"
"""Stands in a text for a part that is not written in the file."""
CALLER, ASSET, STORED, ELEMENT, COMPUTED = "caller", "asset", "variable", "element", "computed"
"""Who fills a hole: the program that runs the graph, the loader with the path of an asset, a
variable of the checkpoint, a data set, or something else in the graph."""

_MOST_DEPTH = 48
_MOST_STEPS = 4_000
_MOST_STEPS_IN_ALL = 500_000
_MOST_KNOWN = 20_000
_MOST_SOURCES = 16
_TEXT_BYTES = 4096
_SAME = frozenset(
    """
    Identity IdentityN StopGradient ExpandDims Squeeze Reshape Snapshot EnsureShape Enter RefEnter
    Exit RefExit NextIteration Switch RefSwitch RefIdentity GuaranteeConst PreventGradient
    StridedSlice Slice Gather GatherV2 Tile BroadcastTo Reverse ReverseV2 RandomShuffle Unique
    _SwitchN DebugIdentity
    """.split()
)
_ANY = frozenset("Pack Concat ConcatV2 Merge RefMerge RefSelect _ParallelConcat".split())
_CHOICES = frozenset({"Select", "SelectV2"})
_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall", "RemoteCall", "_ListToArray"})
_LOOPS = frozenset({"While", "StatelessWhile", "_While"})
_BRANCHES = frozenset({"If", "StatelessIf", "Case", "StatelessCase", "_If"})


def _decoded(text: str) -> str:
    """What TensorFlow's URL-safe Base64 stands for; the text itself where it is none."""
    try:
        raw = base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except (binascii.Error, ValueError):
        return text
    return raw.decode("utf-8", "replace")


_CHANGES: Mapping[str, Callable[[str], str]] = {
    "StringLower": str.lower,
    "StringUpper": str.upper,
    "StringStrip": str.strip,
    "DecodeBase64": _decoded,
    "AsString": str,
    "StringFormat": str,
    "ShardedFilename": lambda text: f"{text}-{HOLE}",
    "ShardedFilespec": lambda text: f"{text}-{HOLE}",
    "ReduceJoin": str,
    "RegexReplace": str,
    "StaticRegexReplace": str,
    "StringSplit": str,
    "Substr": str,
}


@dataclass(frozen=True, slots=True)
class Source:
    """One text an operator may be given.

    Attributes:
        text: With `HOLE` for every part that is not written in the file.
        holes: Who fills them.
    """

    text: str
    holes: frozenset[str] = frozenset()


def _hole(who: str) -> Source:
    return Source(HOLE, frozenset((who,)))


class Origins:
    """Answers for one graph and its functions.

    Args:
        scopes: The graph, first, and its functions.
        assets: Names of nodes the loader feeds with the paths of assets.
    """

    def __init__(self, scopes: Sequence[Scope], assets: frozenset[str] = frozenset()) -> None:
        self._scopes = scopes
        self._assets = assets
        self._steps = 0
        self._left = _MOST_STEPS_IN_ALL
        self._known: dict[tuple[str, str], tuple[Source, ...]] = {}
        self._callers: dict[str, list[tuple[Scope, Node, int | None]]] | None = None
        self._assigned: dict[str, tuple[Scope, str]] | None = None

    def of(self, scope: Scope, node: Node, index: int) -> tuple[Source, ...]:
        """What a node's input may hold; nothing where the node has no such input.

        Raises:
            WireError: at a node that is none.
        """
        inputs = [name for name in node.inputs if not name.startswith("^")]
        if index >= len(inputs):
            return ()
        self._steps = min(_MOST_STEPS, self._left)
        self._left -= self._steps
        try:
            return self._trace(scope, inputs[index], 0)
        finally:
            self._left += max(0, self._steps)

    def _trace(self, scope: Scope, reference: str, depth: int) -> tuple[Source, ...]:
        place = (scope.name, reference)
        if place not in self._known:
            self._steps -= 1
            if depth > _MOST_DEPTH or self._steps < 0:
                return (_hole(COMPUTED),)
            found = self._traced(scope, reference, depth)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[place] = found
        return self._known[place]

    def _traced(self, scope: Scope, reference: str, depth: int) -> tuple[Source, ...]:
        name = reference.split(":", 1)[0]
        if scope.name and name in scope.arguments:
            return self._argument(scope, scope.arguments.index(name), depth)
        node = scope.node(name)
        if node is None:
            return (_hole(COMPUTED),)
        if not scope.name and name in self._assets:
            return (_hole(ASSET),)
        return self._node(scope, node, depth + 1)

    def _node(self, scope: Scope, node: Node, depth: int) -> tuple[Source, ...]:
        inputs = [name for name in node.inputs if not name.startswith("^")]
        if node.op in ("Const", "HostConst"):
            return tuple(itertools.islice(_constants(scope, node), _MOST_SOURCES))
        if node.op in ("Placeholder", "PlaceholderWithDefault"):
            default = (self._trace(scope, name, depth) for name in inputs[:1])
            return (*_several(default), _hole(CALLER))
        if node.op in ("ReadVariableOp", "VariableV2", "Variable"):
            return self._variable(scope, inputs[0] if inputs else node.name, depth)
        chosen = _passed_on(node.op, inputs)
        if not chosen:
            return (_hole(COMPUTED),)
        parts = [self._trace(scope, name, depth) for name in chosen]
        if node.op == "StringJoin":
            return _joined(parts, first_text(scope, node, "separator"))
        change = _CHANGES.get(node.op, str)
        return tuple(Source(change(one.text), one.holes) for one in _several(parts))

    def _argument(self, scope: Scope, index: int, depth: int) -> tuple[Source, ...]:
        """What a function is given, wherever it is called."""
        calls = self._calls().get(scope.name, ())
        if not calls:
            return (_hole(CALLER),)
        found: list[tuple[Source, ...]] = []
        for caller, node, shift in calls[:_MOST_SOURCES]:
            inputs = [name for name in node.inputs if not name.startswith("^")]
            if shift is None:
                found.append(self._elements(caller, inputs, depth + 1) or (_hole(ELEMENT),))
            elif index + shift >= len(inputs):
                found.append((_hole(COMPUTED),))
            else:
                found.append(self._trace(caller, inputs[index + shift], depth + 1))
        return _several(found)

    def _elements(self, scope: Scope, inputs: Sequence[str], depth: int) -> tuple[Source, ...]:
        """What a data set's function may be given: its elements, and what it takes from around."""
        found: list[tuple[Source, ...]] = []
        for reference in inputs:
            node = scope.node(reference.split(":", 1)[0])
            if node is None or "Dataset" not in node.op or depth > _MOST_DEPTH:
                found.append(self._trace(scope, reference, depth))
                continue
            self._steps -= 1
            if self._steps < 0:
                return (_hole(COMPUTED),)
            inner = [name for name in node.inputs if not name.startswith("^")]
            found.append(self._elements(scope, inner, depth + 1))
        return _several(found)

    def _calls(self) -> dict[str, list[tuple[Scope, Node, int | None]]]:
        """Who calls each function, and which input its first argument is."""
        if self._callers is None:
            self._callers = {}
            names = {scope.name for scope in self._scopes}
            for scope in self._scopes:
                for node in scope.whole_nodes():
                    for function in _called(scope, node, names):
                        row = (scope, node, _shift(node.op, names))
                        self._callers.setdefault(function, []).append(row)
        return self._callers

    def _variable(self, scope: Scope, handle: str, depth: int) -> tuple[Source, ...]:
        """What the graph itself puts into a variable; else it is in the checkpoint."""
        if self._assigned is None:
            self._assigned = {}
            for node in self._scopes[0].whole_nodes() if self._scopes else ():
                if node.op in ("AssignVariableOp", "Assign") and len(node.inputs) > 1:
                    self._assigned[node.inputs[0].split(":", 1)[0]] = (
                        self._scopes[0],
                        node.inputs[1],
                    )
        assigned = None if scope.name else self._assigned.get(handle.split(":", 1)[0])
        if assigned is None:
            return (_hole(STORED),)
        return self._trace(*assigned, depth)


def _passed_on(op: str, inputs: Sequence[str]) -> Sequence[str]:
    """Which of an operator's inputs are in its result."""
    if op in _SAME or op in _CHANGES:
        return inputs[:1]
    if op in _CHOICES:
        return inputs[1:3]
    return inputs if op in _ANY or op == "StringJoin" else ()


def _called(scope: Scope, node: Node, names: set[str]) -> Iterator[str]:
    if node.op in names:
        yield node.op
    for _, value in entries(scope, node):
        yield from functions(value)


def _shift(op: str, names: set[str]) -> int | None:
    """Which of a caller's inputs is a function's first argument; None where none is."""
    if op in _CALLS or op in _LOOPS or op in names:
        return 0
    return 1 if op in _BRANCHES else None


def _constants(scope: Scope, node: Node) -> Iterator[Source]:
    value = value_of(scope, node, "value")
    for tensor in tensors(value) if value is not None else ():
        for place in tensor.texts():
            yield Source(tensor.message.text(place, _TEXT_BYTES))


def _several(found: Iterable[tuple[Source, ...]]) -> tuple[Source, ...]:
    """All of them, each once, up to the budget; past it something computed is one of them."""
    merged: dict[Source, None] = {}
    for sources in found:
        merged.update(dict.fromkeys(sources))
        if len(merged) > _MOST_SOURCES:
            return (*list(merged)[:_MOST_SOURCES], _hole(COMPUTED))
    return tuple(merged)


def _joined(parts: Sequence[tuple[Source, ...]], between: str) -> tuple[Source, ...]:
    """Every way to choose one of each part, up to the budget, joined."""
    ways = itertools.islice(itertools.product(*parts), _MOST_SOURCES)
    return tuple(
        Source(
            between.join(one.text for one in way)[:_TEXT_BYTES],
            frozenset().union(*(one.holes for one in way)),
        )
        for way in ways
    )
