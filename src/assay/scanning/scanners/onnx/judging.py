"""One pass over all of an ONNX file: each message goes to whoever judges its kind."""

from __future__ import annotations

import json
from collections.abc import Iterator

from assay.core.finding import Severity
from assay.scanning.parsers.protobuf import GROUP, LENGTH, Field, Message
from assay.scanning.scanners.jinja_template import judge_template
from assay.scanning.scanners.onnx.contents import Contents
from assay.scanning.scanners.onnx.functions import calls_itself
from assay.scanning.scanners.onnx.operators import Operators, function_names
from assay.scanning.scanners.onnx.records import Record
from assay.scanning.scanners.onnx.rules import RULES
from assay.scanning.scanners.onnx.schema import MESSAGES
from assay.scanning.scanners.onnx.tensors import check_tensor
from assay.scanning.scanners.onnx.triggers import find_triggers
from assay.scanning.subject import Answer, Buffer, Subject

_TEXTS = {
    "Model": ("producer_name", "producer_version", "domain"),
    "Entry": ("key", "value"),
    "Attribute": ("s", "strings"),
    "Tensor": ("string_data",),
    "Node": ("name", "op_type", "domain"),
    "Function": ("name", "domain"),
}
_SETTINGS = "ort_config"
_LARGE_FIELD = 1024


class Judging:
    """Judges one file."""

    def __init__(self, data: Buffer, subject: Subject, answer: Answer) -> None:
        self._subject = subject
        self._answer = answer
        self._contents = Contents(data, subject, answer)
        self._operators = Operators(set(), self._contents, answer)
        self._noted: set[tuple[str, Severity | None]] = set()

    def whole(self, message: Message, kind: str) -> None:
        """Judge a file's message and all in it.

        Raises:
            WireError: the file is broken, or over the budget, at some place.
        """
        model = Record(message, kind, self._note)
        functions = list(model.inside("functions")) if kind == "Model" else []
        self._operators = Operators(function_names(functions), self._contents, self._answer)
        self._operators.shadows()
        for record in _every(model):
            self._one(record)
        if kind == "Model":
            for name in calls_itself(functions):
                self._answer.find(RULES["onnx.endless-function"], name)
            find_triggers(model, functions, self._answer)

    def _one(self, record: Record) -> None:
        kind = record.kind
        self._texts(record)
        if kind == "Node":
            self._operators.check(record)
            for span in record.spans("domain"):
                self._contents.names_library(span, "domain")
        elif kind == "Tensor":
            check_tensor(record, self._contents, self._answer)
        elif kind == "Entry":
            self._entry(record)
        elif kind == "Graph":
            self._names(record)
        elif kind == "Attribute":
            self._value(record, "s", f"attribute {record.text('name')}")

    def _texts(self, record: Record) -> None:
        for name in _TEXTS.get(record.kind, ()):
            for span in record.spans(name):
                self._contents.text(span, f"{name} of {_called(record)}")
        for span in record.spans("doc_string"):
            shown = f"doc_string of {_called(record)}"
            self._contents.text(span, shown, severity=Severity.MEDIUM)

    def _value(self, record: Record, name: str, what: str) -> None:
        for span in record.spans(name):
            self._contents.is_other_file(span, what)
            self._contents.names_library(span, what)

    def _entry(self, entry: Record) -> None:
        """Metadata: a text some tool reads."""
        key = entry.text("key")
        if key == _SETTINGS:
            self._settings(entry)
        if "chat_template" in key:
            judge_template(entry.text("value"), self._subject, self._answer, what=key)
        self._value(entry, "value", f"the value of {key}")

    def _settings(self, entry: Record) -> None:
        """ONNX Runtime takes session settings from here when told to."""
        try:
            said = json.loads(entry.text("value"))
        except (ValueError, RecursionError):
            said = {}
        options = said.get("session_options", {}) if isinstance(said, dict) else {}
        keys = sorted(map(str, options)) if isinstance(options, dict) else []
        files = [key for key in keys if "path" in key or "file" in key or "library" in key]
        severity = Severity.HIGH if files else None
        shown = f"{_SETTINGS}: {', '.join(files or keys)}"
        rule = RULES["onnx.runtime-settings"]
        self._answer.find(rule, shown, offset=entry.offset, severity=severity)

    def _names(self, graph: Record) -> None:
        """A graph's tensors have names of their own."""
        seen: set[str] = set()
        for tensor in graph.inside("initializer"):
            name = tensor.text("name")
            if name in seen:
                self._answer.find(RULES["onnx.two-values"], name, offset=tensor.offset)
            seen.add(name)

    def _note(self, rule: str, evidence: str, record: Record, field: Field) -> None:
        """Report a field that is wrong, once for each field of each kind of message."""
        severity = None
        if rule == "onnx.unknown-field" and field.wire in (GROUP, LENGTH):
            self._contents.check(field, evidence)
            severity = Severity.MEDIUM if field.value > _LARGE_FIELD else None
        del record
        if (evidence, severity) not in self._noted:
            self._noted.add((evidence, severity))
            self._answer.find(RULES[rule], evidence, offset=field.start, severity=severity)


def _called(record: Record) -> str:
    """What to call a message in a finding."""
    name = record.text("name") or record.text("key")
    return f"{record.kind.lower()} {name}".strip()


def _every(record: Record) -> Iterator[Record]:
    """A message and every message inside it, each before what it holds, without recursion."""
    waiting = [iter((record,))]
    while waiting:
        found = next(waiting[-1], None)
        if found is None:
            waiting.pop()
            continue
        yield found
        waiting.append(_inside(found))


def _inside(record: Record) -> Iterator[Record]:
    slots = MESSAGES[record.kind]
    for fields in record.fields.values():
        slot = slots[fields[0].number]
        if slot.message:
            yield from record.inside(slot.name)
