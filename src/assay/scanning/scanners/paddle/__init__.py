"""PaddlePaddle: programs of operators, in two forms, and the parameters beside them.

Nearly all operators only compute; a few open files, talk to other machines or call Python.
Parameters saved by `paddle.save` are pickles, and are judged as such. Sources:
`framework.proto`; `paddle/fluid/pir/serialize_deserialize` for the form of version 3.
"""

from __future__ import annotations

from typing import Any

from assay.core.finding import Confidence
from assay.scanning.scanners.paddle.operators import judge_operator
from assay.scanning.scanners.paddle.program import (
    is_parameters,
    is_program,
    operators,
    scan_parameters,
    scan_program,
)
from assay.scanning.scanners.paddle.rules import RULES
from assay.scanning.subject import Answer, Subject

__all__ = [
    "RULES",
    "TITLE",
    "is_parameters",
    "is_program",
    "scan_json",
    "scan_parameters",
    "scan_program",
]
TITLE = "PaddlePaddle"
_PADDLE, _CUSTOM = ("1", "pd_op"), ("3", "custom_op")
"""Dialects, by number and by name: PaddlePaddle's own, and that of libraries."""


def scan_json(document: dict[str, Any], subject: Subject, answer: Answer) -> None:
    """Judge every operator of a program in the form of version 3."""
    del subject
    for name, attributes in operators(document):
        dialect, _, op = name.partition(".")
        if dialect in _PADDLE:
            judge_operator(op, attributes, None, answer)
        elif dialect in _CUSTOM:
            rule = RULES["paddle.unknown-operator"]
            answer.find(rule, op, confidence=Confidence.HIGH)
