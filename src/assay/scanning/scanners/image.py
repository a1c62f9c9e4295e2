"""Images, walked to their end: PNG, JPEG, GIF and WebP.

Nothing is decoded. What lies behind the end of an image, or a structure that has none, is
where something else hides. Sources: PNG (ISO/IEC 15948), JPEG (ITU-T T.81 annex B), GIF89a,
WebP container specification (RIFF).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable

from assay.core.finding import Confidence, Severity
from assay.scanning.pickle.executables import executable
from assay.scanning.references import DISAGREEMENT, HIDDEN_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.trailing import report_rest
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "Images"
RULES = table(
    (
        Rule(
            "image.trailing-data",
            "Data behind the end of an image",
            Severity.MEDIUM,
            Confidence.HIGH,
            "Bytes follow the end of the image. Viewers ignore them; a program that knows of "
            "them can read them back.",
            "Save the image anew, or ask what the bytes are for.",
            HIDDEN_CODE,
        ),
        Rule(
            "image.wrong-checksum",
            "A chunk with a wrong checksum",
            Severity.LOW,
            Confidence.HIGH,
            "A part of the image does not have the checksum written beside it: it is damaged or "
            "was changed by hand.",
            "Save the image anew.",
            DISAGREEMENT,
        ),
        Rule(
            "image.executable",
            "A program inside an image",
            Severity.HIGH,
            Confidence.HIGH,
            "The bytes behind the end of the image begin with the header of a native program.",
            "Remove the image.",
            HIDDEN_CODE,
        ),
    )
)
_PNG_CHUNK = 12
_JPEG_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
_JPEG_SOI, _JPEG_EOI, _JPEG_SOS = 0xD8, 0xD9, 0xDA
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_GIF_EXTENSION, _GIF_IMAGE, _GIF_END = 0x21, 0x2C, 0x3B
_GIF_COLOURS = 0x80


class _BrokenError(Exception):
    """The structure ends before the image does."""


def is_webp(data: Buffer, subject: Subject) -> bool:
    """Whether it is a RIFF container of the WebP kind."""
    del subject
    return bytes(data[:4]) == b"RIFF" and bytes(data[8:12]) == b"WEBP"


def scan_png(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Walk a PNG image to its end."""
    _walk(data, subject, answer, "PNG", _png)


def scan_jpeg(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Walk a JPEG image to its end."""
    _walk(data, subject, answer, "JPEG", _jpeg)


def scan_gif(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Walk a GIF image to its end."""
    _walk(data, subject, answer, "GIF", _gif)


def scan_webp(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Walk a WebP image to its end."""
    _walk(data, subject, answer, "WEBP", _webp)


def _walk(
    data: Buffer,
    subject: Subject,
    answer: Answer,
    title: str,
    walk: Callable[[Buffer, Answer], int],
) -> None:
    """A broken structure is unread, trailing bytes are a finding."""
    try:
        end = walk(data, answer)
    except (_BrokenError, IndexError) as error:
        answer.unread(f"the {title} image is broken: {error}")
        return
    rest = len(data) - end
    if rest <= 0:
        return
    head = bytes(data[end : end + 1024])
    program = executable(head)
    if program:
        answer.find(RULES["image.executable"], program, offset=end)
    else:
        report_rest(RULES["image.trailing-data"], data, end, subject, answer)


def _png(data: Buffer, answer: Answer) -> int:
    at = 8
    while True:
        if at + _PNG_CHUNK > len(data):
            raise _BrokenError("no IEND chunk")
        size = int.from_bytes(data[at : at + 4], "big")
        kind = bytes(data[at + 4 : at + 8])
        end = at + _PNG_CHUNK + size
        if end > len(data):
            raise _BrokenError(f"the {kind!r} chunk is cut off")
        with memoryview(data)[at + 4 : end - 4] as body:
            crc = zlib.crc32(body)
        if crc != int.from_bytes(data[end - 4 : end], "big"):
            answer.find(RULES["image.wrong-checksum"], f"chunk {kind!r}", offset=at)
        at = end
        if kind == b"IEND":
            return at


def _jpeg(data: Buffer, answer: Answer) -> int:
    """One image, or several behind one another as cameras write them (CIPA DC-007)."""
    del answer
    end = _one_jpeg(data, 0)
    while bytes(data[end : end + 3]) == b"\xff\xd8\xff":
        end = _one_jpeg(data, end)
    return end


def _one_jpeg(data: Buffer, at: int) -> int:
    at += 2
    while True:
        found = _JPEG_MARKER.search(data, at)
        if found is None:
            raise _BrokenError("no end of image")
        code = data[found.end() - 1]
        at = found.end()
        if code == _JPEG_EOI:
            return at
        if code in _JPEG_ALONE or code == _JPEG_SOI:
            continue
        size = int.from_bytes(data[at : at + 2], "big")
        if size < 2 or at + size > len(data):
            raise _BrokenError("a segment is cut off")
        at += size
        # After SOS entropy-coded bytes follow; the search above finds the marker behind them.


def _gif(data: Buffer, answer: Answer) -> int:
    del answer
    at = 13 + _colours(data[10])
    while True:
        kind = data[at]
        if kind == _GIF_END:
            return at + 1
        if kind == _GIF_EXTENSION:
            at = _sub_blocks(data, at + 2)
        elif kind == _GIF_IMAGE:
            at = _sub_blocks(data, at + 10 + _colours(data[at + 9]) + 1)
        else:
            raise _BrokenError(f"an unknown block at byte {at}")


def _colours(flags: int) -> int:
    return int(3 * (2 << (flags & 7))) if flags & _GIF_COLOURS else 0


def _sub_blocks(data: Buffer, at: int) -> int:
    while data[at]:
        at += 1 + data[at]
    return at + 1


def _webp(data: Buffer, answer: Answer) -> int:
    del answer
    end = 8 + int.from_bytes(data[4:8], "little")
    at = 12
    if end > len(data):
        raise _BrokenError("it is cut off")
    while at < end:
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + (size & 1)
    if at != end:
        raise _BrokenError("a chunk reaches past the end")
    return end
