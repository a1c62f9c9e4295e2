"""What needs no parser: files without content, and native programs."""

from __future__ import annotations

from assay.scanning import kinds
from assay.scanning.file_rules import RULES as FILE_RULES
from assay.scanning.formats import may_be_empty
from assay.scanning.pickle.executables import executable
from assay.scanning.subject import Answer, Buffer, Subject


def scan_empty(data: Buffer, subject: Subject, answer: Answer) -> None:
    """An empty file is read, unless its name promises content."""
    del data
    if not may_be_empty(subject.name):
        answer.unread(f"an empty file is no {kinds.extension(subject.name)} file")


def scan_executable(data: Buffer, subject: Subject, answer: Answer) -> None:
    """A program is no part of a model."""
    del subject
    program = executable(bytes(data[:1024])) or "a program"
    answer.find(FILE_RULES["file.executable"], program, offset=0)
