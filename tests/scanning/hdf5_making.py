"""HDF5 files made by hand, right and wrong: version 2 headers, compact links and attributes.

Source: "HDF5 File Format Specification Version 3.0". Checksums are left at zero: the reader
under test does not compare them, since a loader that does would refuse the file.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

UNDEFINED = (1 << 64) - 1
SIGNATURE = b"\x89HDF\r\n\x1a\n"
FLOAT = struct.pack("<BBBBIHHBBBBI", 0x11, 0x20, 0x1F, 0, 4, 0, 32, 23, 8, 0, 23, 127)
OCTET = struct.pack("<BBBBIHH", 0x10, 0, 0, 0, 1, 0, 8)
VARYING = struct.pack("<BBBBI", 0x19, 1, 1, 0, 16) + struct.pack("<BBBBI", 0x13, 0, 0, 0, 1)


def fixed_text(size: int) -> bytes:
    return struct.pack("<BBBBI", 0x13, 0, 0, 0, size)


@dataclass(frozen=True)
class Soft:
    path: str


@dataclass(frozen=True)
class External:
    file: str
    path: str = "/w"


@dataclass(frozen=True)
class Plugin:
    number: int


@dataclass(frozen=True)
class Hard:
    """A link to an address, right or wrong."""

    address: int


@dataclass(frozen=True)
class Array:
    data: bytes = bytes(16)
    kind: bytes = FLOAT
    shape: Sequence[int] = (4,)
    outside: Sequence[str] = ()
    sources: Sequence[tuple[str, str]] = ()
    filters: Sequence[int] = ()
    compact: bool = False
    attributes: Mapping[str, object] = field(default_factory=dict)
    at: int | None = None


@dataclass(frozen=True)
class Group:
    """Attributes are `bytes` (text of fixed length) or `str` (of varying length)."""

    children: Mapping[str, Group | Array | Soft | External | Plugin | Hard] = field(
        default_factory=dict
    )
    attributes: Mapping[str, object] = field(default_factory=dict)
    more: Sequence[tuple[int, bytes]] = ()


def hdf5_of(root: Group, before: bytes = b"", after: bytes = b"") -> bytes:
    """A whole file; what comes before it must have 512 bytes, or a doubling of that."""
    made = _Making()
    address = made.group(root)
    end = len(made.out) + len(before)
    head = SIGNATURE + struct.pack("<BBBB", 2, 8, 8, 0)
    head += struct.pack("<QQQQ", len(before), UNDEFINED, end, address) + bytes(4)
    made.out[: len(head)] = head
    return before + bytes(made.out) + after


class _Making:
    def __init__(self) -> None:
        self.out = bytearray(64)

    def put(self, body: bytes) -> int:
        self.out += bytes(-len(self.out) % 8)
        at = len(self.out)
        self.out += body
        return at

    def header(self, messages: Sequence[tuple[int, bytes]]) -> int:
        body = b"".join(struct.pack("<BHB", kind, len(m), 0) + m for kind, m in messages)
        return self.put(b"OHDR\x02\x02" + struct.pack("<I", len(body)) + body + bytes(4))

    def group(self, group: Group) -> int:
        links = [(6, self.link(name, child)) for name, child in group.children.items()]
        return self.header([*links, *self.attributes(group.attributes), *group.more])

    def link(self, name: str, child: object) -> bytes:
        raw = name.encode()
        kind, body = self.target(child)
        return struct.pack("<BBBH", 1, 9, kind, len(raw)) + raw + body

    def target(self, child: object) -> tuple[int, bytes]:
        match child:
            case Group():
                return 0, struct.pack("<Q", self.group(child))
            case Array():
                return 0, struct.pack("<Q", self.array(child))
            case Hard():
                return 0, struct.pack("<Q", child.address)
            case Soft():
                return 1, _sized(child.path.encode())
            case External():
                return 64, _sized(b"\0%b\0%b\0" % (child.file.encode(), child.path.encode()))
            case Plugin():
                return child.number, _sized(b"")
        raise TypeError(child)

    def attributes(self, attributes: Mapping[str, object]) -> list[tuple[int, bytes]]:
        return [(12, self.attribute(name, value)) for name, value in attributes.items()]

    def attribute(self, name: str, value: object) -> bytes:
        kind, body = VARYING, b""
        if isinstance(value, str):
            raw = value.encode()
            body = struct.pack("<IQI", len(raw), self.heap(raw), 1)
        elif isinstance(value, bytes):
            kind, body = fixed_text(len(value)), value
        place = struct.pack("<BBBB", 2, 0, 0, 0)
        raw_name = name.encode() + b"\0"
        sizes = struct.pack("<BBHHHB", 3, 0, len(raw_name), len(kind), len(place), 1)
        return sizes + raw_name + kind + place + body

    def heap(self, raw: bytes) -> int:
        padded = raw + bytes(-len(raw) % 8)
        entry = struct.pack("<HHIQ", 1, 1, 0, len(raw)) + padded
        return self.put(b"GCOL\x01\0\0\0" + struct.pack("<Q", 16 + len(entry)) + entry)

    def array(self, array: Array) -> int:
        shape = struct.pack(f"<BBBB{len(array.shape)}Q", 2, len(array.shape), 0, 1, *array.shape)
        messages = [(1, shape), (3, array.kind), (8, self.layout(array))]
        if array.outside:
            messages.append((7, self.outside(array.outside)))
        if array.filters:
            rows = b"".join(_filter(number) for number in array.filters)
            messages.append((11, struct.pack("<BB", 2, len(array.filters)) + rows))
        return self.header([*messages, *self.attributes(array.attributes)])

    def layout(self, array: Array) -> bytes:
        if array.sources:
            return struct.pack("<BBQI", 4, 3, self.heap(_sources(array.sources)), 1)
        if array.compact:
            return struct.pack("<BBH", 3, 0, len(array.data)) + array.data
        at = UNDEFINED if array.outside else self.put(array.data)
        return struct.pack("<BBQQ", 3, 1, at if array.at is None else array.at, len(array.data))

    def outside(self, names: Sequence[str]) -> bytes:
        heap, rows = bytearray(8), b""
        for name in names:
            rows += struct.pack("<QQQ", len(heap), 0, 16)
            heap += name.encode() + b"\0"
        data = self.put(bytes(heap))
        address = self.put(b"HEAP" + bytes(4) + struct.pack("<QQQ", len(heap), UNDEFINED, data))
        return struct.pack("<BBHHHQ", 1, 0, 0, len(names), len(names), address) + rows


def _sized(body: bytes) -> bytes:
    return struct.pack("<H", len(body)) + body


def _filter(number: int) -> bytes:
    name = b"own\0" if number >= 256 else b""
    size = struct.pack("<H", len(name)) if number >= 256 else b""
    return struct.pack("<H", number) + size + struct.pack("<HH", 0, 0) + name


def _sources(sources: Sequence[tuple[str, str]]) -> bytes:
    every = struct.pack("<IIII", 3, 1, 0, 0)
    rows = b"".join(f"{a}\0{b}\0".encode() + every + every for a, b in sources)
    return struct.pack("<BQ", 0, len(sources)) + rows + bytes(4)
