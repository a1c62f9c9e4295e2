"""The members of a tar archive, which all lie as they are."""

from __future__ import annotations

from assay.scanning.archives.contents import Item
from assay.scanning.archives.members import Members
from assay.scanning.archives.tar_values import TarDirectory
from assay.scanning.subject import Answer, Buffer, Subject


class TarContents(Members):
    """A tar archive's regular files; sparse ones are said to be unread."""

    def __init__(
        self, data: Buffer, directory: TarDirectory, subject: Subject, answer: Answer
    ) -> None:
        files = [entry for entry in directory.entries if entry.is_file]
        items = [Item(e.name, e.end - e.data, e.data) for e in files if not e.sparse]
        super().__init__(data, subject, answer, items)
        for entry in files:
            if entry.sparse:
                answer.unread("a sparse file", member=subject.inside(entry.name, 0).member)

    def read(self, item: Item, limit: int | None = None) -> Buffer | None:
        """See `Contents.read`; a tar archive has no checksums of its members."""
        if limit is not None and item.size > limit:
            self.unread(item, f"{item.size} bytes, over the budget of {limit}")
            return None
        return self.view(item.offset, item.offset + item.size)

    def head(self, item: Item, size: int = 1024) -> bytes:
        """See `Contents.head`."""
        return bytes(self._data[item.offset : item.offset + min(size, item.size)])
