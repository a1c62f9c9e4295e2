"""Rules about TensorFlow graphs, SavedModels, checkpoints and records."""

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

_FILES = References(
    atlas=("AML.T0011.000", "AML.T0010.003"),
    attack=("T1204", "T1005"),
    cwe=("CWE-73", "CWE-829"),
    owasp=("LLM03:2025",),
)
_NETWORK = References(
    atlas=("AML.T0011.000", "AML.T0024"),
    attack=("T1204", "T1041"),
    cwe=("CWE-829", "CWE-201"),
    owasp=("LLM03:2025",),
)
_GATE = References(
    atlas=("AML.T0018.001", "AML.T0010.003"),
    attack=("T1204",),
    cwe=("CWE-506",),
    owasp=("LLM04:2025",),
)
_PLAIN_GRAPH = "Do not run the model. Ask its publisher for a graph without this operator."

RULES = table(
    (
        Rule(
            "tensorflow.reads-file",
            "A graph that reads a file of its choice",
            Severity.HIGH,
            Confidence.HIGH,
            "An operator in the graph opens the file it is told to when the graph is loaded or "
            "run, with the rights of the program that runs it. What it reads can leave by the "
            "model's outputs.",
            _PLAIN_GRAPH,
            _FILES,
        ),
        Rule(
            "tensorflow.writes-file",
            "A graph that writes a file of its choice",
            Severity.HIGH,
            Confidence.HIGH,
            "An operator in the graph writes a file when the graph is loaded or run, with the "
            "rights of the program that runs it. That is enough to take the machine over.",
            _PLAIN_GRAPH,
            _FILES,
        ),
        Rule(
            "tensorflow.network",
            "A graph that talks to another machine",
            Severity.HIGH,
            Confidence.HIGH,
            "An operator in the graph connects to an address when the graph is run. Inputs and "
            "outputs of the model can leave that way.",
            _PLAIN_GRAPH,
            _NETWORK,
        ),
        Rule(
            "tensorflow.python-function",
            "A graph that calls Python",
            Severity.HIGH,
            Confidence.MEDIUM,
            "An operator calls a Python function of the program that runs the graph, by a token. "
            "No model that is meant to be loaded elsewhere needs one.",
            _PLAIN_GRAPH,
            LOADS_CODE,
        ),
        Rule(
            "tensorflow.native-call",
            "A graph that calls native code by its name",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "An operator calls a native function that some library has registered, by a name in "
            "the graph. What it does cannot be seen here.",
            "Ask the publisher which library is needed, and look at that library.",
            LOADS_CODE,
        ),
        Rule(
            "tensorflow.unknown-operator",
            "An operator TensorFlow does not have",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The graph runs only where a native library with this operator is loaded first. What "
            "the operator does cannot be seen here.",
            "Ask the publisher which library is needed, and look at that library.",
            LOADS_CODE,
        ),
        Rule(
            "tensorflow.library-operator",
            "An operator of another library",
            Severity.LOW,
            Confidence.HIGH,
            "The graph needs a well known native library beside TensorFlow, such as TensorFlow "
            "Text, to be loaded first.",
            "Install the library from its own publisher.",
            LOADS_CODE,
        ),
        Rule(
            "tensorflow.asset-path",
            "An asset outside the model's folder",
            Severity.HIGH,
            Confidence.HIGH,
            "The model names an asset by a path that leads out of its assets folder. The loader "
            "hands the graph that path to read.",
            DO_NOT_LOAD,
            TRAVERSAL,
        ),
        Rule(
            "tensorflow.acting-text",
            "Text in a graph that is written to be run",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A constant or an attribute of the graph holds a command or code. A graph has no use "
            "for it, unless something else takes it out and runs it.",
            "Read the text, and find out what uses it.",
            HIDDEN_CODE,
        ),
        Rule(
            "tensorflow.executable",
            "A program inside a constant",
            Severity.HIGH,
            Confidence.HIGH,
            "A tensor in the graph or checkpoint begins with the header of a native program or "
            "library.",
            "Do not load the file; find out who put the program there.",
            HIDDEN_CODE,
        ),
        Rule(
            "tensorflow.trigger",
            "An output that depends on one exact input",
            Severity.LOW,
            Confidence.LOW,
            "The graph compares an input with a constant and chooses between two results by it. "
            "Much ordinary code does so; a backdoor in a model's structure looks the same.",
            "Ask the publisher what the comparison is for, where the model decides about people, "
            "money or access.",
            _GATE,
        ),
        Rule(
            "tensorflow.keras-lambda",
            "A Keras layer that holds code",
            Severity.HIGH,
            Confidence.HIGH,
            "The SavedModel's Keras metadata has a Lambda layer: its function is stored as Python "
            "bytecode and is unpacked when Keras loads the model.",
            "Ask for a model without Lambda layers, or load it without Keras.",
            HIDDEN_CODE,
        ),
        Rule(
            "tensorflow.structure",
            "A structure no writer makes",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The file breaks its format's rules, so that readers disagree about what is in it.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
    )
)
