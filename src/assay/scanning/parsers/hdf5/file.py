"""A file as a tree of objects: groups, datasets and committed types with what they carry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self, TypeVar

from assay.scanning.parsers.hdf5.attributes import Attribute, read_attribute
from assay.scanning.parsers.hdf5.cursor import UNDEFINED, BudgetError, Cursor, Hdf5Error, Source
from assay.scanning.parsers.hdf5.datasets import (
    VIRTUAL,
    Filter,
    Layout,
    Outside,
    read_external_files,
    read_filters,
    read_layout,
    read_virtual_sources,
)
from assay.scanning.parsers.hdf5.datatypes import Datatype, read_datatype, read_shape
from assay.scanning.parsers.hdf5.fractal_heap import FractalHeap
from assay.scanning.parsers.hdf5.heaps import GlobalHeaps
from assay.scanning.parsers.hdf5.links import (
    Link,
    LinkKind,
    links_in_heap,
    links_in_table,
    read_link,
)
from assay.scanning.parsers.hdf5.messages import Kind, Message, messages
from assay.scanning.parsers.hdf5.superblock import Superblock, read_superblock
from assay.scanning.parsers.hdf5.trees import records
from assay.scanning.subject import Buffer

MOST_OBJECTS = 500_000
MOST_ATTRIBUTES = 65_536
MOST_LINKS = 500_000
MOST_ITEMS = 2_000_000
"""Links, attributes and names of other files, of all objects together."""

_T = TypeVar("_T")
_COMMITTED = 2
_LONGEST_PATH = 512
_ATTRIBUTE_BY_NAME, _ATTRIBUTE_BY_ORDER = 8, 9


@dataclass(slots=True)
class Node:
    """An object: a group if it has links, a dataset if it has a layout.

    Attributes:
        path: The first path that led to it.
        address: Of its header.
        links: Of a group.
        attributes: Of either.
        datatype: Of a dataset's values, or a committed one.
        shape: Of a dataset; None where it holds nothing.
        layout: Of a dataset.
        filters: Of a dataset, in the order in which they were applied.
        external: Other files which hold a dataset's values as they are.
        sources: Files and datasets of which a virtual dataset is put together.
        problems: Parts that could not be read, and why.
    """

    path: str
    address: int
    links: list[Link] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list)
    datatype: Datatype | None = None
    shape: tuple[int, ...] | None = None
    layout: Layout | None = None
    filters: tuple[Filter, ...] = ()
    external: list[Outside] = field(default_factory=list)
    sources: list[Outside] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def attribute(self, name: str) -> Attribute | None:
        """The attribute of a name."""
        return next((item for item in self.attributes if item.name == name), None)


class File:
    """An HDF5 file.

    Attributes:
        superblock: Its start.
        source: The means to read by it.
        heaps: Values of varying length.
    """

    def __init__(self, superblock: Superblock, source: Source) -> None:
        self.superblock = superblock
        self.source = source
        self.heaps = GlobalHeaps(source)
        self._types: dict[int, Datatype] = {}
        self._items_left = MOST_ITEMS

    @classmethod
    def of(cls, data: Buffer) -> Self:
        """Begin to read a file.

        Raises:
            Hdf5Error: it has no superblock.
        """
        return cls(*read_superblock(data))

    def nodes(self) -> Iterator[Node]:
        """Every object hard links lead to, from the root on, each once.

        Raises:
            BudgetError: there are too many.
        """
        waiting = [("/", self.superblock.root)]
        seen = {self.superblock.root}
        followed = 0
        while waiting:
            path, address = waiting.pop()
            node = self.node(path, address)
            yield node
            followed += len(node.links)
            if len(seen) > MOST_OBJECTS or followed > MOST_LINKS:
                raise BudgetError("more objects than the budget")
            for link in reversed(node.links):
                if link.kind is LinkKind.HARD and link.address not in seen:
                    seen.add(link.address)
                    waiting.append((_joined(path, link.name), link.address))

    def node(self, path: str, address: int) -> Node:
        """The object at an address; what cannot be read of it is among its problems."""
        node = Node(path, address)
        try:
            for message in messages(self.source, address):
                self._take(message, node)
        except Hdf5Error as error:
            node.problems.append(str(error))
        return node

    def _take(self, message: Message, node: Node) -> None:
        try:
            if message.kind == Kind.SHARED_TABLE:
                node.problems.append("messages in a table of shared ones")
            elif message.shared:
                self._take_shared(message, node)
            else:
                self._take_plain(message.kind, message.body, node)
        except BudgetError:
            raise
        except Hdf5Error as error:
            node.problems.append(f"message {message.kind}: {error}")

    def _take_shared(self, message: Message, node: Node) -> None:
        if message.kind == Kind.DATATYPE:
            node.datatype = self._committed(message.body)
        elif message.kind in set(Kind):
            node.problems.append(f"message {message.kind} is kept elsewhere")

    def _take_plain(self, kind: int, body: Cursor, node: Node) -> None:
        if kind == Kind.LINK:
            self._fill(node.links, iter((read_link(body),)), MOST_LINKS)
        elif kind == Kind.SYMBOL_TABLE:
            self._fill(node.links, links_in_table(self.source, body), MOST_LINKS)
        elif kind == Kind.LINK_INFO:
            self._fill(node.links, links_in_heap(self.source, body), MOST_LINKS)
        elif kind == Kind.ATTRIBUTE:
            one = iter((read_attribute(body, self._committed),))
            self._fill(node.attributes, one, MOST_ATTRIBUTES)
        elif kind == Kind.ATTRIBUTE_INFO:
            self._fill(node.attributes, self._dense_attributes(body), MOST_ATTRIBUTES)
        else:
            self._take_dataset(kind, body, node)

    def _take_dataset(self, kind: int, body: Cursor, node: Node) -> None:
        if kind == Kind.DATATYPE:
            node.datatype = read_datatype(body)
        elif kind == Kind.DATASPACE:
            node.shape = read_shape(body)
        elif kind == Kind.FILTERS:
            node.filters = read_filters(body)
        elif kind == Kind.EXTERNAL_FILES:
            self._fill(node.external, read_external_files(body, self.source), MOST_LINKS)
        elif kind == Kind.LAYOUT:
            node.layout = read_layout(body)
            if node.layout.kind == VIRTUAL:
                found = read_virtual_sources(node.layout, self.heaps)
                self._fill(node.sources, found, MOST_LINKS)

    def _fill(self, into: list[_T], items: Iterator[_T], most: int) -> None:
        for item in items:
            into.append(item)
            self._items_left -= 1
            if len(into) > most or self._items_left < 0:
                raise BudgetError("more links or attributes than the budget")

    def _committed(self, cursor: Cursor) -> Datatype:
        """The datatype of the object that a shared message names."""
        version, kind = cursor.number(1), cursor.number(1)
        if version == 3 and kind != _COMMITTED:
            raise Hdf5Error("a datatype in a table of shared messages")
        if version == 1:
            cursor.take(6)
        address = cursor.address()
        if address in self._types:
            return self._types[address]
        for message in messages(self.source, address):
            if message.kind == Kind.DATATYPE and not message.shared:
                self._types[address] = read_datatype(message.body)
                return self._types[address]
        raise Hdf5Error("a committed datatype that is none")

    def _dense_attributes(self, info: Cursor) -> Iterator[Attribute]:
        info.take(1)
        if info.number(1) & 1:
            info.take(2)
        heap_address, tree = info.address(), info.address()
        if UNDEFINED in (heap_address, tree):
            return
        heap = FractalHeap(self.source, heap_address)
        for kind, record in records(self.source, tree):
            if kind not in (_ATTRIBUTE_BY_NAME, _ATTRIBUTE_BY_ORDER):
                raise Hdf5Error("a tree of other things than attributes")
            identifier = record.part(8)
            if record.number(1) & 2:
                raise Hdf5Error("an attribute in a table of shared messages")
            yield read_attribute(heap.object(identifier), self._committed)


def _joined(path: str, name: str) -> str:
    return f"{path.rstrip('/')}/{name}"[-_LONGEST_PATH:]
