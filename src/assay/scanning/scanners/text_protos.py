"""Settings in Protocol Buffers' text format: lists of labels, Triton's models, other settings.

Triton serves models by its backends; one of them runs a Python file beside the settings.
Source: "Model Configuration" and "Python Backend" in Triton's documentation; TensorFlow Object
Detection's `string_int_label_map.proto`.
"""

from __future__ import annotations

import re

from assay.core.finding import Confidence, Severity
from assay.scanning.kinds import extension
from assay.scanning.parsers.text_proto import Begin, End, TextError, Value, fields
from assay.scanning.references import HIDDEN_CODE, LOADS_CODE, TRAVERSAL
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.acting_text import acting
from assay.scanning.scanners.file_places import Place, place_of
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "Settings in text"
RULES = table(
    (
        Rule(
            "text-proto.python-backend",
            "A model that is a Python file",
            Severity.MEDIUM,
            Confidence.HIGH,
            "Triton runs the Python file beside these settings as the model.",
            "Read the Python file before the model is served.",
            LOADS_CODE,
        ),
        Rule(
            "text-proto.path",
            "A file of the system or outside the folder",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A setting names a file by a path that leads to the system's files or out of the "
            "folder.",
            "Do not serve the model.",
            TRAVERSAL,
        ),
        Rule(
            "text-proto.acting-text",
            "Text in settings that is written to be run",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A setting holds a command or code.",
            "Read the text, and find out what uses it.",
            HIDDEN_CODE,
        ),
    )
)
_FIRST = re.compile(rb"\s*(?:#[^\n]*\n\s*)*\w+\s*(?::|\{)")
_ENDINGS = frozenset({".pbtxt", ".prototxt", ".textproto", ".textpb"})
_TRITON = frozenset({"default_model_filename", "key", "string_value", "filename", "label_filename"})
_SHORTEST_TEXT = 8


def is_settings(data: Buffer, subject: Subject) -> bool:
    """Whether a text of such a name begins with a field."""
    return extension(subject.name) in _ENDINGS and _FIRST.match(bytes(data[:4096])) is not None


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge every value."""
    del subject
    path: list[str] = []
    try:
        for event in fields(bytes(data).decode("utf-8", "replace")):
            if isinstance(event, Begin):
                path.append(event.name)
            elif isinstance(event, End):
                path.pop()
            else:
                _value(path, event, answer)
    except TextError as error:
        answer.unread(f"the text is no message to its end: {error}")


def _value(path: list[str], event: Value, answer: Answer) -> None:
    text = event.value.decode("utf-8", "replace")
    if not path and event.name == "backend" and text == "python":
        answer.find(RULES["text-proto.python-backend"], text, line=event.line)
    if event.quoted and event.name in _TRITON:
        place = place_of(text)
        if place in (Place.SENSITIVE, Place.ESCAPING):
            shown = f"{event.name}: {text}"
            answer.find(RULES["text-proto.path"], shown, line=event.line)
    found = acting(event.value) if len(event.value) >= _SHORTEST_TEXT else None
    if found:
        answer.find(RULES["text-proto.acting-text"], found, line=event.line)
