"""Zip archives: the container's truth, and PyTorch's format since 1.6 inside it.

PyTorch reads by the central directory and looks at neither flag bits nor checksums, so
the members are read the same way here; every place where another reader would see
something else is a finding. Source: `caffe2/serialize/inline_container.cc`, miniz.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import replace

from assay.core.errors import DataError
from assay.core.finding import Severity
from assay.core.limits import MIB
from assay.scanning.archives.unpacking import pieces
from assay.scanning.archives.zip_checks import is_bomb
from assay.scanning.archives.zip_reading import read_zip
from assay.scanning.archives.zip_values import (
    DEFLATED,
    ENCRYPTED,
    MASKED,
    STORED,
    STRONG,
    Member,
    Problem,
    ZipError,
)
from assay.scanning.formats import identify
from assay.scanning.inspection import judge
from assay.scanning.pickle import ImportPolicy, PersistentIdRule, Safety
from assay.scanning.pickle.executables import executable
from assay.scanning.scanners import pickle as pickles
from assay.scanning.scanners.zip_rules import RULES
from assay.scanning.subject import Answer, Buffer, Subject

_UNPACKED_BYTES = 256 * MIB
"""Largest compressed member unpacked in memory; stored ones are read where they lie."""
_STORAGE = re.compile(r"[^/]+/(?:data|tensors|constants)/\d+\Z")
_MARKS = re.compile(
    r"[^/]+/(?:version|byteorder|\.format_version|\.storage_alignment|\.data/\w+)\Z"
)
_SHORT_BYTES = 4096
_SCRIPT = re.compile(r"[^/]+/(?:code/.*|constants\.pkl|debug_pkl.*)\Z", re.DOTALL)
_KINDS = (
    (re.compile(r"(.*/)?WEB-INF/|META-INF/MANIFEST\.MF\Z"), "a Java archive"),
    (re.compile(r".*\.dist-info/RECORD\Z"), "a Python package"),
    (re.compile(r"config\.json\Z|model\.weights\.h5\Z"), "a Keras archive"),
    (re.compile(r"\[Content_Types\]\.xml\Z"), "an office document"),
    (re.compile(r"MAR-INF/"), "a TorchServe archive"),
    (re.compile(r"(.*/)?archive_format\Z|models/.*\.json\Z"), "a PyTorch export package"),
    (re.compile(r"schema\.json\Z"), "a skops file"),
    (re.compile(r".*\.npy\Z"), "a NumPy archive"),
)


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Check the container, then every member."""
    if subject.depth > subject.archives.depth:
        answer.unread("archives nested deeper than the budget")
        return
    try:
        directory = read_zip(data, subject.archives)
    except ZipError as error:
        answer.unread(f"the zip archive cannot be read: {error}")
        return
    for problem in directory.problems:
        answer.find(
            RULES[problem.rule],
            problem.evidence,
            offset=problem.offset,
            member=_member_name(subject, problem.member),
            severity=_severity(data, subject, problem),
        )
    members = [member for member in directory.members if not member.is_folder]
    kind = _kind(members, answer)
    if any(_SCRIPT.match(member.name) for member in members):
        subject = replace(subject, policy=_script_policy(subject.policy))
    for member in members:
        _scan_member(data, member, subject, answer, torch=kind == "torch")


def _severity(data: Buffer, subject: Subject, problem: Problem) -> Severity | None:
    """A comment that holds what acts is no comment."""
    if problem.rule != "zip.comment" or problem.offset is None:
        return None
    comment = bytes(data[problem.offset :])
    form = identify(comment, subject.inside("comment", problem.offset))
    return Severity.HIGH if form.family in _ACTS else None


_ACTS = ("pickle", "torch-legacy", "executable", "zip")


def _script_policy(policy: ImportPolicy) -> ImportPolicy:
    """TorchScript's own classes live below `__torch__`, in the archive, and not in Python."""
    return replace(policy, libraries={**policy.libraries, "__torch__": Safety.ALLOWED})


def _member_name(subject: Subject, name: str | None) -> str | None:
    return f"{subject.member}!{name}" if name and subject.member else name


