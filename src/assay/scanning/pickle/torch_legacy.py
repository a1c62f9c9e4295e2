"""PyTorch's format before 1.6: five pickles, then the raw bytes of the storages.

Source: `torch/serialization.py`, `_legacy_save` and `_legacy_load`.
"""

from __future__ import annotations

from collections.abc import Mapping

MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""The first pickle, as protocol 2 writes it."""

PICKLES = 5
"""Magic number, protocol, system, object, keys of the storages."""

_WIDTHS = {
    "ByteStorage": 1,
    "CharStorage": 1,
    "BoolStorage": 1,
    "UntypedStorage": 1,
    "QInt8Storage": 1,
    "QUInt8Storage": 1,
    "HalfStorage": 2,
    "BFloat16Storage": 2,
    "ShortStorage": 2,
    "IntStorage": 4,
    "FloatStorage": 4,
    "QInt32Storage": 4,
    "LongStorage": 8,
    "DoubleStorage": 8,
    "ComplexFloatStorage": 8,
    "ComplexDoubleStorage": 16,
}


def storage_bytes(storages: Mapping[str, tuple[str, int]]) -> int | None:
    """Bytes the storages take: a count of eight bytes and the elements, each.

    None where the width of an element is not known.
    """
    total = 0
    for kind, count in storages.values():
        if kind not in _WIDTHS:
            return None
        total += 8 + count * _WIDTHS[kind]
    return total
