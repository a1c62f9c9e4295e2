"""Zip archives: where readers disagree about the container, then what the members are.

An archive whose members make it a model of some library is read by that library's scanner;
of every other archive each member is judged as a file of its own.
"""

from __future__ import annotations

from assay.core.finding import Severity
from assay.scanning.archives.members import begin, judge_contents
from assay.scanning.archives.unpacking import is_whole
from assay.scanning.archives.zip_contents import ZipContents
from assay.scanning.archives.zip_reading import read_zip
from assay.scanning.archives.zip_salvage import salvage
from assay.scanning.archives.zip_values import (
    SECRET,
    Member,
    Problem,
    ZipDirectory,
    ZipError,
)
from assay.scanning.formats import identify
from assay.scanning.kinds import by_family
from assay.scanning.scanners.zip_rules import RULES
from assay.scanning.subject import Answer, Buffer, Subject


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Check the container, then what is in it."""
    try:
        directory = read_zip(data, subject.archives)
    except ZipError as error:
        answer.unread(f"the zip archive cannot be read: {error}")
        directory = ZipDirectory(salvage(data, subject.archives), ())
    sizes = [member.size for member in directory.members if not member.is_folder]
    if not begin(len(data), sizes, subject, answer):
        return
    _report(data, directory, subject, answer)
    with ZipContents(data, directory, subject, answer) as contents:
        judge_contents(contents)


def _report(data: Buffer, directory: ZipDirectory, subject: Subject, answer: Answer) -> None:
    for problem in directory.problems:
        answer.find(
            RULES[problem.rule],
            problem.evidence,
            offset=problem.offset,
            member=_shown(subject, problem.member),
            severity=_severity(data, subject, problem),
        )
    room = max(subject.archives.stream_floor_bytes, 2 * len(data))
    for member in directory.members:
        if member.flags & SECRET:
            room -= member.size
            lies = room > 0 and is_whole(data, member, subject.archives)
            _report_secret(member, subject, answer, lies=lies)


def _report_secret(member: Member, subject: Subject, answer: Answer, *, lies: bool) -> None:
    """A member marked as encrypted; it lies, if its bytes are what the checksum says."""
    shown, name = f"flag bits {member.flags:#06x}", _shown(subject, member.name)
    severity = None if lies else Severity.MEDIUM
    rule = RULES["zip.encrypted"]
    answer.find(rule, shown, offset=member.start, member=name, severity=severity)
    if not lies:
        answer.unread("is encrypted", member=name)


def _shown(subject: Subject, name: str | None) -> str | None:
    return subject.inside(name, 0).member if name else None


def _severity(data: Buffer, subject: Subject, problem: Problem) -> Severity | None:
    """A comment that holds what acts is no comment."""
    if problem.rule != "zip.comment" or problem.offset is None:
        return None
    comment = bytes(data[problem.offset :])
    form = identify(comment, subject.inside("comment", problem.offset))
    kind = by_family().get(form.family)
    return Severity.HIGH if kind is not None and kind.acts else None
