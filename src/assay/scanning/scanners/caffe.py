"""Caffe: networks as Protocol Buffers, binary with their weights or as text without.

Layers of the framework only compute, but for those that read or write files and the Python
layer, which imports a module by its name. Source: BVLC's `caffe.proto`, `python_layer.hpp`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from assay.core.finding import Confidence, Severity
from assay.scanning.parsers.protobuf import FIXED32, LENGTH, VARINT, Message, WireError
from assay.scanning.parsers.text_proto import Begin, End, TextError, Value, fields
from assay.scanning.references import HIDDEN_CODE, LOADS_CODE, TRAVERSAL
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.acting_text import acting
from assay.scanning.scanners.embedded import programs
from assay.scanning.scanners.file_places import Place, place_of
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "Caffe"
RULES = table(
    (
        Rule(
            "caffe.python-layer",
            "A layer that is a Python module",
            Severity.HIGH,
            Confidence.HIGH,
            "The network has a Python layer: Caffe imports the module it names, from the working "
            "folder or the path, and runs it.",
            "Do not load the network before the module was read.",
            LOADS_CODE,
        ),
        Rule(
            "caffe.writes-file",
            "A layer that writes a file",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The network has a layer that writes what flows through it to a file.",
            "Remove the layer; a network that is used needs none.",
            TRAVERSAL,
        ),
        Rule(
            "caffe.path",
            "A file of the system or outside the folder",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A layer names a file for its data by a path that leads to the system's files or out "
            "of its folder.",
            "Do not load the network.",
            TRAVERSAL,
        ),
        Rule(
            "caffe.acting-text",
            "Text in a network that is written to be run",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A text of the network holds a command or code.",
            "Read the text, and find out what uses it.",
            HIDDEN_CODE,
        ),
        Rule(
            "caffe.executable",
            "A program inside a network",
            Severity.HIGH,
            Confidence.HIGH,
            "The network's weights hold a native program or library.",
            "Do not load the file; find out who put the program there.",
            HIDDEN_CODE,
        ),
    )
)
_NETWORK = {1: LENGTH, 2: LENGTH, 3: LENGTH, 4: VARINT, 5: VARINT, 6: LENGTH, 7: VARINT}
_NETWORK |= {8: LENGTH, 100: LENGTH}
_LAYER, _OLD_LAYER = 100, 2
_NAME = re.compile(r"[\w./ ()+:-]{0,300}\Z")
_PYTHON_PARAMETER, _OUTPUT_PARAMETER = 130, 113
_SOURCES = {107: 1, 112: 1, 115: 1, 129: 1, 104: 1, 118: 1}
"""Parameters of layers that read files, and the number of their path's field."""
_OLD_SOURCES = {11: 1, 13: 1, 15: 1, 20: 1}
_BLOBS = {7, 6}
_FIRST = re.compile(
    rb"\s*(?:#[^\n]*\n\s*)*(?:name|input|input_dim|input_shape|layers?|net|train_net|test_net|"
    rb"force_backward|state|base_lr)\s*[:{]"
)
_LAYER_TEXT = re.compile(
    rb"\blayers?\s*:?\s*\{|\b(?:net|train_net)\s*:\s*[\"']|\binput_shape\s*:?\s*\{"
)
_SNIFFED_BYTES = 64 * 1024
_PATH_NAMES = frozenset({"source", "mean_file", "snapshot_prefix", "net", "train_net", "weights"})
_MOST_SNIFFED = 64
_MOST_FIELDS = 100_000


def is_network(data: Buffer, subject: Subject) -> bool:
    """Whether bytes are a `NetParameter`: a name and layers that have one."""
    del subject
    message = Message(data, most_fields=_MOST_FIELDS)
    layers = 0
    try:
        for count, field in enumerate(message):
            if _NETWORK.get(field.number) != field.wire:
                return False
            if field.number in (_LAYER, _OLD_LAYER):
                if not _is_layer(message.inside(field), old=field.number == _OLD_LAYER):
                    return False
                layers += 1
            if count >= _MOST_SNIFFED or layers >= 4:
                break
    except WireError:
        pass  # a file that was cut off is what it is up to there
    return layers > 0


