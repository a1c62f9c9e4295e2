"""Graphs in Protocol Buffers' text format: written out as TensorFlow reads them, and judged so."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from assay.scanning.parsers.text_proto import Begin, End, TextError, Value, fields
from assay.scanning.scanners.tensorflow.models import (
    scan_graph,
    scan_meta_graph,
    scan_saved_model,
)
from assay.scanning.subject import Answer, Buffer, Subject

_TEXT = "text"
_NUMBER = "number"
Schema = Mapping[str, Mapping[str, tuple[int, str]]]
"""Fields of a message by name: their number, and what they hold: text, a number, a message."""

_SCHEMA: Schema = {
    "SavedModel": {"saved_model_schema_version": (1, _NUMBER), "meta_graphs": (2, "MetaGraph")},
    "MetaGraph": {
        "graph_def": (2, "Graph"),
        "collection_def": (4, "CollectionEntry"),
        "asset_file_def": (6, "Asset"),
        "object_graph_def": (7, "Objects"),
    },
    "CollectionEntry": {"key": (1, _TEXT), "value": (2, "Collection")},
    "Collection": {"node_list": (1, "Names")},
    "Names": {"value": (1, _TEXT)},
    "Asset": {"tensor_info": (1, "TensorInfo"), "filename": (2, _TEXT)},
    "TensorInfo": {"name": (1, _TEXT)},
    "Objects": {"nodes": (1, "Object")},
    "Object": {"user_object": (4, "UserObject")},
    "UserObject": {"identifier": (1, _TEXT), "metadata": (3, _TEXT)},
    "Graph": {"node": (1, "Node"), "library": (2, "Library")},
    "Library": {"function": (1, "Function")},
    "Function": {"signature": (1, "Signature"), "node_def": (3, "Node")},
    "Signature": {"name": (1, _TEXT), "input_arg": (2, "Argument")},
    "Argument": {"name": (1, _TEXT)},
    "Node": {
        "name": (1, _TEXT),
        "op": (2, _TEXT),
        "input": (3, _TEXT),
        "device": (4, _TEXT),
        "attr": (5, "Attribute"),
    },
    "Attribute": {"key": (1, _TEXT), "value": (2, "AttributeValue")},
    "AttributeValue": {
        "list": (1, "List"),
        "s": (2, _TEXT),
        "i": (3, _NUMBER),
        "b": (5, _NUMBER),
        "tensor": (8, "Tensor"),
        "func": (10, "FunctionName"),
    },
    "List": {"s": (2, _TEXT), "tensor": (8, "Tensor"), "func": (9, "FunctionName")},
    "FunctionName": {"name": (1, _TEXT)},
    "Tensor": {"tensor_content": (4, _TEXT), "string_val": (8, _TEXT)},
}
_ROOTS: tuple[tuple[str, frozenset[str], Callable[[Buffer, Subject, Answer], None]], ...] = (
    ("SavedModel", frozenset({"saved_model_schema_version", "meta_graphs"}), scan_saved_model),
    ("MetaGraph", frozenset({"meta_info_def", "graph_def", "saver_def"}), scan_meta_graph),
    ("Graph", frozenset({"node", "library", "versions"}), scan_graph),
)
_FIRST = re.compile(rb"\s*(?:#[^\n]*\n\s*)*(\w+)\s*[:{]")
_NODE = re.compile(rb"\bop\s*:\s*[\"']|\bgraph_def\b|\bmeta_graphs\b|\bnode_def\b")
_SNIFFED_BYTES = 64 * 1024
_LONGEST_BYTES = 64 * 1024 * 1024
_WORDS = {b"true": 1, b"True": 1, b"t": 1}


def is_text_graph(data: Buffer, subject: Subject) -> bool:
    """Whether a text begins as a graph, a meta graph or a SavedModel."""
    del subject
    head = bytes(data[:_SNIFFED_BYTES])
    first = _FIRST.match(head)
    if first is None or not _NODE.search(head):
        return False
    return any(first.group(1).decode() in names for _, names, _ in _ROOTS)


def scan_text_graph(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a graph; places in the text are not known, as it is written out first."""
    if len(data) > _LONGEST_BYTES:
        answer.unread(f"a graph in text of over {_LONGEST_BYTES} bytes")
        return
    raw = bytes(data)
    first = _FIRST.match(raw)
    name = first.group(1).decode() if first else ""
    root, scan = next((r, scan) for r, names, scan in _ROOTS if name in names)
    try:
        wire = written(raw.decode("utf-8", "replace"), root)
    except TextError as error:
        answer.unread(f"the text is no graph to its end: {error}")
        return
    part = Answer(subject)
    scan(wire, subject, part)
    for finding in part.findings:
        answer.add(replace(finding, location=replace(finding.location, offset=None)))
    answer.take((), part.unread_parts)


def written(text: str, root: str) -> bytes:
    """A message as readers of the binary form have it; fields the schema leaves out are left out.

    Raises:
        TextError: the text is no message.
    """
    stack: list[tuple[str, int, bytearray]] = [(root, 0, bytearray())]
    left_out = 0
    for event in fields(text):
        if left_out:
            left_out += {Begin: 1, End: -1}.get(type(event), 0)
            continue
        known = _SCHEMA.get(stack[-1][0], {})
        if isinstance(event, Begin):
            number, inner = known.get(event.name, (0, ""))
            if inner in _SCHEMA:
                stack.append((inner, number, bytearray()))
            else:
                left_out = 1
        elif isinstance(event, End):
            _, number, body = stack.pop()
            stack[-1][2].extend(_blob(number, bytes(body)))
        else:
            number, inner = known.get(event.name, (0, ""))
            if inner == _TEXT and event.quoted:
                stack[-1][2].extend(_blob(number, event.value))
            elif inner == _NUMBER:
                stack[-1][2].extend(_varint(number << 3) + _varint(_number(event)))
    return bytes(stack[0][2])


def _number(event: Value) -> int:
    try:
        return int(event.value, 0) & (2**64 - 1)
    except ValueError:
        return _WORDS.get(event.value, 0)


def _blob(number: int, body: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
