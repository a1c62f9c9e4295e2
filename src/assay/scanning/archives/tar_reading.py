"""A tar archive as its readers see it, and where they would disagree.

Nothing is extracted. Where readers differ, this one goes by CPython's `tarfile`, with which
model libraries open their archives, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from assay.core.limits import MIB, ArchiveLimits
from assay.scanning.archives.tar_checks import check_entries
from assay.scanning.archives.tar_values import (
    BLOCK,
    OLD_FILE,
    SPARSE,
    WITHOUT_DATA,
    Entry,
    Header,
    HeaderError,
    Reading,
    TarDirectory,
    TarError,
    is_header,
    parsed,
    records,
    text,
)
from assay.scanning.subject import Buffer

_EXTENDED_BYTES = 1 * MIB
_LONG_NAME, _LONG_TARGET, _PAX, _PAX_ALL, _PAX_SOLARIS = "L", "K", "x", "g", "X"
_WIDE_SIZE = 8**11
"""The first size that does not fit the octal field."""
_SPARSE = "GNU.sparse."
_SPARSE_NAME = "GNU.sparse.name"
_STEP = 1 * MIB


@dataclass(slots=True)
class _Described:
    """What the headers before a member's own say about it, and where they began."""

    start: int
    name: str = ""
    target: str = ""
    pax: dict[str, str] = field(default_factory=dict)
    """Only the records that count here, as in `_counting`."""


def read_tar(data: Buffer, limits: ArchiveLimits) -> TarDirectory:
    """Read the headers of an archive and check what they say.

    Raises:
        TarError: it begins with no header, or a budget is exceeded.
    """
    if not is_header(bytes(data[:BLOCK])):
        raise TarError("the first header has a wrong checksum")
    reading = Reading(data, limits)
    entries: list[Entry] = []
    unread = ""
    try:
        for entry in _entries(reading):
            entries.append(entry)
            if len(entries) > limits.members:
                raise TarError(f"over the budget of {limits.members} members")
    except HeaderError as error:
        unread = f"not read to its end: {error}"
    check_entries(reading, entries)
    return TarDirectory(tuple(entries), tuple(reading.problems), unread)


def _entries(reading: Reading) -> Iterator[Entry]:
    data, at = reading.data, 0
    always: dict[str, str] = {}
    described = _Described(0)
    while True:
        block = bytes(data[at : at + BLOCK])
        if len(block) < BLOCK:
            raise HeaderError("the archive is cut off, or has no end mark")
        if not any(block):
            _check_rest(reading, at)
            return
        header = _header(reading, block, at)
        body = at + BLOCK
        if header.kind in (_LONG_NAME, _LONG_TARGET, _PAX, _PAX_ALL, _PAX_SOLARIS):
            at = _padded(body + header.size)
            _describe(reading, described, always, header, _extended(reading, header, body))
            continue
        entry = _entry(reading, header, described, always, at)
        yield replace(entry, end=min(entry.end, len(data)))
        if entry.end > len(data):
            _report_missing(reading, entry)
            raise HeaderError(f"{entry.name[:80]!r} reaches past the end of the file")
        at = _padded(entry.end)
        described = _Described(at)


def _header(reading: Reading, block: bytes, at: int) -> Header:
    try:
        return parsed(block)
    except HeaderError as error:
        reading.report("tar.broken-header", str(error), at)
        raise


def _extended(reading: Reading, header: Header, body: int) -> bytes:
    """What an extended header says."""
    if header.size > _EXTENDED_BYTES:
        raise HeaderError(f"an extended header of {header.size} bytes")
    raw = bytes(reading.data[body : body + header.size])
    if len(raw) < header.size:
        raise HeaderError("the archive is cut off")
    return raw


