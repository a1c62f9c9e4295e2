"""Keras's description of the layers of a SavedModel: one JSON document per object.

Field numbers: Keras's `saved_metadata.proto`. Loading a SavedModel with Keras makes the layers
from these documents, and unpacks the bytecode a Lambda layer's document holds.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from assay.scanning.parsers.protobuf import (
    LENGTH,
    VARINT,
    Field,
    Message,
    WireError,
    leading,
)
from assay.scanning.scanners import code_object
from assay.scanning.scanners.keras.configuration import judge_configuration
from assay.scanning.scanners.tensorflow.rules import RULES
from assay.scanning.subject import Answer, Buffer, Subject

_NODE = 1
_FIELDS = range(1, 8)
_IDENTIFIERS = re.compile(r"_tf_keras_\w+\Z")
_MOST_SNIFFED = 1000
_LONGEST_BYTES = 64 * 1024 * 1024


def is_metadata(data: Buffer, subject: Subject) -> bool:
    """Whether bytes are Keras's metadata of a SavedModel."""
    del subject
    found = leading(data, {_NODE: LENGTH}, 8, complete=False)
    if not found:
        return False
    message = Message(data, most_fields=_MOST_SNIFFED)
    return any(_is_node(message.inside(field)) for field in found)


def _is_node(message: Message) -> bool:
    try:
        fields = list(islice(message, len(_FIELDS) + 1))
    except WireError:
        return False
    texts = [message.text(f, 256) for f in fields if f.wire == LENGTH]
    return all(f.number in _FIELDS and f.wire in (VARINT, LENGTH) for f in fields) and any(
        map(_IDENTIFIERS.match, texts)
    )


def scan_metadata(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge `keras_metadata.pb`."""
    message = Message(data)
    try:
        for item in message:
            if item.number != _NODE or item.wire != LENGTH:
                continue
            _node(message.inside(item), subject, answer)
    except WireError as error:
        answer.unread(f"the metadata is broken at offset {error.offset}: {error}")


def _node(node: Message, subject: Subject, answer: Answer) -> None:
    """One object: its document is told by how it begins, the rest by its place."""
    path, metadata = "", None
    for part in node:
        if part.wire != LENGTH:
            continue
        text = node.text(part, 256)
        if text.lstrip().startswith("{"):
            metadata = part
        elif not path and not _IDENTIFIERS.match(text):
            path = text
    if metadata is not None:
        judge_metadata(node, metadata, path, subject, answer)


def judge_metadata(
    message: Message, place: Field, what: str, subject: Subject, answer: Answer
) -> None:
    """Judge one object's document."""
    if place.value > _LONGEST_BYTES:
        answer.unread(f"{what}: metadata over {_LONGEST_BYTES} bytes")
        return
    try:
        document = json.loads(message.raw(place).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        answer.unread(f"{what}: metadata that is not JSON: {str(error)[:80]}")
        return
    judge_configuration(document, subject, answer)
    for layer in _layers(document):
        if layer.get("class_name") == "Lambda":
            _judge_lambda(layer, what, place.begin, subject, answer)


def _judge_lambda(
    layer: dict[str, Any], what: str, offset: int, subject: Subject, answer: Answer
) -> None:
    config = layer.get("config")
    settings = config if isinstance(config, dict) else {}
    shown = f"{what}: {settings.get('name', 'lambda')}"
    answer.find(RULES["tensorflow.keras-lambda"], shown, offset=offset)
    for code in _bytecode(settings.get("function")):
        code_object.judge_marshalled(code, subject, answer, what=shown)


def _layers(document: Any) -> Iterator[dict[str, Any]]:
    """Every object with a class name, without recursion."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if isinstance(value.get("class_name"), str):
                yield value
            waiting.extend(v for v in value.values() if isinstance(v, (dict, list)))
        elif isinstance(value, list):
            waiting.extend(v for v in value if isinstance(v, (dict, list)))


def _bytecode(function: Any) -> Iterator[bytes]:
    """The marshalled code in a function's description: a tuple's first item, in Base64."""
    items = function.get("items") if isinstance(function, dict) else function
    first = items[0] if isinstance(items, list) and items else None
    if isinstance(function, dict) and first is None:
        config = function.get("config")
        first = config.get("code") if isinstance(config, dict) else None
    if isinstance(first, str):
        try:
            yield base64.b64decode(first)
        except (binascii.Error, ValueError):
            return
