"""Bytes behind the end of a file's format: a finding, and a graver one where they can act."""

from __future__ import annotations

from dataclasses import replace

from assay.core.finding import Severity
from assay.scanning.inspection import inspect_inside
from assay.scanning.kinds import by_family
from assay.scanning.rules import Rule
from assay.scanning.subject import Answer, Buffer, Subject


def report_rest(rule: Rule, data: Buffer, at: int, subject: Subject, answer: Answer) -> None:
    """Report what lies behind an offset, and judge it as a file of its own.

    Args:
        rule: What it is a finding of; of high severity if a loader would run what is there.
        data: The file.
        at: Where its format ends.
        subject: The file.
        answer: Takes the findings. What of the rest cannot be read is no gap: no reader of the
            file's own format reads it either.
    """
    behind = replace(subject, base=subject.base + at, depth=subject.depth + 1)
    part = Answer(behind)
    with memoryview(data) as whole, whole[at:] as rest:
        form = inspect_inside(rest, behind, part)
        shown = f"{len(rest)} bytes, beginning {bytes(rest[:16]).hex(' ')}"
    kind = by_family().get(form.family)
    archive = kind is None and form.family != "unknown"  # a model that is an archive
    runs = kind is not None and kind.acts
    acts = runs or archive or any(found.blocks for found in part.findings)
    answer.find(rule, shown, offset=at, severity=Severity.HIGH if acts else None)
    if acts:
        answer.take(part.findings, ())
