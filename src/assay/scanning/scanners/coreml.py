"""Core ML: models as Protocol Buffers, and the file of weights beside one.

The framework's own layers only compute. A custom layer or model is a class of the app, found
by its name; a linked model is another file. Source: Apple's `Model.proto`, `NeuralNetwork.proto`
and `MIL.proto`, and `StorageFormat.hpp` of coremltools for the weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from assay.core.finding import Confidence, Severity
from assay.scanning.parsers.protobuf import LENGTH, VARINT, Field, Message, WireError
from assay.scanning.references import HIDDEN_CODE, LOADS_CODE, TRAVERSAL
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.acting_text import acting
from assay.scanning.scanners.embedded import Hidden, programs
from assay.scanning.scanners.file_places import Place, place_of
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "Core ML"
RULES = table(
    (
        Rule(
            "coreml.custom-class",
            "A class of the app by its name",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The model has a custom layer or is a custom model: Core ML makes the class of that "
            "name, from the app, and calls it. What it does cannot be seen here.",
            "Ask the publisher which app is meant, and look at its code.",
            LOADS_CODE,
        ),
        Rule(
            "coreml.linked-model",
            "Another model by its path",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The model loads another one from a file or a search path.",
            "Scan the other model as well.",
            TRAVERSAL,
        ),
        Rule(
            "coreml.path",
            "A file outside the model's folder",
            Severity.HIGH,
            Confidence.HIGH,
            "The model names a file for its weights, or another model, by a path that leads out "
            "of its folder.",
            "Do not load the model.",
            TRAVERSAL,
        ),
        Rule(
            "coreml.compiled-model",
            "A model in a form that is not published",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The model holds another one in a form only its own reader knows.",
            "Ask the publisher for the model itself.",
            HIDDEN_CODE,
        ),
        Rule(
            "coreml.acting-text",
            "Text in a model that is written to be run",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A description, parameter or constant of the model holds a command or code.",
            "Read the text, and find out what uses it.",
            HIDDEN_CODE,
        ),
        Rule(
            "coreml.executable",
            "A program inside the model",
            Severity.HIGH,
            Confidence.HIGH,
            "The model or its weights hold a native program or library.",
            "Do not load the model; find out who put the program there.",
            HIDDEN_CODE,
        ),
    )
)
_KINDS = frozenset(
    (*range(200, 203), *range(300, 305), *range(400, 405), *range(500, 503), 555, 556, 560)
) | frozenset((600, 601, 602, 603, 604, 606, 607, 609, 610, 900, *range(2000, 2007), 3000))
_SCHEMA: Mapping[str, Mapping[int, str]] = {
    "Model": {
        **dict.fromkeys((200, 201), "PipelineOf"),
        **dict.fromkeys((303, 403, 500), "Network"),
        2: "Description",
        202: "Pipeline",
        502: "Program",
        555: "Custom",
        556: "Linked",
        3000: "Serialized",
    },
    "PipelineOf": {1: "Pipeline"},
    "Pipeline": {1: "Model"},
    "Network": {1: "Layer"},
    "Layer": {500: "Custom", 605: "Branch", 615: "Loop"},
    "Branch": {1: "Network", 2: "Network"},
    "Loop": {3: "Network", 4: "Network"},
    "Description": {100: "Metadata"},
    "Metadata": {1: "Words", 2: "Words", 3: "Words", 4: "Words", 100: "Words"},
    "Custom": {20: "Weights", 30: "Words", 40: "Words"},
    "Linked": {1: "LinkedFile"},
    "LinkedFile": {1: "Words", 2: "Words"},
    "Program": {2: "FunctionEntry", 4: "ValueEntry"},
    "FunctionEntry": {2: "Function"},
    "Function": {3: "BlockEntry", 4: "ValueEntry"},
    "BlockEntry": {2: "Block"},
    "Block": {3: "Operation", 4: "ValueEntry"},
    "Operation": {2: "ArgumentEntry", 4: "Block", 5: "ValueEntry"},
    "ArgumentEntry": {2: "Argument"},
    "Argument": {1: "Binding"},
    "Binding": {2: "Value"},
    "ValueEntry": {2: "Value"},
    "Value": {5: "Blob"},
}
_KRAKEN = frozenset({"groupnorm", "lstm", "reshape", "addition", "identity", "ro", "dropout"})
"""Layers of the kraken OCR program, which keeps its own networks in this form."""
_PATHS = re.compile(r"[\\/]")
_MODEL_PATH = "@model_path/"
_TEXT_BYTES = 64 * 1024
_SENTINEL = (0xDEADBEEF).to_bytes(4, "little")
_STORAGE_VERSION = 2


def is_model(data: Buffer, subject: Subject) -> bool:
    """Whether bytes are a `Model`: a version, and what kind of model it is."""
    del subject
    version = kind = False
    try:
        for count, field in enumerate(Message(data, most_fields=1000)):
            if field.number == 1 and field.wire == VARINT and 1 <= field.value < 1000:
                version = True
            elif field.number in _KINDS and field.wire == LENGTH:
                kind = True
            elif (field.number, field.wire) not in ((2, LENGTH), (10, VARINT)) or count > 64:
                return version and kind
    except WireError:
        pass  # a file that was cut off is what it is up to there
    return version and kind


def is_weights(data: Buffer, subject: Subject) -> bool:
    """Whether bytes are a file of weights: a count, a version, and the first blob's mark."""
    del subject
    head = bytes(data[:68])
    version = int.from_bytes(head[4:8], "little")
    return version == _STORAGE_VERSION and head[64:68] == _SENTINEL


