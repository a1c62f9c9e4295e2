"""MATLAB's data files, versions 5 to 7: elements that lie end to end.

Only the outermost elements are walked; they hold numbers and text, and nothing runs them.
Version 7.3 is HDF5. Source: MathWorks, "MAT-File Format", level 5.
"""

from __future__ import annotations

from typing import Literal

from assay.scanning.subject import Answer, Buffer, Subject

_HEADER = 128
_COMPRESSED = 15
_TYPES = range(1, 19)
_MOST = 1_000_000
_ORDERS: dict[bytes, Literal["little", "big"]] = {b"IM": "little", b"MI": "big"}


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Walk the elements to the end of the file."""
    del subject
    order = _ORDERS.get(bytes(data[126:128]))
    if order is None:
        answer.unread("a MATLAB file without an order of bytes")
        return
    at = _HEADER
    for _ in range(_MOST):
        if at == len(data):
            return
        if at + 8 > len(data):
            break
        kind = int.from_bytes(data[at : at + 4], order)
        size = int.from_bytes(data[at + 4 : at + 8], order)
        if kind not in _TYPES:
            answer.unread(f"an element of a type that does not exist, at byte {at}")
            return
        at += 8 + size + (0 if kind == _COMPRESSED else -size % 8)
    answer.unread("the MATLAB file is cut off, or holds more elements than the budget")
