"""Datasets: how values are laid out, through which filters, and in which other files.

Source: "HDF5 File Format Specification Version 3.0", IV.A.2.h, i and l, and VII.A.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assay.scanning.parsers.hdf5.cursor import UNDEFINED, BudgetError, Cursor, Hdf5Error, Source
from assay.scanning.parsers.hdf5.heaps import GlobalHeaps, local_heap, name_in

COMPACT, CONTIGUOUS, CHUNKED, VIRTUAL = range(4)
"""Classes of layouts."""
TREE_1, SINGLE, IMPLICIT, FIXED, EXTENSIBLE, TREE_2 = range(6)
"""How the chunks of a chunked dataset are found."""
_MOST_SOURCES = 100_000
_MOST_FILTERS = 32


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a dataset's values are.

    Attributes:
        kind: `COMPACT`, `CONTIGUOUS`, `CHUNKED` or `VIRTUAL`.
        address: Of the values, of the index of the chunks, or of the heap with a virtual
            dataset's sources; `UNDEFINED` where nothing was written.
        size: Bytes, of compact and contiguous values; of the only chunk as it is stored.
        body: The values of a compact dataset.
        chunk: Dimensions of a chunk, in values; the last is the size of a value.
        index: How chunks are found.
        entry: Index of the heap's object, of a virtual dataset.
    """

    kind: int
    address: int = UNDEFINED
    size: int = 0
    body: Cursor | None = None
    chunk: tuple[int, ...] = ()
    index: int = TREE_1
    entry: int = 0


