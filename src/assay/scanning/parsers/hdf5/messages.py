"""Object headers: the messages of a group, a dataset or a committed type.

Source: "HDF5 File Format Specification Version 3.0", IV.A.1 and IV.A.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from assay.scanning.parsers.hdf5.cursor import BudgetError, Cursor, Hdf5Error, Source

MOST_MESSAGES = 100_000
MOST_BLOCKS = 20_000
_SHARED = 2


class Kind(IntEnum):
    """Types of messages that are read."""

    DATASPACE = 1
    LINK_INFO = 2
    DATATYPE = 3
    LINK = 6
    EXTERNAL_FILES = 7
    LAYOUT = 8
    FILTERS = 11
    ATTRIBUTE = 12
    SHARED_TABLE = 15
    CONTINUATION = 16
    SYMBOL_TABLE = 17
    DRIVER = 20
    ATTRIBUTE_INFO = 21


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        kind: Number of its type, one of `Kind` if it is read.
        body: Its bytes.
        shared: Whether the bytes only say where the message is kept.
    """

    kind: int
    body: Cursor
    shared: bool


def messages(source: Source, address: int) -> Iterator[Message]:
    """The messages of the object header at an address, continuations followed.

    Raises:
        Hdf5Error: there is no object header, or it is broken.
        BudgetError: there are too many messages.
    """
    start = source.at(address)
    new = start.take(4) == b"OHDR"
    blocks = [_first_new(source, address) if new else _first_old(source, address)]
    seen = {blocks[0][0].at}
    count = 0
    while blocks:
        block, order = blocks.pop()
        for message in _in_block(block, new=new, order=order):
            count += 1
            source.effort.spend()
            if count > MOST_MESSAGES or len(seen) > MOST_BLOCKS:
                raise BudgetError("more messages than the budget")
            if message.kind != Kind.CONTINUATION:
                yield message
                continue
            more = _continued(source, message.body, new=new)
            if more.at not in seen:
                seen.add(more.at)
                blocks.append((more, order))


def _first_old(source: Source, address: int) -> tuple[Cursor, bool]:
    cursor = source.at(address)
    if cursor.number(1) != 1:
        raise Hdf5Error(f"no object header at {address:#x}")
    cursor.take(7)
    size = cursor.number(4)
    cursor.take(4)
    return cursor.part(size), False


def _first_new(source: Source, address: int) -> tuple[Cursor, bool]:
    cursor = source.at(address)
    cursor.expect(b"OHDR")
    if cursor.number(1) != 2:
        raise Hdf5Error(f"an object header of unknown version at {address:#x}")
    flags = cursor.number(1)
    cursor.take((16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0))
    return cursor.part(cursor.number(1 << (flags & 3))), bool(flags & 4)


def _continued(source: Source, body: Cursor, *, new: bool) -> Cursor:
    where = body.address()
    cursor = source.at(where, body.length())
    if not new:
        return cursor
    cursor.expect(b"OCHK")
    return cursor.part(cursor.left - 4)


def _in_block(block: Cursor, *, new: bool, order: bool) -> Iterator[Message]:
    smallest = 4 + 2 * order if new else 8
    while block.left >= smallest:
        kind = block.number(1 if new else 2)
        size = block.number(2)
        flags = block.number(1)
        block.take(2 * order if new else 3)
        yield Message(kind, block.part(size), bool(flags & _SHARED))
