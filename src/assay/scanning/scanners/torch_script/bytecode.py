"""Names in TorchScript's pickles: native classes, and the operators `bytecode.pkl` lists.

`bytecode.pkl`, for phones, is tuples, texts and numbers. Source: PyTorch's
`torch/csrc/jit/docs/serialization.md` and `mobile/import.cpp`.
"""

from __future__ import annotations

import re

from assay.scanning.parsers.pickle_steps import texts
from assay.scanning.scanners.torch_operators import Reach, reach_of, reach_of_class
from assay.scanning.scanners.torch_script.rules import RULES
from assay.scanning.subject import Answer, Buffer

_OPERATOR = re.compile(r"[A-Za-z_]\w*::[A-Za-z_]\w*\Z")
_CLASS = re.compile(r"__torch__\.torch\.classes\.(\w+)(?:\.(\w+))?")
_RULES = {
    Reach.REACHING: "torchscript.reaching-operator",
    Reach.UNKNOWN: "torchscript.custom-operator",
}
_CLASS_RULES = {
    Reach.REACHING: "torchscript.reaching-operator",
    Reach.UNKNOWN: "torchscript.custom-class",
    Reach.COMPILED: "torchscript.compiled-engine",
}


def judge_names(data: Buffer, answer: Answer, *, operators: bool) -> None:
    """Report operators and native classes among the names and texts of a pickle.

    Args:
        data: The pickle; what it does besides is for the pickle engine to say.
        answer: Where findings go.
        operators: Whether it lists operators: each name is a text of its own, whatever the
            tuples around it.
    """
    for text, offset in texts(data):
        rule = _RULES.get(reach_of(text)) if operators and _OPERATOR.match(text) else None
        if rule:
            answer.find(RULES[rule], text, offset=offset)
        for space, name in _CLASS.findall(text):
            rule = _CLASS_RULES.get(reach_of_class(space, name))
            if rule:
                answer.find(RULES[rule], f"torch.classes.{space}.{name}", offset=offset)
