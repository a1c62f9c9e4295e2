"""Writes the tensors of a plan as a safetensors file, bytes copied from the source.

Source of the format: the safetensors README and `safetensors/src/tensor.rs` (`prepare`,
`MAX_HEADER_SIZE`): an 8-byte length, a JSON header padded with spaces to eight bytes, then the
tensors, widest elements first and by name.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from typing import BinaryIO

from assay.core.digest import Digest
from assay.core.errors import DataError
from assay.core.hashing import Progress
from assay.scanning.conversion.layout import pieces
from assay.scanning.conversion.plan import ITEM_BYTES, TensorPlan

_ALIGNMENT = 8
_MOST_HEADER = 100_000_000


def write(
    plans: Sequence[TensorPlan], descriptor: int, file: BinaryIO, progress: Progress
) -> tuple[int, Digest]:
    """Write a safetensors file; the bytes written, and their digest.

    Args:
        plans: Checked against the source before.
        descriptor: The file the tensors lie in.
        file: Open for writing.
        progress: Told the bytes of tensors written.

    Raises:
        DataError: the header would be too long, or the source ends before its tensors do.
    """
    ordered = sorted(plans, key=lambda plan: (-ITEM_BYTES[plan.dtype], plan.name))
    header = _header(ordered)
    hasher = hashlib.sha256(header)
    file.write(header)
    written = len(header)
    for plan in ordered:
        for piece in pieces(plan, descriptor):
            file.write(piece)
            hasher.update(piece)
            written += len(piece)
            progress(len(piece))
    file.flush()
    os.fsync(file.fileno())
    return written, Digest.from_raw(hasher.digest())


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
    if len(text) > _MOST_HEADER:
        raise DataError(f"the header would be over {_MOST_HEADER} bytes, which no reader takes")
    return len(text).to_bytes(8, "little") + text
