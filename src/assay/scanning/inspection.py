"""One file: what it is, whether its name says so, and what its scanner finds.

This runs in the sandboxed child. Every file ends with an answer: findings, unread parts,
or, where there are neither, a format that was read to its end.
"""

from __future__ import annotations

import importlib

from assay.core.finding import Confidence, Severity
from assay.scanning.archives.zip_ends import archive_at_end
from assay.scanning.archives.zip_values import End
from assay.scanning.file_rules import RULES
from assay.scanning.formats import Format, declares_other_data, identify, old_pickle
from assay.scanning.kinds import Kind, by_family, claimed, extension
from assay.scanning.pickle import PersistentIdRule, PickleResult, scan_pickle
from assay.scanning.pickle import opcodes as op
from assay.scanning.subject import Answer, Buffer, Subject

_OF_ANY_TEXT = (
    "assay.scanning.scanners.secrets",
    "assay.scanning.scanners.requirements",
)
"""What is looked for in every text, whatever reads it."""
_YARA = "assay.scanning.scanners.yara_matches"
_PICKLES = ("pickle", "torch-legacy")
_READ_TWICE = ("zip", "tar", "empty", "tflite", "llamafile")
"""Families whose scanners look themselves for what a reader from the end would find."""


def inspect(data: Buffer, subject: Subject) -> tuple[Format, Answer]:
    """Identify and judge a file."""
    answer = Answer(subject)
    form = identify(data, subject)
    judge(data, subject, answer, form)
    if form.family not in _READ_TWICE:
        _second_reading(data, subject, answer, form.family)
    _match_yara(data, subject, answer)
    return _refined(form, answer), answer


def _match_yara(data: Buffer, subject: Subject, answer: Answer) -> None:
    if subject.yara is not None:
        importlib.import_module(_YARA).match(subject.yara, data, answer)


def _refined(form: Format, answer: Answer) -> Format:
    """What a file is, with what its scanner found out about it."""
    return Format(answer.family) if answer.family else form


def inspect_inside(data: Buffer, subject: Subject, answer: Answer) -> Format:
    """Identify and judge what a file holds, such as a member of an archive.

    Args:
        data: The bytes inside.
        subject: What they are, made by `Subject.inside`; deeper than the budget is unread.
        answer: The outer file's, which takes over what is found.
    """
    part = Answer(subject)
    if subject.depth > subject.limits.depth:
        part.unread("nested deeper than the budget")
        form = Format("unknown", "nested too deeply")
    else:
        form = identify(data, subject)
        judge(data, subject, part, form)
        if form.family not in _READ_TWICE:
            _second_reading(data, subject, part, form.family)
        _match_yara(data, subject, part)
    answer.take(part.findings, part.unread_parts)
    answer.note(*part.notes)
    return _refined(form, part)


def judge(data: Buffer, subject: Subject, answer: Answer, form: Format) -> None:
    """Have the family's scanner judge a file or a member of one."""
    kind = by_family().get(form.family)
    if kind is None:
        answer.unread(form.reason or f"{form.family}: no scanner reads it")
        return
    _compare_name(subject, answer, kind)
    kind.call(kind.scan, data, subject, answer)
    if kind.text:
        for module in _OF_ANY_TEXT:
            importlib.import_module(module).judge_text(data, subject, answer)


def _compare_name(subject: Subject, answer: Answer, kind: Kind) -> None:
    """Report content that can act behind a name that promises data."""
    wanted = claimed(subject.name)
    if kind in wanted or kind.family == "empty":
        return
    shown = f"{kind.family} named {extension(subject.name)}"
    if kind.acts:
        if wanted and not any(other.acts for other in wanted):
            answer.find(RULES["file.disguised"], shown, offset=0)
        elif kind.family in _PICKLES and declares_other_data(subject.name):
            answer.find(RULES["file.disguised"], shown, offset=0, severity=Severity.MEDIUM)
    elif any(other.family == "safetensors" for other in wanted):
        answer.unread(f"it is {kind.family}, not safetensors")
    elif wanted and not (kind.text and all(other.text for other in wanted)):
        answer.find(RULES["file.other-format"], shown, offset=0)


def _second_reading(data: Buffer, subject: Subject, answer: Answer, family: str) -> None:
    """What a reader finds that goes by another part of the file: its end, or its first opcode."""
    archive = archive_at_end(data)
    if archive is not None:
        _read_archive(data, archive, subject, answer, family)
    kind = by_family().get(family)
    if family in (*_PICKLES, "executable") or (kind is not None and kind.text):
        return
    known = data[0] == op.PROTO
    result = _as_pickle(data, subject) if known else old_pickle(data, subject)
    if result is not None and result.imports:
        shown = f"{family} that is a pickle too"
        answer.find(RULES["file.polyglot"], shown, offset=0, confidence=Confidence.HIGH)
        answer.take(result.findings, ())


def _read_archive(
    data: Buffer, archive: End, subject: Subject, answer: Answer, family: str
) -> None:
    """Judge an archive at the end of a file, which makes it two, or one in a pickle's bytes."""
    start = archive.shift
    if family in _PICKLES and 0 < start < _as_pickle(data, subject).end - subject.base:
        with memoryview(data) as whole, whole[start : archive.after] as inner:
            inspect_inside(inner, subject.inside("bytes", subject.base + start), answer)
        return
    answer.find(RULES["file.polyglot"], f"{family} that is a zip archive too")
    part = Answer(subject)
    kind = by_family()["zip"]
    kind.call(kind.scan, data, subject, part)
    answer.take(part.findings, part.unread_parts)


def _as_pickle(data: Buffer, subject: Subject) -> PickleResult:
    return scan_pickle(
        data,
        path=subject.path,
        member=subject.member,
        base_offset=subject.base,
        limits=subject.limits,
        policy=subject.policy,
        persistent_ids=PersistentIdRule.UNKNOWN,
    )