def _describe(
    reading: Reading,
    described: _Described,
    always: dict[str, str],
    header: Header,
    body: bytes,
) -> None:
    if header.kind == _LONG_NAME:
        described.name = text(body)
    elif header.kind == _LONG_TARGET:
        described.target = text(body)
    else:
        try:
            found = _counting(records(body))
        except HeaderError as error:
            reading.report("tar.broken-header", str(error), described.start)
            raise
        (always if header.kind == _PAX_ALL else described.pax).update(found)


def _counting(found: Mapping[str, str]) -> dict[str, str]:
    """The records that say what a member is, where and how long."""
    kept = {key: found[key] for key in ("path", "linkpath", "size", _SPARSE_NAME) if key in found}
    if any(key.startswith(_SPARSE) for key in found):
        kept[_SPARSE] = ""
    return kept


def _entry(
    reading: Reading,
    header: Header,
    described: _Described,
    always: Mapping[str, str],
    at: int,
) -> Entry:
    pax = {**always, **described.pax}
    name = pax.get(_SPARSE_NAME) or pax.get("path") or described.name or header.name
    target = pax.get("linkpath") or described.target or header.target
    if max(len(name), len(target)) > reading.limits.name_bytes:
        raise HeaderError(f"a name of {max(len(name), len(target))} characters")
    size = _size(reading, header, pax, at, name)
    data = _after_maps(reading, at) if header.kind == SPARSE else at + BLOCK
    sparse = header.kind == SPARSE or _SPARSE in pax
    if header.kind in WITHOUT_DATA or (header.kind == OLD_FILE and header.name.endswith("/")):
        if size:
            shown = f"{size} bytes for a member of kind {header.kind!r}"
            reading.report("tar.two-sizes", shown, at, name)
        size = 0
    return Entry(_plain(name), header.kind, target, described.start, data, data + size, sparse)


def _size(reading: Reading, header: Header, pax: Mapping[str, str], at: int, name: str) -> int:
    """A member's size; one in an extended header counts, but only a large one is written there."""
    wide = pax.get("size")
    if wide is None:
        return header.size
    if not (wide.isascii() and wide.isdigit() and len(wide) <= 20):
        reading.report("tar.broken-header", f"a size of {wide[:40]!r}", at, name)
        raise HeaderError("a size that is no number")
    size = int(wide)
    if size != header.size and size < _WIDE_SIZE:
        shown = f"{header.size} bytes in the header, {size} before it"
        reading.report("tar.two-sizes", shown, at, name)
    return size


def _report_missing(reading: Reading, entry: Entry) -> None:
    """Of an archive that was cut off, more is there than of one that lies."""
    size, there = entry.end - entry.data, len(reading.data)
    if size > max(reading.limits.bomb_floor_bytes, there * reading.limits.ratio):
        shown = f"{size} bytes in an archive of {there}"
        reading.report("tar.absurd-size", shown, entry.start, entry.name)


def _after_maps(reading: Reading, at: int) -> int:
    """The offset behind the maps of a sparse member, which lie between header and bytes."""
    more, at = reading.data[at + 482], at + BLOCK
    while more:
        if at + BLOCK > len(reading.data):
            raise HeaderError("the archive is cut off")
        more, at = reading.data[at + 504], at + BLOCK
    return at


def _plain(name: str) -> str:
    while name.startswith("./"):
        name = name[2:].lstrip("/")
    return name


def _padded(end: int) -> int:
    return -(-end // BLOCK) * BLOCK


def _check_rest(reading: Reading, at: int) -> None:
    """Behind the end mark there are only zeros, up to the end of the last record."""
    data = reading.data
    for start in range(at, len(data), _STEP):
        piece = bytes(data[start : start + _STEP])
        rest = piece.lstrip(b"\0")
        if rest:
            place = start + len(piece) - len(rest)
            block = place - place % BLOCK
            if is_header(bytes(data[block : block + BLOCK])):
                reading.report("tar.hidden-member", "a header behind the end mark", block)
            else:
                shown = f"{len(data) - place} bytes, beginning {rest[:16].hex(' ')}"
                reading.report("tar.trailing-data", shown, place)
            return
