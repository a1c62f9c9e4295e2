"""Sound, film, other images and fonts, walked to their ends where their structure allows.

Nothing is decoded: such files are companions, and what matters is that they are what they
say and that nothing hides behind them. Sources: RIFF (Microsoft, 1991), RFC 9639 (FLAC),
RFC 3533 (Ogg), ISO/IEC 14496-12 (boxes), ISO/IEC 11172-3 (frames), TIFF 6.0, BMP, OpenType.
"""

from __future__ import annotations

from collections.abc import Callable

from assay.core.finding import Confidence, Severity
from assay.scanning.pickle.executables import executable
from assay.scanning.references import HIDDEN_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.subject import Answer, Buffer, Subject

_MOST = 1_000_000
_ID3V1 = 128
_SYNC = 0xE0
_PADDING = 64

TITLE = "Sound, film and fonts"
RULES = table(
    (
        Rule(
            "media.trailing-data",
            "Data behind the end of a media file",
            Severity.MEDIUM,
            Confidence.HIGH,
            "Bytes follow the end of the file's structure. Players ignore them; a program that "
            "knows of them can read them back.",
            "Save the file anew, or ask what the bytes are for.",
            HIDDEN_CODE,
        ),
        Rule(
            "media.executable",
            "A program inside a media file",
            Severity.HIGH,
            Confidence.HIGH,
            "The bytes behind the end of the file begin with the header of a native program.",
            "Remove the file.",
            HIDDEN_CODE,
        ),
    )
)


class _BrokenError(Exception):
    """The structure ends too early; says where."""


def is_riff(data: Buffer, subject: Subject) -> bool:
    """Whether it is a RIFF container of sound or film."""
    del subject
    return bytes(data[:4]) in (b"RIFF", b"RF64") and bytes(data[8:12]) in (b"WAVE", b"AVI ")


def is_mpeg_audio(data: Buffer, subject: Subject) -> bool:
    """Whether it begins with an ID3 tag, or as frames of MPEG audio named so."""
    if bytes(data[:3]) == b"ID3":
        return True
    named = subject.name.lower().endswith((".mp3", ".mp2"))
    return named and len(data) > 4 and data[0] == 0xFF and data[1] & _SYNC == _SYNC


def is_boxes(data: Buffer, subject: Subject) -> bool:
    """Whether it begins with the `ftyp` box of MP4, M4A, HEIC or AVIF."""
    del subject
    return bytes(data[4:8]) == b"ftyp" and 8 <= int.from_bytes(data[:4], "big") <= 4096


def is_bitmap(data: Buffer, subject: Subject) -> bool:
    """Whether it is a BMP image: its size is written in it."""
    del subject
    return (
        bytes(data[:2]) == b"BM"
        and len(data) > 54
        and int.from_bytes(data[14:18], "little") in (12, 40, 52, 56, 64, 108, 124)
    )


def is_icon(data: Buffer, subject: Subject) -> bool:
    """Whether it is an ICO image, by name and header."""
    return bytes(data[:4]) == b"\0\0\1\0" and subject.name.lower().endswith(".ico")


def is_font(data: Buffer, subject: Subject) -> bool:
    """Whether it is an OpenType, WOFF or collection font, named so."""
    named = subject.name.lower().endswith((".ttf", ".otf", ".ttc", ".woff", ".woff2"))
    return named and bytes(data[:4]) in (b"\0\1\0\0", b"OTTO", b"ttcf", b"true", b"wOFF", b"wOF2")


def scan_riff(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Sound or film in RIFF chunks."""
    del subject
    _walk(data, answer, _riff)


def scan_flac(data: Buffer, subject: Subject, answer: Answer) -> None:
    """FLAC: metadata blocks; the frames behind them have no end of their own."""
    del subject
    _walk(data, answer, _flac)


def scan_ogg(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Ogg pages."""
    del subject
    _walk(data, answer, _ogg)


def scan_boxes(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Boxes of the ISO base media format."""
    del subject
    _walk(data, answer, _boxes)


def scan_bitmap(data: Buffer, subject: Subject, answer: Answer) -> None:
    """A bitmap, whose header says its size."""
    del subject
    _walk(data, answer, lambda raw: max(54, int.from_bytes(raw[2:6], "little")))


def scan_plain(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Formats whose parts may lie anywhere: being what they say is all that is asked."""
    del data, subject, answer


def _walk(data: Buffer, answer: Answer, walk: Callable[[Buffer], int]) -> None:
    try:
        end = walk(data)
    except (_BrokenError, IndexError) as error:
        answer.unread(f"the media file is broken: {error}")
        return
    rest = len(data) - end
    if rest <= 0:
        return
    head = bytes(data[end : end + 1024])
    program = executable(head)
    if program:
        answer.find(RULES["media.executable"], program, offset=end)
    elif rest > _PADDING and head.strip(b"\0"):
        shown = f"{rest} bytes, beginning {head[:16].hex(' ')}"
        answer.find(RULES["media.trailing-data"], shown, offset=end)


def _riff(data: Buffer) -> int:
    end = 8 + int.from_bytes(data[4:8], "little")
    if bytes(data[:4]) == b"RF64" or end >= 0xFFFFFFFF:
        return len(data)  # the size is elsewhere, or the recorder did not know it
    if end > len(data) + 1:
        raise _BrokenError("it is cut off")
    return end


def _flac(data: Buffer) -> int:
    at = 4
    while True:
        if at + 4 > len(data):
            raise _BrokenError("it is cut off")
        last = data[at] & 0x80
        at += 4 + int.from_bytes(data[at + 1 : at + 4], "big")
        if last:
            return max(at, len(data))


def _ogg(data: Buffer) -> int:
    at = pages = 0
    while at < len(data) and bytes(data[at : at + 4]) == b"OggS":
        pages += 1
        if pages > _MOST:
            raise _BrokenError("more pages than the budget")
        count = data[at + 26]
        at += 27 + count + sum(data[at + 27 : at + 27 + count])
    if at > len(data):
        raise _BrokenError("it is cut off")
    return at


def _boxes(data: Buffer) -> int:
    at = boxes = 0
    while at + 8 <= len(data):
        boxes += 1
        if boxes > _MOST:
            raise _BrokenError("more boxes than the budget")
        size, kind = int.from_bytes(data[at : at + 4], "big"), bytes(data[at + 4 : at + 8])
        if not kind.replace(b"\xa9", b"a").replace(b" ", b"a").isalnum():
            return at
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size == 0:
            return len(data)
        if size < 8 or at + size > len(data):
            raise _BrokenError("a box reaches past the end")
        at += size
    if bytes(data[at:]).strip(b"\0"):
        raise _BrokenError("a box is cut off")
    return at
