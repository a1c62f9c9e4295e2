"""The end records of a zip archive: which directory a reader finds, and which others there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from struct import Struct

from assay.core.limits import ArchiveLimits
from assay.scanning.archives.zip_values import CENTRAL, End, Reading, ZipError
from assay.scanning.subject import Buffer

END = b"PK\x05\x06"
_END = Struct("<4sHHHHIIH")
_END64 = Struct("<4sQHHIIQQQQ")
_LOCATOR = Struct("<4sIQI")
_COMMENT_BYTES = 65_535
_SENTINEL_16, _SENTINEL_32 = 0xFFFF, 0xFFFFFFFF


def has_directory(data: Buffer) -> bool:
    """Whether a reader that looks for the end record finds an archive in these bytes."""
    return archive_at_end(data) is not None


def archive_at_end(data: Buffer) -> End | None:
    """The archive that a reader finds which looks for the end record, if there is one."""
    try:
        end = find_end(Reading(data, ArchiveLimits()))
    except ZipError:
        return None
    found = end.count > 0 and bytes(data[end.directory : end.directory + 4]) == CENTRAL
    return end if found else None


def find_end(reading: Reading) -> End:
    """The directory a reader finds from the end of the file; what another would find is reported.

    Raises:
        ZipError: there is none.
    """
    data = reading.data
    start = max(0, len(data) - _COMMENT_BYTES - _END.size)
    tail = bytes(data[start:])
    ends = [start + at for at in _positions(tail, END) if start + at + _END.size <= len(data)]
    if not ends:
        raise ZipError("no end of central directory: the archive is cut off")
    usable = [at for at in ends if _end_at(reading, at) is not None]
    if not usable:
        raise ZipError("the end record leads to no central directory")
    exact = [at for at in usable if at + _END.size + _comment(data, at) == len(data)]
    at = (exact or usable)[-1]
    found = _end_at(reading, at)
    if found is None:  # it was found a moment ago
        raise ZipError("the end record leads to no central directory")
    # An archive stored in this one has an end record, which no reader of this one stops at.
    rivals = [other for other in usable if other >= found.directory or other in exact]
    if len(rivals) > 1:
        reading.report("zip.several-directories", f"{len(rivals)} end records", rivals[0])
    comment = _comment(data, at)
    after = at + _END.size + comment
    if after < len(data):
        reading.report("zip.appended", f"{len(data) - after} bytes after the archive", after)
    elif comment:
        reading.report("zip.comment", f"{comment} bytes of comment", at + _END.size)
    _report_shift(reading, found)
    return replace(found, after=after)


def _report_shift(reading: Reading, end: End) -> None:
    """Report a directory that is not where the end record says, and another that is there."""
    if not end.shift:
        return
    if end.shift > 0:
        reading.report("zip.prepended", f"{end.shift} bytes before the archive", 0)
    else:
        evidence = f"offsets {-end.shift} bytes too large"
        reading.report("zip.broken-directory", evidence, end.directory)
    absolute = end.directory - end.shift
    if bytes(reading.data[absolute : absolute + 4]) == CENTRAL:
        reading.report("zip.several-directories", "a second directory", absolute)


def _comment(data: Buffer, at: int) -> int:
    return int.from_bytes(data[at + 20 : at + 22], "little")


def _positions(tail: bytes, mark: bytes) -> Iterator[int]:
    at = tail.find(mark)
    while at >= 0:
        yield at
        at = tail.find(mark, at + 1)


def _end_at(reading: Reading, at: int) -> End | None:
    """The directory an end record names, if one is there; 64-bit fields win, as in readers."""
    data = reading.data
    _, _, _, _, count, size, offset, _ = _END.unpack(data[at : at + _END.size])
    directory_end = at
    wide = _end64(data, at)
    if wide is not None:
        narrow = (count, size, offset)
        directory_end, count, size, offset = wide
        sentinels = (_SENTINEL_16, _SENTINEL_32, _SENTINEL_32)
        pairs = zip(narrow, (count, size, offset), sentinels, strict=True)
        if any(small not in (large, sentinel) for small, large, sentinel in pairs):
            reading.report("zip.several-directories", "32-bit and 64-bit end records differ", at)
    directory = directory_end - size
    shift = directory - offset
    if directory < 0:
        return None
    if size and bytes(data[directory : directory + 4]) != CENTRAL:
        return None
    return End(directory, directory_end, count, shift)


def _end64(data: Buffer, at: int) -> tuple[int, int, int, int] | None:
    """Start of the 64-bit end record, and its count, size and offset of the directory."""
    place = at - _LOCATOR.size
    if place < _END64.size or bytes(data[place : place + 4]) != b"PK\x06\x07":
        return None
    start = place - _END64.size
    if bytes(data[start : start + 4]) != b"PK\x06\x06":
        return None
    fields = _END64.unpack(data[start : start + _END64.size])
    return start, fields[7], fields[8], fields[9]
