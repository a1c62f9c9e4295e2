"""Lines of a text one by one, so that millions of empty ones cost no memory."""

from __future__ import annotations

from collections.abc import Iterator

from assay.scanning.subject import Buffer

_LONGEST_BYTES = 64 * 1024
_PIECE_BYTES = 1024 * 1024


def lines(data: Buffer) -> Iterator[tuple[int, str]]:
    """Numbers, from 1, and lines without their ends; of a long one its first 64 KiB."""
    held = b""
    number = 1
    for at in range(0, len(data), _PIECE_BYTES):
        *whole, held = (held + bytes(data[at : at + _PIECE_BYTES])).split(b"\n")
        for line in whole:
            yield number, _shown(line)
            number += 1
        held = held[: _LONGEST_BYTES + 1]
    yield number, _shown(held)


def _shown(line: bytes) -> str:
    return line[:_LONGEST_BYTES].decode("utf-8", "replace").rstrip("\r")
