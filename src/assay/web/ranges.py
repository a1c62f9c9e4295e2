"""The `Range` request header (RFC 9110, section 14): one byte range or none."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assay.core.errors import DataError

_SPEC = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*\Z", re.ASCII | re.IGNORECASE)


class RangeError(DataError):
    """No byte of the file lies in the range asked for (status 416)."""

    code = "range-not-satisfiable"

    def __init__(self, size: int) -> None:
        super().__init__(f"the range lies outside the file's {size} bytes")
        self.size = size


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `start` up to, not including, `end` of a file of `size` bytes."""

    start: int
    end: int
    size: int

    @property
    def length(self) -> int:
        """How many bytes it holds."""
        return self.end - self.start

    @property
    def content_range(self) -> str:
        """The `Content-Range` value, whose last position is inclusive."""
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


def requested_range(header: str | None, size: int) -> ByteRange | None:
    """The range asked for, or None when the whole file is to be sent.

    A header that is malformed, of another unit, or of several ranges is ignored, as
    section 14.2 allows.

    Raises:
        RangeError: the range is well formed and starts past the end.
    """
    match = _SPEC.match(header) if header else None
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        return _suffix(int(match[2]), size)
    start = int(match[1])
    last = int(match[2]) if match[2] else size - 1
    if match[2] and last < start:
        return None
    if start >= size:
        raise RangeError(size)
    return ByteRange(start, min(last + 1, size), size)


def _suffix(length: int, size: int) -> ByteRange:
    if length == 0 or size == 0:
        raise RangeError(size)
    return ByteRange(max(size - length, 0), size, size)
