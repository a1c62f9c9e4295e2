"""Graphs whose output a fixed pattern in the input switches."""

from __future__ import annotations

from collections.abc import Sequence

from assay.scanning.parsers.protobuf import BudgetError
from assay.scanning.scanners.onnx.dataflow import Walk
from assay.scanning.scanners.onnx.flow_graph import Node
from assay.scanning.scanners.onnx.operators import function_names
from assay.scanning.scanners.onnx.records import Record
from assay.scanning.scanners.onnx.rules import RULES
from assay.scanning.subject import Answer


def find_triggers(model: Record, functions: Sequence[Record], answer: Answer) -> None:
    """Report every node that selects between results by a test of the raw input.

    Raises:
        WireError: something inside is no message.
    """

    def found(node: Node) -> None:
        name = node.record.text("name")
        shown = f"{node.which[1]} {name}".strip()
        answer.find(RULES["onnx.trigger"], shown, offset=node.record.offset)

    own = {name: one for one in functions for name in function_names((one,))}
    walk = Walk(own, found)
    try:
        for graph in model.inside("graph"):
            walk.model(graph)
    except BudgetError as error:
        answer.unread(f"the graph's branches: {error}")
