"""TFRecord files: training data, and what TensorBoard reads.

A record is a length, its checksum, the bytes and their checksum. Source: "TFRecords and
tf.train.Example" in TensorFlow's documentation; the checksum is CRC-32C, rotated.
"""

from __future__ import annotations

from assay.scanning.pickle.executables import executable
from assay.scanning.scanners.tensorflow.rules import RULES
from assay.scanning.subject import Answer, Buffer, Subject

_HEAD_BYTES, _TAIL_BYTES = 12, 4
_MOST_RECORDS = 20_000_000
_POLYNOMIAL = 0x82F63B78
_DELTA = 0xA282EAD8
_PROGRAM_BYTES = 1024


def _table() -> tuple[int, ...]:
    rows = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)  # noqa: PLW2901
        rows.append(value)
    return tuple(rows)


_TABLE = _table()


def masked_checksum(data: bytes) -> int:
    """The checksum of bytes as a record has it."""
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ _TABLE[(value ^ byte) & 0xFF]
    value ^= 0xFFFFFFFF
    return ((value >> 15 | value << 17) + _DELTA) & 0xFFFFFFFF


def is_records(data: Buffer, subject: Subject) -> bool:
    """Whether bytes begin with a length and its checksum."""
    del subject
    return len(data) >= _HEAD_BYTES + _TAIL_BYTES and _length(data, 0) is not None


def _length(data: Buffer, at: int) -> int | None:
    head = bytes(data[at : at + _HEAD_BYTES])
    if len(head) < _HEAD_BYTES:
        return None
    if masked_checksum(head[:8]) != int.from_bytes(head[8:], "little"):
        return None
    return int.from_bytes(head[:8], "little")


def scan_records(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Check that record follows on record; what is in one is data to whoever reads it."""
    del subject
    at, count = 0, 0
    while at < len(data):
        count += 1
        length = _length(data, at)
        if count > _MOST_RECORDS or length is None:
            what = "more records than the budget allows" if length else "a broken record"
            answer.unread(f"{what} at offset {at}")
            return
        begin = at + _HEAD_BYTES
        if begin + length + _TAIL_BYTES > len(data):
            answer.unread(f"the record at offset {at} is cut off")
            return
        program = executable(bytes(data[begin : begin + min(length, _PROGRAM_BYTES)]))
        if program:
            answer.find(RULES["tensorflow.executable"], program, offset=begin)
        at = begin + length + _TAIL_BYTES
