"""Tar files by the standard library, with fixed times and owners."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One member; `kind` is a tarfile type, `target` a link's target."""

    name: str
    body: bytes = b""
    kind: bytes = tarfile.REGTYPE
    target: str = ""
    mode: int = 0o644


def archive(entries: Iterable[Entry], style: int = tarfile.USTAR_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=style) as tar:
        for entry in entries:
            info = tarfile.TarInfo(entry.name)
            info.type, info.linkname, info.mode = entry.kind, entry.target, entry.mode
            info.size = len(entry.body) if entry.kind == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(entry.body))
    return out.getvalue()


def pack(files: Mapping[str, bytes]) -> bytes:
    """An honest archive."""
    return archive(Entry(name, body) for name, body in files.items())


def gz(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def bz(body: bytes) -> bytes:
    return bz2.compress(body)


def xz(body: bytes) -> bytes:
    return lzma.compress(body)
