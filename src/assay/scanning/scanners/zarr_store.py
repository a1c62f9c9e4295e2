"""Zarr arrays and TensorStore databases, as Orbax keeps checkpoints: many files in a folder.

The JSON beside an array says how its chunks are packed; a chunk is numbers without a header,
compressed or not. Sources: Zarr specifications 2 and 3; `tensorstore/kvstore/ocdbt/format`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from assay.core.finding import Confidence, Severity
from assay.scanning.formats import old_pickle
from assay.scanning.references import LOADS_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.tensor_bytes import judge_tensor
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "Zarr"
RULES = table(
    (
        Rule(
            "zarr.pickle-codec",
            "An array whose values are pickles",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The array's chunks are packed with the codec for Python objects: reading the array "
            "loads them as pickles, with all they import and call.",
            "Do not read the array; ask for one of numbers or texts.",
            LOADS_CODE,
        ),
    )
)
_CODECS = frozenset({"pickle", "numcodecs.pickle", "dill", "cloudpickle"})
_CHUNK = re.compile(
    r"(?:.*[/!])?(?:d/[0-9a-f]{32}|[^/!]+[/!](?:c(?:/\d+)*|c(?:\.\d+)+|\d+(?:[./]\d+)*))\Z",
    re.DOTALL,
)
_DATABASE = frozenset((b"\x0c\xdb\x3a\x2a", b"\x0c\xdb\x20\xde", b"\x0c\xdb\x12\x34"))
_LONGEST = 4096


def scan_json(document: Any, subject: Subject, answer: Answer) -> None:
    """Judge an array's description (`.zarray` or `zarr.json`)."""
    del subject
    for codec in _codecs(document):
        if codec.lower() in _CODECS:
            answer.find(RULES["zarr.pickle-codec"], codec)


def _codecs(document: Any) -> Iterator[str]:
    """Names of codecs, however deep one is inside another."""
    fields = ("filters", "compressor", "codecs", "index_codecs", "configuration")
    waiting = [document.get(field) for field in fields]
    for _ in range(10_000):
        if not waiting:
            return
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            yield from (v for v in (value.get("id"), value.get("name")) if isinstance(v, str))
            waiting += [v for v in value.values() if isinstance(v, (dict, list))]


def is_database(data: Buffer, subject: Subject) -> bool:
    """Whether a file is a node of a TensorStore database (OCDBT)."""
    del subject
    head = bytes(data[:14])
    return head[:4] in _DATABASE and int.from_bytes(head[4:12], "little") <= len(data)


def is_chunk(data: Buffer, subject: Subject) -> bool:
    """Whether a file is named as chunks of arrays are, below the folder of one."""
    named = _CHUNK.match(subject.name[-_LONGEST:])
    return named is not None and old_pickle(data, subject) is None


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Look at how a chunk or node begins; what it holds is numbers to whoever reads it."""
    judge_tensor(data, (0, len(data)), "", "the chunk", subject, answer)


def scan_packed(data: Buffer, subject: Subject, answer: Answer) -> None:
    """A Zstandard frame: a chunk where chunks are, and unread anywhere else."""
    del data
    if not _CHUNK.match(subject.name[-_LONGEST:]):
        answer.unread("compressed with Zstandard: cannot be unpacked here")
