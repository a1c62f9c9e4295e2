"""MessagePack documents made by hand. Source: the MessagePack specification."""

from __future__ import annotations

import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class Extension:
    code: int
    body: bytes


@dataclass(frozen=True)
class Raw:
    body: bytes


def pack(value: object) -> bytes:
    match value:
        case Raw():
            return value.body
        case Extension():
            head = struct.pack(">BIb", 0xC9, len(value.body), value.code)
            return head + value.body
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return (
                struct.pack("b", value) if -32 <= value < 128 else struct.pack(">Bq", 0xD3, value)
            )
        case float():
            return struct.pack(">Bd", 0xCB, value)
        case str():
            raw = value.encode()
            short = len(raw) < 32
            return (bytes([0xA0 | len(raw)]) if short else struct.pack(">BI", 0xDB, len(raw))) + raw
        case bytes():
            return struct.pack(">BI", 0xC6, len(value)) + value
        case list():
            return struct.pack(">BI", 0xDD, len(value)) + b"".join(pack(v) for v in value)
        case dict():
            head = struct.pack(">BI", 0xDF, len(value))
            return head + b"".join(pack(k) + pack(v) for k, v in value.items())
    raise TypeError(value)


def array(shape: list[int], dtype: str, body: bytes, code: int = 1) -> Extension:
    return Extension(code, pack([shape, dtype, body]))
