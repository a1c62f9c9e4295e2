"""Compressed files: what is inside is judged as a file of its own, of the name without ending.

joblib compresses its pickles under names that say nothing about it, and finds out by the
first bytes, so the file inside keeps the name where no ending speaks of compression.
"""

from __future__ import annotations

import posixpath

from assay.scanning.archives import streams
from assay.scanning.archives.members import begin
from assay.scanning.archives.streams import Packing, Unpacked, unpack
from assay.scanning.inspection import inspect_inside
from assay.scanning.scanners.archive_rules import RULES
from assay.scanning.scanners.trailing import report_rest
from assay.scanning.subject import Answer, Buffer, Subject

_SHORT = {".tgz": ".tar", ".tbz": ".tar", ".tbz2": ".tar", ".txz": ".tar", ".tlz": ".tar"}
_PLAIN = frozenset(".gz .gzip .bz2 .xz .lzma .z .zz .zlib .lz4".split())
_JOBLIB_HEAD = 2 + 19
"""joblib before 0.10: `ZF`, the size in hexadecimal, then a zlib stream."""


def scan_gzip(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Unpack gzip members and judge what they hold."""
    _scan(data, 0, streams.GZIP, subject, answer)


def scan_bzip2(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Unpack bzip2 streams and judge what they hold."""
    _scan(data, 0, streams.BZIP2, subject, answer)


def scan_xz(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Unpack xz streams and judge what they hold."""
    _scan(data, 0, streams.XZ, subject, answer)


def scan_lzma(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Unpack an LZMA stream and judge what it holds."""
    _scan(data, 0, streams.LZMA, subject, answer)


def scan_zlib(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Unpack zlib streams and judge what they hold."""
    _scan(data, 0, streams.ZLIB, subject, answer)


def scan_lz4(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Unpack LZ4 frames and judge what they hold."""
    _scan(data, 0, streams.LZ4, subject, answer)


def scan_joblib(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Unpack joblib's first compressed format; a space may follow its size."""
    start = _JOBLIB_HEAD
    start += bytes(data[start : start + 1]) == b" "
    _scan(data, start, streams.ZLIB, subject, answer)


def is_zlib(data: Buffer, subject: Subject) -> bool:
    """Whether the first bytes unpack as zlib."""
    del subject
    return streams.is_zlib(bytes(data[:1024]))


def is_lzma(data: Buffer, subject: Subject) -> bool:
    """Whether the first bytes unpack as LZMA."""
    del subject
    return streams.is_lzma(bytes(data[:1024]))


def _scan(data: Buffer, start: int, packing: Packing, subject: Subject, answer: Answer) -> None:
    if not begin(len(data), (len(data),), subject, answer):
        return
    found = unpack(data, start, packing, subject)
    if found.reason:
        answer.unread(found.reason)
    if found.bomb:
        answer.find(RULES["archive.bomb"], found.bomb)
        return
    _judge(found, subject, answer)
    if not found.reason and found.end < len(data):
        report_rest(RULES["archive.trailing-data"], data, found.end, subject, answer)


def _judge(found: Unpacked, subject: Subject, answer: Answer) -> None:
    """Judge what came out, be it all or what a reader has before it fails."""
    if found.reason and not found.body:
        return
    inner = subject.inside(_inner_name(subject.name), 0)
    with subject.spent.holding(len(found.body)):
        inspect_inside(found.body, inner, answer)


def _inner_name(name: str) -> str:
    """What a file is called when it is unpacked."""
    stem, ending = posixpath.splitext(posixpath.basename(name.rpartition("!")[2]))
    if ending.lower() in _PLAIN:
        return stem or "content"
    return stem + _SHORT.get(ending.lower(), ending) if stem else "content"
