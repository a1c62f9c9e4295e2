"""The superblock: where it is, how wide addresses are, and where the root group lies.

Source: "HDF5 File Format Specification Version 3.0", II.A. The library looks for the
signature at 0, 512, 1024 and so on, takes the first it meets and counts every address from
there, whatever the base address says; the end counts from the file's beginning if that is right.
"""

from __future__ import annotations

from dataclasses import dataclass

from assay.scanning.parsers.hdf5.cursor import UNDEFINED, Hdf5Error, Source
from assay.scanning.subject import Buffer

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_WIDTHS = frozenset({2, 4, 8, 16, 32})
_FARTHEST = 1 << 40


@dataclass(frozen=True, slots=True)
class Superblock:
    """The start of a file.

    Attributes:
        version: 0 to 3.
        start: Offset of the superblock, which is the size of the user block before it.
        end: Offset of the end of the file as it was written.
        root: Address of the root group's object header.
        extension: Address of an object header with more settings, or `UNDEFINED`.
        driver: Whether a file driver other than the usual one is named.
    """

    version: int
    start: int
    end: int
    root: int
    extension: int
    driver: bool


def start_of(data: Buffer) -> int | None:
    """Offset of the signature the library would find; None without one."""
    at = 0
    while at < len(data) and at <= _FARTHEST:
        if bytes(data[at : at + 8]) == SIGNATURE:
            return at
        at = 512 if not at else at * 2
    return None


def read_superblock(data: Buffer) -> tuple[Superblock, Source]:
    """The superblock and the means to read by it.

    Raises:
        Hdf5Error: there is none, or one of no known version.
    """
    start = start_of(data)
    if start is None:
        raise Hdf5Error("there is no superblock")
    version = bytes(data[start + 8 : start + 9])
    if version in (b"\0", b"\1"):
        return _old(data, start, version[0])
    if version in (b"\2", b"\3"):
        return _new(data, start, version[0])
    raise Hdf5Error(f"superblock version {version.hex()}")


def _source(data: Buffer, start: int, offset_size: int, length_size: int) -> Source:
    if offset_size not in _WIDTHS or length_size not in _WIDTHS:
        raise Hdf5Error(f"addresses of {offset_size} and lengths of {length_size} bytes")
    return Source(data, start, offset_size, length_size)


def _old(data: Buffer, start: int, version: int) -> tuple[Superblock, Source]:
    """Versions 0 and 1."""
    widths = bytes(data[start + 13 : start + 15])
    if len(widths) < 2:
        raise Hdf5Error("the superblock is cut off")
    source = _source(data, start, *widths)
    cursor = source.at(28 if version else 24)
    base = cursor.address()
    cursor.address()  # free space
    end = cursor.address() + start - base
    driver = cursor.address() != UNDEFINED
    cursor.length()  # name of the root group
    root = cursor.address()
    return Superblock(version, start, end, root, UNDEFINED, driver), source


def _new(data: Buffer, start: int, version: int) -> tuple[Superblock, Source]:
    """Versions 2 and 3."""
    widths = bytes(data[start + 9 : start + 11])
    if len(widths) < 2:
        raise Hdf5Error("the superblock is cut off")
    source = _source(data, start, *widths)
    cursor = source.at(12)
    base, extension = cursor.address(), cursor.address()
    end, root = cursor.address() + start - base, cursor.address()
    return Superblock(version, start, end, root, extension, driver=False), source
