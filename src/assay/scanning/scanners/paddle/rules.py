"""Rules about PaddlePaddle programs and parameters."""

from __future__ import annotations

from assay.core.finding import Confidence, Severity
from assay.scanning.references import HIDDEN_CODE, LOADS_CODE, TRAVERSAL
from assay.scanning.rules import Rule, table

_PLAIN = "Do not run the model. Ask its publisher for one without this operator."

RULES = table(
    (
        Rule(
            "paddle.python-function",
            "A program that calls Python",
            Severity.HIGH,
            Confidence.MEDIUM,
            "An operator calls a Python function of the program that runs the model. No model "
            "that is meant to be loaded elsewhere needs one.",
            _PLAIN,
            LOADS_CODE,
        ),
        Rule(
            "paddle.file-access",
            "A program that reads or writes a file of its choice",
            Severity.HIGH,
            Confidence.HIGH,
            "An operator opens a file when the model is run, by a path that is written in the "
            "model.",
            _PLAIN,
            TRAVERSAL,
        ),
        Rule(
            "paddle.network",
            "A program that talks to another machine",
            Severity.HIGH,
            Confidence.MEDIUM,
            "An operator sends to, or waits for, an address that is written in the model.",
            _PLAIN,
            LOADS_CODE,
        ),
        Rule(
            "paddle.unknown-operator",
            "An operator PaddlePaddle does not have",
            Severity.MEDIUM,
            Confidence.LOW,
            "The model runs only where a native library with this operator is loaded first. What "
            "it does cannot be seen here.",
            "Ask the publisher which library is needed, and look at it.",
            LOADS_CODE,
        ),
        Rule(
            "paddle.library",
            "A native library the program names",
            Severity.HIGH,
            Confidence.MEDIUM,
            "An operator PaddlePaddle does not have names the file of a native library. A program "
            "that loads it for the operator runs the library's code.",
            _PLAIN,
            LOADS_CODE,
        ),
        Rule(
            "paddle.acting-text",
            "Text in a program that is written to be run",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "An attribute holds a command or code.",
            "Read the text, and find out what uses it.",
            HIDDEN_CODE,
        ),
        Rule(
            "paddle.executable",
            "A native program inside a model",
            Severity.HIGH,
            Confidence.HIGH,
            "A parameter or an attribute begins with the header of a native program or library.",
            "Do not load the file; find out who put the program there.",
            HIDDEN_CODE,
        ),
    )
)
