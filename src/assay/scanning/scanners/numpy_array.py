"""NumPy's array files, `.npy`: arrays one after another, and the pickles of object arrays.

`numpy.load` goes by the first bytes: this magic, a zip archive's, or else a pickle. Source:
`numpy/lib/_npyio_impl.py` and `numpy/lib/format.py`.
"""

from __future__ import annotations

from dataclasses import replace

from assay.core.errors import DataError
from assay.core.finding import Confidence, Severity
from assay.core.limits import GIB
from assay.scanning.parsers.npy import MAGIC, Header, parse_header
from assay.scanning.pickle import PersistentIdRule, PickleResult, scan_pickle
from assay.scanning.pickle.executables import executable
from assay.scanning.references import DO_NOT_LOAD, EXHAUSTION, HIDDEN_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.trailing import report_rest
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "NumPy arrays"
RULES = table(
    (
        Rule(
            "numpy.size",
            "An array far larger than its file",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The header promises an array that is larger by far than what follows. A program that "
            "makes room for it first runs out of memory.",
            "Do not load the file.",
            EXHAUSTION,
        ),
        Rule(
            "numpy.trailing-data",
            "Data behind the array",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "Bytes follow the array that are no further array. NumPy does not read them, and they "
            "can hold anything.",
            DO_NOT_LOAD,
            HIDDEN_CODE,
        ),
        Rule(
            "numpy.executable",
            "A program inside an array",
            Severity.HIGH,
            Confidence.HIGH,
            "The array's bytes begin with the header of a native program or library.",
            "Remove it, or ship programs as packages that are reviewed as such.",
            HIDDEN_CODE,
        ),
    )
)
_MOST_ARRAYS = 100_000
_ABSURD_BYTES = 1 * GIB
_ABSURD_RATIO = 1_000


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge every array of the file; several can be saved into one, and be loaded in turn."""
    at = 0
    for _ in range(_MOST_ARRAYS):
        end = _scan_array(data, at, subject, answer)
        if end is None or end == len(data):
            return
        at = end
        if bytes(data[at : at + len(MAGIC)]) != MAGIC:
            report_rest(RULES["numpy.trailing-data"], data, at, subject, answer)
            return
    answer.unread(f"more than {_MOST_ARRAYS} arrays")


def _scan_array(data: Buffer, at: int, subject: Subject, answer: Answer) -> int | None:
    """Judge one array; the offset behind it, None where that cannot be told or nothing follows."""
    try:
        header = parse_header(data, at)
    except DataError as error:
        answer.unread(error.message)
        return None
    start = at + header.start
    if header.has_objects or header.item_bytes is None:
        return _scan_objects(data, start, header, subject, answer)
    end = start + header.size
    program = executable(bytes(data[start : min(end, start + 1024)]))
    if program:
        answer.find(RULES["numpy.executable"], program, offset=start)
    if end > len(data):
        _report_size(header, len(data) - start, answer, at)
        return None
    return end


def _scan_objects(
    data: Buffer, start: int, header: Header, subject: Subject, answer: Answer
) -> int | None:
    """A pickle follows the header, and perhaps a further array that pickle."""
    if start == len(data):
        answer.unread("an array of objects without its pickle")
        return None
    if header.item_bytes is None:
        answer.unread("an array of a type that NumPy does not write")
    inner = replace(subject, base=subject.base + start)
    with memoryview(data) as whole, whole[start:] as rest:
        found = _read_pickle(rest, inner)
        end = found.end - inner.base
        more = bytes(rest[end : end + len(MAGIC)]) == MAGIC
        if more:
            with rest[:end] as first:
                found = _read_pickle(first, inner)
    answer.take(found.findings, found.unread)
    return start + end if more else None


def _read_pickle(data: Buffer, subject: Subject) -> PickleResult:
    return scan_pickle(
        data,
        path=subject.path,
        member=subject.member,
        base_offset=subject.base,
        limits=subject.limits,
        policy=subject.policy,
        persistent_ids=PersistentIdRule.UNKNOWN,
    )


def _report_size(header: Header, there: int, answer: Answer, at: int) -> None:
    """Say that bytes are missing: of a file cut off, or of one that never had them."""
    if header.size > max(_ABSURD_BYTES, there * _ABSURD_RATIO):
        shown = f"{header.size} bytes of shape {header.shape[:8]}, of which {there} are there"
        answer.find(RULES["numpy.size"], shown, offset=at)
    else:
        answer.unread(f"the file is cut off: {header.size - there} bytes are missing")
