"""Rules about TorchScript: models of PyTorch that carry their own code."""

from __future__ import annotations

from assay.core.finding import Confidence, Severity
from assay.scanning.references import DO_NOT_LOAD, HIDDEN_CODE, LOADS_CODE
from assay.scanning.rules import Rule, table

RULES = table(
    (
        Rule(
            "torchscript.reaching-operator",
            "Code that touches files or other machines",
            Severity.HIGH,
            Confidence.HIGH,
            "The model's code calls an operator of PyTorch that reads or writes files, or talks "
            "to other processes. It does so when the model runs, and in __setstate__ already "
            "when it is loaded; weights_only makes no difference to it.",
            DO_NOT_LOAD,
            LOADS_CODE,
        ),
        Rule(
            "torchscript.custom-operator",
            "An operator of nobody known",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The model's code calls an operator that neither PyTorch nor a known library has. "
            "Whoever runs the model has to load a native library that brings it.",
            "Find out which library it is, and review it as a program.",
            LOADS_CODE,
        ),
        Rule(
            "torchscript.custom-class",
            "A native class of nobody known",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The model holds an object of a class that a native library brings, and gives it its "
            "state when it is loaded. Neither PyTorch nor a known library has the class.",
            "Find out which library it is, and review it as a program.",
            LOADS_CODE,
        ),
        Rule(
            "torchscript.compiled-engine",
            "A part compiled for one device",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The model holds a part that was compiled for one device or backend. What it computes "
            "cannot be seen.",
            "Take it only from whom you trust, or compile it yourself.",
            HIDDEN_CODE,
        ),
        Rule(
            "torchscript.other-name",
            "Operators under another name",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The code gives the namespace of PyTorch's operators another name, or looks one up by "
            "its text. The compiler never writes that; it hides which operator is called.",
            DO_NOT_LOAD,
            HIDDEN_CODE,
        ),
        Rule(
            "torchscript.foreign-code",
            "Python among the model's code",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A file among the model's code is no TorchScript: it imports modules or does things "
            "outside functions. PyTorch does not run it, but someone put it there.",
            "Ask the publisher what the file is for.",
            HIDDEN_CODE,
        ),
        Rule(
            "torchscript.acting-text",
            "A command among the model's texts",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A text in the model's code is a command or code in another language.",
            "Look at what the text is used for.",
            HIDDEN_CODE,
        ),
    )
)
