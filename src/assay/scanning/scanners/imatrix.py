"""Importance matrices of llama.cpp before they became GGUF: names with counts and numbers.

Source: llama.cpp `tools/imatrix/imatrix.cpp`, `save_imatrix` of 2024.
"""

from __future__ import annotations

from assay.scanning.subject import Answer, Buffer, Subject

_MOST_ENTRIES = 100_000
_LONGEST_NAME = 512
_ROOM = 4096


def is_imatrix(data: Buffer, subject: Subject) -> bool:
    """Whether a number of entries is followed by the name of a tensor."""
    del subject
    count, length = _number(data, 0), _number(data, 4)
    if not 0 < count <= _MOST_ENTRIES or not 0 < length <= _LONGEST_NAME:
        return False
    name = bytes(data[8 : 8 + length])
    return len(name) == length and name.endswith(b".weight") and name.isascii()


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Walk the entries: length, name, calls, number of values, values."""
    del subject
    at = 4
    for _ in range(_number(data, 0)):
        length = _number(data, at)
        at += 4 + length + 4
        values = _number(data, at)
        at += 4 + 4 * values
        if not 0 < length <= _LONGEST_NAME or values < 0 or at > len(data):
            answer.unread("the importance matrix is cut off or broken")
            return
    if len(data) - at > _ROOM:  # chunks seen and the name of the data they were made of
        answer.unread(f"{len(data) - at} bytes follow the importance matrix")


def _number(data: Buffer, at: int) -> int:
    raw = bytes(data[at : at + 4])
    return int.from_bytes(raw, "little", signed=True) if len(raw) == 4 else -1
