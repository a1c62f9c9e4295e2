"""ONNX models: what a runtime would read, load or call, and what lies hidden in the file.

The file is read as a Protocol Buffers message where it lies, tensors of any size unread but for
their beginnings. Source: `onnx.proto` and "Open Neural Network Exchange Intermediate
Representation" in the ONNX documentation.
"""

from __future__ import annotations

import re

from assay.scanning.parsers.protobuf import LENGTH, VARINT, Field, Message, WireError, leading
from assay.scanning.scanners.onnx.contents import Contents
from assay.scanning.scanners.onnx.judging import Judging
from assay.scanning.scanners.onnx.records import Record
from assay.scanning.scanners.onnx.rules import RULES
from assay.scanning.scanners.onnx.schema import MESSAGES
from assay.scanning.scanners.onnx.tensors import is_tensor_file
from assay.scanning.subject import Answer, Buffer, Subject

__all__ = [
    "RULES",
    "TITLE",
    "is_model",
    "is_outside_data",
    "is_tensor",
    "scan",
    "scan_outside_data",
    "scan_tensor",
]
TITLE = "ONNX"
_MOST_SNIFFED = 4096
_GRAPH, _IR_VERSION, _OPSETS = 7, 1, 8
_CORE = (_GRAPH, _IR_VERSION, _OPSETS)
_GRAPH_SNIFFED = 16
_HIGHEST_IR_VERSION = 1000
_OUTSIDE = re.compile(r".*\.onnx[._]data(?:[._]\d+)?\Z", re.DOTALL | re.IGNORECASE)


def is_model(data: Buffer, subject: Subject) -> bool:
    """Whether bytes are a `ModelProto`, in whatever order its fields come.

    A graph has to be there that is one as far as one looks, and a version of the format or of
    an operator set. A model that is cut off is recognised by what comes before the cut.
    """
    del subject
    seen: set[int] = set()
    try:
        for count, field in enumerate(Message(data)):
            if count >= _MOST_SNIFFED:
                break
            if field.number in _CORE and not _fits("Model", field.number, field.wire):
                return False
            if field.number == _GRAPH and not _is_graph(data, field.begin, field.end):
                return False
            if field.number == _IR_VERSION and field.value > _HIGHEST_IR_VERSION:
                return False
            seen.add(field.number)
    except WireError as error:
        if _GRAPH not in seen:
            return _IR_VERSION in seen and len(seen) > 1 and _cut_graph(data, error.offset)
    return _GRAPH in seen and not seen.isdisjoint((_IR_VERSION, _OPSETS))


def _fits(kind: str, number: int, wire: int) -> bool:
    """Whether a field is one of a message, or unknown to it, which readers skip."""
    slot = MESSAGES[kind].get(number)
    return slot is None or wire in slot.wires


def _is_graph(data: Buffer, begin: int, end: int) -> bool:
    try:
        for count, field in enumerate(Message(data, begin, end)):
            if not _fits("Graph", field.number, field.wire):
                return False
            if count >= _GRAPH_SNIFFED:
                break
    except WireError:
        return False
    return True


def _cut_graph(data: Buffer, offset: int) -> bool:
    """Whether what is cut off at an offset is the graph."""
    return offset < len(data) and data[offset] == _GRAPH << 3 | LENGTH


def is_tensor(data: Buffer, subject: Subject) -> bool:
    """Whether bytes are a `TensorProto` saved alone, as test data of models is."""
    del subject
    if not len(data) or data[0] not in (0x08, 0x0A, 0x10):
        return False
    slots = {number: slot.wires for number, slot in MESSAGES["Tensor"].items()}
    schema = {number: wires[0] for number, wires in slots.items()} | {4: LENGTH, 10: LENGTH}
    schema |= dict.fromkeys((5, 7, 11), LENGTH) | {1: data[0] & 7} | {2: VARINT}
    if leading(data, schema) is None:
        return False
    try:
        return is_tensor_file(Record(Message(data), "Tensor", _ignore))
    except WireError:
        return False


def _ignore(*_: object) -> None:
    """Recognising judges nothing."""


def is_outside_data(data: Buffer, subject: Subject) -> bool:
    """Whether a file is the numbers of a model's tensors, by the name exporters give it.

    They have no header; nothing but the model says where which tensor lies.
    """
    del data
    return _OUTSIDE.match(subject.name) is not None


def scan_outside_data(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Look for a program or another file where the numbers should be."""
    whole = Field(0, LENGTH, len(data), 0, 0, len(data))
    Contents(data, subject, answer).check(whole, "the model's numbers")


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a model: every graph, function, operator, tensor and text in it."""
    _judge(data, subject, answer, "Model")


def scan_tensor(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a tensor that is saved alone."""
    _judge(data, subject, answer, "Tensor")


def _judge(data: Buffer, subject: Subject, answer: Answer, kind: str) -> None:
    judging = Judging(data, subject, answer)
    try:
        judging.whole(Message(data), kind)
    except WireError as error:
        answer.unread(f"not a whole ONNX file: {error}, at byte {error.offset}")
