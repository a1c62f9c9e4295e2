"""A zip member's bytes, unpacked within budgets."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

from assay.core.errors import DataError
from assay.core.limits import ArchiveLimits
from assay.scanning.archives.engines import (
    LZMA_IN_ZIP_BYTES,
    PIECE,
    RAW_DEFLATE,
    Engine,
    Inflater,
    Progress,
    bzip2,
    decoded,
    lzma_in_zip,
)
from assay.scanning.archives.zip_values import BZIP2, DEFLATED, LZMA, STORED, Member
from assay.scanning.subject import Buffer

METHODS = (STORED, DEFLATED, BZIP2, LZMA)
"""Compression methods that are unpacked here."""


def pieces(
    data: Buffer,
    member: Member,
    limits: ArchiveLimits,
    used: Callable[[int], None] | None = None,
) -> Iterator[bytes]:
    """The unpacked bytes in pieces; what goes past the announced size is never unpacked.

    Args:
        data: The archive.
        member: One of its members.
        limits: Budgets.
        used: Told at the end where the packed bytes ended, should that be before the member
            does; without it that is an error.

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
    try:
        yield from _decoded(data, member, used)
    except DataError as error:
        raise DataError(error.message, subject=member.name) from None


def _decoded(data: Buffer, member: Member, used: Callable[[int], None] | None) -> Iterator[bytes]:
    left = member.size
    progress = Progress()
    for piece in stream(data, member, progress):
        if member.method == LZMA and len(piece) >= left:
            # Without an end mark the decoder goes on into the bytes that close the stream.
            yield piece[:left]
            return
        if len(piece) > left:
            raise DataError("unpacks to more than it announces")
        left -= len(piece)
        yield piece
    if left or progress.end is None:
        raise DataError("unpacks to less than it announces")
    if progress.end != member.end:
        if used is None:
            raise DataError("bytes behind the packed data")
        used(progress.end)


def first_bytes(data: Buffer, member: Member, size: int) -> bytes:
    """The first bytes of a member, whatever its sizes say; fewer where it is damaged."""
    if member.method == STORED:
        return bytes(data[member.data : min(member.end, member.data + size)])
    found = b""
    try:
        for piece in stream(data, member, Progress(), size):
            found += piece
            if len(found) >= size:
                break
    except DataError:
        pass  # what came before the damage is what there is
    return found[:size]


def is_whole(data: Buffer, member: Member, limits: ArchiveLimits) -> bool:
    """Whether a member unpacks to what its size and checksum say."""
    crc = 0
    if is_bomb(member, limits):
        return False
    try:
        for piece in pieces(data, member, limits):
            crc = zlib.crc32(piece, crc)
    except DataError:
        return False
    return crc == member.crc


def is_bomb(member: Member, limits: ArchiveLimits) -> bool:
    """Whether a member claims to unpack to more than its ratio allows."""
    return (
        member.size > limits.ratio_floor_bytes
        and member.size > max(1, member.packed) * limits.ratio
    )


def stream(
    data: Buffer, member: Member, progress: Progress, piece_bytes: int = PIECE
) -> Iterator[bytes]:
    """What a compressed member unpacks to, whatever its sizes say.

    Raises:
        DataError: an unknown method, or damaged data.
    """
    start, engine = member.data, _engine(data, member)
    if member.method == LZMA:
        start += LZMA_IN_ZIP_BYTES
    return decoded(engine, data, start, member.end, progress, piece_bytes)


def _engine(data: Buffer, member: Member) -> Engine:
    if member.method == DEFLATED:
        return Inflater(RAW_DEFLATE)
    if member.method == BZIP2:
        return bzip2()
    if member.method == LZMA:
        return lzma_in_zip(bytes(data[member.data : member.data + LZMA_IN_ZIP_BYTES]))
    raise DataError(f"compression method {member.method}")
