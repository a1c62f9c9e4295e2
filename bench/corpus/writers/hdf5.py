"""HDF5 files. Source: HDF Group, "HDF5 File Format Specification Version 3.0".

Superblock version 0, version 1 object headers; groups are symbol tables, or compact links
where a link needs it (external links).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

UNDEFINED = (1 << 64) - 1
FLOAT32 = struct.pack("<BBBBIHHBBBBI", 0x11, 0x20, 0x1F, 0, 4, 0, 32, 23, 8, 0, 23, 127)
INT64 = struct.pack("<BBBBIHH", 0x10, 8, 0, 0, 8, 0, 64)
UINT8 = struct.pack("<BBBBIHH", 0x10, 0, 0, 0, 1, 0, 8)
VLEN_TEXT = struct.pack("<BBBBI", 0x19, 1, 1, 0, 16) + struct.pack("<BBBBI", 0x13, 0, 0, 0, 1)
LEAF_K = 64


@dataclass(frozen=True)
class SoftLink:
    path: str


@dataclass(frozen=True)
class ExternalLink:
    file: str
    path: str


@dataclass(frozen=True)
class Dataset:
    """Contiguous data, data in named external files, or a virtual dataset's sources."""

    shape: Sequence[int]
    data: bytes
    kind: bytes = FLOAT32
    attributes: Mapping[str, object] = field(default_factory=dict)
    external: Sequence[tuple[str, int, int]] = ()
    sources: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Group:
    """Children by name; `attributes` hold bytes (fixed text), str (variable) or lists."""

    children: Mapping[str, Group | Dataset | SoftLink | ExternalLink] = field(default_factory=dict)
    attributes: Mapping[str, object] = field(default_factory=dict)
    links: bool = False


def encode(root: Group, userblock: bytes = b"") -> bytes:
    """A whole file; a user block must be 512 bytes or a doubling of that."""
    return _File().encode(root, userblock)


class _File:
    def __init__(self) -> None:
        self.out = bytearray(96)

    def encode(self, root: Group, userblock: bytes) -> bytes:
        address, scratch = self.group(root)
        head = b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0])
        head += struct.pack("<HHI", LEAF_K, 16, 0)
        head += struct.pack(
            "<4Q", len(userblock), UNDEFINED, len(userblock) + len(self.out), UNDEFINED
        )
        head += struct.pack("<QQII", 0, address, 1 if scratch else 0, 0) + (scratch or bytes(16))
        self.out[: len(head)] = head
        return userblock + bytes(self.out)

    def put(self, body: bytes) -> int:
        self.out += bytes(-len(self.out) % 8)
        place = len(self.out)
        self.out += body
        return place

    def header(self, messages: list[tuple[int, bytes]]) -> int:
        body = b""
        for kind, data in messages:
            padded = data + bytes(-len(data) % 8)
            body += struct.pack("<HHB3x", kind, len(padded), 0) + padded
        return self.put(struct.pack("<BBHII4x", 1, 0, len(messages), 1, len(body)) + body)

    def group(self, group: Group) -> tuple[int, bytes]:
        attributes = [(0x0C, self.attribute(k, v)) for k, v in group.attributes.items()]
        new = group.links or any(isinstance(c, ExternalLink) for c in group.children.values())
        if new:
            messages = [(2, struct.pack("<BBQQ", 0, 0, UNDEFINED, UNDEFINED)), (10, b"\0\0")]
            messages += [(6, self.link(name, child)) for name, child in group.children.items()]
            return self.header(messages + attributes), b""
        scratch = self.symbols(group)
        return self.header([(0x11, scratch), *attributes]), scratch

    def node(self, child: Group | Dataset | SoftLink | ExternalLink) -> int:
        if isinstance(child, Group):
            return self.group(child)[0]
        if isinstance(child, Dataset):
            return self.dataset(child)
        return UNDEFINED

    def link(self, name: str, child: Group | Dataset | SoftLink | ExternalLink) -> bytes:
        raw = name.encode()
        match child:
            case SoftLink(path=path):
                kind, body = 1, struct.pack("<H", len(path)) + path.encode()
            case ExternalLink(file=file, path=path):
                target = b"\0" + file.encode() + b"\0" + path.encode() + b"\0"
                kind, body = 64, struct.pack("<H", len(target)) + target
            case _:
                kind, body = 0, struct.pack("<Q", self.node(child))
        return struct.pack("<BBBB", 1, 0x18, kind, 1) + bytes([len(raw)]) + raw + body

    def symbols(self, group: Group) -> bytes:
        """Local heap, symbol node and B-tree; answers the symbol table message."""
        heap, offsets = bytearray(8), {}
        for name, child in sorted(group.children.items()):
            offsets[name] = len(heap)
            heap += name.encode() + b"\0"
            heap += bytes(-len(heap) % 8)
            if isinstance(child, SoftLink):
                offsets[name + "\0"] = len(heap)
                heap += child.path.encode() + b"\0"
                heap += bytes(-len(heap) % 8)
        entries = b""
        for name, child in sorted(group.children.items()):
            address = self.node(child)
            cache, scratch = 0, bytes(16)
            if isinstance(child, SoftLink):
                cache, scratch = 2, struct.pack("<I12x", offsets[name + "\0"])
            entries += struct.pack("<QQII", offsets[name], address, cache, 0) + scratch
        count = len(group.children)
        node = b"SNOD" + struct.pack("<BBH", 1, 0, count) + entries
        leaf = self.put(node.ljust(8 + 2 * LEAF_K * 40, b"\0"))
        data = self.put(bytes(heap))
        place = self.put(b"HEAP" + struct.pack("<B3xQQQ", 0, len(heap), 1, data))
        last = offsets[max(group.children)] if count else 0
        tree = b"TREE" + struct.pack("<BBHQQ", 0, 0, 1 if count else 0, UNDEFINED, UNDEFINED)
        tree += struct.pack("<QQQ", 0, leaf, last)
        return struct.pack("<QQ", self.put(tree.ljust(544, b"\0")), place)

    def dataset(self, dataset: Dataset) -> int:
        messages = [
            (1, space(dataset.shape)),
            (3, dataset.kind),
            (5, struct.pack("<BBBB", 2, 2, 2, 0)),
        ]
        if dataset.external:
            messages.append((7, self.external(dataset.external)))
            messages.append(
                (8, struct.pack("<BBQQ", 3, 1, UNDEFINED, sum(e[2] for e in dataset.external)))
            )
        elif dataset.sources:
            heap = self.global_heap(virtual(dataset.sources))
            messages.append((8, struct.pack("<BBQI", 4, 3, heap, 1)))
        else:
            place = self.put(dataset.data) if dataset.data else UNDEFINED
            messages.append((8, struct.pack("<BBQQ", 3, 1, place, len(dataset.data))))
        messages += [(0x0C, self.attribute(k, v)) for k, v in dataset.attributes.items()]
        return self.header(messages)

    def external(self, files: Sequence[tuple[str, int, int]]) -> bytes:
        heap, slots = bytearray(8), b""
        for name, offset, size in files:
            slots += struct.pack("<QQQ", len(heap), offset, size)
            heap += name.encode() + b"\0"
            heap += bytes(-len(heap) % 8)
        data = self.put(bytes(heap))
        place = self.put(b"HEAP" + struct.pack("<B3xQQQ", 0, len(heap), 1, data))
        return struct.pack("<B3xHHQ", 1, len(files), len(files), place) + slots

    def global_heap(self, body: bytes) -> int:
        item = struct.pack("<HHIQ", 1, 1, 0, len(body)) + body + bytes(-len(body) % 8)
        size = max(4096, 16 + len(item) + 16)
        free = struct.pack("<HHIQ", 0, 0, 0, size - 16 - len(item))
        head = b"GCOL" + struct.pack("<B3xQ", 1, size)
        return self.put((head + item + free).ljust(size, b"\0"))

    def attribute(self, name: str, value: object) -> bytes:
        shape: tuple[int, ...]
        match value:
            case str():
                kind, shape = VLEN_TEXT, ()
                raw = value.encode()
                body = struct.pack("<IQI", len(raw), self.global_heap(raw), 1)
            case bytes():
                kind, shape, body = (
                    struct.pack("<BBBBI", 0x13, 1, 0, 0, max(1, len(value))),
                    (),
                    value,
                )
            case list():
                width = max([1, *(len(item) for item in value)])
                kind, shape = struct.pack("<BBBBI", 0x13, 1, 0, 0, width), (len(value),)
                body = b"".join(item.encode().ljust(width, b"\0") for item in value)
            case _:
                kind, shape, body = INT64, (), struct.pack("<q", int(str(value)))
        raw_name, place = name.encode() + b"\0", space(shape)
        head = struct.pack("<BBHHH", 1, 0, len(raw_name), len(kind), len(place))
        return head + _eight(raw_name) + _eight(kind) + _eight(place) + body


