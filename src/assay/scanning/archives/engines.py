"""Decompressors of the standard library, all used alike and never for more than is asked.

Sources: RFC 1950 to 1952 (zlib, deflate, gzip), the bzip2 and xz descriptions, PKWARE APPNOTE
5.8.8 (LZMA in zip).
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from assay.core.errors import DataError
from assay.core.limits import KIB, MIB
from assay.scanning.subject import Buffer

PIECE = 256 * KIB
"""Bytes handed on at a time."""
_FIRST_PIECE = 4 * KIB
DICTIONARY_BYTES = 128 * MIB
"""Memory an LZMA decoder may take for itself."""
RAW_DEFLATE, ZLIB, GZIP = -15, 15, 31
_DAMAGED = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError)
_LZMA_HEAD = 4
_LZMA_PROPERTIES = 5


class Engine(Protocol):
    """One stream being decompressed, as `bz2.BZ2Decompressor` does it.

    Attributes:
        eof: Whether the stream's end was met.
        needs_input: Whether more packed bytes are needed for the next piece.
        unused_data: What was given and lies behind the stream's end.
    """

    @property
    def eof(self) -> bool:
        """See above."""

    @property
    def needs_input(self) -> bool:
        """See above."""

    @property
    def unused_data(self) -> bytes:
        """See above."""

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        """At most so many bytes of what the data unpacks to."""
        ...


class Inflater:
    """zlib's decompressor with the manners of the others; see `Engine`."""

    def __init__(self, window: int) -> None:
        self._engine = zlib.decompressobj(window)
        self._full = False

    @property
    def eof(self) -> bool:
        """See `Engine`."""
        return self._engine.eof

    @property
    def needs_input(self) -> bool:
        """See `Engine`."""
        return not (self.eof or self._full or self._engine.unconsumed_tail)

    @property
    def unused_data(self) -> bytes:
        """See `Engine`."""
        return self._engine.unused_data

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        """At most so many bytes of what the data unpacks to."""
        piece = self._engine.decompress(self._engine.unconsumed_tail + data, max_length)
        self._full = len(piece) == max_length  # more may be waiting inside
        return piece


def lzma_in_zip(head: bytes) -> Engine:
    """The decompressor of a member of method 14, by the properties its bytes begin with.

    Raises:
        DataError: properties no encoder writes, or a dictionary over the budget.
    """
    size = int.from_bytes(head[2:_LZMA_HEAD], "little")
    properties = head[_LZMA_HEAD : _LZMA_HEAD + _LZMA_PROPERTIES]
    if (
        size != _LZMA_PROPERTIES
        or len(properties) != _LZMA_PROPERTIES
        or properties[0] >= 9 * 5 * 5
    ):
        raise DataError("damaged data: no LZMA properties")
    rest, lc = divmod(properties[0], 9)
    pb, lp = divmod(rest, 5)
    dictionary = int.from_bytes(properties[1:], "little")
    if dictionary > DICTIONARY_BYTES or lc + lp > 4:
        raise DataError(f"LZMA with a dictionary of {dictionary} bytes")
    chain = [{"id": lzma.FILTER_LZMA1, "dict_size": dictionary, "lc": lc, "lp": lp, "pb": pb}]
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)


LZMA_IN_ZIP_BYTES = _LZMA_HEAD + _LZMA_PROPERTIES


def bzip2() -> Engine:
    """A decompressor of one bzip2 stream."""
    return bz2.BZ2Decompressor()


def gzip() -> Engine:
    """A decompressor of one gzip member, its checksum compared."""
    return Inflater(GZIP)


def zlib_stream() -> Engine:
    """A decompressor of one zlib stream, its checksum compared."""
    return Inflater(ZLIB)


def xz() -> Engine:
    """A decompressor of one xz stream."""
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=DICTIONARY_BYTES)


def lzma_alone() -> Engine:
    """A decompressor of one stream of the format before xz."""
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=DICTIONARY_BYTES)


@dataclass(slots=True)
class Progress:
    """How far the decoding of one stream has come.

    Attributes:
        at: Offset up to which packed bytes were given to the engine.
        end: Offset at which the stream ended; None before it does.
    """

    at: int = 0
    end: int | None = None


def decoded(
    engine: Engine,
    data: Buffer,
    start: int,
    end: int,
    progress: Progress,
    piece_bytes: int = PIECE,
) -> Iterator[bytes]:
    """What `data[start:end]` unpacks to, in pieces, until the stream or the data ends.

    Args:
        engine: Fresh.
        data: Where the packed bytes are.
        start: Of the packed bytes.
        end: After them.
        progress: Told how far it went.
        piece_bytes: Longest piece.

    Raises:
        DataError: damaged data.
    """
    progress.at = start
    given = _FIRST_PIECE  # a file of very many short streams must not be copied for each
    while not engine.eof:
        packed = b""
        if engine.needs_input:
            packed = bytes(data[progress.at : min(progress.at + given, end)])
            progress.at += len(packed)
            given = min(given * 2, PIECE)
            if not packed:
                return
        try:
            piece = engine.decompress(packed, piece_bytes)
        except _DAMAGED as error:
            raise DataError(f"damaged data: {error}") from None
        if piece:
            yield piece
    progress.end = progress.at - len(engine.unused_data)
