"""Writes the tensors of a plan as a safetensors file, bytes copied from the source.

Source of the format: the safetensors README and `safetensors/src/tensor.rs` (`prepare`):
an 8-byte length, a JSON header padded with spaces to eight bytes, then the tensors, widest
elements first and by name.
"""

from __future__ import annotations

import itertools
import json
import mmap
import os
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Literal

from assay.core.hashing import Progress
from assay.core.limits import MIB
from assay.scanning.conversion.plan import ITEM_BYTES, TensorPlan

_PIECE = 4 * MIB
_ALIGNMENT = 8
_WIDE: dict[int, Literal["B", "H", "I", "Q"]] = {1: "B", 2: "H", 4: "I", 8: "Q"}


def write(
    plans: Sequence[TensorPlan], source: mmap.mmap, file: BinaryIO, progress: Progress
) -> int:
    """Write a safetensors file; the bytes written.

    Args:
        plans: Checked against the source before.
        source: The file the tensors lie in.
        file: Open for writing.
        progress: Told the bytes of tensors written.
    """
    ordered = sorted(plans, key=lambda plan: (-ITEM_BYTES[plan.dtype], plan.name))
    header = _header(ordered)
    file.write(header)
    written = len(header)
    for plan in ordered:
        for piece in _pieces(plan, source):
            file.write(piece)
            written += len(piece)
            progress(len(piece))
    file.flush()
    os.fsync(file.fileno())
    return written


def _header(plans: Sequence[TensorPlan]) -> bytes:
    rows: dict[str, object] = {"__metadata__": {"format": "pt"}}
    at = 0
    for plan in plans:
        rows[plan.name] = {
            "dtype": plan.dtype,
            "shape": list(plan.shape),
            "data_offsets": [at, at + plan.size],
        }
        at += plan.size
    text = json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % _ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def _pieces(plan: TensorPlan, source: mmap.mmap) -> Iterator[bytes]:
    """A tensor's bytes in order, element after element."""
    if plan.contiguous:
        end = plan.start + plan.size
        for at in range(plan.start, end, _PIECE):
            yield source[at : min(at + _PIECE, end)]
        return
    if not plan.size:
        return
    width = ITEM_BYTES[plan.dtype]
    *outer, last = plan.strides
    lengths = plan.shape[:-1]
    for index in itertools.product(*map(range, lengths)):
        first = plan.start + width * sum(i * s for i, s in zip(index, outer, strict=True))
        yield _row(source, first, plan.shape[-1], last, width)


def _row(source: mmap.mmap, first: int, count: int, stride: int, width: int) -> bytes:
    """`count` elements of `width` bytes, `stride` elements apart."""
    if stride == 0:
        return source[first : first + width] * count
    raw = source[first : first + ((count - 1) * stride + 1) * width]
    if stride == 1:
        return raw
    with memoryview(raw).cast(_WIDE[width]) as elements:
        return elements[::stride].tobytes()