def space(shape: Sequence[int]) -> bytes:
    """A dataspace message, version 1."""
    return struct.pack("<BBB5x", 1, len(shape), 0) + b"".join(struct.pack("<Q", n) for n in shape)


def virtual(sources: Sequence[tuple[str, str]]) -> bytes:
    """The heap block of a virtual dataset: each source's whole extent, with its checksum."""
    everything = struct.pack("<III4x", 3, 1, 0)
    body = struct.pack("<BQ", 0, len(sources))
    for file, path in sources:
        body += file.encode() + b"\0" + path.encode() + b"\0" + everything + everything
    return body + struct.pack("<I", lookup3(body))


def lookup3(data: bytes) -> int:
    """Bob Jenkins' lookup3 hash (`hashlittle`), the format's metadata checksum."""
    mask = 0xFFFFFFFF

    def rotate(value: int, bits: int) -> int:
        return (value << bits | value >> (32 - bits)) & mask

    a = b = c = (0xDEADBEEF + len(data)) & mask
    rest = data
    while len(rest) > 12:
        x, y, z = struct.unpack_from("<III", rest)
        a, b, c, rest = (a + x) & mask, (b + y) & mask, (c + z) & mask, rest[12:]
        for bits in ((4, 6, 8), (16, 19, 4)):
            a = (a - c & mask) ^ rotate(c, bits[0])
            c = c + b & mask
            b = (b - a & mask) ^ rotate(a, bits[1])
            a = a + c & mask
            c = (c - b & mask) ^ rotate(b, bits[2])
            b = b + a & mask
    if not rest:
        return c
    x, y, z = struct.unpack("<III", rest.ljust(12, b"\0"))
    a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
    c = (c ^ b) - rotate(b, 14) & mask
    a = (a ^ c) - rotate(c, 11) & mask
    b = (b ^ a) - rotate(a, 25) & mask
    c = (c ^ b) - rotate(b, 16) & mask
    a = (a ^ c) - rotate(c, 4) & mask
    b = (b ^ a) - rotate(a, 14) & mask
    last: int = (c ^ b) - rotate(b, 24) & mask
    return last


def _eight(raw: bytes) -> bytes:
    return raw + bytes(-len(raw) % 8)
