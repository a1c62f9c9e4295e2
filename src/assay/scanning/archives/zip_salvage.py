"""A zip archive without its directory: what a reader from the start, or a repair tool, finds."""

from __future__ import annotations

import re
import zlib
from struct import Struct

from assay.core.errors import DataError
from assay.core.limits import MIB, ArchiveLimits
from assay.scanning.archives.engines import Progress
from assay.scanning.archives.unpacking import stream
from assay.scanning.archives.zip_values import (
    DEFLATED,
    DESCRIPTOR,
    LOCAL,
    STORED,
    UNKNOWN_CHECKSUM,
    UTF8,
    Member,
    extra_fields,
    widened,
)
from assay.scanning.subject import Buffer

_LOCAL = Struct("<4sHHHHHIIIHH")
_DESCRIPTOR = re.compile(rb"PK\x07\x08")
_DESCRIPTOR_BYTES = 24
_LOOKED_THROUGH = 64 * MIB
"""Bytes unpacked to find where a member ends whose header does not say."""


def salvage(data: Buffer, limits: ArchiveLimits) -> tuple[Member, ...]:
    """The members that lie one after another from the start, by their local headers."""
    found: list[Member] = []
    at = 0
    while len(found) < limits.members and bytes(data[at : at + 4]) == LOCAL:
        member = _member(data, at)
        if member is None:
            break
        found.append(member)
        at = _next(data, member)
    return tuple(found)


def _member(data: Buffer, start: int) -> Member | None:
    head = bytes(data[start : start + _LOCAL.size])
    if len(head) < _LOCAL.size:
        return None
    _, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack(head)
    name_end = start + _LOCAL.size + name_size
    begin = name_end + extra_size
    if begin > len(data):
        return None
    raw = bytes(data[start + _LOCAL.size : name_end])
    name = raw.decode("utf-8" if flags & UTF8 or raw.isascii() else "cp437", "replace")
    extra = extra_fields(bytes(data[name_end:begin]))
    packed, size, _ = widened(extra, size, packed, 0)
    end = min(begin + packed, len(data))
    member = Member(name, flags, method, crc, packed, size, start, begin, end, end, 0)
    if flags & DESCRIPTOR and not packed:
        return _measured(data, member)
    if begin + packed > len(data) and method == STORED:
        return _cut(data, member)
    return member


def _measured(data: Buffer, member: Member) -> Member | None:
    """A member whose header leaves its sizes to what follows: unpack it to find its end."""
    if member.method == STORED:
        return _described(data, member)
    if member.method != DEFLATED:
        return None
    whole = _ending(member, len(data), 0)
    progress, size = Progress(), 0
    try:
        for piece in stream(data, whole, progress):
            size += len(piece)
            if size > _LOOKED_THROUGH:
                break
    except DataError:
        pass  # its bytes are read again, and then said to be damaged
    return _ending(member, progress.end or len(data), size)


def _described(data: Buffer, member: Member) -> Member | None:
    """A stored member that ends before a descriptor which says so."""
    for found in _DESCRIPTOR.finditer(data, member.data):
        at, size = found.start(), found.start() - member.data
        if size in (_int(data, at + 8, 4), _int(data, at + 8, 8)):
            return _ending(member, at, size)
    return None


def _int(data: Buffer, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")


def _ending(member: Member, end: int, size: int) -> Member:
    return Member(
        *(member.name, member.flags, member.method, UNKNOWN_CHECKSUM, end - member.data, size),
        *(member.start, member.data, end, end, 0),
    )


def _cut(data: Buffer, member: Member) -> Member:
    """A stored member of which the end is missing."""
    size = len(data) - member.data
    with memoryview(data) as whole, whole[member.data :] as body:
        crc = zlib.crc32(body)
    return Member(
        *(member.name, member.flags, member.method, crc, size, size),
        *(member.start, member.data, len(data), len(data), 0),
    )


def _next(data: Buffer, member: Member) -> int:
    """The offset of the next header: at once, or behind a data descriptor of any of its forms."""
    behind = bytes(data[member.end : member.end + _DESCRIPTOR_BYTES + len(LOCAL)])
    place = behind.find(LOCAL)
    return member.end + max(place, 0)
