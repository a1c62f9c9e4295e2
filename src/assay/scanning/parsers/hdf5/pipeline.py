"""Undoing filters of a chunk, as far as the standard library can.

Source: "HDF5 File Format Specification Version 3.0", IV.A.2.l; `H5Zshuffle.c`.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from assay.scanning.parsers.hdf5.cursor import BudgetError, Hdf5Error
from assay.scanning.parsers.hdf5.datasets import Filter

_DEFLATE, _SHUFFLE, _CHECKSUM = 1, 2, 3


def unpacked(raw: bytes, filters: Sequence[Filter], mask: int, size: int, most: int) -> bytes:
    """A chunk's values.

    Args:
        raw: The chunk as it is stored.
        filters: In the order in which they were applied.
        mask: Bits of those that were left out for this chunk.
        size: Bytes of one value.
        most: Bytes it may have.

    Raises:
        Hdf5Error: a filter is not known here, or the bytes are not what it makes.
        BudgetError: there would be more than `most` bytes.
    """
    body = raw
    for index in range(len(filters) - 1, -1, -1):
        number = filters[index].number
        if mask >> index & 1:
            continue
        if number == _DEFLATE:
            body = _inflated(body, most)
        elif number == _SHUFFLE:
            body = _unshuffled(body, size)
        elif number == _CHECKSUM:
            body = body[:-4]
        else:
            raise Hdf5Error(f"values behind filter {number} {filters[index].name}")
    return body


def _inflated(body: bytes, most: int) -> bytes:
    engine = zlib.decompressobj()
    try:
        found = engine.decompress(body, max(1, most))
    except zlib.error as error:
        raise Hdf5Error(f"a compressed chunk is broken: {error}") from None
    if engine.unconsumed_tail:
        raise BudgetError(f"a chunk over {most} bytes")
    return found


def _unshuffled(body: bytes, size: int) -> bytes:
    """First bytes of all values lay together, then their second ones; a rest lies behind."""
    count = len(body) // size if size > 0 else 0
    if size <= 1 or count <= 1:
        return body
    found = bytearray(count * size)
    for index in range(size):
        found[index::size] = body[index * count : (index + 1) * count]
    return bytes(found) + body[count * size :]
