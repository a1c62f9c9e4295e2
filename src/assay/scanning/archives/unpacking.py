"""A member's bytes, unpacked within budgets."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from assay.core.errors import DataError
from assay.core.limits import KIB, ArchiveLimits
from assay.scanning.archives.zip_values import DEFLATED, STORED, Member
from assay.scanning.subject import Buffer

PIECE = 256 * KIB
"""Bytes handed on at a time."""
_RAW_DEFLATE = -15


def pieces(data: Buffer, member: Member, limits: ArchiveLimits) -> Iterator[bytes]:
    """The unpacked bytes in pieces; what goes past the announced size is never unpacked.

    Raises:
        DataError: an unknown method, damaged data, or more or fewer bytes than announced.
    """
    if member.size > limits.member_bytes:
        raise DataError(f"over {limits.member_bytes} bytes when unpacked", subject=member.name)
    if member.method == STORED:
        if member.packed != member.size:
            raise DataError("stored with two sizes", subject=member.name)
        for at in range(member.data, member.end, PIECE):
            yield bytes(data[at : min(at + PIECE, member.end)])
        return
    if member.method != DEFLATED:
        raise DataError(f"compression method {member.method}", subject=member.name)
    yield from _inflated(data, member)


def _inflated(data: Buffer, member: Member) -> Iterator[bytes]:
    engine = zlib.decompressobj(_RAW_DEFLATE)
    left = member.size
    for at in range(member.data, member.end, PIECE):
        packed = bytes(data[at : min(at + PIECE, member.end)])
        while packed:
            piece = _step(engine, packed, member)
            left -= len(piece)
            if left < 0:
                raise DataError("unpacks to more than it announces", subject=member.name)
            if piece:
                yield piece
            packed = engine.unconsumed_tail
            if engine.eof:
                break
        if engine.eof:
            break
    if not engine.eof or left:
        raise DataError("unpacks to less than it announces", subject=member.name)


def _step(engine: zlib._Decompress, packed: bytes, member: Member) -> bytes:
    try:
        return engine.decompress(packed, PIECE)
    except zlib.error as error:
        raise DataError(f"damaged data: {error}", subject=member.name) from None
