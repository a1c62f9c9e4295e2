"""One file: what it is, whether its name says so, and what its scanner finds.

This runs in the sandboxed child. Every file ends with an answer: findings, unread parts,
or, where there are neither, a format that was read to its end.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from assay.core.finding import Confidence, Severity
from assay.scanning.file_rules import RULES
from assay.scanning.formats import (
    IMAGES,
    INERT,
    Family,
    Format,
    declared,
    declares_other_data,
    extension,
    identify,
    may_be_empty,
)
from assay.scanning.pickle import PersistentIdRule, scan_pickle
from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.executables import executable
from assay.scanning.scanners import image, json_document, pickle, safetensors, text, torch_zip
from assay.scanning.subject import Answer, Buffer, Subject
from assay.scanning.zip_ends import has_directory

_ACTS = frozenset({Family.PICKLE, Family.TORCH_LEGACY, Family.ZIP})


def inspect(data: Buffer, subject: Subject) -> tuple[Format, Answer]:
    """Identify and judge a file."""
    answer = Answer(subject)
    form = identify(data, subject)
    judge(data, subject, answer, form)
    if form.family not in (Family.ZIP, Family.EMPTY):
        _second_reading(data, subject, answer, form.family)
    return form, answer


def judge(data: Buffer, subject: Subject, answer: Answer, form: Format) -> None:
    """Have the family's scanner judge a file or a member of one."""
    _compare_name(subject, answer, form.family)
    scanner = _SCANNERS.get(form.family)
    if scanner is None:
        answer.unread(form.reason or f"{form.family}: no scanner reads it")
    else:
        scanner(data, subject, answer)


def _executable(data: Buffer, subject: Subject, answer: Answer) -> None:
    del subject
    program = executable(bytes(data[:1024])) or "a program"
    answer.find(RULES["file.executable"], program, offset=0)


def _empty(data: Buffer, subject: Subject, answer: Answer) -> None:
    del data
    if not may_be_empty(subject.name):
        answer.unread(f"an empty file is no {extension(subject.name)} file")


def _compare_name(subject: Subject, answer: Answer, family: Family) -> None:
    """Report content that can act behind a name that promises data."""
    wanted = declared(subject.name)
    shown = f"{family} named {extension(subject.name)}"
    if family in _ACTS | {Family.EXECUTABLE}:
        if wanted in INERT:
            answer.find(RULES["file.disguised"], shown, offset=0)
        elif family in (Family.PICKLE, Family.TORCH_LEGACY) and declares_other_data(subject.name):
            answer.find(RULES["file.disguised"], shown, offset=0, severity=Severity.MEDIUM)
    elif wanted is not None and wanted is not family and family in INERT:
        if wanted in IMAGES or family in IMAGES:
            answer.find(RULES["file.other-format"], shown, offset=0)
        elif wanted is Family.SAFETENSORS:
            answer.unread(f"it is {family}, not safetensors")


def _second_reading(data: Buffer, subject: Subject, answer: Answer, family: Family) -> None:
    """What a reader finds that goes by another part of the file: its end, or its first opcode."""
    if has_directory(data):
        answer.find(RULES["file.polyglot"], f"{family} that is a zip archive too")
        part = Answer(subject)
        torch_zip.scan(data, subject, part)
        answer.take(part.findings, part.unread_parts)
    if family in (Family.PICKLE, Family.TORCH_LEGACY, Family.EXECUTABLE) or data[0] != op.PROTO:
        return
    result = scan_pickle(
        data,
        path=subject.path,
        member=subject.member,
        base_offset=subject.base,
        limits=subject.limits,
        policy=subject.policy,
        persistent_ids=PersistentIdRule.UNKNOWN,
    )
    if result.imports:
        shown = f"{family} that is a pickle too"
        answer.find(RULES["file.polyglot"], shown, offset=0, confidence=Confidence.HIGH)
        answer.take(result.findings, ())


_SCANNERS: dict[Family, Callable[[Buffer, Subject, Answer], None]] = {
    Family.EMPTY: _empty,
    Family.PICKLE: pickle.scan,
    Family.TORCH_LEGACY: pickle.scan,
    Family.ZIP: torch_zip.scan,
    Family.SAFETENSORS: safetensors.scan,
    Family.JSON: json_document.scan,
    Family.JSON_LINES: json_document.scan_lines,
    Family.TEXT: text.scan,
    Family.EXECUTABLE: _executable,
    **{family: partial(image.scan, family=family) for family in IMAGES},
}
"""Who reads what; a family that is not here is unread."""
