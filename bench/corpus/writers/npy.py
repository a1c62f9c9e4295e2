"""NumPy arrays. Source: numpy.lib.format."""

from __future__ import annotations

import struct
from collections.abc import Sequence


def header(
    descr: object, shape: Sequence[int], version: int = 1, *, fortran: bool = False
) -> bytes:
    """Magic and header for a dtype description, padded to 64 bytes."""
    text = f"{{'descr': {descr!r}, 'fortran_order': {fortran}, 'shape': {tuple(shape)!r}, }}"
    return raw_header(text, version)


def raw_header(text: str, version: int = 1) -> bytes:
    """Magic and any header text."""
    start = 10 if version == 1 else 12
    body = text.encode("utf-8" if version == 3 else "latin-1")
    body += b" " * (-(start + len(body) + 1) % 64) + b"\n"
    size = struct.pack("<H" if version == 1 else "<I", len(body))
    return b"\x93NUMPY" + bytes([version, 0]) + size + body


def array(descr: object, shape: Sequence[int], body: bytes, version: int = 1) -> bytes:
    return header(descr, shape, version) + body
