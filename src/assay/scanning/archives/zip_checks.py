"""A zip archive as a whole: its names, its sizes, and that every byte belongs to one member."""

from __future__ import annotations

import stat
import unicodedata

from assay.core.errors import DataError
from assay.core.limits import ArchiveLimits
from assay.core.manifest import check_path
from assay.scanning.archives.zip_values import LOCAL, STORED, End, Member, Reading, ZipError


def check_names(reading: Reading, members: tuple[Member, ...]) -> None:
    """Report names that are one on some machines, that leave the folder, or ask for a link."""
    exact: set[str] = set()
    folded: dict[str, str] = {}
    files: dict[str, Member] = {}
    folders: set[str] = set()
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
            files.setdefault(key, member)
        folder = key.removesuffix("/").rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
        try:
            check_path(member.name.removesuffix("/"))
        except DataError as error:
            reading.report("zip.unsafe-name", error.message, member.start, member.name)
        if member.is_special:
            kind = stat.filemode(member.mode)
            reading.report("zip.special-member", f"mode {kind}", member.start, member.name)
    for key in sorted(files.keys() & folders):
        evidence = "is a file and a folder at once"
        reading.report("zip.duplicate-name", evidence, files[key].start, files[key].name)


def check_sizes(reading: Reading, members: tuple[Member, ...]) -> None:
    """Report bombs.

    Raises:
        ZipError: a budget of bytes is exceeded.
    """
    limits = reading.limits
    if sum(member.size for member in members) > limits.total_bytes:
        raise ZipError(f"over {limits.total_bytes} bytes when unpacked")
    for member in members:
        if member.size > limits.member_bytes:
            raise ZipError(f"{member.name!r} is over {limits.member_bytes} bytes when unpacked")
        if member.method == STORED and member.size != member.packed:
            evidence = f"stored, but {member.packed} bytes for {member.size}"
            reading.report("zip.local-differs", evidence, member.start, member.name)
        if is_bomb(member, limits):
            evidence = f"{member.packed} bytes unpack to {member.size}"
            reading.report("zip.ratio", evidence, member.start, member.name)


def is_bomb(member: Member, limits: ArchiveLimits) -> bool:
    """Whether a member claims to unpack to more than its ratio allows."""
    return (
        member.size > limits.ratio_floor_bytes
        and member.size > max(1, member.packed) * limits.ratio
    )


def check_coverage(reading: Reading, members: tuple[Member, ...], end: End) -> None:
    """Report bytes before the directory that belong to no member, or to two."""
    at = end.shift
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
