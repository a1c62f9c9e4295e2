"""Links of a group: hard, soft, external and those a plug-in library would follow.

Source: "HDF5 File Format Specification Version 3.0", III.B, III.C and IV.A.2.g.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from assay.scanning.parsers.hdf5.cursor import UNDEFINED, Cursor, Hdf5Error, Source
from assay.scanning.parsers.hdf5.fractal_heap import FractalHeap
from assay.scanning.parsers.hdf5.heaps import local_heap, name_in
from assay.scanning.parsers.hdf5.trees import leaves, records

_SOFT_ENTRY = 2
_BY_NAME, _BY_ORDER = 5, 6
_LONGEST = 4096
"""Bytes of a name or path that are kept."""


class LinkKind(Enum):
    """What a link leads to."""

    HARD = "an object"
    SOFT = "a path in the file"
    EXTERNAL = "a path in another file"
    OTHER = "what a plug-in library makes of it"


@dataclass(frozen=True, slots=True)
class Link:
    """One link.

    Attributes:
        name: In its group.
        kind: What it leads to.
        address: Of the object, for a hard link.
        path: Of the object, for a soft or external link.
        file: The other file, for an external link.
        number: The registered type, for a link of a plug-in.
    """

    name: str
    kind: LinkKind
    address: int = UNDEFINED
    path: str = ""
    file: str = ""
    number: int = 0


def read_link(cursor: Cursor) -> Link:
    """The link a message holds.

    Raises:
        Hdf5Error: it holds none.
    """
    version, flags = cursor.number(1), cursor.number(1)
    if version != 1:
        raise Hdf5Error(f"link version {version}")
    kind = cursor.number(1) if flags & 8 else 0
    cursor.take((8 if flags & 4 else 0) + (1 if flags & 16 else 0))
    name = _text(cursor.take(cursor.number(1 << (flags & 3))))
    if kind == 0:
        return Link(name, LinkKind.HARD, cursor.address())
    body = cursor.part(cursor.number(2))
    if kind == 1:
        return Link(name, LinkKind.SOFT, path=_text(body.take(body.left)))
    if kind == 64:
        body.take(1)
        file = _text(body.text())
        return Link(name, LinkKind.EXTERNAL, path=_text(body.text()), file=file)
    return Link(name, LinkKind.OTHER, number=kind)


def links_in_heap(source: Source, info: Cursor) -> Iterator[Link]:
    """The links a link info message leads to, where there are too many for the header.

    Raises:
        Hdf5Error: the heap or its index is broken.
    """
    info.take(1)
    if info.number(1) & 1:
        info.take(8)
    heap_address, tree = info.address(), info.address()
    if UNDEFINED in (heap_address, tree):
        return
    heap = FractalHeap(source, heap_address)
    for kind, record in records(source, tree):
        if kind not in (_BY_NAME, _BY_ORDER):
            raise Hdf5Error("a tree of other things than links")
        record.take(4 if kind == _BY_NAME else 8)
        yield read_link(heap.object(record))


def links_in_table(source: Source, message: Cursor) -> Iterator[Link]:
    """The links of a symbol table, as groups had before 1.8 and have by default.

    Raises:
        Hdf5Error: the tree, a node or the heap is broken.
    """
    tree, heap_address = message.address(), message.address()
    if tree == UNDEFINED:
        return
    heap = local_heap(source, heap_address)
    for _, node in leaves(source, tree, source.length_size, kind=0):
        cursor = source.at(node)
        cursor.expect(b"SNOD")
        cursor.take(2)
        for _ in range(cursor.number(2)):
            yield _entry(cursor, heap)


def _entry(cursor: Cursor, heap: Cursor) -> Link:
    offset = cursor.number(cursor.source.offset_size)
    address, cached = cursor.address(), cursor.number(4)
    cursor.take(4)
    scratch = cursor.take(16)
    name = _text(name_in(heap, offset))
    if cached == _SOFT_ENTRY:
        path = name_in(heap, int.from_bytes(scratch[:4], "little"))
        return Link(name, LinkKind.SOFT, path=_text(path))
    return Link(name, LinkKind.HARD, address)


def _text(raw: bytes) -> str:
    return raw[:_LONGEST].split(b"\0", 1)[0].decode("utf-8", "replace")
