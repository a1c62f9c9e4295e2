"""Heaps: local ones for names, global ones for values of varying length.

Source: "HDF5 File Format Specification Version 3.0", III.D and III.E.
"""

from __future__ import annotations

from collections import OrderedDict

from assay.scanning.parsers.hdf5.cursor import BudgetError, Cursor, Hdf5Error, Source

_MOST_OBJECTS = 20_000_000
_KEPT_COLLECTIONS = 256


def local_heap(source: Source, address: int) -> Cursor:
    """The names in a local heap; a name's offset counts from the cursor's place.

    Raises:
        Hdf5Error: there is no local heap.
    """
    cursor = source.at(address)
    cursor.expect(b"HEAP")
    cursor.take(4)
    size = cursor.length()
    cursor.length()
    return source.at(cursor.address(), size)


def name_in(heap: Cursor, offset: int) -> bytes:
    """The name at an offset in a local heap.

    Raises:
        Hdf5Error: there is none.
    """
    if not 0 <= offset < heap.left:
        raise Hdf5Error(f"a name at {offset}, outside its heap")
    return Cursor(heap.source, heap.at + offset, heap.end).text()


class GlobalHeaps:
    """The objects of global heap collections, of which the latest used are remembered."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._collections: OrderedDict[int, dict[int, tuple[int, int]]] = OrderedDict()
        self._left = _MOST_OBJECTS

    def object(self, address: int, index: int) -> Cursor:
        """The bytes of one object.

        Raises:
            Hdf5Error: there is no such collection, or no such object in it.
            BudgetError: all collections read together have too many.
        """
        spans = self._collections.get(address)
        if spans is None:
            spans = self._collections[address] = self._read(address)
            if len(self._collections) > _KEPT_COLLECTIONS:
                self._collections.popitem(last=False)
        if index not in spans:
            raise Hdf5Error(f"no object {index} in the heap at {address:#x}")
        begin, size = spans[index]
        return Cursor(self._source, begin, begin + size)

    def _read(self, address: int) -> dict[int, tuple[int, int]]:
        cursor = self._source.at(address)
        cursor.expect(b"GCOL")
        cursor.take(4)
        size = cursor.length()
        inside = self._source.at(address, size)
        inside.take(cursor.at - inside.at)
        spans: dict[int, tuple[int, int]] = {}
        smallest = 8 + self._source.length_size
        while inside.left >= smallest:
            self._left -= 1
            if self._left < 0:
                raise BudgetError("more heap objects than the budget")
            index = inside.number(2)
            inside.take(6)
            length = inside.length()
            if not index:
                break
            spans[index] = (inside.at, length)
            inside.take(length)
            inside.take(min(-length % 8, inside.left))
        return spans