def _kind(members: Iterable[Member], answer: Answer) -> str:
    """`torch` for a PyTorch archive; what else it is, is said to be unread."""
    names = [member.name for member in members]
    roots = {name.split("/", 1)[0] for name in names if name.count("/")}
    data = [name for name in names if name.split("/", 1)[-1] == "data.pkl"]
    if data:
        if len(roots) > 1 or len(data) > 1 or len(names) != sum("/" in name for name in names):
            answer.find(RULES["zip.several-roots"], ", ".join(sorted(roots)[:8]) or names[0])
        if any(_SCRIPT.match(name) for name in names):
            answer.unread("TorchScript is not judged yet")
        return "torch"
    for pattern, what in _KINDS:
        if any(pattern.match(name) for name in names):
            answer.unread(f"{what}: not judged yet")
            return "other"
    answer.unread("a zip archive that is no PyTorch model: not judged yet")
    return "other"


def _scan_member(
    data: Buffer, member: Member, subject: Subject, answer: Answer, *, torch: bool
) -> None:
    if member.flags & (ENCRYPTED | STRONG | MASKED):
        shown = f"flag bits {member.flags:#06x}"
        answer.find(RULES["zip.encrypted"], shown, offset=member.start, member=member.name)
    if member.method not in (STORED, DEFLATED):
        answer.unread(f"compression method {member.method}", member=member.name)
        return
    if is_bomb(member, subject.archives):
        answer.unread("unpacks to more than the ratio allows", member=member.name)
        return
    storage = torch and _STORAGE.match(member.name) is not None
    if member.method == STORED and storage:
        _scan_storage(data, member, answer)
        return
    if member.method == STORED and member.packed == member.size:
        with memoryview(data) as whole, whole[member.data : member.end] as body:
            _judge(body, member, subject, answer, torch=torch)
        return
    if member.size > _UNPACKED_BYTES and not storage:
        answer.unread(f"a compressed member of {member.size} bytes", member=member.name)
        return
    _scan_compressed(data, member, subject, answer, torch=torch)


def _scan_compressed(
    data: Buffer, member: Member, subject: Subject, answer: Answer, *, torch: bool
) -> None:
    try:
        if torch and _STORAGE.match(member.name):
            head = next(pieces(data, member, subject.archives), b"")
            _report_program(head[:1024], member, answer)
            return
        body = b"".join(pieces(data, member, subject.archives))
    except DataError as error:
        answer.unread(f"cannot be unpacked: {error.message}", member=member.name)
        return
    _judge(body, member, subject, answer, torch=torch)


def _scan_storage(data: Buffer, member: Member, answer: Answer) -> None:
    """Raw numbers of a tensor: nothing reads them as anything else, unless they are a program."""
    _report_program(bytes(data[member.data : min(member.end, member.data + 1024)]), member, answer)


def _report_program(head: bytes, member: Member, answer: Answer) -> None:
    program = executable(head)
    if program:
        rule = RULES["zip.executable-member"]
        answer.find(rule, program, offset=member.data, member=member.name)


def _judge(body: Buffer, member: Member, subject: Subject, answer: Answer, *, torch: bool) -> None:
    """A member by its content, and one that is named as a pickle as a pickle."""
    if zlib.crc32(body) != member.crc:
        shown = f"{zlib.crc32(body):08x} computed, {member.crc:08x} written"
        answer.find(RULES["zip.wrong-checksum"], shown, offset=member.start, member=member.name)
    stored = member.method == STORED
    inner = subject.inside(member.name, member.data if stored else 0)
    if torch and _MARKS.match(member.name) and _is_mark(body):
        return
    part = Answer(inner)
    form = identify(body, inner) if len(body) else None
    named = member.name.endswith(".pkl")
    if form and (named or form.family in ("pickle", "torch-legacy")):
        ids = PersistentIdRule.TORCH if torch else PersistentIdRule.UNKNOWN
        pickles.scan_as(body, inner, part, ids)
    elif torch and _SCRIPT.match(member.name):
        return  # said to be unread for the archive as a whole
    elif form:
        judge(body, inner, part, form)
    elif named:
        part.unread("an empty file is no pickle")
    answer.take(part.findings, part.unread_parts)


def _is_mark(body: Buffer) -> bool:
    """Whether a member is one of the short texts PyTorch writes beside its pickle."""
    raw = bytes(body[: _SHORT_BYTES + 1])
    return len(raw) <= _SHORT_BYTES and raw.isascii() and raw.decode().strip().isalnum()
