"""Signature bundles beside a model: no part of it, known by name and by content."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from assay.core import hashing
from assay.core.attestation import Envelope
from assay.core.canonical import strict_json
from assay.core.errors import AssayError, DataError
from assay.core.listing import cannot_open, shown

COMPANION_SUFFIXES = (".sig", ".sigstore.json")
CLAIMS = "claims.jsonl"
MAX_COMPANION_BYTES = 64 * 1024 * 1024
_BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle"


def is_companion(folder: Path, path: str) -> bool:
    """Whether a file is a signature bundle beside the model: in the root, by name and content."""
    if "/" in path or not (path == CLAIMS or path.endswith(COMPANION_SUFFIXES)):
        return False
    try:
        data = read_small(folder / path, MAX_COMPANION_BYTES)
    except AssayError:
        return False
    if path != CLAIMS:
        return is_bundle(data)
    lines = [line for line in data.split(b"\n") if line.strip()]
    return bool(lines) and all(is_bundle(line) for line in lines)


def is_bundle(data: bytes) -> bool:
    """Whether these bytes are a Sigstore bundle with a DSSE envelope; nothing is verified."""
    try:
        value = strict_json(data)
        Envelope.from_json(value["dsseEnvelope"])
        kind, material = value["mediaType"], value["verificationMaterial"]
    except (DataError, KeyError, TypeError):
        return False
    return isinstance(kind, str) and kind.startswith(_BUNDLE_TYPE) and isinstance(material, dict)


def read_small(path: Path, limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes.

    Raises:
        DataError: not a regular file, or larger.
        UnavailableError: it cannot be read.
        UsageError: there is no such file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                reason = f"is {hashing.kind_of(mode)}, not a regular file"
                raise DataError(reason, subject=shown(str(path)))
            data = file.read(limit + 1)
    except OSError as error:
        raise cannot_open(error, path) from None
    if len(data) > limit:
        raise DataError(f"is over {limit} bytes", subject=shown(str(path)))
    return data
