"""Rules about ONNX models."""

from __future__ import annotations

from assay.core.finding import Confidence, References, Severity
from assay.scanning.references import (
    DISAGREEMENT,
    DO_NOT_LOAD,
    EXHAUSTION,
    HIDDEN_CODE,
    LOADS_CODE,
    TRAVERSAL,
)
from assay.scanning.rules import Rule, table

_GATE = References(
    atlas=("AML.T0018.001", "AML.T0010.003"),
    attack=("T1204",),
    cwe=("CWE-506",),
    owasp=("LLM04:2025",),
)
_MEMORY = References(atlas=("AML.T0010.003",), attack=("T1203",), cwe=("CWE-822", "CWE-125"))
_SAFE_RUNTIME = "Do not load the model. Ask its publisher for one with standard operators only."

RULES = table(
    (
        Rule(
            "onnx.external-path",
            "Weights read from outside the model's folder",
            Severity.HIGH,
            Confidence.HIGH,
            "A tensor says that its bytes lie in another file, and the path is absolute, leads "
            "upwards or is no path. A loader that follows it reads any file of the machine into "
            "the model, from where it can leave again.",
            DO_NOT_LOAD,
            TRAVERSAL,
        ),
        Rule(
            "onnx.memory-address",
            "Weights read from an address in memory",
            Severity.HIGH,
            Confidence.HIGH,
            "A tensor's place is the mark by which ONNX Runtime names its own memory, with an "
            "address as the offset. In a file it makes the loader read where the file wants.",
            DO_NOT_LOAD,
            _MEMORY,
        ),
        Rule(
            "onnx.external-odd-path",
            "An unusual file named as weights",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A tensor's bytes are said to lie in a file whose name no exporter gives to weights, "
            "or that systems read differently.",
            "Look at the file that is named before the model is loaded.",
            TRAVERSAL,
        ),
        Rule(
            "onnx.external-range",
            "A place in another file that cannot be",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The offset or length of a tensor in another file is no number, or not what its type "
            "and shape need. Loaders that trust it read past the end or run out of memory.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
        Rule(
            "onnx.external-key",
            "An unknown key beside a tensor's place",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The description of a tensor in another file has keys the format does not know. "
            "Loaders have set attributes of their own objects by such keys.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
        Rule(
            "onnx.python-operator",
            "An operator that runs Python",
            Severity.HIGH,
            Confidence.HIGH,
            "The graph calls an operator whose task is to import a Python module or call a "
            "Python function that the model names.",
            _SAFE_RUNTIME,
            LOADS_CODE,
        ),
        Rule(
            "onnx.system-operator",
            "An operator that reaches beyond the model",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The graph calls an operator that is no part of ONNX and that, by its name, touches "
            "files, processes or the network.",
            _SAFE_RUNTIME,
            LOADS_CODE,
        ),
        Rule(
            "onnx.custom-operator",
            "An operator of nobody known",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The graph calls an operator that neither ONNX nor a known runtime has. Whoever runs "
            "the model has to load a native library that brings it.",
            "Find out which library it is, and review it as a program.",
            LOADS_CODE,
        ),
        Rule(
            "onnx.compiled-engine",
            "A part compiled for one device",
            Severity.MEDIUM,
            Confidence.HIGH,
            "A node holds, or names, a part of the model that was compiled for one device. What "
            "it computes cannot be seen.",
            "Take it only from whom you trust, or compile it yourself from the ONNX model.",
            HIDDEN_CODE,
        ),
        Rule(
            "onnx.runtime-settings",
            "Settings for the runtime inside the model",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The metadata holds session settings that ONNX Runtime can be told to take over. They "
            "can make it write files and load libraries.",
            "Remove the settings, or read them first.",
            LOADS_CODE,
        ),
        Rule(
            "onnx.names-library",
            "Metadata that names a library or program",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A text in the model names a native library, a script or a program to fetch. Tools "
            "around models have loaded what such texts name.",
            "Find out what reads the text, and review what it names.",
            LOADS_CODE,
        ),
        Rule(
            "onnx.acting-text",
            "A command or script inside the model",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A text in the model is a command or code. Tools have evaluated the metadata of "
            "models, and no model needs it.",
            "Do not use the model; find out who put the text there.",
            HIDDEN_CODE,
        ),
        Rule(
            "onnx.hidden-content",
            "Another file inside the model",
            Severity.HIGH,
            Confidence.HIGH,
            "Where numbers or a text should be, a program, an archive or a pickle begins.",
            "Do not use the model; find out who put it there.",
            HIDDEN_CODE,
        ),
        Rule(
            "onnx.unknown-field",
            "Fields the format does not have",
            Severity.LOW,
            Confidence.MEDIUM,
            "The model holds fields that ONNX does not define. Loaders skip them, so that they "
            "can hold anything; a newer ONNX than the one known here may define them.",
            "Write the model anew with the onnx library.",
            HIDDEN_CODE,
        ),
        Rule(
            "onnx.duplicate-field",
            "One thing said twice",
            Severity.HIGH,
            Confidence.HIGH,
            "A field that can be there once is there again. One reader merges the two, another "
            "takes one of them, so what was checked need not be what runs.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
        Rule(
            "onnx.tensor-size",
            "A tensor whose size is not that of its shape",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A tensor holds another number of bytes or values than its type and shape need.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
        Rule(
            "onnx.two-values",
            "A tensor with two values",
            Severity.MEDIUM,
            Confidence.HIGH,
            "A tensor's values are given in two ways, or two tensors of a graph have one name. "
            "Readers disagree which of the two they take.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
        Rule(
            "onnx.shadowed-operator",
            "A function with the name of a standard operator",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The model defines a function that is called as an operator of ONNX. One runtime "
            "calls the function, another its own operator.",
            "Ask why the operator was redefined.",
            DISAGREEMENT,
        ),
        Rule(
            "onnx.endless-function",
            "A function that calls itself",
            Severity.HIGH,
            Confidence.MEDIUM,
            "Functions of the model call each other in a circle. Runtimes replace each call by "
            "the function's body, which here never ends.",
            DO_NOT_LOAD,
            EXHAUSTION,
        ),
        Rule(
            "onnx.trigger",
            "An output that a fixed pattern in the input switches",
            Severity.MEDIUM,
            Confidence.LOW,
            "The graph compares its input, before anything learned has seen it, with constants, "
            "makes one yes or no of it, and lets that decide about its result. Such a switch "
            "works like a backdoor: it survives fine-tuning and shows in no weight.",
            "Have the publisher explain the branch, or ask for a model without it.",
            _GATE,
        ),
    )
)
