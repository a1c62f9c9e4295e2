"""7z archives with the copy coder. Source: 7-Zip, DOC/7zFormat.txt."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping


def number(value: int) -> bytes:
    """7z's variable-length number, up to 8 bytes."""
    if value < 0x80:
        return bytes([value])
    if value < 0x4000:
        return bytes([0x80 | value >> 8, value & 255])
    return (
        b"\xe0" + struct.pack("<I", value)[:3]
        if value < 1 << 21
        else b"\xff" + struct.pack("<Q", value)
    )


def pack(files: Mapping[str, bytes]) -> bytes:
    """One stored folder with all files."""
    body = b"".join(files.values())
    sizes = [len(one) for one in files.values()]
    sums = b"".join(struct.pack("<I", zlib.crc32(one)) for one in files.values())
    streams = b"\x04\x06" + number(0) + number(1) + b"\x09" + number(len(body)) + b"\x00"
    streams += b"\x07\x0b\x01\x00\x01\x01\x00\x0c" + number(len(body)) + b"\x00"
    several = b"\x0d" + number(len(sizes)) + b"\x09" + b"".join(map(number, sizes[:-1]))
    streams += b"\x08" + (several if len(sizes) > 1 else b"") + b"\x0a\x01" + sums + b"\x00\x00"
    names = b"\x00" + b"".join(name.encode("utf-16-le") + b"\0\0" for name in files)
    listed = b"\x05" + number(len(files)) + b"\x11" + number(len(names)) + names + b"\x00"
    header = b"\x01" + streams + listed + b"\x00"
    start = struct.pack("<QQI", len(body), len(header), zlib.crc32(header))
    return (
        b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<I", zlib.crc32(start)) + start + body + header
    )
