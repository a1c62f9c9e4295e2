"""A zip archive as its readers see it, and where they would disagree.

Nothing is extracted here. The central directory is read, every entry is compared with its
local header, and every byte of the file must belong to exactly one record. Source: PKWARE
APPNOTE 6.3.10; what readers do: CPython `zipfile`, and miniz as PyTorch uses it, which goes
by the central directory and looks at neither the flag bits nor the checksum.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from assay.core.limits import ArchiveLimits
from assay.scanning.archives.zip_checks import check_coverage, check_names, check_sizes
from assay.scanning.archives.zip_ends import find_end
from assay.scanning.archives.zip_values import (
    CENTRAL,
    DESCRIPTOR,
    LOCAL,
    UTF8,
    End,
    Member,
    Reading,
    ZipDirectory,
    ZipError,
    extra_fields,
    widened,
)
from assay.scanning.subject import Buffer

_LOCAL = Struct("<4sHHHHHIIIHH")
_CENTRAL = Struct("<4sHHHHHHIIIHHHHHII")
_DESCRIPTORS = tuple(
    (marked, Struct(f"<{mark}I{wide}{wide}"))
    for marked, mark in ((True, "4s"), (False, ""))
    for wide in ("Q", "I")
)
_UNICODE_NAME_FIELD = 0x7075
_SENTINEL_32 = 0xFFFFFFFF
_UNIX = 3
_BROKEN = "zip.broken-directory"


def read_zip(data: Buffer, limits: ArchiveLimits) -> ZipDirectory:
    """Read the directory of an archive and check it against the rest of the file.

    Raises:
        ZipError: there is no usable directory, or a budget is exceeded.
    """
    reading = Reading(data, limits)
    end = find_end(reading)
    if end.count > limits.members:
        raise ZipError(f"{end.count} members, over the budget of {limits.members}")
    members = tuple(_members(reading, end))
    if end.count and not members:
        raise ZipError("no local header where the directory says that a member begins")
    check_names(reading, members)
    check_coverage(reading, members, end)
    check_sizes(reading, members)
    return ZipDirectory(members, tuple(reading.problems))


def _members(reading: Reading, end: End) -> Iterator[Member]:
    """The entries, up to the end of the directory: some readers go by that, some by the count."""
    data, at, count = reading.data, end.directory, 0
    while at + _CENTRAL.size <= end.directory_end and bytes(data[at : at + 4]) == CENTRAL:
        count += 1
        if count > reading.limits.members:
            raise ZipError(f"over the budget of {reading.limits.members} members")
        fields = _CENTRAL.unpack(data[at : at + _CENTRAL.size])
        name_end = at + _CENTRAL.size + fields[10]
        extra_end = name_end + fields[11]
        after = extra_end + fields[12]
        if after > end.directory_end:
            reading.report(_BROKEN, "an entry reaches past the end of the directory", at)
            after = end.directory_end
        start = at + _CENTRAL.size
        raw = bytes(data[start : min(name_end, after, start + reading.limits.name_bytes + 1)])
        extra = extra_fields(bytes(data[name_end : min(extra_end, after)]))
        member = _member(reading, fields, raw, extra, end.shift)
        if member is not None:
            yield member
        at = after
    if at != end.directory_end:
        size = end.directory_end - at
        reading.report("zip.slack", f"{size} bytes after the last entry", at)
    if count != end.count:
        reading.report(_BROKEN, f"{end.count} entries announced, {count} there", end.directory)


def _member(
    reading: Reading,
    fields: tuple[int, ...],
    raw: bytes,
    extra: dict[int, bytes],
    shift: int,
) -> Member | None:
    """An entry's member; None, and reported, where no header is where it says."""
    flags, method, crc, packed, size, start = *fields[3:5], *fields[7:10], fields[16]
    packed, size, start = widened(extra, size, packed, start)
    name = _decoded(reading, raw, flags)
    if _UNICODE_NAME_FIELD in extra and extra[_UNICODE_NAME_FIELD][5:] != raw:
        reading.report("zip.local-differs", "a second name in an extra field", None, name)
    mode = fields[15] >> 16 if fields[1] >> 8 == _UNIX else 0
    start += shift
    data, after_header = reading.data, start + _LOCAL.size
    head = bytes(data[start:after_header]) if start >= 0 else b""
    if len(head) < _LOCAL.size or not head.startswith(LOCAL):
        reading.report(_BROKEN, f"no local header at {start}", None, name)
        return None
    local = _LOCAL.unpack(head)
    begin = after_header + local[9] + local[10]
    if begin + packed > len(data):
        reading.report(_BROKEN, "reaches past the end of the file", start, name)
        end = max(begin, len(data))
        return Member(name, flags, method, crc, packed, size, start, begin, end, end, mode)
    after = begin + packed
    central = (flags, method, crc, packed, size)
    if flags & DESCRIPTOR or local[2] & DESCRIPTOR:
        after = _after_descriptor(reading, begin + packed, (crc, packed, size), name)
    _compare_local(reading, start, central, raw, name)
    return Member(name, flags, method, crc, packed, size, start, begin, begin + packed, after, mode)


def _decoded(reading: Reading, raw: bytes, flags: int) -> str:
    if raw.isascii():
        return raw.decode("ascii")
    try:
        return raw.decode("utf-8" if flags & UTF8 else "cp437")
    except UnicodeDecodeError:
        name = raw.decode("cp437")
        reading.report("zip.unsafe-name", "a name that is not the UTF-8 it claims", None, name)
        return name


def _after_descriptor(reading: Reading, at: int, expected: tuple[int, int, int], name: str) -> int:
    data = reading.data
    for marked, form in _DESCRIPTORS:
        if at + form.size > len(data):
            continue
        fields = form.unpack(data[at : at + form.size])
        if marked and fields[0] != b"PK\x07\x08":
            continue
        if tuple(fields[-2:]) == expected[1:]:
            if fields[-3] != expected[0]:
                reading.report("zip.local-differs", "another checksum after the data", at, name)
            return at + form.size
    reading.report("zip.local-differs", "no data descriptor where one is announced", at, name)
    return at


def _compare_local(
    reading: Reading, start: int, central: tuple[int, ...], raw: bytes, name: str
) -> None:
    """Compare a local header with the directory; with a descriptor, zeros there are usual."""
    data = reading.data
    after = start + _LOCAL.size
    _, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack(
        data[start:after]
    )
    extra = extra_fields(bytes(data[after + name_size : after + name_size + extra_size]))
    packed, size, _ = widened(extra, size, packed, 0)
    pairs = [("flags", flags, central[0]), ("method", method, central[1])]
    sizes = [("checksum", crc, central[2]), ("packed size", packed, central[3])]
    sizes.append(("size", size, central[4]))
    if flags & DESCRIPTOR:
        sizes = [row for row in sizes if row[1] not in (0, _SENTINEL_32)]
    for what, here, there in pairs + sizes:
        if here != there:
            evidence = f"{what} {here} in the local header, {there} in the directory"
            reading.report("zip.local-differs", evidence, start, name)
    local_name = bytes(data[after : after + name_size])
    if local_name != raw:
        evidence = f"name {local_name[:80]!r} in the local header"
        reading.report("zip.local-differs", evidence, start, name)
