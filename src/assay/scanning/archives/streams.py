"""Compressed files: one stream after another, unpacked within the budgets of the whole file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from assay.core.errors import DataError
from assay.scanning.archives import engines
from assay.scanning.archives.engines import Engine, Progress, decoded
from assay.scanning.archives.spent import SpentError
from assay.scanning.parsers import lz4
from assay.scanning.subject import Buffer, Subject

_TRIAL_BYTES = 64
_TRIAL_PACKED = 4096
_ALONE_HEAD = 13
_WHOLE_FLAG = (1 << 64) - 1
_LARGEST_ALONE = 1 << 38


@dataclass(frozen=True, slots=True)
class Packing:
    """One way of compressing a file.

    Attributes:
        pieces: What the stream at an offset unpacks to.
        starts: Whether a further stream begins with these bytes.
        padded: Whether zeros may follow a stream.
    """

    pieces: Callable[[Buffer, int, Progress], Iterator[bytes]]
    starts: Callable[[bytes], bool]
    padded: bool = False


@dataclass(slots=True)
class Unpacked:
    """What came out of a compressed file.

    Attributes:
        body: The bytes.
        end: Offset behind the last stream.
        reason: Why it is not all; "" if it is.
        bomb: What makes it a bomb; "" if nothing does.
    """

    body: bytearray = field(default_factory=bytearray)
    end: int = 0
    reason: str = ""
    bomb: str = ""


def unpack(data: Buffer, start: int, packing: Packing, subject: Subject) -> Unpacked:
    """Unpack stream after stream; what came before damage is kept, as a reader has it too."""
    found = Unpacked(end=start)
    for _ in range(subject.archives.members):
        _unpack_one(data, packing, subject, found)
        if found.reason:
            return found
        behind = _behind(data, found.end) if packing.padded else found.end
        if not packing.starts(bytes(data[behind : behind + _TRIAL_PACKED])):
            found.end = behind
            return found
        found.end = behind
    found.reason = f"over {subject.archives.members} streams in a row"
    return found


def _unpack_one(data: Buffer, packing: Packing, subject: Subject, found: Unpacked) -> None:
    progress = Progress()
    start, before = found.end, len(found.body)
    limits, spent = subject.archives, subject.spent
    try:
        for piece in packing.pieces(data, start, progress):
            spent.take(len(piece), limits)
            found.body += piece
            size, packed = len(found.body) - before, progress.at - start
            steep = size > packed * limits.stream_ratio
            if steep and size > min(limits.stream_floor_bytes, spent.room(limits)):
                found.reason = found.bomb = f"{packed} bytes unpack to {size}"
                return
            if len(found.body) > spent.room(limits):
                found.reason = f"over {spent.room(limits)} bytes when unpacked"
                return
    except SpentError as error:
        found.reason = f"cannot be unpacked: {error}"
        found.bomb = str(error) if error.bomb and error.first else ""
        return
    except DataError as error:
        found.reason = f"cannot be unpacked: {error.message}"
        return
    if progress.end is None:
        found.reason = "cannot be unpacked: it is cut off"
        return
    found.end = progress.end


def _behind(data: Buffer, at: int) -> int:
    """The offset behind padding of zeros."""
    while at < len(data):
        piece = bytes(data[at : at + engines.PIECE])
        rest = piece.lstrip(b"\0")
        at += len(piece) - len(rest)
        if rest:
            break
    return at


def is_zlib(head: bytes) -> bool:
    """Whether a zlib stream begins here; it has no magic, so the first bytes are unpacked."""
    marked = head[:1] == b"\x78" and len(head) > 2 and int.from_bytes(head[:2], "big") % 31 == 0
    return marked and _unpacks(engines.zlib_stream(), head)


def is_lzma(head: bytes) -> bool:
    """Whether a stream of the format before xz begins here, as its usual encoders write it."""
    size = int.from_bytes(head[5:_ALONE_HEAD], "little")
    if head[:2] != b"\x5d\0" or len(head) < _ALONE_HEAD:
        return False
    return (size < _LARGEST_ALONE or size == _WHOLE_FLAG) and _unpacks(engines.lzma_alone(), head)


def unmarked(head: bytes) -> bool:
    """Whether a compressed stream without magic begins here."""
    return is_zlib(head) or is_lzma(head)


def _unpacks(engine: Engine, head: bytes) -> bool:
    """Whether the first bytes come out; an empty or very short stream counts."""
    try:
        found = next(decoded(engine, head, 0, len(head), Progress(), _TRIAL_BYTES), b"")
    except DataError:
        return False
    return bool(found) or engine.eof


def _of(make: Callable[[], Engine]) -> Callable[[Buffer, int, Progress], Iterator[bytes]]:
    return lambda data, at, progress: decoded(make(), data, at, len(data), progress)


def _begin(magic: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(magic)


GZIP = Packing(_of(engines.gzip), _begin(b"\x1f\x8b"), padded=True)
BZIP2 = Packing(_of(engines.bzip2), _begin(b"BZh"))
XZ = Packing(_of(engines.xz), _begin(b"\xfd7zXZ\0"), padded=True)
LZMA = Packing(_of(engines.lzma_alone), is_lzma)
ZLIB = Packing(_of(engines.zlib_stream), is_zlib)
LZ4 = Packing(lz4.pieces, lz4.starts)
