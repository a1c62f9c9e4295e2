"""Rules about files that belong together."""

from __future__ import annotations

from assay.core.finding import Confidence, Severity
from assay.scanning.references import LOADS_CODE
from assay.scanning.rules import Rule, table

TITLE = "Files together"
RULES = table(
    (
        Rule(
            "repo.remote-code-chain",
            "Loading the model runs dangerous code",
            Severity.HIGH,
            Confidence.HIGH,
            "A configuration names code that a library imports when the model is loaded with "
            "trust_remote_code or by its own loader, and that code does something dangerous.",
            "Do not load the model, with or without trust_remote_code.",
            LOADS_CODE,
        ),
        Rule(
            "repo.code-read",
            "The model needs code of its own, which was read",
            Severity.LOW,
            Confidence.HIGH,
            "A library imports files beside the model when it is loaded with trust_remote_code. "
            "They were read with what they import, and nothing in them is dangerous.",
            "Read the code, and pin the revision that was scanned.",
            LOADS_CODE,
        ),
        Rule(
            "repo.safer-weights",
            "Weights in a safer format lie beside",
            Severity.INFO,
            Confidence.HIGH,
            "The folder holds the same kind of weights as a pickle and as safetensors. Loaders "
            "that prefer safetensors do not touch the pickle.",
            "Load with use_safetensors=True, or remove the pickle.",
        ),
    )
)
