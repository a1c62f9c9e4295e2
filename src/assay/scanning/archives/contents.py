"""An archive's members as scanners of formats that are archives see them.

A zip and a tar archive are read by different readers, but a model packed in one is the same
model: its scanner is given `Contents` and says nothing about the container.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from assay.scanning.subject import Answer, Buffer, Subject


@dataclass(frozen=True, slots=True)
class Item:
    """A regular file in an archive.

    Attributes:
        name: `/` separated, as the archive has it.
        size: Bytes when unpacked.
        offset: Of its first byte in the archive, where it is stored as it is; else of its
            packed bytes.
        stored: Whether it is stored as it is.
    """

    name: str
    size: int
    offset: int
    stored: bool = True


class Contents(Protocol):
    """An archive that was read to its end, within the budgets.

    Attributes:
        subject: The archive.
        answer: Where findings about its members go.
        items: Its regular files.
    """

    subject: Subject
    answer: Answer
    items: Sequence[Item]

    def read(self, item: Item, limit: int | None = None) -> Buffer | None:
        """A member's bytes, its checksum compared; a stored member is not copied.

        None, and said to be unread, if it is over `limit` or damaged.
        """
        ...

    def head(self, item: Item, size: int = 1024) -> bytes:
        """The first bytes of a member; b"" where they cannot be unpacked."""
        ...

    def inside(self, item: Item) -> Subject:
        """The member as a subject of its own, for answers about its bytes."""
        ...

    def judge(self, item: Item) -> None:
        """Have a member judged by its content, as any file."""
        ...
