"""TensorFlow checkpoints (tensor bundles): the index is a LevelDB table.

Source: tensorflow/core/util/tensor_bundle and leveldb/doc/table_format.md.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from bench.corpus.writers.protobuf import field, message, varint

MAGIC = 0xDB4775248B80FB57
_TABLE: list[int] = []


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli)."""
    if not _TABLE:
        for value in range(256):
            rest = value
            for _ in range(8):
                rest = rest >> 1 ^ (0x82F63B78 if rest & 1 else 0)
            _TABLE.append(rest)
    state = 0xFFFFFFFF
    for byte in data:
        state = state >> 8 ^ _TABLE[(state ^ byte) & 255]
    return state ^ 0xFFFFFFFF


def masked(data: bytes) -> int:
    """The checksum as both formats store it."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _block(pairs: Sequence[tuple[bytes, bytes]]) -> bytes:
    body = b"".join(varint(0) + varint(len(k)) + varint(len(v)) + k + v for k, v in pairs)
    body += struct.pack("<II", 0, 1)
    return body + b"\0" + struct.pack("<I", masked(body + b"\0"))


def index(tensors: Mapping[str, tuple[Sequence[int], bytes]]) -> bytes:
    """`variables.index` for float tensors by name."""
    pairs, place = [(b"", message((1, 1), (3, field(1, 1))))], 0
    for name, (shape, data) in sorted(tensors.items()):
        dims = b"".join(field(2, field(1, size)) for size in shape)
        entry = message((1, 1), (2, dims), (4, place), (5, len(data)))
        entry += varint(6 << 3 | 5) + struct.pack("<I", masked(data))
        pairs.append((name.encode(), entry))
        place += len(data)
    out = b""
    spots = []
    for content in (pairs, []):
        block = _block(content)
        spots.append(varint(len(out)) + varint(len(block) - 5))
        out += block
    block = _block([(max(tensors).encode() + b"\xff" if tensors else b"\xff", spots[0])])
    spot = varint(len(out)) + varint(len(block) - 5)
    return out + block + (spots[1] + spot).ljust(40, b"\0") + struct.pack("<Q", MAGIC)


def data(tensors: Mapping[str, tuple[Sequence[int], bytes]]) -> bytes:
    """`variables.data-00000-of-00001`."""
    return b"".join(body for _, (_, body) in sorted(tensors.items()))
