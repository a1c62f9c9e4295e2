"""Upload a folder as a release: manifest first, then only the bytes the server lacks."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.client.session import Session
from assay.core.digest import Digest
from assay.core.errors import DataError, UnavailableError
from assay.core.folder import read_folder
from assay.core.manifest import Manifest, ManifestEntry
from assay.core.names import ModelName

BUFFER_BYTES = 1024 * 1024
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push made: the server's release document, and how much had to be sent."""

    release: dict[str, Any]
    files: int
    sent_bytes: int


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder that can be pushed.

    Raises:
        DataError: nothing in it, or something a manifest cannot hold; the file is named.
    """
    reading = read_folder(folder)
    if reading.problems:
        first = reading.problems[0]
        more = len(reading.problems) - 1
        raise DataError(
            f"{first.reason}" + (f" (and {more} more problems)" if more else ""),
            subject=os.fsencode(first.path).decode("utf-8", "backslashreplace"),
            remedy="a pushed folder holds readable regular files with UTF-8 names, no links",
        )
    if not reading.manifest.entries:
        raise DataError("holds no file", subject=str(folder))
    return reading.manifest


def push(
    session: Session,
    folder: Path,
    model: ModelName,
    *,
    title: str = "",
    parent: str | None = None,
    progress: Progress = lambda _: None,
) -> Pushed:
    """Upload `folder`; returns once the server has taken it into quarantine.

    A push that broke off can be repeated: bytes sent within the hour are not sent again.

    Raises:
        DataError: the folder cannot be pushed, or changed while it was sent.
        AssayError: what the server answered.
    """
    manifest = read_manifest(folder)
    start = {"model": str(model), "manifest": manifest.to_json()}
    upload = session.json("POST", "/api/v1/uploads", json=start)
    missing = {Digest.parse(text) for text in upload["missing"]}
    sent = 0
    for entry in manifest.entries:
        if entry.digest in missing:
            missing.discard(entry.digest)
            _send(session, upload["upload"], folder / entry.path, entry, progress)
            sent += entry.size
        else:
            progress(entry.size)
    commit = {"title": title, "parent": parent, "signatures": _signatures(folder, manifest)}
    path = f"/api/v1/uploads/{upload['upload']}/commit"
    return Pushed(session.json("POST", path, json=commit), len(manifest.entries), sent)


def _send(
    session: Session, upload: str, file: Path, entry: ManifestEntry, progress: Progress
) -> None:
    session.request(
        "PUT",
        f"/api/v1/uploads/{upload}/blobs/{entry.digest}",
        content=_pieces(file, entry, progress),
        headers={"Content-Length": str(entry.size)},
    )


def _pieces(file: Path, entry: ManifestEntry, progress: Progress) -> Iterator[bytes]:
    """Exactly the bytes the manifest speaks of; the server compares the digest."""
    try:
        left = entry.size
        with file.open("rb", buffering=0) as source:
            while left and (piece := source.read(min(BUFFER_BYTES, left))):
                left -= len(piece)
                progress(len(piece))
                yield piece
    except OSError as error:
        raise UnavailableError(f"cannot be read: {error.strerror}", subject=str(file)) from None
    if left:
        raise DataError("became shorter while it was sent", subject=str(file))


def _signatures(folder: Path, manifest: Manifest) -> list[str]:
    """Signature bundles beside the model: the root files the manifest left out."""
    names = sorted(
        path.name
        for path in folder.iterdir()
        if path.name.endswith((".sig", ".sigstore.json"))
        and path.is_file()
        and path.name not in manifest.by_path
    )
    return [base64.b64encode((folder / name).read_bytes()).decode() for name in names]
