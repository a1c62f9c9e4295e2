"""Rules about models of frameworks for phones and small devices."""

from __future__ import annotations

from assay.core.finding import Confidence, Severity
from assay.scanning.references import HIDDEN_CODE, LOADS_CODE, TRAVERSAL
from assay.scanning.rules import Rule, table

RULES = table(
    (
        Rule(
            "mobile.custom-layer",
            "A layer the framework does not have",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The model runs only in a program that brings native code for this layer. What the "
            "layer does cannot be seen here.",
            "Ask the publisher which program is meant, and look at its code.",
            LOADS_CODE,
        ),
        Rule(
            "mobile.path",
            "Weights read from outside the model's folder",
            Severity.HIGH,
            Confidence.HIGH,
            "The model names a file for its weights by a path that leads out of its folder.",
            "Do not load the model.",
            TRAVERSAL,
        ),
        Rule(
            "mobile.executable",
            "A program inside the model",
            Severity.HIGH,
            Confidence.HIGH,
            "The model or its weights hold a native program or library.",
            "Do not load the model; find out who put the program there.",
            HIDDEN_CODE,
        ),
    )
)
