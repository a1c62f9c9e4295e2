"""The members of a zip archive, unpacked within the budgets of the whole file."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from assay.core.errors import DataError
from assay.scanning.archives.contents import Item
from assay.scanning.archives.engines import Progress
from assay.scanning.archives.members import Members, report_spent
from assay.scanning.archives.spent import SpentError
from assay.scanning.archives.streams import Unpacked
from assay.scanning.archives.unpacking import METHODS, first_bytes, is_bomb, stream
from assay.scanning.archives.zip_values import (
    LZMA,
    SECRET,
    STORED,
    UNKNOWN_CHECKSUM,
    Member,
    ZipDirectory,
)
from assay.scanning.scanners.zip_rules import RULES
from assay.scanning.subject import Answer, Buffer, Subject

_MOST_READINGS = 4
"""Times an archive's bytes are read, as often as members have them in common."""


@dataclass(frozen=True, slots=True)
class _ZipItem(Item):
    """An item with its entry of the directory."""

    member: Member = field(kw_only=True)


class ZipContents(Members):
    """A zip archive's members, read by the directory and whatever their flag bits say."""

    def __init__(
        self, data: Buffer, directory: ZipDirectory, subject: Subject, answer: Answer
    ) -> None:
        items = [
            _ZipItem(m.name, m.size, m.data, m.method == STORED, member=m)
            for m in directory.members
            if not m.is_folder and not m.is_special
        ]
        super().__init__(data, subject, answer, items)
        self._seen = 0

    def read(self, item: Item, limit: int | None = None) -> Buffer | None:
        """See `Contents.read`; a wrong checksum is a finding, and the bytes are still read."""
        return self._read(item, limit, damaged=False)

    def readable(self, item: Item) -> Buffer | None:
        """See `Members.readable`."""
        return self._read(item, None, damaged=True)

    def head(self, item: Item, size: int = 1024) -> bytes:
        """See `Contents.head`."""
        member = _member(item)
        return first_bytes(self._data, member, size) if member.method in METHODS else b""

    def _read(self, item: Item, limit: int | None, *, damaged: bool) -> Buffer | None:
        member = _member(item)
        reason = self._refusal(member, limit)
        if reason:
            self.unread(item, reason)
            return None
        if member.method == STORED:
            return self._stored(item, member)
        unpacked = self._unpack(item, member)
        if not unpacked.reason:
            self._compare(item, member, unpacked.body)
            return unpacked.body
        self.unread(item, unpacked.reason)
        return unpacked.body if damaged and unpacked.body else None

    def _stored(self, item: Item, member: Member) -> Buffer | None:
        """A stored member where it lies; members that share bytes are not read without end."""
        self._seen += member.packed
        if self._seen > len(self._data) * _MOST_READINGS:
            self.unread(item, "members share the bytes of the archive")
            return None
        body = self.view(member.data, member.end)
        self._compare_size(item, member, len(body))
        self._compare(item, member, body)
        return body

    def _refusal(self, member: Member, limit: int | None) -> str:
        """Why a member is not unpacked; "" if it is."""
        if member.method not in METHODS:
            return f"compression method {member.method}"
        if is_bomb(member, self.subject.archives):
            return "unpacks to more than the ratio allows"
        if limit is not None and member.size > limit:
            return f"{member.size} bytes, over the budget of {limit}"
        room = self.subject.spent.room(self.subject.archives)
        if member.method != STORED and member.size > room:
            return f"a compressed member of {member.size} bytes"
        return ""

    def _unpack(self, item: Item, member: Member) -> Unpacked:
        """Unpack a member to its end, whatever size it announces."""
        found = Unpacked()
        progress = Progress()
        limits = self.subject.archives
        room = min(self.subject.spent.room(limits), member.size + limits.bomb_floor_bytes)
        try:
            for piece in stream(self._data, member, progress):
                self.subject.spent.take(len(piece), self.subject.archives)
                found.body += piece
                if member.method == LZMA and len(found.body) >= member.size:
                    # Without an end mark the decoder goes on into what closes the stream.
                    del found.body[member.size :]
                    return found
                if len(found.body) > room:
                    found.reason = f"over {room} bytes when unpacked"
                    break
        except SpentError as error:
            report_spent(error, self.inside(item), self.answer)
            found.reason = f"cannot be unpacked: {error}"
        except DataError as error:
            found.reason = f"cannot be unpacked: {error.message}"
        else:
            if not found.reason:
                self._check_end(item, member, progress, found)
        if len(found.body) > member.size or not found.reason:
            self._compare_size(item, member, len(found.body))
        return found

    def _check_end(self, item: Item, member: Member, progress: Progress, found: Unpacked) -> None:
        """Bytes behind the end of the packed data are none that a reader unpacks."""
        if progress.end is None:
            found.reason = "cannot be unpacked: it is cut off"
        elif progress.end != member.end:
            shown = f"{member.end - progress.end} bytes behind the packed data"
            rule, offset = RULES["zip.slack"], progress.end
            self.answer.find(rule, shown, offset=offset, member=self.shown(item))

    def _compare_size(self, item: Item, member: Member, size: int) -> None:
        if size != member.size:
            shown = f"{size} bytes or more, {member.size} announced"
            rule = RULES["zip.wrong-size"]
            self.answer.find(rule, shown, offset=member.start, member=self.shown(item))

    def _compare(self, item: Item, member: Member, body: Buffer) -> None:
        """Compare the checksum with what the directory says."""
        if member.flags & SECRET:
            return  # it is encrypted, or else the checksum was found to be right
        crc = zlib.crc32(body)
        if member.crc not in (crc, UNKNOWN_CHECKSUM):
            shown = f"{crc:08x} computed, {member.crc:08x} written"
            rule = RULES["zip.wrong-checksum"]
            self.answer.find(rule, shown, offset=member.start, member=self.shown(item))


def _member(item: Item) -> Member:
    if not isinstance(item, _ZipItem):
        raise TypeError("an item of another archive")
    return item.member
