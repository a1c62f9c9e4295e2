"""Tar archives: where readers disagree about the container, then what the members are."""

from __future__ import annotations

from assay.scanning.archives.members import begin, judge_contents
from assay.scanning.archives.tar_contents import TarContents
from assay.scanning.archives.tar_reading import read_tar
from assay.scanning.archives.tar_values import BLOCK, TarDirectory, TarError, is_header
from assay.scanning.archives.zip_ends import archive_at_end
from assay.scanning.file_rules import RULES as FILE_RULES
from assay.scanning.formats import old_pickle
from assay.scanning.scanners.tar_rules import RULES
from assay.scanning.subject import Answer, Buffer, Subject


def is_archive(data: Buffer, subject: Subject) -> bool:
    """Whether the first block is a header, also of the formats that have no magic."""
    del subject
    block = bytes(data[:BLOCK])
    return block[:1] != b"\0" and is_header(block)


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Check the container, then what is in it."""
    try:
        directory = read_tar(data, subject.archives)
    except TarError as error:
        answer.unread(f"the tar archive cannot be read: {error}")
        return
    sizes = [entry.end - entry.data for entry in directory.entries if entry.is_file]
    if not begin(len(data), sizes, subject, answer):
        return
    for problem in directory.problems:
        name = subject.inside(problem.member, 0).member if problem.member else None
        rule = RULES[problem.rule]
        answer.find(rule, problem.evidence, offset=problem.offset, member=name)
    if directory.unread:
        answer.unread(directory.unread)
    _check_other_readings(data, directory, subject, answer)
    with TarContents(data, directory, subject, answer) as contents:
        judge_contents(contents)


def _check_other_readings(
    data: Buffer, directory: TarDirectory, subject: Subject, answer: Answer
) -> None:
    """What else the file can be read as: the name that begins it can be a pickle.

    A reader of zip archives looks for a directory at the end. One that lies in a member belongs
    to an archive in this one.
    """
    end = archive_at_end(data)
    if end is not None and not any(
        entry.data <= end.directory and end.directory_end <= entry.end
        for entry in directory.entries
    ):
        answer.find(FILE_RULES["file.polyglot"], "tar that is a zip archive too")
    result = old_pickle(data, subject) if subject.depth == 0 else None
    if result is not None and result.imports:
        answer.find(FILE_RULES["file.polyglot"], "tar that is a pickle too", offset=0)
        answer.take(result.findings, ())
