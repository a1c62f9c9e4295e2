"""Outputs that depend on one exact input, as in TensorFlow's graphs: a shape, and no more.

Looked for is a choice (`SELECT`, `IF`) by whether an input, or a part of one, equals a constant
of several numbers. Numbers of operators: TensorFlow Lite's `schema.fbs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.scanning.parsers.flatbuffers import Span, Table
from assay.scanning.scanners.tflite.model import Code, Subgraph
from assay.scanning.scanners.tflite.rules import RULES
from assay.scanning.subject import Answer

_EQUAL = 71
_CHOICES = frozenset({64, 118, 123})
"""`SELECT`, `IF`, `SELECT_V2`."""
_THROUGH = frozenset({22, 40, 43, 53, 70, 74, 81, 82, 84, 86, 87, 89, 91, 140})
"""Reshapes, casts, reductions and logic."""
_INPUT_THROUGH = frozenset({6, 22, 36, 40, 43, 45, 53, 65, 70, 74, 82, 89, 114})
_FEWEST_BYTES = 8
_MOST_CHOICES = 200
_MOST_STEPS = 64


def find_triggers(
    subgraph: Subgraph, known: Sequence[Code], spans: Sequence[Span | None], answer: Answer
) -> None:
    """Remark on every such choice.

    Raises:
        FlatError: a broken table.
    """
    choices = [one for one in subgraph.operators if _kind(one, known) in _CHOICES]
    if not choices:
        return
    made: dict[int, Table] = {}
    for operator in subgraph.operators:
        made.update(dict.fromkeys(operator.numbers(2, 4), operator))
    for choice in choices[:_MOST_CHOICES]:
        condition = next(choice.numbers(1, 4), -1)
        if _by_pattern(condition, made, subgraph, known, spans):
            answer.find(RULES["tflite.trigger"], f"operator at {choice.at}", offset=choice.at)


def _kind(operator: Table, known: Sequence[Code]) -> int:
    index = operator.number(0, 4)
    return known[index].builtin if index < len(known) else -1


def _by_pattern(
    tensor: int,
    made: Mapping[int, Table],
    subgraph: Subgraph,
    known: Sequence[Code],
    spans: Sequence[Span | None],
) -> bool:
    """Whether a condition is that an input equals a constant."""
    waiting = [tensor]
    for _ in range(_MOST_STEPS):
        if not waiting:
            return False
        operator = made.get(waiting.pop())
        if operator is None:
            continue
        inputs = list(operator.numbers(1, 4))[:4]
        kind = _kind(operator, known)
        if kind == _EQUAL and len(inputs) > 1:
            sides = (inputs[:2], inputs[1::-1])
            if any(
                _is_pattern(one, subgraph, spans) and _is_input(other, made, subgraph, known)
                for one, other in sides
            ):
                return True
        elif kind in _THROUGH:
            waiting.extend(inputs)
    return False


def _is_pattern(tensor: int, subgraph: Subgraph, spans: Sequence[Span | None]) -> bool:
    if tensor >= len(subgraph.tensors):
        return False
    buffer = subgraph.tensors[tensor].number(2, 4)
    span = spans[buffer] if buffer < len(spans) else None
    return span is not None and span.count >= _FEWEST_BYTES


def _is_input(
    tensor: int, made: Mapping[int, Table], subgraph: Subgraph, known: Sequence[Code]
) -> bool:
    for _ in range(_MOST_STEPS):
        if tensor in subgraph.inputs:
            return True
        operator = made.get(tensor)
        if operator is None or _kind(operator, known) not in _INPUT_THROUGH:
            return False
        tensor = next(operator.numbers(1, 4), -1)
    return False