def scan_weights(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Numbers, unless one of them is a program."""
    del subject
    for found in programs(data):
        answer.find(RULES["coreml.executable"], found.kind, offset=found.offset)


def scan_json(document: dict[str, Any], subject: Subject, answer: Answer) -> None:
    """Judge a package's list of its files: each by its path below the package."""
    del subject
    entries = document.get("itemInfoEntries")
    for entry in entries.values() if isinstance(entries, dict) else ():
        path = entry.get("path") if isinstance(entry, dict) else None
        if isinstance(path, str):
            _path(path, None, answer, linked=False)


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a model and those inside it."""
    hidden = Hidden(subject, answer)
    try:
        for name, message in _messages(Message(data)):
            _judge(name, message, answer)
            if name == "Weights":
                for field in message:
                    hidden.judge(data, field.begin, field.end, "weights of a custom layer")
    except WireError as error:
        answer.unread(f"the model is broken at offset {error.offset}: {error}")
    for found in programs(data):
        answer.find(RULES["coreml.executable"], found.kind, offset=found.offset)


def _messages(model: Message) -> Iterator[tuple[str, Message]]:
    """Every message the schema leads to, by its name there, without recursion."""
    waiting = [("Model", model)]
    while waiting:
        name, message = waiting.pop()
        yield name, message
        inner = _SCHEMA.get(name)
        if inner is None:
            continue
        waiting.extend(
            (inner[field.number], message.inside(field))
            for field in message
            if field.wire == LENGTH and field.number in inner
        )


def _judge(name: str, message: Message, answer: Answer) -> None:
    if name == "Custom":
        named = _text(message, 10)
        severity = Severity.LOW if named in _KRAKEN else None
        answer.find(RULES["coreml.custom-class"], named, severity=severity)
    elif name == "Serialized":
        shown = _text(message, 1)
        answer.find(RULES["coreml.compiled-model"], shown, offset=message.begin)
    elif name == "LinkedFile":
        for number in (1, 2):
            _path(_default(message, number), message.begin, answer, linked=True)
    elif name == "Blob":
        path = _text(message, 1).removeprefix(_MODEL_PATH)
        _path(path, message.begin, answer, linked=False)
    elif name == "Words" and message.size <= _TEXT_BYTES:
        found = acting(message.data, message.begin, message.end)
        if found:
            answer.find(RULES["coreml.acting-text"], found, offset=message.begin)


def _path(path: str, offset: int | None, answer: Answer, *, linked: bool) -> None:
    if ".." in _PATHS.split(path) or place_of(path).rank > Place.RELATIVE.rank:
        answer.find(RULES["coreml.path"], path, offset=offset)
    elif linked and path:
        answer.find(RULES["coreml.linked-model"], path, offset=offset)


def _default(message: Message, number: int) -> str:
    """The default of a parameter that is a text."""
    for field in message:
        if field.number == number and field.wire == LENGTH:
            return _text(message.inside(field), 1)
    return ""


def _text(message: Message, number: int) -> str:
    found: Field | None = None
    for field in message:
        if field.number == number and field.wire == LENGTH:
            found = field
    return message.text(found, 4096) if found is not None else ""
