"""Tar archives made by hand, right and wrong: every header as it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BLOCK = 512


@dataclass
class Entry:
    """One member; `size` and `checksum` override the truth, `before` are further headers."""

    name: str
    body: bytes = b""
    kind: bytes = b"0"
    target: str = ""
    size: int | None = None
    checksum: int | None = None
    magic: bytes = b"ustar\x0000"
    prefix: str = ""
    before: bytes = b""


def header(entry: Entry) -> bytes:
    size = len(entry.body) if entry.size is None else entry.size
    raw = bytearray(BLOCK)
    name = entry.name.encode("utf-8", "surrogateescape")
    raw[: len(name)] = name[:100]
    raw[100:124] = b"0000644\x000000000\x000000000\x00"
    raw[124:136] = b"%011o\0" % size if size < 8**11 else b"\x80" + size.to_bytes(11, "big")
    raw[136:148] = b"00000000000\x00"
    raw[148:156] = b" " * 8
    raw[156:157] = entry.kind
    target = entry.target.encode()
    raw[157 : 157 + len(target)] = target
    raw[257:265] = entry.magic
    raw[345 : 345 + len(entry.prefix)] = entry.prefix.encode()
    total = sum(raw) if entry.checksum is None else entry.checksum
    raw[148:156] = b"%06o\0 " % total
    return bytes(raw[:BLOCK])


def padded(body: bytes) -> bytes:
    return body + bytes(-len(body) % BLOCK)


def tar_of(entries: Sequence[Entry], *, end: bytes = bytes(2 * BLOCK), after: bytes = b"") -> bytes:
    """An archive; `end` is its end mark."""
    parts = [entry.before + header(entry) + padded(entry.body) for entry in entries]
    return b"".join(parts) + end + after


def pax(records: dict[str, str], kind: bytes = b"x") -> bytes:
    """An extended header, to be put before a member's own."""
    body = b"".join(record(key, value) for key, value in records.items())
    return header(Entry("pax", body, kind)) + padded(body)


def record(key: str, value: str) -> bytes:
    rest = f" {key}={value}\n".encode()
    size = len(rest) + 1
    while len(str(size)) + len(rest) != size:
        size += 1
    return str(size).encode() + rest


def long_name(name: str, kind: bytes = b"L") -> bytes:
    """GNU's header for a name that does not fit, or with `K` for a link's target."""
    body = name.encode() + b"\0"
    return header(Entry("././@LongLink", body, kind)) + padded(body)