def _is_layer(message: Message, *, old: bool) -> bool:
    """Whether a layer has a name and a type."""
    name = kind = False
    for field in message:
        if field.number == (4 if old else 1) and field.wire == LENGTH:
            name = _NAME.match(message.text(field, 400)) is not None
        elif old and field.number == 5 and field.wire == VARINT:
            kind = field.value < 64
        elif not old and field.number == 2 and field.wire == LENGTH:
            kind = re.fullmatch(r"[A-Za-z]\w{0,100}", message.text(field, 200)) is not None
        elif field.number not in _BLOBS and field.wire not in (LENGTH, VARINT, FIXED32):
            return False
    return name and kind


def scan_network(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a network with its weights."""
    del subject
    message = Message(data)
    try:
        for field in message:
            if field.number == _LAYER and field.wire == LENGTH:
                _layer(message.inside(field), answer)
            elif field.number == _OLD_LAYER and field.wire == LENGTH:
                _sources(message.inside(field), _OLD_SOURCES, answer)
    except WireError as error:
        answer.unread(f"the network is broken at offset {error.offset}: {error}")
    for found in programs(data):
        answer.find(RULES["caffe.executable"], found.kind, offset=found.offset)


def _layer(message: Message, answer: Answer) -> None:
    kind, parameters = "", ""
    for field in message:
        if field.number == 2 and field.wire == LENGTH:
            kind = message.text(field, 256)
        elif field.number == _PYTHON_PARAMETER and field.wire == LENGTH:
            inner = message.inside(field)
            parameters = " ".join(inner.text(f, 256) for f in inner if f.wire == LENGTH)
    if kind == "Python" or parameters:
        answer.find(RULES["caffe.python-layer"], parameters or kind, offset=message.begin)
        _text(parameters, answer)
    elif kind in ("HDF5Output", "HDF5_OUTPUT"):
        answer.find(RULES["caffe.writes-file"], kind, offset=message.begin)
    _sources(message, _SOURCES, answer)


def _sources(message: Message, numbers: Mapping[int, int], answer: Answer) -> None:
    for field in message:
        if field.number in numbers and field.wire == LENGTH:
            inner = message.inside(field)
            for part in inner:
                if part.number == numbers[field.number] and part.wire == LENGTH:
                    _path(inner.text(part, 4096), answer)


def _path(path: str, answer: Answer) -> None:
    """Training data lies where it lay; what no training needs is a place of the system."""
    if place_of(path) in (Place.SENSITIVE, Place.WEB):
        answer.find(RULES["caffe.path"], path)


def _text(text: str, answer: Answer) -> None:
    found = acting(text.encode("utf-8", "replace")) if len(text) >= 8 else None
    if found:
        answer.find(RULES["caffe.acting-text"], found)


def is_text(data: Buffer, subject: Subject) -> bool:
    """Whether a text is a network's, or a solver's that names one."""
    del subject
    head = bytes(data[:_SNIFFED_BYTES])
    return _FIRST.match(head) is not None and _LAYER_TEXT.search(head) is not None


def scan_text(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a network, or a solver, without weights."""
    del subject
    try:
        for path, event in _values(bytes(data).decode("utf-8", "replace")):
            _value(path, event, answer)
    except TextError as error:
        answer.unread(f"the text is no network to its end: {error}")


def _values(text: str) -> Iterator[tuple[tuple[str, ...], Value]]:
    """Every value, and the messages it is in."""
    path: list[str] = []
    for event in fields(text):
        if isinstance(event, Begin):
            path.append(event.name)
        elif isinstance(event, End):
            path.pop()
        else:
            yield tuple(path), event


def _value(path: tuple[str, ...], event: Value, answer: Answer) -> None:
    text = event.value.decode("utf-8", "replace")
    if path[:1] in (("layer",), ("layers",)) and len(path) == 1 and event.name == "type":
        if text in ("Python", "PYTHON"):
            answer.find(RULES["caffe.python-layer"], text, line=event.line)
        elif text in ("HDF5Output", "HDF5_OUTPUT"):
            answer.find(RULES["caffe.writes-file"], text, line=event.line)
    elif path[-1:] == ("python_param",) and event.name in ("module", "layer"):
        shown = f"{event.name}: {text}"
        answer.find(RULES["caffe.python-layer"], shown, line=event.line)
    if event.name in _PATH_NAMES and event.quoted:
        _path(text, answer)
    _text(text, answer)
