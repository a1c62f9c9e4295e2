"""SavedModels, meta graphs and bare graphs: recognising and judging each.

Protocol Buffers' readers take fields in any order and pass over those they do not know, so a
file is one of these if somewhere in it is a graph with a node, whatever stands before.
"""

from __future__ import annotations

import re
from itertools import islice

from assay.scanning.kinds import extension
from assay.scanning.parsers.protobuf import LENGTH, VARINT, Field, Message, WireError
from assay.scanning.scanners.tensorflow.meta_graph import judge_meta_graph
from assay.scanning.scanners.tensorflow.operators import judge_graph
from assay.scanning.subject import Answer, Buffer, Subject

_SAVED_MODEL = {1: VARINT, 2: LENGTH}
_META_GRAPH = dict.fromkeys(range(1, 8), LENGTH)
_GRAPH = {1: LENGTH, 2: LENGTH, 3: VARINT, 4: LENGTH, 5: LENGTH}
_NODE = dict.fromkeys(range(1, 8), LENGTH)
_LIBRARY = {1: LENGTH, 2: LENGTH, 3: LENGTH}
_FUNCTION = {1: LENGTH, 3: LENGTH, 4: LENGTH, 5: LENGTH, 6: LENGTH, 7: LENGTH, 8: LENGTH}
_META_INFO = dict.fromkeys((1, 2, 3, 4, 5, 6, 8), LENGTH) | {7: VARINT}
_OPERATOR = re.compile(r"[A-Za-z_][\w>]{0,200}\Z")
_NAME = re.compile(r"[A-Za-z0-9_.^][\w./\\>^:-]{0,1000}\Z")
_MOST_SNIFFED = 256
_MOST_FIELDS = 100_000
_LENIENT = frozenset({".pb", ".meta", ".graphdef", ".pbtxt"})


def is_saved_model(data: Buffer, subject: Subject) -> bool:
    """Whether bytes are a `SavedModel`: one or more meta graphs and a version."""
    found = _fields(data, _SAVED_MODEL, lenient=_lenient(subject))
    inner = [field for field in found if field.number == 2]
    return bool(inner) and any(_is_meta_graph(_sniffed(data).inside(field)) for field in inner[:8])


def is_meta_graph(data: Buffer, subject: Subject) -> bool:
    """Whether bytes are a `MetaGraphDef`, as training writes beside a checkpoint."""
    found = _fields(data, _META_GRAPH, lenient=_lenient(subject))
    return any(field.number == 2 for field in found) and _is_meta_graph(_sniffed(data))


def is_graph(data: Buffer, subject: Subject) -> bool:
    """Whether bytes are a `GraphDef`, which a frozen graph is."""
    found = _fields(data, _GRAPH, lenient=_lenient(subject))
    return bool(found) and _is_graph(_sniffed(data))


def _sniffed(data: Buffer) -> Message:
    """A message of which little is read."""
    return Message(data, most_fields=_MOST_FIELDS)


def _lenient(subject: Subject) -> bool:
    return extension(subject.name) in _LENIENT


def _fields(data: Buffer, schema: dict[int, int], *, lenient: bool) -> list[Field]:
    """The first fields, if all are the schema's; those that are, where the name says as much."""
    found: list[Field] = []
    try:
        for count, field in enumerate(_sniffed(data)):
            if schema.get(field.number) == field.wire:
                found.append(field)
            elif not lenient:
                return []
            if count >= _MOST_SNIFFED:
                break
    except WireError:
        pass  # a file that was cut off is what it is up to there
    return found


def _is_meta_graph(message: Message) -> bool:
    try:
        for count, field in enumerate(message):
            if count >= _MOST_SNIFFED:
                break
            if field.number == 2 and field.wire == LENGTH and _is_graph(message.inside(field)):
                return True
            if field.number == 1 and field.wire == LENGTH and _is_info(message.inside(field)):
                return True
    except WireError:
        pass
    return False


def _is_info(message: Message) -> bool:
    """Whether it says which TensorFlow wrote it."""
    fields = list(islice(message, _MOST_SNIFFED))
    version = any(f.number == 5 and re.match(r"\d+\.\d", message.text(f, 64)) for f in fields)
    return version and all(_META_INFO.get(field.number) == field.wire for field in fields)


def _is_graph(message: Message) -> bool:
    """Whether it has a node, or a library with a function that has one, among its first fields."""
    try:
        for count, field in enumerate(message):
            if count >= _MOST_SNIFFED:
                break
            if field.wire != LENGTH:
                continue
            if field.number == 1:
                return _is_node(message.inside(field))
            if field.number == 2 and _is_library(message.inside(field)):
                return True
    except WireError:
        pass
    return False


def _is_library(message: Message) -> bool:
    for field in message:
        if _LIBRARY.get(field.number) != field.wire:
            return False
        if field.number == 1:
            function = message.inside(field)
            return all(_FUNCTION.get(f.number) == f.wire for f in function)
    return False


def _is_node(message: Message) -> bool:
    name = op = False
    for field in message:
        if _NODE.get(field.number) != field.wire:
            return False
        if field.number == 1:
            name = _NAME.match(message.text(field, 1024)) is not None
        elif field.number == 2:
            op = _OPERATOR.match(message.text(field, 256)) is not None
        elif field.number == 5 and not _is_attribute(message.inside(field)):
            return False
    return name and op


def _is_attribute(message: Message) -> bool:
    return all(field.number in (1, 2) and field.wire == LENGTH for field in message)


def scan_saved_model(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a `SavedModel`."""
    message = Message(data)
    try:
        for item in message:
            if item.number == 2 and item.wire == LENGTH:
                judge_meta_graph(message.inside(item), subject, answer)
    except WireError as error:
        answer.unread(f"the SavedModel is broken at offset {error.offset}: {error}")


def scan_meta_graph(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a `MetaGraphDef`."""
    try:
        judge_meta_graph(Message(data), subject, answer)
    except WireError as error:
        answer.unread(f"the meta graph is broken at offset {error.offset}: {error}")


def scan_graph(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a `GraphDef`."""
    judge_graph(Message(data), subject, answer)
