"""MNN: a FlatBuffer of operators and weights.

Operators of the framework only compute; extras and plug-ins are native code a program brings.
Source: MNN's `MNN.fbs`.
"""

from __future__ import annotations

import re

from assay.scanning.kinds import extension
from assay.scanning.parsers.flatbuffers import FlatError, Table, root
from assay.scanning.scanners.embedded import programs
from assay.scanning.scanners.file_places import Place, place_of
from assay.scanning.scanners.mobile.rules import RULES
from assay.scanning.subject import Answer, Buffer, Subject

_OPERATORS, _TYPE, _MAIN, _NAME, _EXTERNAL = 3, 5, 2, 3, 7
_PLUGIN, _EXTRA = 256, 512
_HIGHEST_TYPE = 1024
_MOST_FOUND = 16
_PARTS = re.compile(r"[\\/]")


def is_model(data: Buffer, subject: Subject) -> bool:
    """Whether bytes are a network by their first operators: the format has no mark."""
    if extension(subject.name) != ".mnn":
        return False
    try:
        operators = root(data).tables(_OPERATORS)
        for count, operator in enumerate(operators):
            if operator.integer(_TYPE, 4) not in range(_HIGHEST_TYPE) or count >= 8:
                return count >= 8
    except FlatError:
        return False
    return True


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge every operator."""
    del subject
    try:
        found = 0
        for operator in root(data).tables(_OPERATORS):
            found += _operator(operator, answer) if found < _MOST_FOUND else 0
    except FlatError as error:
        answer.unread(f"the model is broken at offset {error.offset}: {error}")
    for program in programs(data):
        answer.find(RULES["mobile.executable"], program.kind, offset=program.offset)


def _operator(operator: Table, answer: Answer) -> int:
    kind = operator.integer(_TYPE, 4)
    path = operator.text(_EXTERNAL, 4096)
    if ".." in _PARTS.split(path) or place_of(path).rank > Place.RELATIVE.rank:
        answer.find(RULES["mobile.path"], path, offset=operator.at)
    if kind not in (_PLUGIN, _EXTRA):
        return 0
    inner = operator.table(_MAIN)
    named = inner.text(0, 256) if inner is not None else ""
    shown = f"{named or 'extra'} at {operator.text(_NAME, 256)}"
    answer.find(RULES["mobile.custom-layer"], shown, offset=operator.at)
    return 1
