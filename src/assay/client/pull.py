"""Download a release: resume what broke off, check every byte, then put it in place."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from assay.blobs.disk import disk_errors
from assay.client.partial import prepare
from assay.client.release import release_document
from assay.client.session import Session, model_path
from assay.core.digest import Digest
from assay.core.errors import ConflictError, DataError, UnavailableError
from assay.core.manifest import Manifest, ManifestEntry

BUFFER_BYTES = 1024 * 1024
PARTIAL_CONTENT = 206
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull brought: the release document, where it lies, how much was fetched."""

    release: dict[str, Any]
    folder: Path
    fetched_bytes: int


def pull(
    session: Session,
    model: str,
    revision: str,
    destination: Path,
    *,
    tree: Digest | None = None,
    progress: Progress = lambda _: None,
) -> Pulled:
    """Download one release into a new folder.

    Bytes arrive in a hidden folder beside the destination, which takes its place only when
    every file has the digest of the manifest and the manifest has the digest of the
    release. A pull that broke off goes on where it stopped.

    Args:
        session: The server.
        model: `namespace/name`.
        revision: A version, the start of one, an alias, or `main`.
        destination: The new folder.
        tree: What the release must hold, because a signed decision says so: a server may answer
            one thing when it is judged and another when it is fetched.
        progress: Told the bytes that are there.

    Raises:
        ConflictError: the destination exists and is not empty.
        DataError: the server sent other bytes than the release names, or than `tree`.
        UnavailableError: the files cannot be written.
        AssayError: what the server answered; a refusal carries the reason.
    """
    with disk_errors(destination):
        if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
            raise ConflictError("exists and is not empty", subject=str(destination))
    release = release_document(session, model, revision)
    pinned = model_path(model, "releases", release["version"])
    manifest = Manifest.from_json(session.json("GET", f"{pinned}/manifest"))
    if str(manifest.tree_digest) != release["tree"]:
        raise DataError("the manifest is not the one the release names", subject=model)
    if tree is not None and manifest.tree_digest != tree:
        raise DataError(
            f"the server now offers {manifest.tree_digest}, not {tree}, which was decided on",
            subject=model,
            remedy="do not use what it serves, and tell its administrator",
        )
    partial = destination.parent / f".{destination.name}.{manifest.tree_digest.hex[:16]}.part"
    prepare(partial, manifest)
    fetched = 0
    for entry in manifest.entries:
        with disk_errors(partial / entry.path):
            fetched += _fetch(
                session, f"{pinned}/files/{quote(entry.path)}", partial, entry, progress
            )
    with disk_errors(destination):
        if destination.exists():
            destination.rmdir()
        partial.rename(destination)
    return Pulled(release, destination, fetched)


def _fetch(
    session: Session, address: str, folder: Path, entry: ManifestEntry, progress: Progress
) -> int:
    """Bring one file to its full length, then compare; returns the bytes that were sent."""
    target = folder / entry.path
    target.parent.mkdir(parents=True, exist_ok=True)
    hasher = hashlib.sha256()
    have = _hash_existing(target, entry, hasher)
    progress(have)
    if have < entry.size or not target.exists():
        headers = {"Range": f"bytes={have}-"} if have else {}
        with session.stream(address, headers=headers) as response:
            if have and response.status_code != PARTIAL_CONTENT:
                raise UnavailableError("did not resume a download", subject=session.url)
            _append(response.iter_raw(BUFFER_BYTES), target, hasher, entry, progress)
    if hasher.hexdigest() != entry.digest.hex:
        target.unlink(missing_ok=True)
        raise DataError(
            "arrived with other bytes than the release names",
            subject=entry.path,
            remedy="pull again; if it happens again, the server's storage was changed",
        )
    return entry.size - have


def _hash_existing(target: Path, entry: ManifestEntry, hasher: Any) -> int:
    """Feed what an earlier pull left into the hasher; start over if it is too long."""
    if not target.is_file() or target.stat().st_size > entry.size:
        target.unlink(missing_ok=True)
        return 0
    with target.open("rb", buffering=0) as file:
        while piece := file.read(BUFFER_BYTES):
            hasher.update(piece)
    return target.stat().st_size


def _append(
    pieces: Any, target: Path, hasher: Any, entry: ManifestEntry, progress: Progress
) -> None:
    with target.open("ab") as file:
        for piece in pieces:
            hasher.update(piece)
            file.write(piece)
            progress(len(piece))
            if file.tell() > entry.size:
                break
        file.flush()
        os.fsync(file.fileno())
