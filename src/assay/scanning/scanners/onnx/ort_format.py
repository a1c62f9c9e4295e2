"""ONNX Runtime's own format: the same graph as a FlatBuffer, for small devices.

Source: `onnxruntime/core/flatbuffers/schema/ort.fbs`. Fields are counted as that schema does.
"""

from __future__ import annotations

from collections.abc import Iterator

from assay.core.finding import Severity
from assay.scanning.parsers.flatbuffers import FlatError, Span, Table, root
from assay.scanning.parsers.protobuf import LENGTH, Field
from assay.scanning.scanners.onnx.contents import Contents
from assay.scanning.scanners.onnx.operators import rule_of
from assay.scanning.scanners.onnx.rules import RULES
from assay.scanning.scanners.onnx.tensors import bytes_of
from assay.scanning.subject import Answer, Buffer, Subject

MAGIC = b"ORTM"
_SESSION_MODEL = 1
_MODEL_TEXTS, _MODEL_GRAPH, _MODEL_METADATA = (2, 3, 4, 6), 7, 9
_INITIALIZERS, _NODES, _SPARSE = 0, 2, 7
_NODE_DOMAIN, _NODE_OPERATOR, _NODE_ATTRIBUTES = 2, 5, 10
_TEXT, _TENSOR, _GRAPH, _TEXTS, _TENSORS, _GRAPHS = 5, 6, 7, 10, 11, 12
_DIMS, _TYPE, _RAW, _STRINGS, _OUTSIDE = 2, 3, 4, 5, 6
_STRING = 8


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a model: its operators, texts and tensors."""
    contents = Contents(data, subject, answer)
    contents.check(_field(Span(0, len(data))), "the file")
    try:
        session = root(data, MAGIC)
        model = session.table(_SESSION_MODEL)
        graph = model.table(_MODEL_GRAPH) if model else None
        if model is None or graph is None:
            answer.unread("a file without a model")
            return
        _judge_model(model, contents)
        _judge_graphs(graph, contents, answer)
    except FlatError as error:
        answer.unread(f"not a whole file: {error}, at byte {error.offset}")


def _judge_model(model: Table, contents: Contents) -> None:
    for field in _MODEL_TEXTS:
        _judge_text(model, field, "the model", contents)
    for entry in model.tables(_MODEL_METADATA):
        key = entry.text(0)
        _judge_text(entry, 1, key, contents)
        for span in _spans(entry, 1):
            contents.check(span, key)
            contents.names_library(span, key)


def _judge_graphs(graph: Table, contents: Contents, answer: Answer) -> None:
    """A graph and those inside it, without recursion."""
    seen: set[tuple[str, str]] = set()
    waiting = [graph]
    while waiting:
        found = waiting.pop()
        for tensor in found.tables(_INITIALIZERS):
            _judge_tensor(tensor, contents, answer)
        for sparse in found.tables(_SPARSE):
            for tensor in filter(None, (sparse.table(0), sparse.table(1))):
                _judge_tensor(tensor, contents, answer)
        for node in found.tables(_NODES):
            which = (node.text(_NODE_DOMAIN), node.text(_NODE_OPERATOR))
            _judge_operator(which, node, seen, answer)
            for attribute in node.tables(_NODE_ATTRIBUTES):
                waiting.extend(_judge_attribute(attribute, contents, answer))


def _judge_operator(
    which: tuple[str, str], node: Table, seen: set[tuple[str, str]], answer: Answer
) -> None:
    domain = "" if which[0] == "ai.onnx" else which[0]
    rule = "" if which in seen else rule_of(domain, which[1])
    seen.add(which)
    if rule:
        shown = f"{domain or 'ai.onnx'}::{which[1]}"
        answer.find(RULES[rule], shown, offset=node.at)


def _judge_attribute(attribute: Table, contents: Contents, answer: Answer) -> Iterator[Table]:
    """Judge an attribute; its graphs are given back."""
    name = attribute.text(0)
    _judge_text(attribute, _TEXT, name, contents)
    for span in _strings(attribute, _TEXTS):
        contents.text(span, name)
    single = attribute.table(_TENSOR)
    for tensor in (*((single,) if single else ()), *attribute.tables(_TENSORS)):
        _judge_tensor(tensor, contents, answer)
    inner = attribute.table(_GRAPH)
    if inner is not None:
        yield inner
    yield from attribute.tables(_GRAPHS)


def _judge_tensor(tensor: Table, contents: Contents, answer: Answer) -> None:
    name = tensor.text(0)
    dims = [size - (size >> 63 << 64) for size in tensor.numbers(_DIMS, 8)]
    kind = tensor.number(_TYPE, 4)
    needed = bytes_of(kind, dims) if all(size >= 0 for size in dims) else -1
    held = tensor.span(_RAW)
    outside = tensor.place(_OUTSIDE) is not None and tensor.integer(_OUTSIDE, 8) >= 0
    if needed is not None and not outside and needed != (held.count if held else 0):
        shown = f"{name}: {held.count if held else 0} bytes of shape {dims[:8]}"
        answer.find(RULES["onnx.tensor-size"], shown, offset=tensor.at)
    elif needed is None and kind != _STRING:
        answer.unread(f"a tensor of type {kind}, which is not known")
    for span in _spans(tensor, _RAW):
        contents.numbers(span, kind, name)
    for span in _strings(tensor, _STRINGS):
        contents.text(span, name)


def _judge_text(table: Table, field: int, what: str, contents: Contents) -> None:
    for span in _spans(table, field):
        contents.text(span, what, Severity.HIGH)


def _spans(table: Table, field: int) -> Iterator[Field]:
    """Where a text or a vector of bytes lies; nothing where it is not there."""
    span = table.span(field)
    if span is not None:
        yield _field(span)


def _strings(table: Table, field: int) -> Iterator[Field]:
    """Where the texts of a vector of texts lie.

    Raises:
        FlatError: one reaches past the end.
    """
    span = table.span(field, 4)
    for index in range(span.count if span else 0):
        place = (span.begin if span else 0) + 4 * index
        at = place + int.from_bytes(table.data[place : place + 4], "little")
        count = int.from_bytes(table.data[at : at + 4], "little")
        if at + 4 + count > len(table.data):
            raise FlatError("a text that reaches past the end", place)
        yield _field(Span(at + 4, count))


def _field(span: Span) -> Field:
    end = span.begin + span.count
    return Field(0, LENGTH, span.count, span.begin, span.begin, end)
