"""Arrays that index chunks: fixed ones, and extensible ones whose blocks grow.

Source: "HDF5 File Format Specification Version 3.0", VII.D and VII.E; how many elements an
extensible array's blocks have follows `H5EAhdr.c`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assay.scanning.parsers.hdf5.cursor import UNDEFINED, BudgetError, Cursor, Hdf5Error, Source
from assay.scanning.parsers.hdf5.trees import MOST_NODES, MOST_RECORDS

_CHECKSUM = 4


def fixed_elements(source: Source, address: int) -> Iterator[Cursor]:
    """Every element of a fixed array.

    Raises:
        Hdf5Error: it is broken.
    """
    header = source.at(address)
    header.expect(b"FAHD")
    header.take(2)
    size, page_bits, count = header.number(1), header.number(1), header.length()
    where = header.address()
    if where == UNDEFINED:
        return
    block = source.at(where)
    block.expect(b"FADB")
    block.take(2)
    block.address()
    yield from _elements(block, count, size, 1 << min(page_bits, 62), bitmap=True)


def _elements(
    block: Cursor, count: int, size: int, page: int, *, bitmap: bool = False
) -> Iterator[Cursor]:
    """So many elements, in pages where there are more than one page holds."""
    if count > MOST_RECORDS:
        raise BudgetError("more chunks than the budget")
    paged = count > page
    if paged:
        pages = -(-count // page)
        block.take(((pages + 7) // 8 if bitmap else 0) + _CHECKSUM)
    for number in range(count):
        if paged and number and number % page == 0:
            block.take(_CHECKSUM)
        yield block.part(size)


@dataclass(frozen=True, slots=True)
class _Measures:
    """An extensible array's header."""

    size: int
    bits: int
    in_index: int
    first_elements: int
    first_pointers: int
    page: int

    @property
    def offset_size(self) -> int:
        return (self.bits + 7) // 8

    @property
    def groups(self) -> int:
        """Groups of data blocks there can be."""
        return 1 + self.bits - (self.first_elements.bit_length() - 1)

    @property
    def direct_groups(self) -> int:
        """Groups whose data blocks the index block lists itself."""
        return 2 * (self.first_pointers.bit_length() - 1)

    def blocks(self, group: int) -> int:
        return 1 << group // 2

    def elements(self, group: int) -> int:
        return self.first_elements << (group + 1) // 2


def extensible_elements(source: Source, address: int) -> Iterator[Cursor]:
    """Every element of an extensible array.

    Raises:
        Hdf5Error: it is broken.
        BudgetError: it has too many blocks.
    """
    header = source.at(address)
    header.expect(b"EAHD")
    header.take(2)
    size, bits, in_index, first, pointers, page = (header.number(1) for _ in range(6))
    measures = _Measures(size, bits, in_index, first, pointers, 1 << min(page, 62))
    if not first or not pointers or bits > 64:
        raise Hdf5Error("an array of impossible measures")
    for _ in range(6):
        header.length()
    where = header.address()
    if where == UNDEFINED:
        return
    index = source.at(where)
    index.expect(b"EAIB")
    index.take(2)
    index.address()
    yield from _elements(index, in_index, size, in_index + 1)
    for group, block in _data_blocks(source, index, measures):
        yield from _elements(block, measures.elements(group), size, measures.page)


def _data_blocks(
    source: Source, index: Cursor, measures: _Measures
) -> Iterator[tuple[int, Cursor]]:
    """Group and content of every data block that was written."""
    count = 0
    for group in range(measures.groups):
        block = index
        if group >= measures.direct_groups:
            secondary = index.address()
            if secondary == UNDEFINED:
                continue
            block = _begin(source, secondary, b"EASB", measures)
            pages = measures.elements(group) // measures.page
            if pages > 1:
                block.take(measures.blocks(group) * ((pages + 7) // 8))
        for _ in range(measures.blocks(group)):
            count += 1
            if count > MOST_NODES:
                raise BudgetError("more chunk blocks than the budget")
            address = block.address()
            if address != UNDEFINED:
                yield group, _begin(source, address, b"EADB", measures)


def _begin(source: Source, address: int, signature: bytes, measures: _Measures) -> Cursor:
    cursor = source.at(address)
    cursor.expect(signature)
    cursor.take(2)
    cursor.address()
    cursor.take(measures.offset_size)
    return cursor
