"""The rules of Keras configurations."""

from __future__ import annotations

from assay.core.finding import Confidence, Severity
from assay.scanning.references import DISAGREEMENT, HIDDEN_CODE, LOADS_CODE, TRAVERSAL
from assay.scanning.rules import Rule, table

_DO_NOT_LOAD = "Do not load the model; find out who wrote this into it."

TITLE = "Keras"
RULES = table(
    (
        Rule(
            "keras.dangerous-reference",
            "Names something dangerous to import",
            Severity.CRITICAL,
            Confidence.HIGH,
            "An object of the configuration is to be made by a name that runs code, touches files "
            "or reaches the network. Keras imports what the configuration names and calls it.",
            _DO_NOT_LOAD,
            LOADS_CODE,
        ),
        Rule(
            "keras.loading-function",
            "Uses a function of Keras that loads or fetches",
            Severity.HIGH,
            Confidence.HIGH,
            "An object of the configuration is a function of Keras itself that downloads files, "
            "unpacks archives, loads other models or switches the checks off. No layer is made "
            "of these; they are the known way around the safe mode of loading.",
            _DO_NOT_LOAD,
            LOADS_CODE,
        ),
        Rule(
            "keras.unknown-reference",
            "Names something unknown to import",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "An object of the configuration is to be made by a name outside Keras and the "
            "libraries built on it. What it does depends on what is installed.",
            "Read the code the name stands for before loading the model.",
            LOADS_CODE,
        ),
        Rule(
            "keras.own-class",
            "Needs a class its author registered",
            Severity.LOW,
            Confidence.HIGH,
            "The model has an object of a class that is no part of Keras. It loads only where "
            "that class was imported and registered before.",
            "Get the class from the model's author, and read it.",
            LOADS_CODE,
        ),
        Rule(
            "keras.lambda",
            "A layer that holds a function",
            Severity.MEDIUM,
            Confidence.HIGH,
            "A Lambda layer runs a function: Python bytecode stored in the model, or one looked "
            "up by name. HDF5 files are loaded without regard to the safe mode.",
            "Ask for a model without Lambda layers.",
            HIDDEN_CODE,
        ),
        Rule(
            "keras.file-read",
            "Opens a file when the model is loaded",
            Severity.HIGH,
            Confidence.HIGH,
            "A layer is given the path or address of a file instead of its content. It is read "
            "when the model is loaded, and its lines become part of the model.",
            "Ask for a model that contains its vocabulary.",
            TRAVERSAL,
        ),
        Rule(
            "keras.graph-operation",
            "An operation that reads, writes or runs",
            Severity.HIGH,
            Confidence.HIGH,
            "The model calls an operation of TensorFlow that reads or writes files, loads a "
            "library or calls back into Python. It runs as soon as the model is used.",
            _DO_NOT_LOAD,
            LOADS_CODE,
        ),
        Rule(
            "keras.torch-module",
            "A PyTorch module inside a layer",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The layer holds a whole PyTorch module as a pickle, which is loaded without limits on "
            "what it may import.",
            "Ask for the module's weights as safetensors.",
            HIDDEN_CODE,
        ),
        Rule(
            "keras.other-model",
            "Loads another model",
            Severity.MEDIUM,
            Confidence.HIGH,
            "A layer loads a SavedModel from the place the configuration names, with every "
            "operation in its graph.",
            "Scan the model that is named, too.",
            LOADS_CODE,
        ),
        Rule(
            "keras.duplicate-key",
            "The same key twice in a configuration",
            Severity.MEDIUM,
            Confidence.HIGH,
            "One reader takes the first value, another the last, so what was checked need not be "
            "what is used.",
            "Remove one of the two.",
            DISAGREEMENT,
        ),
    )
)
