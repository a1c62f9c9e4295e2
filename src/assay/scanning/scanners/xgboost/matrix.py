"""XGBoost's binary DMatrix: fields with their names, then rows of numbers.

Source: `SimpleDMatrix::SaveToLocalFile` and `MetaInfo::SaveBinary` in XGBoost.
"""

from __future__ import annotations

from assay.scanning.subject import Answer, Buffer, Subject

_HEAD = 24
_SIZES = {1: 4, 2: 8, 3: 4, 4: 8}
_TEXT = 5
_CATEGORIES = b"cats"
"""Since 3.1; its text is one of UBJSON and has no length of its own."""
_MOST_FIELDS, _MOST_TEXTS = 64, 10_000_000


class _BrokenError(Exception):
    """The file does not go on as it must."""


def scan_matrix(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Walk the fields and the rows to the end."""
    del subject
    walk = _Walk(data)
    try:
        walk.fields()
        walk.rows()
    except _BrokenError as error:
        answer.unread(f"the DMatrix cannot be read: {error}")
        return
    if walk.at != len(data):
        answer.unread(f"{len(data) - walk.at} bytes behind the DMatrix")


class _Walk:
    def __init__(self, data: Buffer) -> None:
        self._data = data
        self.at = _HEAD

    def fields(self) -> None:
        """Numbers and texts about the rows."""
        count = self._number(8)
        if count > _MOST_FIELDS:
            raise _BrokenError(f"{count} fields")
        for _ in range(count):
            begin = self.at + 8
            self._skip(self._number(8))
            name = bytes(self._data[begin : min(self.at, begin + 64)])
            kind, alone = self._number(1), self._number(1)
            if kind not in _SIZES and kind != _TEXT:
                raise _BrokenError(f"a field of type {kind}")
            if name == _CATEGORIES:
                self._skip(16)
                self._skip(self._number(8))
            elif alone:
                self._skip(_SIZES.get(kind, 0))
            else:
                self._list(kind)

    def _list(self, kind: int) -> None:
        self._skip(16)
        count = self._number(8)
        if kind != _TEXT:
            self._skip(count * _SIZES[kind])
            return
        if count > _MOST_TEXTS:
            raise _BrokenError(f"{count} texts")
        for _ in range(count):
            self._skip(self._number(8))

    def rows(self) -> None:
        """Where each row begins, then the column and value of every entry."""
        self._skip(self._number(8) * 8)
        self._skip(self._number(8) * 8)

    def _number(self, size: int) -> int:
        begin = self.at
        self._skip(size)
        return int.from_bytes(self._data[begin : self.at], "little")

    def _skip(self, size: int) -> None:
        if size > len(self._data) - self.at:
            raise _BrokenError("it is cut off")
        self.at += size
