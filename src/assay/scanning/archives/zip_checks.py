"""A zip archive as a whole: its names, its sizes, and that every byte belongs to one member."""

from __future__ import annotations

import stat
import unicodedata

from assay.core.errors import DataError
from assay.core.manifest import check_path
from assay.scanning.archives.names import LONGEST_TARGET, folders_above, leads_out
from assay.scanning.archives.unpacking import METHODS, first_bytes, is_bomb
from assay.scanning.archives.zip_values import LOCAL, STORED, End, Member, Reading, ZipError


def check_names(reading: Reading, members: tuple[Member, ...]) -> None:
    """Report names that are one on some machines, that leave the folder, or ask for a link."""
    exact: set[str] = set()
    folded: dict[str, str] = {}
    files: set[str] = set()
    for member in members:
        key = unicodedata.normalize("NFC", member.name.replace("\\", "/")).casefold()
        if member.name in exact:
            reading.report("zip.duplicate-name", member.name, member.start, member.name)
        elif key in folded:
            evidence = f"{member.name} beside {folded[key]}"
            reading.report("zip.duplicate-name", evidence, member.start, member.name)
        exact.add(member.name)
        folded.setdefault(key, member.name)
        if not member.is_folder:
            files.add(key)
        _check_name(reading, member)
        if member.is_special:
            _check_special(reading, member)
    for key, name in folded.items():
        if any(folder in files for folder in folders_above(key)):
            evidence = "below a name that is a file as well"
            reading.report("zip.duplicate-name", evidence, None, name)


def _check_name(reading: Reading, member: Member) -> None:
    name = member.name.removesuffix("/")
    try:
        check_path(name)
    except DataError as error:
        rule = "zip.odd-name" if _is_windows(member.name) else "zip.unsafe-name"
        reading.report(rule, error.message, member.start, member.name)


def _is_windows(name: str) -> bool:
    """Whether a name is one but for backslashes as separators, as some writers leave it."""
    if "\\" not in name or ":" in name:
        return False
    try:
        check_path(name.replace("\\", "/").removesuffix("/"))
    except DataError:
        return False
    return True


def _check_special(reading: Reading, member: Member) -> None:
    """Report a link or device; a link to a place in the archive is reported as one."""
    if stat.S_ISLNK(member.mode) and member.method in METHODS:
        raw = first_bytes(reading.data, member, LONGEST_TARGET)
        target = raw.decode("utf-8", "surrogateescape")
        folder = member.name.rpartition("/")[0]
        inside = len(raw) == member.size and not leads_out(folder, target)
        rule = "zip.inner-link" if inside else "zip.special-member"
        reading.report(rule, f"a link to {target!r}", member.start, member.name)
        return
    kind = stat.filemode(member.mode)
    reading.report("zip.special-member", f"mode {kind}", member.start, member.name)


def check_sizes(reading: Reading, members: tuple[Member, ...]) -> None:
    """Report bombs.

    Raises:
        ZipError: a budget of bytes is exceeded.
    """
    limits = reading.limits
    total, room = sum(member.size for member in members), len(reading.data) * limits.ratio
    if total > limits.total_bytes and total > room:
        reading.report("zip.ratio", f"{len(reading.data)} bytes unpack to {total}")
    elif total > limits.total_bytes:
        raise ZipError(f"over {limits.total_bytes} bytes when unpacked")
    for member in members:
        if is_bomb(member, limits):
            evidence = f"{member.packed} bytes unpack to {member.size}"
            reading.report("zip.ratio", evidence, member.start, member.name)
        elif member.size > limits.member_bytes:
            raise ZipError(f"{member.name!r} is over {limits.member_bytes} bytes when unpacked")
        if member.method == STORED and member.size != member.packed:
            evidence = f"stored, but {member.packed} bytes for {member.size}"
            reading.report("zip.local-differs", evidence, member.start, member.name)


def check_coverage(reading: Reading, members: tuple[Member, ...], end: End) -> None:
    """Report bytes before the directory that belong to no member, or to two."""
    at = max(0, end.shift)
    for member in sorted(members, key=lambda item: item.start):
        if member.start < at:
            reading.report("zip.overlap", f"starts at {member.start}", member.start, member.name)
        elif member.start > at:
            _report_gap(reading, at, member.start)
        at = max(at, member.after)
    if at < end.directory:
        _report_gap(reading, at, end.directory)
    elif at > end.directory:
        reading.report("zip.overlap", "members reach into the directory", end.directory)


def _report_gap(reading: Reading, start: int, stop: int) -> None:
    head = bytes(reading.data[start : min(stop, start + 16)])
    if head.startswith(LOCAL):
        evidence = f"{stop - start} bytes that begin with a local header"
        reading.report("zip.hidden-member", evidence, start)
    else:
        reading.report("zip.slack", f"{stop - start} bytes, beginning {head.hex(' ')}", start)
