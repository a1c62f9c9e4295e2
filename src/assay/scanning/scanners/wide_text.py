"""Text in UTF-16 and UTF-32: read as what it is in UTF-8.

Loaders of JSON, YAML and scripts on Windows recognise it by its first bytes, so that it acts
like any other text.
"""

from __future__ import annotations

import codecs

from assay.scanning.inspection import inspect_inside
from assay.scanning.subject import Answer, Buffer, Subject

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 256
_MOST_BYTES = 64 * 1024 * 1024


def is_wide(data: Buffer, subject: Subject) -> bool:
    """Whether it begins with a byte order mark, or as JSON does, and goes on as text."""
    del subject
    sample = bytes(data[:_SAMPLE])
    encoding = _encoding(sample)
    if not encoding:
        return False
    width = 4 if "32" in encoding else 2
    text = sample[: len(sample) // width * width].decode(encoding, "replace")
    return all(char.isprintable() or char in "\t\r\n\f\ufeff" for char in text[:-1])


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Have the text judged as if it were in UTF-8; offsets count in that."""
    if len(data) > _MOST_BYTES:
        answer.unread(f"text over {_MOST_BYTES} bytes")
        return
    raw = bytes(data)
    try:
        text = raw.decode(_encoding(raw[:_SAMPLE])).removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError) as error:
        answer.unread(f"not the text it begins as: {error}")
        return
    if text:
        inspect_inside(text.encode("utf-8", "replace"), subject.renamed(), answer)


def _encoding(sample: bytes) -> str:
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding
    if sample[:1] in (b"{", b"[") and sample[1:2] == b"\0" and sample[2:3] != b"\0":
        return "utf-16-le"
    return "utf-16-be" if sample[:1] == b"\0" and sample[1:2] in (b"{", b"[") else ""
