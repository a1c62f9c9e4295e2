"""Facts records from files: one JSON document, or one record a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from assay.core.errors import DataError, UnavailableError
from assay.core.reading import open_input
from assay.policy.facts import Facts

MAX_LINE_BYTES = 16 * 1024 * 1024


def read_records(path: Path) -> Iterator[Facts]:
    """Every record of a file.

    Raises:
        UnavailableError: the file cannot be read.
        DataError: a line is too long or not a record, or there is none.
    """
    count = 0
    for name, line in _documents(path):
        yield Facts.parse(line, subject=name)
        count += 1
    if not count:
        raise DataError("holds no facts record", subject=str(path))


def _documents(path: Path) -> Iterator[tuple[str, bytes]]:
    """JSON lines, or the whole file where its first line is not a document of its own."""
    try:
        with open_input(path) as file:
            first = file.readline(MAX_LINE_BYTES + 1)
            if first.strip() and not first.rstrip().endswith(b"}"):
                yield str(path), _bounded(first + file.read(MAX_LINE_BYTES + 1), str(path))
                return
            number = 1
            while first:
                name = f"{path}: line {number}"
                if first.strip():
                    yield name, _bounded(first, name)
                first = file.readline(MAX_LINE_BYTES + 1)
                number += 1
    except OSError as error:
        raise UnavailableError(f"cannot be read: {error.strerror}", subject=str(path)) from None


def _bounded(line: bytes, name: str) -> bytes:
    if len(line) > MAX_LINE_BYTES:
        raise DataError(f"is over {MAX_LINE_BYTES} bytes", subject=name)
    return line
