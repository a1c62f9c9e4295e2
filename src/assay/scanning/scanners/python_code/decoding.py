"""Decoders that programs apply to what they hide, each bounded in what it may give."""

from __future__ import annotations

import base64
import binascii
import bz2
import codecs
import html
import lzma
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

MOST_BYTES = 4 * 1024 * 1024
"""The longest text or bytes kept of a value that is put together or decoded."""

_PLAIN = {"utf8": "utf-8", "utf_8": "utf-8", "utf-8": "utf-8", "u8": "utf-8", "utf_8_sig": "utf-8"}
_CHARACTER_SETS = frozenset(
    "ascii us_ascii latin1 latin_1 iso_8859_1 iso8859_1 l1 cp1252 utf_16 utf16 utf_16_le utf_16le "
    "utf_16_be utf_16be utf_32 utf32 utf_32_le utf_32_be utf_7 utf7 cp437 unicode_escape "
    "raw_unicode_escape unicodeescape punycode idna".split()
)
_ROT13 = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "NOPQRSTUVWXYZABCDEFGHIJKLMnopqrstuvwxyzabcdefghijklm",
)


class UndecodableError(ValueError):
    """The text is not what the decoder expects, or gives too much."""


def inflate(data: bytes, wbits: int = zlib.MAX_WBITS) -> bytes:
    """`zlib.decompress`, bounded; gzip and raw streams by `wbits`."""
    machine = zlib.decompressobj(wbits)
    found = machine.decompress(data, MOST_BYTES)
    if machine.unconsumed_tail:
        raise UndecodableError
    return found


def _gunzip(data: bytes, *_: Any) -> bytes:
    return inflate(data, zlib.MAX_WBITS | 16)


def _zlib(data: bytes, wbits: Any = zlib.MAX_WBITS, *_: Any) -> bytes:
    return inflate(data, wbits if isinstance(wbits, int) else zlib.MAX_WBITS)


def _bunzip(data: bytes, *_: Any) -> bytes:
    machine = bz2.BZ2Decompressor()
    found = machine.decompress(data, MOST_BYTES)
    if not machine.eof:
        raise UndecodableError
    return found


def _unxz(data: bytes, *_: Any) -> bytes:
    machine = lzma.LZMADecompressor(memlimit=64 * 1024 * 1024)
    found = machine.decompress(data, MOST_BYTES)
    if not machine.eof:
        raise UndecodableError
    return found


def _base64(data: Any, *_: Any) -> bytes:
    return base64.b64decode(data)


def _urlsafe(data: Any, *_: Any) -> bytes:
    return base64.urlsafe_b64decode(data)


def _ascii(function: Callable[..., bytes]) -> Callable[..., bytes]:
    def decode(data: Any, *_: Any) -> bytes:
        return function(data)

    return decode


def _hexadecimal(data: Any, *_: Any) -> bytes:
    return bytes.fromhex(data if isinstance(data, str) else bytes(data).decode("ascii"))


def decode_as(data: Any, encoding: Any = "utf-8", *_: Any) -> Any:
    """`data.decode(encoding)` and `codecs.decode(data, encoding)`."""
    name = str(encoding).lower().replace("-", "_").replace(" ", "_")
    if name in ("rot13", "rot_13"):
        text = data if isinstance(data, str) else bytes(data).decode("utf-8")
        return text.translate(_ROT13)
    if name in ("hex", "hex_codec"):
        return _hexadecimal(data)
    if name in ("base64", "base64_codec", "base_64"):
        return _base64(data)
    if name in ("zlib", "zip", "zlib_codec"):
        return inflate(bytes(data))
    if name in ("bz2", "bz2_codec"):
        return _bunzip(bytes(data))
    if name not in _PLAIN and name not in _CHARACTER_SETS:
        raise UndecodableError
    raw = data.encode("latin-1", "replace") if isinstance(data, str) else bytes(data)
    return codecs.decode(raw, _PLAIN.get(name, name), "replace")


def _quoted(text: Any, *_: Any) -> str:
    return unquote(text if isinstance(text, str) else bytes(text).decode("latin-1"))


DECODERS: dict[str, Callable[..., Any]] = {
    "base64.b64decode": _base64,
    "base64.standard_b64decode": _base64,
    "base64.decodebytes": _base64,
    "base64.decodestring": _base64,
    "base64.urlsafe_b64decode": _urlsafe,
    "base64.b32decode": _ascii(base64.b32decode),
    "base64.b32hexdecode": _ascii(base64.b32hexdecode),
    "base64.b16decode": _ascii(base64.b16decode),
    "base64.a85decode": _ascii(base64.a85decode),
    "base64.b85decode": _ascii(base64.b85decode),
    "binascii.a2b_base64": _ascii(binascii.a2b_base64),
    "binascii.unhexlify": _hexadecimal,
    "binascii.a2b_hex": _hexadecimal,
    "binascii.a2b_uu": _ascii(binascii.a2b_uu),
    "builtins.bytes.fromhex": _hexadecimal,
    "builtins.bytearray.fromhex": _hexadecimal,
    "codecs.decode": decode_as,
    "urllib.parse.unquote": _quoted,
    "urllib.parse.unquote_plus": _quoted,
    "html.unescape": html.unescape,
    "zlib.decompress": _zlib,
    "gzip.decompress": _gunzip,
    "bz2.decompress": _bunzip,
    "lzma.decompress": _unxz,
}
"""By the name a program calls them by. What they give is told as decoded."""

COMPRESSORS = frozenset({"zlib.decompress", "gzip.decompress", "bz2.decompress", "lzma.decompress"})


def decoded(name: str, arguments: list[Any]) -> Any:
    """What a decoder gives, or `UndecodableError`."""
    if not arguments or not isinstance(arguments[0], (str, bytes)):
        raise UndecodableError
    if len(arguments[0]) > MOST_BYTES:
        raise UndecodableError
    if name in COMPRESSORS and isinstance(arguments[0], str):
        raise UndecodableError
    try:
        return DECODERS[name](*arguments[:3])
    except UndecodableError:
        raise
    except (ValueError, TypeError, LookupError, EOFError, OSError, zlib.error, lzma.LZMAError) as e:
        raise UndecodableError(str(e)) from None
