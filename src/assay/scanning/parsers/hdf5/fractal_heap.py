"""The fractal heap, in which links and attributes lie when there are many or large ones.

Its space is a table of blocks that double in size with each row. Source: "HDF5 File Format
Specification Version 3.0", III.G; the widths of ids follow `H5HFhdr.c`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assay.scanning.parsers.hdf5.cursor import UNDEFINED, Cursor, Hdf5Error, Source
from assay.scanning.parsers.hdf5.trees import records

_MOST_ROWS = 128
_MOST_BLOCKS = 200_000
_HUGE_PLAIN = 1


@dataclass(frozen=True, slots=True)
class _Header:
    id_size: int
    filtered: bool
    most_managed: int
    huge_tree: int
    width: int
    first_size: int
    most_direct: int
    heap_bits: int
    root: int
    rows: int

    @property
    def offset_size(self) -> int:
        return (self.heap_bits + 7) // 8

    @property
    def length_size(self) -> int:
        by_block = (self.most_direct.bit_length() - 1 + 7) // 8
        by_object = (self.most_managed.bit_length() - 1) // 8 + 1
        return min(by_block, by_object)

    @property
    def direct_rows(self) -> int:
        return self.most_direct.bit_length() - self.first_size.bit_length() + 2

    def block_size(self, row: int) -> int:
        return self.first_size << max(0, row - 1)


class FractalHeap:
    """One heap, whose objects are found by their ids."""

    def __init__(self, source: Source, address: int) -> None:
        """Read the header and the table of blocks.

        Raises:
            Hdf5Error: it is broken, or filtered, which no link or attribute is.
        """
        self._source = source
        self._header = header = _read_header(source, address)
        self._blocks: list[tuple[int, int, int]] = []
        if header.root != UNDEFINED:
            self._blocks = sorted(_blocks(source, header))
        self._huge: dict[int, tuple[int, int]] | None = None

    def object(self, identifier: Cursor) -> Cursor:
        """The bytes an id stands for.

        Raises:
            Hdf5Error: there are none.
        """
        first = identifier.number(1)
        kind = first >> 4 & 3
        if kind == 0:
            offset = identifier.number(self._header.offset_size)
            return self._managed(offset, identifier.number(self._header.length_size))
        if kind == 1:
            return self._large(identifier)
        if kind == 2:
            if self._header.id_size > 17:
                return identifier.part((first & 0x0F) << 8 | identifier.number(1) + 1)
            return identifier.part((first & 0x0F) + 1)
        raise Hdf5Error("an id of unknown kind")

    def _managed(self, offset: int, length: int) -> Cursor:
        low, high = 0, len(self._blocks)
        while low < high:
            middle = (low + high) // 2
            if self._blocks[middle][0] <= offset:
                low = middle + 1
            else:
                high = middle
        if not low:
            raise Hdf5Error("an object outside its heap")
        begin, size, address = self._blocks[low - 1]
        if offset + length > begin + size:
            raise Hdf5Error("an object outside its block")
        return self._source.at(address + offset - begin, length)

    def _large(self, identifier: Cursor) -> Cursor:
        source = self._source
        if self._header.id_size >= 1 + source.offset_size + source.length_size:
            address = identifier.address()
            return source.at(address, identifier.length())
        if self._huge is None:
            self._huge = dict(_huge_objects(source, self._header.huge_tree))
        where = self._huge.get(identifier.number(min(self._header.id_size - 1, 8)))
        if where is None:
            raise Hdf5Error("a large object that is not listed")
        return source.at(*where)


def _read_header(source: Source, address: int) -> _Header:
    cursor = source.at(address)
    cursor.expect(b"FRHP")
    cursor.take(1)
    id_size, filter_size = cursor.number(2), cursor.number(2)
    cursor.take(1)
    most_managed = cursor.number(4)
    cursor.length()
    huge_tree = cursor.address()
    cursor.length()
    cursor.address()
    for _ in range(8):
        cursor.length()
    width, first_size, most_direct = cursor.number(2), cursor.length(), cursor.length()
    heap_bits = cursor.number(2)
    cursor.take(2)
    root, rows = cursor.address(), cursor.number(2)
    header = _Header(
        id_size=id_size,
        filtered=filter_size > 0,
        most_managed=most_managed,
        huge_tree=huge_tree,
        width=width,
        first_size=first_size,
        most_direct=most_direct,
        heap_bits=heap_bits,
        root=root,
        rows=rows,
    )
    if header.filtered:
        raise Hdf5Error("a compressed heap")
    if not (width and first_size and most_direct and most_managed) or heap_bits > 64:
        raise Hdf5Error("a heap of impossible measures")
    return header


def _blocks(source: Source, header: _Header) -> Iterator[tuple[int, int, int]]:
    """Offset in the heap, size and address of every direct block."""
    if not header.rows:
        yield 0, header.first_size, header.root
        return
    waiting = [(header.root, header.rows, 0)]
    count = 0
    while waiting:
        address, rows, begin = waiting.pop()
        cursor = source.at(address)
        cursor.expect(b"FHIB")
        cursor.take(1 + source.offset_size + header.offset_size)
        if rows > _MOST_ROWS:
            raise Hdf5Error("a heap of impossible measures")
        for row in range(rows):
            size = header.block_size(row)
            for _ in range(header.width):
                count += 1
                child = cursor.address()
                if child != UNDEFINED and row < header.direct_rows:
                    yield begin, size, child
                elif child != UNDEFINED:
                    waiting.append((child, _rows_of(size, header), begin))
                begin += size
                if count > _MOST_BLOCKS:
                    raise Hdf5Error("a heap of impossible measures")


def _rows_of(size: int, header: _Header) -> int:
    """Rows of the indirect block that covers so many bytes."""
    first = header.first_size * header.width
    return max(1, size.bit_length() - first.bit_length() + 1)


def _huge_objects(source: Source, tree: int) -> Iterator[tuple[int, tuple[int, int]]]:
    if tree == UNDEFINED:
        return
    for kind, record in records(source, tree):
        if kind != _HUGE_PLAIN:
            raise Hdf5Error("a compressed large object")
        address, length = record.address(), record.length()
        yield record.length(), (address, length)
