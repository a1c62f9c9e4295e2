"""Zip files whose headers can lie. Source: PKWARE APPNOTE.TXT 6.3."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

STORED, DEFLATED = 0, 8
DATE = 0x5A21


@dataclass(frozen=True)
class Member:
    """One member; the optional fields make its headers differ from the truth.

    `local_name` is the name in the local header, `flags`, `crc`, `size` the values written in
    both headers, `local_body` bytes of the local entry that the directory does not describe,
    `hidden` leaves it out of the directory, `mode` is the Unix mode, `at` an offset to name
    instead of the true one.
    """

    name: str | bytes
    body: bytes
    method: int = STORED
    local_name: str | bytes | None = None
    flags: int = 0
    local_flags: int | None = None
    crc: int | None = None
    size: int | None = None
    packed: bytes | None = None
    hidden: bool = False
    mode: int = 0
    at: int | None = None
    extra: bytes = b""
    local_method: int | None = None
    version: int = 20


def deflate(body: bytes, level: int = 9) -> bytes:
    maker = zlib.compressobj(level, zlib.DEFLATED, -15)
    return maker.compress(body) + maker.flush()


def archive(
    members: Iterable[Member],
    *,
    before: bytes = b"",
    gap: bytes = b"",
    comment: bytes = b"",
    after: bytes = b"",
    shift: bool = True,
    count: int | None = None,
) -> bytes:
    """The archive: `before` and `after` lie around it, `gap` lies before the directory.

    With `shift` the offsets count the bytes of `before`; `count` overrides the member count.
    """
    body, directory, listed = bytearray(before), bytearray(), 0
    base = 0 if shift else len(before)
    for member in members:
        place = len(body) - base if member.at is None else member.at
        packed = _packed(member)
        body += _local(member, packed) + packed
        if not member.hidden:
            listed += 1
            directory += _central(member, packed, place)
    body += gap
    start = len(body) - base
    total = listed if count is None else count
    end = struct.pack(
        "<4s4H2IH", b"PK\5\6", 0, 0, total, total, len(directory), start, len(comment)
    )
    return bytes(body + directory + end + comment + after)


def pack(files: Mapping[str, bytes], method: int = STORED) -> bytes:
    """An honest archive."""
    return archive(Member(name, body, method) for name, body in files.items())


def torch_zip(files: Mapping[str, bytes], root: str = "archive") -> bytes:
    """As torch.save writes it: stored, bodies aligned to 64 bytes by an `FB` extra field."""
    members, place = [], 0
    for name, body in files.items():
        full = f"{root}/{name}"
        start = place + 30 + len(full)
        pad = -(start + 4) % 64
        extra = b"FB" + struct.pack("<H", pad) + b"Z" * pad
        members.append(Member(full, body, extra=extra, flags=0x0800))
        place = start + len(extra) + len(body)
    return archive(members)


def _packed(member: Member) -> bytes:
    if member.packed is not None:
        return member.packed
    return deflate(member.body) if member.method == DEFLATED else member.body


def _sums(member: Member) -> tuple[int, int]:
    crc = zlib.crc32(member.body) if member.crc is None else member.crc
    return crc, len(member.body) if member.size is None else member.size


def _raw(name: str | bytes) -> bytes:
    return name if isinstance(name, bytes) else name.encode()


def _local(member: Member, packed: bytes) -> bytes:
    name = _raw(member.name if member.local_name is None else member.local_name)
    flags = member.flags if member.local_flags is None else member.local_flags
    method = member.method if member.local_method is None else member.local_method
    crc, size = _sums(member)
    head = struct.pack("<4s5H", b"PK\3\4", member.version, flags, method, 0, DATE)
    return (
        head
        + struct.pack("<3I2H", crc, len(packed), size, len(name), len(member.extra))
        + name
        + (member.extra)
    )


def _central(member: Member, packed: bytes, place: int) -> bytes:
    name, (crc, size) = _raw(member.name), _sums(member)
    head = struct.pack(
        "<4s6H", b"PK\1\2", 0x314, member.version, member.flags, member.method, 0, DATE
    )
    head += struct.pack("<3I5H", crc, len(packed), size, len(name), 0, 0, 0, 0)
    return head + struct.pack("<2I", member.mode << 16, place) + name
