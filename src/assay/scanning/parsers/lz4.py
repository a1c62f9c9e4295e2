"""LZ4 frames: sequences of literals and of copies from what came before.

Sources: LZ4 Frame Format Description 1.6.4 and LZ4 Block Format Description, lz4.org. The
checksums (xxHash) are not compared: no reader loads other bytes for a wrong one.
"""

from __future__ import annotations

from collections.abc import Iterator

from assay.core.errors import DataError
from assay.core.limits import KIB, MIB
from assay.scanning.archives.engines import Progress
from assay.scanning.subject import Buffer

_MAGIC = b"\x04\x22\x4d\x18"
_SKIPPABLE = b"\x2a\x4d\x18"
_VERSION, _LINKED_NOT, _BLOCK_SUM, _SIZED, _FRAME_SUM, _DICTIONARY = 0x40, 0x20, 0x10, 8, 4, 1
_BLOCK_BYTES = {4: 64 * KIB, 5: 256 * KIB, 6: 1 * MIB, 7: 4 * MIB}
_STORED = 1 << 31
_WINDOW = 64 * KIB
_LONG, _SHORTEST_COPY = 15, 4
_MOST_SEQUENCES = 20_000_000


def starts(head: bytes) -> bool:
    """Whether a frame begins here, one to be skipped included."""
    return head[:4] == _MAGIC or (head[1:4] == _SKIPPABLE and 0x50 <= head[0] <= 0x5F)


def pieces(data: Buffer, start: int, progress: Progress) -> Iterator[bytes]:
    """What one frame unpacks to, a block at a time.

    Raises:
        DataError: damaged data, a dictionary that is not here, or more work than the budget.
    """
    progress.at = start
    if bytes(data[start : start + 4]) != _MAGIC:
        progress.at = progress.end = start + 8 + _int(data, start + 4)
        if progress.at > len(data):
            raise DataError("a frame to be skipped that is cut off")
        return
    flags, largest, at = _descriptor(data, start)
    window = b""
    left = _MOST_SEQUENCES
    while True:
        size, at = _int(data, at), at + 4
        if not size:
            break
        end = at + (size & ~_STORED)
        if end > len(data) or end - at > largest + _WINDOW:
            raise DataError("a block that is cut off or too long")
        packed = bytes(data[at:end])
        progress.at = at = end + (4 if flags & _BLOCK_SUM else 0)
        if size & _STORED:
            block = packed
        else:
            block, left = _unpacked(packed, b"" if flags & _LINKED_NOT else window, largest, left)
        window = (window + block)[-_WINDOW:]
        yield block
    progress.at = progress.end = at + (4 if flags & _FRAME_SUM else 0)


def _descriptor(data: Buffer, start: int) -> tuple[int, int, int]:
    """Flags, largest block, and the offset of the first."""
    head = bytes(data[start + 4 : start + 6])
    if len(head) < 2 or head[0] & 0xC2 != _VERSION or head[1] >> 4 not in _BLOCK_BYTES:
        raise DataError("a frame header that is damaged")
    if head[0] & _DICTIONARY:
        raise DataError("it needs a dictionary that is not here")
    at = start + 6 + (8 if head[0] & _SIZED else 0) + 1
    return head[0], _BLOCK_BYTES[head[1] >> 4], at


def _int(data: Buffer, at: int) -> int:
    raw = bytes(data[at : at + 4])
    if len(raw) < 4:
        raise DataError("it is cut off")
    return int.from_bytes(raw, "little")


def _unpacked(packed: bytes, window: bytes, largest: int, left: int) -> tuple[bytes, int]:
    """One block, and the sequences that are left of the budget."""
    out = bytearray(window)
    most, size, at = len(window) + largest, len(packed), 0
    try:
        while True:
            left -= 1
            token = packed[at]
            at += 1
            count = token >> 4
            if count == _LONG:
                count, at = _longer(packed, at, count)
            if count:
                if at + count > size:
                    raise DataError("literals past the end of a block")
                out += packed[at : at + count]
                at += count
            if at == size:
                break
            distance = packed[at] | packed[at + 1] << 8
            at += 2
            count = token & _LONG
            if count == _LONG:
                count, at = _longer(packed, at, count)
            _copy(out, distance, count + _SHORTEST_COPY)
            if len(out) > most or left < 0:
                raise DataError("a block over its size, or more sequences than the budget")
    except IndexError:
        raise DataError("a block that ends too early") from None
    if len(out) > most:
        raise DataError("a block over its size")
    return bytes(out[len(window) :]), left


def _longer(packed: bytes, at: int, count: int) -> tuple[int, int]:
    """A length that goes on in further bytes, and the offset behind them."""
    end = at
    while packed[end] == 0xFF:
        end += 1
    return count + (end - at) * 0xFF + packed[end], end + 1


def _copy(out: bytearray, distance: int, count: int) -> None:
    """Repeat what lies so far back; it may overlap what it makes."""
    start = len(out) - distance
    if start < 0 or not distance:
        raise DataError("a copy from before the beginning")
    if distance >= count:
        out += out[start : start + count]
        return
    pattern = bytes(out[start:])
    out += (pattern * (count // distance + 1))[:count]
