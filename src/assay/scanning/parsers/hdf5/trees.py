"""B-trees: version 1 of groups and chunks, version 2 of names, attributes and huge objects.

Only listing is needed, so keys are passed over. Source: "HDF5 File Format Specification
Version 3.0", III.A.
"""

from __future__ import annotations

from collections.abc import Iterator

from assay.scanning.parsers.hdf5.cursor import (
    UNDEFINED,
    BudgetError,
    Cursor,
    Hdf5Error,
    Source,
)

MOST_NODES = 200_000
MOST_RECORDS = 5_000_000
_MOST_DEPTH = 64
_OVERHEAD = 10
"""Bytes of a version 2 node that are no record: signature, version, type, checksum."""


def leaves(source: Source, address: int, key_size: int, kind: int) -> Iterator[tuple[bytes, int]]:
    """Key and child of every entry in the leaves of a version 1 tree.

    Args:
        source: The file.
        address: Of the root.
        key_size: Bytes of a key.
        kind: 0 for groups, 1 for chunks.

    Raises:
        Hdf5Error: a node is broken.
        BudgetError: there are too many nodes.
    """
    waiting, seen = [address], {address}
    while waiting:
        cursor = source.at(waiting.pop())
        cursor.expect(b"TREE")
        if cursor.number(1) != kind:
            raise Hdf5Error("a tree of another kind")
        level, used = cursor.number(1), cursor.number(2)
        cursor.take(2 * source.offset_size)
        for _ in range(used):
            key, child = cursor.take(key_size), cursor.address()
            if level == 0:
                yield key, child
            elif child not in seen:
                seen.add(child)
                waiting.append(child)
        if len(seen) > MOST_NODES:
            raise BudgetError("more tree nodes than the budget")


def records(source: Source, address: int) -> Iterator[tuple[int, Cursor]]:
    """Type and bytes of every record in a version 2 tree.

    Raises:
        Hdf5Error: a node is broken.
        BudgetError: there are too many records.
    """
    header = source.at(address)
    header.expect(b"BTHD")
    header.take(1)
    kind, node_size = header.number(1), header.number(4)
    record_size, depth = header.number(2), header.number(2)
    header.take(2)
    root, count = header.address(), header.number(2)
    if root == UNDEFINED or not count:
        return
    if not record_size or depth > _MOST_DEPTH or node_size <= _OVERHEAD:
        raise Hdf5Error("a tree of impossible measures")
    shape = _Shape(source, node_size, record_size, depth)
    waiting, total, seen = [(root, count, depth)], 0, {root}
    while waiting:
        where, count, level = waiting.pop()
        cursor = source.at(where, node_size)
        cursor.expect(b"BTIN" if level else b"BTLF")
        cursor.take(2)
        for _ in range(count):
            yield kind, cursor.part(record_size)
        total += count
        if level:
            children = list(_children(cursor, count + 1, level, shape))
            waiting += [child for child in children if child[0] not in seen]
            seen.update(child[0] for child in children)
        if total > MOST_RECORDS or len(seen) > MOST_NODES:
            raise BudgetError("more tree records than the budget")


class _Shape:
    """How wide the counts in a version 2 tree's pointers are, by level."""

    def __init__(self, source: Source, node_size: int, record_size: int, depth: int) -> None:
        most = (node_size - _OVERHEAD) // record_size
        self.count_size = _width(most)
        self.total_sizes = [0]
        total = most
        for level in range(1, depth + 1):
            pointer = source.offset_size + self.count_size + self.total_sizes[level - 1]
            inside = (node_size - _OVERHEAD - pointer) // (record_size + pointer)
            if inside <= 0:
                raise Hdf5Error("a tree of impossible measures")
            total = (inside + 1) * total + inside
            self.total_sizes.append(_width(total))


def _children(
    cursor: Cursor, count: int, level: int, shape: _Shape
) -> Iterator[tuple[int, int, int]]:
    for _ in range(count):
        child, inside = cursor.address(), cursor.number(shape.count_size)
        cursor.take(shape.total_sizes[level - 1])
        yield child, inside, level - 1


def _width(most: int) -> int:
    """Bytes a number up to `most` is written in."""
    return (most.bit_length() - 1) // 8 + 1 if most > 0 else 1
