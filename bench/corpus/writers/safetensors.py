"""Safetensors files. Source: huggingface/safetensors README, "Format"."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Mapping, Sequence

WIDTHS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1}
WIDTHS |= {"BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1}


def raw(header: bytes | str, body: bytes = b"", size: int | None = None) -> bytes:
    """A file with a header as given; `size` overrides its stated length."""
    head = header.encode() if isinstance(header, str) else header
    return struct.pack("<Q", len(head) if size is None else size) + head + body


def encode(
    tensors: Mapping[str, tuple[str, Sequence[int], bytes]],
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """A file as the library writes it: (dtype, shape, bytes) by name, header padded to 8."""
    head: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    body = b""
    for name, (dtype, shape, data) in tensors.items():
        end = len(body) + len(data)
        head[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(body), end]}
        body += data
    text = json.dumps(head, separators=(",", ":")).encode()
    return raw(text + b" " * (-len(text) % 8), body)


def weights(
    rng: random.Random,
    shapes: Mapping[str, Sequence[int]],
    dtype: str = "F32",
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """A file of small random weights."""
    tensors = {}
    for name, shape in shapes.items():
        count = 1
        for size in shape:
            count *= size
        tensors[name] = (dtype, shape, floats(rng, count, dtype))
    return encode(tensors, metadata)


def floats(rng: random.Random, count: int, dtype: str = "F32") -> bytes:
    """Random weights around zero, or random bytes for other element types."""
    if dtype == "F32":
        return struct.pack(f"<{count}f", *(rng.gauss(0, 0.02) for _ in range(count)))
    if dtype == "F16":
        return struct.pack(f"<{count}e", *(rng.gauss(0, 0.02) for _ in range(count)))
    if dtype == "BF16":
        return b"".join(struct.pack("<f", rng.gauss(0, 0.02))[2:] for _ in range(count))
    return rng.randbytes(count * WIDTHS[dtype])
