"""What a zip archive is made of, and where its readers would disagree."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field

from assay.core.limits import ArchiveLimits
from assay.scanning.subject import Buffer

LOCAL = b"PK\x03\x04"
CENTRAL = b"PK\x01\x02"
STORED, DEFLATED = 0, 8
ENCRYPTED, DESCRIPTOR, STRONG, UTF8, MASKED = 1, 1 << 3, 1 << 6, 1 << 11, 1 << 13
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
        kind = stat.S_IFMT(self.mode)
        return kind not in (0, stat.S_IFREG, stat.S_IFDIR)


@dataclass(frozen=True, slots=True)
class ZipDirectory:
    """The members in the directory's order, and everything wrong with the container."""

    members: tuple[Member, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class End:
    """Where the central directory is, and how many bytes come before the archive."""

    directory: int
    directory_end: int
    count: int
    shift: int


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
