"""What a tar archive is made of: headers of 512 bytes and the numbers and texts in them.

Sources: POSIX.1-2008 `pax` (ustar and pax interchange formats), GNU tar manual, "Basic Tar
Format" and "Storing Sparse Files"; what readers do: CPython `tarfile`, GNU tar.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.core.limits import ArchiveLimits
from assay.scanning.archives.zip_values import Problem
from assay.scanning.subject import Buffer

BLOCK = 512
_CHECKSUM = slice(148, 156)
_OCTAL = re.compile(rb"[ ]*([0-7]*)[ \0]*\Z")
_WIDE_NEGATIVE, _WIDE = 0xFF, 0x80
_MOST_PROBLEMS = 500

HARD, SYMBOLIC, FOLDER = "1", "2", "5"
OLD_FILE = "\0"
"""A file before ustar, or a folder where the name ends in a slash."""
DEVICES = {"3": "a character device", "4": "a block device", "6": "a pipe"}
SPARSE = "S"
WITHOUT_DATA = frozenset((HARD, SYMBOLIC, "3", "4", "5", "6", "V"))
"""Kinds whose readers go on right behind the header, whatever size it says."""


class TarError(Exception):
    """Not a tar archive any reader could use, or over a budget; kept inside the scanners."""


class HeaderError(Exception):
    """A header no writer makes; kept inside the scanners."""


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of a header that count.

    Attributes:
        kind: The type flag.
        size: Of what follows the header, as the header says.
        target: Where a link leads.
    """

    name: str
    kind: str
    size: int
    target: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A member, with where its bytes lie.

    Attributes:
        name: Without a leading `./`.
        start: Offset of its first header, those that only describe it included.
        data: Offset of its bytes.
        end: Offset after them.
        sparse: Whether its bytes are only the parts of a file that are not zero.
    """

    name: str
    kind: str
    target: str
    start: int
    data: int
    end: int
    sparse: bool = False

    @property
    def is_file(self) -> bool:
        """Whether it is unpacked as a regular file, as kinds nobody knows are."""
        return not (self.kind in WITHOUT_DATA or self.is_folder)

    @property
    def is_folder(self) -> bool:
        """Whether it only names a folder; before ustar that was said by the name alone."""
        return self.kind == FOLDER or (self.kind == OLD_FILE and self.name.endswith("/"))

    @property
    def is_link(self) -> bool:
        """Whether it asks to become a link."""
        return self.kind in (HARD, SYMBOLIC)


@dataclass(frozen=True, slots=True)
class TarDirectory:
    """The members in their order, and everything wrong with the container.

    Attributes:
        unread: Why the archive was not read to its end; "" if it was.
    """

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    unread: str = ""


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


def is_header(block: bytes) -> bool:
    """Whether a block's checksum is right, as unsigned or, as some wrote it, signed bytes."""
    if len(block) != BLOCK or not any(block):
        return False
    try:
        written = number(block[_CHECKSUM])
    except HeaderError:
        return False
    rest = block[:148] + block[156:]
    unsigned = sum(rest) + 8 * 32
    return written in (unsigned, unsigned - 256 * sum(byte > 127 for byte in rest))


def parsed(block: bytes) -> Header:
    """The fields of a header.

    Raises:
        HeaderError: a wrong checksum, or a size that is no number.
    """
    if not is_header(block):
        raise HeaderError("a header with a wrong checksum")
    kind = chr(block[156])
    name, target = text(block[:100]), text(block[157:257])
    prefix = text(block[345:500])
    if prefix and block[257:263] == b"ustar\0" and kind != SPARSE:
        name = f"{prefix}/{name}"
    return Header(name, kind, number(block[124:136]), target)


def number(raw: bytes) -> int:
    """A field's number: octal, or in base 256 where its first bit is set.

    Raises:
        HeaderError: neither, or negative.
    """
    if raw[0] == _WIDE:
        return int.from_bytes(raw[1:], "big")
    found = None if raw[0] == _WIDE_NEGATIVE else _OCTAL.match(raw.partition(b"\0")[0])
    if found is None:
        raise HeaderError(f"a header with {raw!r} for a number")
    return int(found.group(1) or b"0", 8)


def text(raw: bytes) -> str:
    """A field's text, up to its first NUL."""
    return raw.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def records(body: bytes) -> Mapping[str, str]:
    """The records of an extended header: `LENGTH KEY=VALUE` and a line feed, each.

    Raises:
        HeaderError: anything else.
    """
    found: dict[str, str] = {}
    at = 0
    while at < len(body) and body[at]:
        space = body.find(b" ", at, at + 20)
        digits = body[at:space] if space > 0 else b""
        if not digits.isdigit():
            raise HeaderError("an extended header that is damaged")
        end = at + int(digits)
        key, equals, value = body[space + 1 : end - 1].partition(b"=")
        if not equals or end > len(body) or body[end - 1] != 10 or end <= space:
            raise HeaderError("an extended header that is damaged")
        found[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        at = end
    return found
