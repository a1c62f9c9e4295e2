"""The transparency log's files over HTTP (C2SP tlog-tiles): tiles never change, checkpoints do."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from starlette.responses import Response

from assay.core.errors import NotFoundError

IMMUTABLE = "public, max-age=31536000, immutable"
PRIVATE_IMMUTABLE = "private, max-age=31536000, immutable"
MAX_BYTES = 16 * 1024 * 1024

_INDEX = r"(?:x\d{3}/)*\d{3}"
_PARTIAL = r"(?:\.p/[1-9]\d{0,2})?"
_TILE = re.compile(rf"tile/(?:[0-9]|[1-5][0-9]|6[0-3]|entries|data)/{_INDEX}{_PARTIAL}\Z", re.ASCII)
_CHECKPOINT = re.compile(r"checkpoint\Z")


def log_file(folder: Path, path: str, *, public: bool) -> Response:
    """The checkpoint or one tile, with the caching each allows.

    Args:
        folder: The log's folder.
        path: What follows `/log/`.
        public: Whether shared caches may keep it.

    Raises:
        NotFoundError: not a path of the log, or not written yet.
    """
    if _TILE.match(path):
        caching, kind = IMMUTABLE if public else PRIVATE_IMMUTABLE, "application/octet-stream"
    elif _CHECKPOINT.match(path):
        caching, kind = "no-cache", "text/plain; charset=utf-8"
    else:
        raise NotFoundError("not a file of the log", subject=f"/log/{path[:200]}")
    return Response(
        _read(folder / path, path), headers={"Content-Type": kind, "Cache-Control": caching}
    )


def _read(file: Path, path: str) -> bytes:
    """The bytes of a regular file; the form of `path` has ruled out everything but the log."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        raise NotFoundError("the log has no such file", subject=f"/log/{path}") from None
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise NotFoundError("the log has no such file", subject=f"/log/{path}")
        return opened.read(MAX_BYTES)
