"""Darknet: a network as sections of text, and weights behind a version.

Nothing in either runs. Source: Darknet's `parser.c`.
"""

from __future__ import annotations

import re

from assay.scanning.kinds import extension
from assay.scanning.parsers.lines import lines
from assay.scanning.scanners.embedded import programs
from assay.scanning.scanners.mobile.rules import RULES
from assay.scanning.subject import Answer, Buffer, Subject

_FIRST = re.compile(rb"\s*(?:[#;][^\n]*\n\s*)*\[(?:net|network)\]")
_LINE = re.compile(r"\s*(?:[#;].*|\[\w+\]\s*|[\w.-]+\s*=\s*[\w\s.,*+/\\:-]*(?:[#;].*)?)?\Z")
_VERSIONS = frozenset(((0, 1), (0, 2)))


def is_network(data: Buffer, subject: Subject) -> bool:
    """Whether a text begins with the section a network begins with."""
    del subject
    return _FIRST.match(bytes(data[:4096])) is not None


def scan_network(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Every line is a section or a setting."""
    del subject
    for number, line in lines(data):
        if not _LINE.match(line):
            answer.unread(f"line {number} is no setting")
            return


def is_weights(data: Buffer, subject: Subject) -> bool:
    """Whether bytes begin with a version, in a file that is named as weights."""
    head = [int.from_bytes(data[at : at + 4], "little") for at in (0, 4, 8)]
    named = extension(subject.name) == ".weights" or ".conv." in subject.name
    return named and len(data) >= 16 and tuple(head[:2]) in _VERSIONS and head[2] < 16


def scan_weights(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Numbers, unless one of them is a program."""
    del subject
    for found in programs(data):
        answer.find(RULES["mobile.executable"], found.kind, offset=found.offset)