@dataclass(frozen=True, slots=True)
class Filter:
    """One step of the pipeline: its registered number, and the name the writer gave."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Outside:
    """Another file that holds values: its name, and where in it they are."""

    file: str
    place: str


def read_layout(cursor: Cursor) -> Layout:
    """The layout a message holds.

    Raises:
        Hdf5Error: it is of no known kind.
    """
    version = cursor.number(1)
    if version in (1, 2):
        return _layout_1(cursor)
    if version not in (3, 4, 5):
        raise Hdf5Error(f"layout version {version}")
    kind = cursor.number(1)
    if kind == COMPACT:
        size = cursor.number(2)
        return Layout(kind, size=size, body=cursor.part(size))
    if kind == CONTIGUOUS:
        return Layout(kind, cursor.address(), cursor.length())
    if kind == CHUNKED:
        return _chunked_3(cursor) if version == 3 else _chunked_4(cursor)
    if kind == VIRTUAL and version >= 4:
        return Layout(kind, cursor.address(), entry=cursor.number(4))
    raise Hdf5Error(f"layout class {kind}")


def _layout_1(cursor: Cursor) -> Layout:
    rank, kind = cursor.number(1), cursor.number(1)
    cursor.take(5)
    if kind not in (COMPACT, CONTIGUOUS, CHUNKED):
        raise Hdf5Error(f"layout class {kind}")
    address = UNDEFINED if kind == COMPACT else cursor.address()
    sizes = tuple(cursor.number(4) for _ in range(rank))
    if kind == CHUNKED:
        return Layout(kind, address, chunk=sizes)
    if kind == COMPACT:
        size = cursor.number(4)
        return Layout(kind, size=size, body=cursor.part(size))
    return Layout(kind, address, size=-1)


def _chunked_3(cursor: Cursor) -> Layout:
    rank, address = cursor.number(1), cursor.address()
    return Layout(CHUNKED, address, chunk=tuple(cursor.number(4) for _ in range(rank)))


def _chunked_4(cursor: Cursor) -> Layout:
    flags, rank, width = cursor.number(1), cursor.number(1), cursor.number(1)
    sizes = tuple(cursor.number(width) for _ in range(rank))
    index, size = cursor.number(1), 0
    if index == SINGLE and flags & 2:
        size = cursor.length()
        cursor.take(4)
    elif index in (FIXED, EXTENSIBLE, TREE_2):
        cursor.take({FIXED: 1, EXTENSIBLE: 5, TREE_2: 6}[index])
    elif index not in (SINGLE, IMPLICIT):
        raise Hdf5Error(f"chunk index {index}")
    return Layout(CHUNKED, cursor.address(), size, chunk=sizes, index=index)


def read_filters(cursor: Cursor) -> tuple[Filter, ...]:
    """The pipeline a message holds.

    Raises:
        Hdf5Error: it holds none.
    """
    version, count = cursor.number(1), cursor.number(1)
    if version not in (1, 2) or count > _MOST_FILTERS:
        raise Hdf5Error(f"filter pipeline version {version} of {count}")
    cursor.take(6 if version == 1 else 0)
    return tuple(_filter(cursor, version) for _ in range(count))


def _filter(cursor: Cursor, version: int) -> Filter:
    number = cursor.number(2)
    size = cursor.number(2) if version == 1 or number >= 256 else 0
    cursor.take(2)
    values = cursor.number(2)
    name = cursor.take(size + (-size % 8 if version == 1 else 0))
    cursor.take(4 * values + (4 if version == 1 and values % 2 else 0))
    return Filter(number, name.split(b"\0", 1)[0].decode("utf-8", "replace"))


def read_external_files(cursor: Cursor, source: Source) -> Iterator[Outside]:
    """The files in which a contiguous dataset's values lie.

    Raises:
        Hdf5Error: the list is broken.
    """
    cursor.take(4)
    cursor.take(2)
    used = cursor.number(2)
    heap = local_heap(source, cursor.address())
    for _ in range(used):
        name, offset, size = cursor.length(), cursor.length(), cursor.length()
        shown = "to the end" if size >= (1 << 8 * source.length_size) - 1 else f"{size} bytes"
        file = name_in(heap, name).decode("utf-8", "replace")
        yield Outside(file, f"from byte {offset}, {shown}")


def read_virtual_sources(layout: Layout, heaps: GlobalHeaps) -> Iterator[Outside]:
    """The files and datasets a virtual dataset is put together from; "." is its own file.

    Raises:
        Hdf5Error: the list is broken.
        BudgetError: it is longer than the budget.
    """
    if layout.address == UNDEFINED:
        return
    cursor = heaps.object(layout.address, layout.entry)
    version, count = cursor.number(1), cursor.length()
    if version not in (0, 1):
        raise Hdf5Error(f"virtual dataset version {version}")
    if count > _MOST_SOURCES:
        raise BudgetError("more sources than the budget")
    known: list[Outside] = []
    for _ in range(count):
        flags = cursor.number(1) if version == 1 else 0
        file = b"." if flags & 4 else _shared_name(cursor, known, "file", reused=flags & 1)
        place = _shared_name(cursor, known, "place", reused=flags & 2)
        known.append(Outside(file.decode("utf-8", "replace"), place.decode("utf-8", "replace")))
        yield known[-1]
        _pass_selection(cursor)
        _pass_selection(cursor)


def _shared_name(cursor: Cursor, known: list[Outside], field: str, *, reused: int) -> bytes:
    """A name, or the number of the earlier entry whose name it repeats."""
    if not reused:
        return cursor.text()
    index = cursor.length()
    if index >= len(known):
        raise Hdf5Error("a name that repeats none")
    return str(getattr(known[index], field)).encode()


def _pass_selection(cursor: Cursor) -> None:
    kind, version = cursor.number(4), cursor.number(4)
    if kind in (0, 3):
        cursor.take(8)
    elif kind == 1:
        _pass_points(cursor, version)
    elif kind == 2:
        _pass_hyperslab(cursor, version)
    else:
        raise Hdf5Error(f"selection {kind}")


def _pass_points(cursor: Cursor, version: int) -> None:
    if version == 1:
        cursor.take(8)
        rank, count, width = cursor.number(4), cursor.number(4), 4
    else:
        width = cursor.number(1)
        rank, count = cursor.number(4), cursor.number(width)
    cursor.part(rank * count * width)


def _pass_hyperslab(cursor: Cursor, version: int) -> None:
    regular, width = False, 4
    if version == 1:
        cursor.take(8)
    elif version == 2:
        regular, width = bool(cursor.number(1) & 1), 8
        cursor.take(4)
    else:
        regular, width = bool(cursor.number(1) & 1), cursor.number(1)
    rank = cursor.number(4)
    if regular:
        cursor.part(4 * rank * width)
        return
    count = cursor.number(width)
    cursor.part(2 * rank * count * width)
