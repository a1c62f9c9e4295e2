"""The chunks of a chunked dataset: where each is stored, and how many bytes it has there.

Source: "HDF5 File Format Specification Version 3.0", III.A.1 and VII.B to VII.F.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from assay.scanning.parsers.hdf5 import trees
from assay.scanning.parsers.hdf5.chunk_arrays import extensible_elements, fixed_elements
from assay.scanning.parsers.hdf5.cursor import UNDEFINED, Cursor, Hdf5Error, Source
from assay.scanning.parsers.hdf5.datasets import (
    FIXED,
    IMPLICIT,
    SINGLE,
    TREE_1,
    TREE_2,
    Layout,
)

_TREE_2_PLAIN, _TREE_2_FILTERED = 10, 11


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk as it is stored: address, bytes, and which filters were left out."""

    address: int
    size: int
    mask: int = 0


def chunks(
    source: Source, layout: Layout, shape: tuple[int, ...], *, filtered: bool
) -> Iterator[Chunk]:
    """Every chunk that was written.

    Raises:
        Hdf5Error: the index is broken.
        BudgetError: there are too many chunks.
    """
    if layout.address == UNDEFINED:
        return
    plain = math.prod(layout.chunk)
    if layout.index == TREE_1:
        yield from _by_tree_1(source, layout)
    elif layout.index == SINGLE:
        yield Chunk(layout.address, layout.size if filtered else plain)
    elif layout.index == IMPLICIT:
        for number in range(min(_count(layout, shape), trees.MOST_RECORDS)):
            yield Chunk(layout.address + number * plain, plain)
    elif layout.index == TREE_2:
        yield from _by_tree_2(source, layout, plain)
    else:
        read = fixed_elements if layout.index == FIXED else extensible_elements
        yield from _by_array(read(source, layout.address), plain, filtered=filtered)


def _count(layout: Layout, shape: tuple[int, ...]) -> int:
    pairs = zip(shape, layout.chunk, strict=False)
    return math.prod(-(-size // chunk) if chunk else 0 for size, chunk in pairs)


def _by_tree_1(source: Source, layout: Layout) -> Iterator[Chunk]:
    key_size = 8 + 8 * len(layout.chunk)
    for key, address in trees.leaves(source, layout.address, key_size, kind=1):
        size, mask = int.from_bytes(key[:4], "little"), int.from_bytes(key[4:8], "little")
        yield Chunk(address, size, mask)


def _by_tree_2(source: Source, layout: Layout, plain: int) -> Iterator[Chunk]:
    for kind, record in trees.records(source, layout.address):
        address = record.address()
        if kind == _TREE_2_PLAIN:
            yield Chunk(address, plain)
        elif kind == _TREE_2_FILTERED:
            width = record.left - 4 - 8 * (len(layout.chunk) - 1)
            size = record.number(max(0, width))
            yield Chunk(address, size, record.number(4))
        else:
            raise Hdf5Error("a tree of other things than chunks")


def _by_array(elements: Iterator[Cursor], plain: int, *, filtered: bool) -> Iterator[Chunk]:
    for entry in elements:
        where = entry.address()
        if where > 0:  # an unwritten page is all zeros
            size = entry.number(max(0, entry.left - 4)) if filtered else plain
            yield Chunk(where, size, entry.number(4) if filtered else 0)
