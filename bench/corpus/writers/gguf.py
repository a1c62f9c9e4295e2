"""GGUF files. Source: ggml, docs/gguf.md (version 3)."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
_FORMATS = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "?"}
_FORMATS |= {U64: "Q", I64: "q", F64: "d"}


@dataclass(frozen=True)
class Typed:
    """A value with its GGUF type; `raw` replaces the encoded value."""

    kind: int
    value: object = 0
    raw: bytes | None = None


@dataclass(frozen=True)
class Tensor:
    """Name, dimensions, ggml type and bytes; `offset` overrides the true one."""

    name: str
    shape: Sequence[int]
    data: bytes
    kind: int = 0
    offset: int | None = None


@dataclass(frozen=True)
class Gguf:
    """A file; counts can be overridden to lie."""

    values: Mapping[str, object] | Sequence[tuple[str, object]]
    tensors: Sequence[Tensor] = ()
    version: int = 3
    alignment: int = 32
    tensor_count: int | None = None
    value_count: int | None = None
    tail: bytes = field(default=b"")

    def encode(self) -> bytes:
        pairs = list(self.values.items() if isinstance(self.values, Mapping) else self.values)
        tensors = len(self.tensors) if self.tensor_count is None else self.tensor_count
        count = len(pairs) if self.value_count is None else self.value_count
        head = b"GGUF" + struct.pack("<IQQ", self.version, tensors, count)
        head += b"".join(text(key) + typed(value) for key, value in pairs)
        body = b""
        for tensor in self.tensors:
            place = len(body) if tensor.offset is None else tensor.offset
            head += text(tensor.name) + struct.pack("<I", len(tensor.shape))
            head += b"".join(struct.pack("<Q", size) for size in tensor.shape)
            head += struct.pack("<IQ", tensor.kind, place)
            body += _padded(tensor.data, self.alignment)
        return (_padded(head, self.alignment) + body if self.tensors else head) + self.tail


def text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def typed(value: object) -> bytes:
    """Type tag and value; plain Python values get their usual type."""
    match value:
        case Typed(kind=kind, value=inner, raw=raw):
            return struct.pack("<I", kind) + (bare(kind, inner) if raw is None else raw)
        case bool():
            return typed(Typed(BOOL, value))
        case int():
            return typed(Typed(U32, value))
        case float():
            return typed(Typed(F32, value))
        case str():
            return typed(Typed(STRING, value))
        case list():
            return struct.pack("<I", ARRAY) + array(value)
        case _:
            raise TypeError(f"no GGUF type for {type(value)}")


def bare(kind: int, value: object) -> bytes:
    """A value without its tag."""
    if kind == STRING:
        return text(str(value))
    return struct.pack("<" + _FORMATS[kind], value)


def array(items: Sequence[object]) -> bytes:
    """Element type, count and elements; the first element decides the type."""
    first = items[0]
    kind = STRING if isinstance(first, str) else F32 if isinstance(first, float) else I32
    head = struct.pack("<IQ", kind, len(items))
    return head + b"".join(bare(kind, item) for item in items)


def _padded(raw: bytes, alignment: int) -> bytes:
    return raw + bytes(-len(raw) % alignment) if alignment else raw
