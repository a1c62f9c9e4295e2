"""What zip and tar archives have in common for the scanners of formats that are archives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

from assay.scanning import kinds
from assay.scanning.archives.contents import Contents, Item
from assay.scanning.archives.spent import SpentError
from assay.scanning.inspection import inspect_inside
from assay.scanning.scanners.archive_rules import RULES
from assay.scanning.subject import Answer, Buffer, Subject


class Members(ABC):
    """An archive's regular files, as `assay.scanning.archives.contents.Contents`.

    A context manager: views into the archive that were handed out end with it.
    """

    def __init__(
        self, data: Buffer, subject: Subject, answer: Answer, items: Sequence[Item]
    ) -> None:
        self.subject = subject
        self.answer = answer
        self.items = items
        self._data = data
        self._views: list[memoryview] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for view in self._views:
            _release(view)
        self._views.clear()

    @abstractmethod
    def read(self, item: Item, limit: int | None = None) -> Buffer | None:
        """See `Contents.read`."""

    @abstractmethod
    def head(self, item: Item, size: int = 1024) -> bytes:
        """See `Contents.head`."""

    def readable(self, item: Item) -> Buffer | None:
        """A member's bytes; of a damaged one what a reader has of it before it fails."""
        return self.read(item)

    def inside(self, item: Item) -> Subject:
        """See `Contents.inside`."""
        return self.subject.inside(item.name, self.subject.base + item.offset if item.stored else 0)

    def judge(self, item: Item) -> None:
        """See `Contents.judge`."""
        body = self.readable(item)
        if body is None:
            return
        with self.subject.spent.holding(0 if item.stored else len(body)):
            inspect_inside(body, self.inside(item), self.answer)
        if self._views and body is self._views[-1]:
            _release(self._views.pop())

    def view(self, start: int, end: int) -> memoryview:
        """The archive's bytes from one offset to another, as they lie."""
        with memoryview(self._data) as whole:
            view = whole[start:end]
        self._views.append(view)
        return view

    def shown(self, item: Item) -> str | None:
        """How findings name a member."""
        return self.inside(item).member

    def unread(self, item: Item, reason: str) -> None:
        """Say that a member was not read, and why."""
        self.answer.unread(reason, member=self.shown(item))


def _release(view: memoryview) -> None:
    """End a view, unless something still looks at it; then it ends with that."""
    with suppress(BufferError):
        view.release()


def begin(size: int, files: Sequence[int], subject: Subject, answer: Answer) -> bool:
    """Count a container that is opened; false, and said why, if it is not to be read.

    Args:
        size: Its bytes.
        files: The sizes of its members, unpacked.
        subject: The container.
        answer: Where findings go.
    """
    if subject.depth > subject.archives.depth:
        answer.find(RULES["archive.nesting"], f"{subject.depth} containers around it")
        answer.unread("archives nested deeper than the budget")
        return False
    empty = files.count(0)
    if empty > subject.archives.empty_members and empty * 2 > len(files):
        answer.find(RULES["archive.bomb"], f"{empty} empty members")
    total = sum(files)
    if total > max(subject.archives.stream_floor_bytes, size * subject.archives.stream_ratio):
        answer.find(RULES["archive.bomb"], f"{size} bytes unpack to {total}")
        answer.unread("unpacks to more than the ratio allows")
        return False
    try:
        subject.spent.begin(size, len(files), subject.archives)
    except SpentError as error:
        report_spent(error, subject, answer)
        return False
    return True


def report_spent(error: SpentError, subject: Subject, answer: Answer) -> None:
    """Say that a budget is used up, and that it is a bomb where it is one."""
    if error.bomb and error.first:
        answer.find(RULES["archive.bomb"], str(error))
    answer.unread(f"cannot be unpacked: {error}", member=subject.member)


def judge_contents(contents: Contents) -> None:
    """Have an archive judged as the format its members make it, or else member by member."""
    packed = kinds.by_members([item.name for item in contents.items])
    if packed is not None:
        contents.answer.family = packed.family
        packed.scanner().scan_archive(contents)
        return
    for item in contents.items:
        contents.judge(item)
