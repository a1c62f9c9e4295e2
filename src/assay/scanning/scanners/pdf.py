"""PDF documents beside a model: whether they run something when opened.

Names of actions are looked for in the file and in its packed object streams; nothing is
rendered. Source: ISO 32000-1, 7.3.5 (names), 7.5.7 (object streams), 12.6 (actions).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from assay.core.finding import Confidence, Severity
from assay.core.limits import KIB, MIB
from assay.scanning.references import DISAGREEMENT, HIDDEN_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.subject import Answer, Buffer, Subject

_ACTS = re.compile(
    rb"/(?:JavaScript|JS|Launch|RichMedia|EmbeddedFile)(?=[\s/<(\[\]>])", re.IGNORECASE
)
_STREAM = re.compile(rb"/ObjStm\b.{0,400}?\bstream\r?\n", re.DOTALL)
_ESCAPED = re.compile(rb"/[A-Za-z#0-9]*#[0-9A-Fa-f]{2}[A-Za-z#0-9]*")
_END = b"%%EOF"
_UNPACKED_BYTES = 64 * MIB
_FILE_BYTES = 512 * MIB
_STREAMS = 10_000
_BEHIND_END = 1 * KIB

TITLE = "PDF"
RULES = table(
    (
        Rule(
            "pdf.action",
            "A document that acts when it is opened",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The PDF holds a script, starts a program, or carries another file. A model's paper "
            "or card needs none of these.",
            "Do not open it in a viewer that runs scripts; ask for one without.",
            HIDDEN_CODE,
        ),
        Rule(
            "pdf.trailing-data",
            "Data behind the end of a document",
            Severity.MEDIUM,
            Confidence.HIGH,
            "Bytes follow the end of the PDF. Viewers ignore them; a program that knows of them "
            "can read them back.",
            "Save the document anew, or ask what the bytes are for.",
            DISAGREEMENT,
        ),
    )
)


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Look for what acts, and for what lies behind the end."""
    del subject
    if len(data) > _FILE_BYTES:
        answer.unread(f"a PDF of over {_FILE_BYTES} bytes")
        return
    raw = bytes(data)
    end = raw.rfind(_END)
    if end < 0:
        answer.unread("the PDF is cut off: it has no end mark")
        return
    rest = raw[end + len(_END) :].strip(b"\r\n\t \0")
    if len(rest) > _BEHIND_END:
        answer.find(RULES["pdf.trailing-data"], f"{len(rest)} bytes", offset=end + len(_END))
    seen: set[bytes] = set()
    for at, text in _texts(raw, answer):
        for found in _ACTS.finditer(text):
            name = found.group().lower()
            if name not in seen:
                seen.add(name)
                offset = at + found.start() if text is raw else at
                answer.find(RULES["pdf.action"], found.group().decode("ascii"), offset=offset)


def _texts(raw: bytes, answer: Answer) -> Iterator[tuple[int, bytes]]:
    """The file, the file with its escaped names spelt out, and its object streams."""
    yield 0, raw
    for found in _ESCAPED.finditer(raw):
        yield found.start(), _spelt(found.group()) + b" "
    left = _UNPACKED_BYTES
    for count, found in enumerate(_STREAM.finditer(raw)):
        if count == _STREAMS or left <= 0:
            answer.unread("more packed objects than the budget")
            return
        engine = zlib.decompressobj()
        try:
            text = engine.decompress(raw[found.end() : found.end() + left], left)
        except zlib.error:
            continue  # another filter; viewers that know it are rare
        left -= len(text)
        yield found.start(), text


def _spelt(name: bytes) -> bytes:
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes((int(found.group(1), 16),)), name)
