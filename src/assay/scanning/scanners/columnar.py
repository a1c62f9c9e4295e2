"""Parquet, Arrow and Feather: tables of data, read to their ends.

One thing in them acts: a schema that names the type `arrow.py_extension_type` holds a pickle,
which PyArrow before 14.0.1 loads with the file (CVE-2023-47248). Sources: Apache Parquet
format (file format), Apache Arrow columnar format (IPC), PyArrow's release notes of 14.0.1.
"""

from __future__ import annotations

import base64
import re
from binascii import Error as Base64Error

from assay.core.finding import Confidence, Severity
from assay.core.limits import MIB
from assay.scanning.pickle import scan_pickle
from assay.scanning.references import HIDDEN_CODE, LOADS_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.acting_text import acting
from assay.scanning.subject import Answer, Buffer, Subject

_PARQUET, _ENCRYPTED = b"PAR1", b"PARE"
_ARROW = b"ARROW1"
_PICKLED = b"arrow.py_extension_type"
_SCHEMA = re.compile(rb"ARROW:schema[^A-Za-z0-9+/]{1,12}([A-Za-z0-9+/]{16,}={0,2})")
_PROTO = re.compile(rb"\x80[\x02-\x05]")
_FOOTER_BYTES = 256 * MIB
_SCHEMA_BYTES = 4 * MIB
_PICKLES = 64

TITLE = "Parquet and Arrow"
RULES = table(
    (
        Rule(
            "columnar.pickled-type",
            "A column type that is a pickle",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The schema names a Python extension type, whose description is a pickle. PyArrow "
            "before 14.0.1 loads it when the table is read.",
            "Do not read the table with an old PyArrow; write it anew with plain types.",
            LOADS_CODE,
        ),
        Rule(
            "columnar.acting-metadata",
            "Metadata that is written to be run",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The table's metadata holds a command or a call.",
            "Ask the publisher what the text is for.",
            HIDDEN_CODE,
        ),
    )
)


def scan_parquet(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Check both ends and look through the metadata at the end."""
    size = len(data)
    tail = bytes(data[max(0, size - 8) :])
    if size < 12 or tail[4:] not in (_PARQUET, _ENCRYPTED):
        answer.unread("the Parquet file is cut off, or bytes follow it")
        return
    if tail[4:] == _ENCRYPTED:
        answer.unread("the Parquet file's metadata is encrypted")
        return
    length = int.from_bytes(tail[:4], "little")
    if length > size - 12 or length > _FOOTER_BYTES:
        answer.unread("the Parquet file's metadata is longer than the file or the budget")
        return
    _look_through(bytes(data[size - 8 - length : size - 8]), size - 8 - length, subject, answer)


def scan_arrow(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Check both ends and look through the schema at the beginning and in the footer."""
    size = len(data)
    if size < 20 or bytes(data[size - 6 :]) != _ARROW:
        answer.unread("the Arrow file is cut off, or bytes follow it")
        return
    length = int.from_bytes(data[size - 10 : size - 6], "little")
    if length > size - 18:
        answer.unread("the Arrow file's footer is longer than the file")
        return
    footer = size - 10 - length
    _look_through(bytes(data[: min(_SCHEMA_BYTES, size)]), 0, subject, answer)
    _look_through(
        bytes(data[footer : footer + min(length, _FOOTER_BYTES)]), footer, subject, answer
    )


def scan_feather(data: Buffer, subject: Subject, answer: Answer) -> None:
    """The first Feather format: data between two marks; it has no types of Python's."""
    del subject
    if bytes(data[-4:]) != b"FEA1" or len(data) < 12:
        answer.unread("the Feather file is cut off, or bytes follow it")


def _look_through(raw: bytes, base: int, subject: Subject, answer: Answer) -> None:
    texts = [raw]
    for found in _SCHEMA.finditer(raw):
        encoded = found.group(1)
        try:
            texts.append(base64.b64decode(encoded[: len(encoded) & ~3]))
        except Base64Error:
            answer.unread("the Arrow schema in the metadata cannot be decoded")
    for text in texts:
        at = text.find(_PICKLED)
        if at >= 0:
            offset = base + at if text is raw else base
            answer.find(RULES["columnar.pickled-type"], _told(text, subject), offset=offset)
    script = acting(raw)
    if script:
        answer.find(RULES["columnar.acting-metadata"], script, offset=base)


def _told(text: bytes, subject: Subject) -> str:
    """What the pickle imports, where one is found."""
    for count, found in enumerate(_PROTO.finditer(text)):
        if count == _PICKLES:
            break
        result = scan_pickle(text[found.start() :], path=subject.path, policy=subject.policy)
        if result.imports:
            names = sorted({f"{one.module}.{one.name}" for one in result.imports})
            return f"arrow.py_extension_type importing {', '.join(names[:5])}"
    return "arrow.py_extension_type"
