"""Files that belong to a model and follow it as a zip archive: labels, vocabularies, a model."""

from __future__ import annotations

import re

from assay.core.finding import Severity
from assay.scanning.archives.members import judge_contents, report_spent
from assay.scanning.archives.spent import SpentError
from assay.scanning.archives.zip_contents import ZipContents
from assay.scanning.archives.zip_reading import read_zip
from assay.scanning.archives.zip_values import ZipDirectory, ZipError
from assay.scanning.scanners.tflite.rules import RULES as MODEL_RULES
from assay.scanning.scanners.zip_rules import RULES
from assay.scanning.subject import Answer, Buffer, Subject

_CODE = re.compile(
    r".*\.(?:py|pyc|pyw|sh|bash|ps1|bat|cmd|js|vbs|rb|pl|lua|jar|class|exe|dll|so|dylib|pkl|pickle)\Z",
    re.IGNORECASE,
)
_BEFORE = frozenset({"zip.prepended", "zip.slack"})
"""What is reported about bytes before an archive, which are the model."""


def first_member(data: Buffer, subject: Subject) -> int:
    """Where the archive begins; the end of the file where it cannot be read."""
    try:
        members = read_zip(data, subject.archives).members
    except ZipError:
        return len(data)
    return min((member.start for member in members), default=len(data))


def _judge_code(directory: ZipDirectory, answer: Answer) -> None:
    """Labels and vocabularies belong to a model; Python runs an archive that has a main module."""
    for member in directory.members:
        if _CODE.match(member.name):
            main = member.name == "__main__.py"
            answer.find(
                MODEL_RULES["tflite.associated-code"],
                member.name,
                offset=member.start,
                severity=Severity.HIGH if main else None,
            )


def judge_files(data: Buffer, start: int, subject: Subject, answer: Answer) -> None:
    """Judge the archive: all but that something is before it."""
    try:
        directory = read_zip(data, subject.archives)
        subject.spent.begin(len(data), len(directory.members), subject.archives)
    except ZipError as error:
        answer.unread(f"the archive behind the model cannot be read: {error}")
        return
    except SpentError as error:
        report_spent(error, subject, answer)
        return
    for problem in directory.problems:
        if problem.rule in _BEFORE and (problem.offset or 0) < start:
            continue
        answer.find(
            RULES[problem.rule], problem.evidence, offset=problem.offset, member=problem.member
        )
    _judge_code(directory, answer)
    with ZipContents(data, directory, subject, answer) as contents:
        judge_contents(contents)
