"""What a zip archive is made of, and where its readers would disagree."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.core.limits import ArchiveLimits
from assay.scanning.subject import Buffer

LOCAL = b"PK\x03\x04"
CENTRAL = b"PK\x01\x02"
STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14
ENCRYPTED, DESCRIPTOR, STRONG, UTF8, MASKED = 1, 1 << 3, 1 << 6, 1 << 11, 1 << 13
_ZIP64_FIELD, _SENTINEL_32 = 1, 0xFFFFFFFF
UNKNOWN_CHECKSUM = -1
"""Of a member whose header leaves the checksum to what follows its data."""
SECRET = ENCRYPTED | STRONG | MASKED
"""Flag bits that say a member cannot be read as it is."""
_SPECIAL = (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK)
_MOST_PROBLEMS = 500


class ZipError(Exception):
    """Not a zip archive any reader could use; kept inside the scanners."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A place where readers disagree or bytes hide; `rule` is an id of the zip rules."""

    rule: str
    evidence: str
    offset: int | None = None
    member: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """An entry of the central directory, with where its bytes lie.

    Attributes:
        start: Offset of the local header in the buffer.
        data: Offset of the packed bytes.
        end: Offset after them.
        after: Offset after the data descriptor, where there is one.
    """

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    start: int
    data: int
    end: int
    after: int
    mode: int

    @property
    def is_folder(self) -> bool:
        """Whether it only names a folder."""
        return self.name.endswith("/")

    @property
    def is_special(self) -> bool:
        """Whether it asks to become a link, a device or a socket."""
        return stat.S_IFMT(self.mode) in _SPECIAL


@dataclass(frozen=True, slots=True)
class ZipDirectory:
    """The members in the directory's order, and everything wrong with the container."""

    members: tuple[Member, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class End:
    """Where the central directory is, and the archive: it begins at `shift`, ends at `after`."""

    directory: int
    directory_end: int
    count: int
    shift: int
    after: int = 0


@dataclass(slots=True)
class Reading:
    """An archive being read: its bytes, the budgets and what was wrong so far."""

    data: Buffer
    limits: ArchiveLimits
    problems: list[Problem] = field(default_factory=list)

    def report(
        self, rule: str, evidence: str, offset: int | None = None, member: str | None = None
    ) -> None:
        """Note a problem; a flood of them is cut."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(rule, evidence, offset, member))


def extra_fields(raw: bytes) -> dict[int, bytes]:
    """The extra fields of a header by their kind; the first where one occurs twice."""
    found: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(raw):
        kind = int.from_bytes(raw[at : at + 2], "little")
        size = int.from_bytes(raw[at + 2 : at + 4], "little")
        found.setdefault(kind, raw[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def widened(extra: Mapping[int, bytes], size: int, packed: int, start: int) -> tuple[int, int, int]:
    """Packed size, size and offset, with the 64-bit field in place of each that is all ones."""
    field64 = extra.get(_ZIP64_FIELD, b"")
    at = 0
    values = []
    for value in (size, packed, start):
        if value == _SENTINEL_32 and at + 8 <= len(field64):
            values.append(int.from_bytes(field64[at : at + 8], "little"))
            at += 8
        else:
            values.append(value)
    return values[1], values[0], values[2]
