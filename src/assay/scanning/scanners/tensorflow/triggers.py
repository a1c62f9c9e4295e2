"""Outputs that depend on one exact input: the shape a backdoor in a graph has, and much else.

What is looked for is a choice between two results (`Select`, `If`) whose condition is that an
input, or a part of one, equals a constant of several numbers. Only the shape is seen, so it
is a remark and no alarm.
"""

from __future__ import annotations

from assay.scanning.scanners.tensorflow.attributes import tensors, value_of
from assay.scanning.scanners.tensorflow.graph import Node, Scope
from assay.scanning.scanners.tensorflow.rules import RULES
from assay.scanning.subject import Answer

CHOICES = frozenset({"Select", "SelectV2", "If", "StatelessIf", "Switch"})
"""Operators that choose between two results by a condition."""
_THROUGH = frozenset(
    "All Any LogicalAnd LogicalOr LogicalNot Identity Cast Reshape Squeeze ExpandDims Min Max "
    "Prod Mean Sum".split()
)
_INPUT_THROUGH = frozenset(
    "Identity Cast Reshape Squeeze ExpandDims StridedSlice Slice Gather GatherV2 Sum Mean Max Min "
    "DecodeBmp DecodeJpeg DecodePng".split()
)
_MOST_DEPTH = 12
_FEWEST_BYTES = 8
"""Of a constant that is a pattern; a flag or a threshold is shorter."""


def judge_choice(scope: Scope, node: Node, answer: Answer) -> None:
    """Remark on a node that chooses so.

    Raises:
        WireError: at a node before it that is none.
    """
    condition = node.inputs[1] if node.op == "Switch" and len(node.inputs) > 1 else node.inputs[0]
    if _equals_pattern(scope, condition):
        shown = f"{node.op} {scope.name}/{node.name}" if scope.name else f"{node.op} {node.name}"
        answer.find(RULES["tensorflow.trigger"], shown, offset=node.start)


def _equals_pattern(scope: Scope, reference: str) -> bool:
    waiting = [(reference, 0)]
    steps = 0
    while waiting and steps < 64:
        steps += 1
        name, depth = waiting.pop()
        node = scope.node(name.split(":", 1)[0])
        if node is None or depth > _MOST_DEPTH:
            continue
        if node.op in ("Equal", "ApproximateEqual") and len(node.inputs) > 1:
            left, right = node.inputs[0], node.inputs[1]
            for one, other in ((left, right), (right, left)):
                if _is_pattern(scope, one) and _is_input(scope, other):
                    return True
        elif node.op in _THROUGH:
            waiting.extend((i, depth + 1) for i in node.inputs[:4] if not i.startswith("^"))
    return False


def _is_pattern(scope: Scope, reference: str) -> bool:
    node = scope.node(reference.split(":", 1)[0])
    if node is None or node.op != "Const":
        return False
    value = value_of(scope, node, "value")
    sizes = [t.content.value if t.content else 0 for t in tensors(value)] if value else []
    return any(size >= _FEWEST_BYTES for size in sizes)


def _is_input(scope: Scope, reference: str) -> bool:
    for _ in range(_MOST_DEPTH):
        name = reference.split(":", 1)[0]
        if scope.name and name in scope.arguments:
            return True
        node: Node | None = scope.node(name)
        if node is None:
            return False
        if node.op in ("Placeholder", "PlaceholderWithDefault"):
            return True
        if node.op not in _INPUT_THROUGH or not node.inputs:
            return False
        reference = node.inputs[0]
    return False
