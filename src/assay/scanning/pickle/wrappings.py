"""Bytes and text that are something else, packed: zlib, gzip, bzip2, xz, and base64 of them.

Sources: RFC 1950, RFC 1952, RFC 4648, and the magic numbers of bzip2 and xz.
"""

from __future__ import annotations

import binascii
import bz2
import lzma
import re
import zlib
from collections.abc import Callable

from assay.core.limits import MIB

LONGEST = 16 * MIB
"""Most bytes unpacked of one wrapping; a pickle that acts begins before."""

_HEAD = 48
_BASE64 = re.compile(rb"[A-Za-z0-9+/_\r\n-]{24,}")
_ACTING = re.compile(
    rb"\x80[\x02-\x05]|[c(i][!-~]*\n|\(+[clS]|\x1f\x8b|x[\x01\x5e\x9c\xda]|BZh|\xfd7zXZ"
)
_URL_SAFE = bytes.maketrans(b"-_", b"+/")

Unpacker = Callable[[bytes, int], bytes]


def _inflated(content: bytes, most: int) -> bytes:
    return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(content, most)


def _bunzipped(content: bytes, most: int) -> bytes:
    return bz2.BZ2Decompressor().decompress(content, most)


def _unxz(content: bytes, most: int) -> bytes:
    return lzma.LZMADecompressor(memlimit=64 * MIB).decompress(content, most)


_PACKED: tuple[tuple[bytes, Unpacker], ...] = (
    (b"x\x01", _inflated),
    (b"x\x5e", _inflated),
    (b"x\x9c", _inflated),
    (b"x\xda", _inflated),
    (b"\x1f\x8b\x08", _inflated),
    (b"BZh", _bunzipped),
    (b"\xfd7zXZ\x00", _unxz),
)


def unpacker(content: bytes) -> Unpacker | None:
    """What unpacks the content, where it begins, unpacked, as something that acts."""
    for magic, unpack in _PACKED:
        if content.startswith(magic):
            return unpack if _ACTING.match(_tried(unpack, content, _HEAD)) else None
    encoded = _BASE64.match(content) is not None
    return _decoded if encoded and _ACTING.match(_tried(_decoded, content, _HEAD)) else None


def unpacked(unpack: Unpacker, content: bytes, most: int) -> bytes:
    """The content unpacked, at most so many bytes; empty where it is damaged from the start."""
    return _tried(unpack, content, min(most, LONGEST))


def _tried(unpack: Unpacker, content: bytes, most: int) -> bytes:
    try:
        return unpack(content, most)
    except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError):
        return b""


def _decoded(content: bytes, most: int) -> bytes:
    """The bytes of base64 text, with or without padding, of either alphabet."""
    found = _BASE64.match(content, 0, most // 3 * 4)
    text = (found.group() if found else b"").translate(_URL_SAFE, b"\r\n")
    text = text[: len(text) - (len(text) % 4 == 1)]
    return binascii.a2b_base64(text + b"=" * (-len(text) % 4))
