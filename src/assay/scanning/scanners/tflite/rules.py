"""Rules about TensorFlow Lite models."""

from __future__ import annotations

from assay.core.finding import Confidence, References, Severity
from assay.scanning.references import (
    DISAGREEMENT,
    DO_NOT_LOAD,
    HIDDEN_CODE,
    LOADS_CODE,
    TRAVERSAL,
)
from assay.scanning.rules import Rule, table

_MEMORY = References(
    atlas=("AML.T0011.000",), attack=("T1203",), cwe=("CWE-125", "CWE-787"), owasp=("LLM03:2025",)
)
_GATE = References(
    atlas=("AML.T0018.001", "AML.T0010.003"),
    attack=("T1204",),
    cwe=("CWE-506",),
    owasp=("LLM04:2025",),
)

RULES = table(
    (
        Rule(
            "tflite.acting-operator",
            "A TensorFlow operator that acts outside the model",
            Severity.HIGH,
            Confidence.HIGH,
            "The model runs an operator of full TensorFlow, through the Flex delegate, that can "
            "read or write files, reach the network or call Python.",
            "Do not run the model. Ask its publisher for one without this operator.",
            LOADS_CODE,
        ),
        Rule(
            "tflite.custom-operator",
            "An operator the runtime does not have",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The model runs only in a program that brings native code for this operator. What "
            "the operator does cannot be seen here.",
            "Ask the publisher which program is meant, and look at its code.",
            LOADS_CODE,
        ),
        Rule(
            "tflite.known-operator",
            "An operator of a known program or device",
            Severity.LOW,
            Confidence.HIGH,
            "The model needs native code beside the runtime that is well known, such as "
            "MediaPipe's, or holds what was compiled for an accelerator.",
            "Take the native code from its own publisher.",
            LOADS_CODE,
        ),
        Rule(
            "tflite.bounds",
            "A reference to what is not there",
            Severity.HIGH,
            Confidence.MEDIUM,
            "An index leads out of the table it belongs to, or a buffer out of the file. A runtime "
            "that does not check reads or writes memory that is not the model's.",
            DO_NOT_LOAD,
            _MEMORY,
        ),
        Rule(
            "tflite.executable",
            "A program inside the model",
            Severity.HIGH,
            Confidence.HIGH,
            "A buffer, or what follows the model in the file, begins with the header of a native "
            "program or library.",
            "Do not load the file; find out who put the program there.",
            HIDDEN_CODE,
        ),
        Rule(
            "tflite.external-path",
            "Weights read from outside the model's folder",
            Severity.HIGH,
            Confidence.HIGH,
            "The model names a file for its weights by a path that leads out of its folder.",
            DO_NOT_LOAD,
            TRAVERSAL,
        ),
        Rule(
            "tflite.associated-code",
            "Code among the files of a model",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The archive behind the model holds code. Labels and vocabularies belong there; Python "
            "runs a file whose archive has a main module.",
            "Do not run the file; find out what the code is for.",
            HIDDEN_CODE,
        ),
        Rule(
            "tflite.appended",
            "Bytes behind the model",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "Bytes that are neither the model's nor an archive of files that belong to it follow "
            "the model. No runtime reads them; they can hold anything.",
            "Ask the publisher what they are, or take them off.",
            HIDDEN_CODE,
        ),
        Rule(
            "tflite.trigger",
            "An output that depends on one exact input",
            Severity.LOW,
            Confidence.LOW,
            "The model compares an input with a constant and chooses between two results by it. "
            "Much ordinary code does so; a backdoor in a model's structure looks the same.",
            "Ask the publisher what the comparison is for, where the model decides about people, "
            "money or access.",
            _GATE,
        ),
        Rule(
            "tflite.acting-text",
            "Text in a model that is written to be run",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A text of the model holds a command or code. A model has no use for it, unless "
            "something else takes it out and runs it.",
            "Read the text, and find out what uses it.",
            HIDDEN_CODE,
        ),
        Rule(
            "tflite.polyglot",
            "A model that is a pickle too",
            Severity.HIGH,
            Confidence.HIGH,
            "The file can be read as a model and as a pickle. Which of the two a program sees "
            "depends on the program.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
    )
)
