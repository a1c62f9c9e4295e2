"""Taking bytes in: a manifest first, then what is missing, then one commit makes a release."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from assay.access.principals import Identity
from assay.access.roles import PUBLISH
from assay.blobs.interface import Stored
from assay.core.digest import Digest
from assay.core.errors import ConflictError, DataError
from assay.core.manifest import Manifest, ManifestEntry
from assay.core.names import ModelName
from assay.releases.committing import Committed, commit, manifest_of, own_upload
from assay.releases.installation import Installation
from assay.releases.presence import missing
from assay.store import blobs as blob_rows
from assay.store import models, uploads
from assay.store.models import Model

__all__ = ["Committed", "Upload", "begin", "commit", "receive", "receive_object"]

UPLOAD_HOURS = 24
_LEFT_OUT = (".git/", ".cache/huggingface/", ".assay/")
"""Folders no release has: two are never in a manifest, one is where Assay shows its evidence."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that waits for bytes."""

    id: str
    missing: tuple[Digest, ...]
    expires: datetime


def begin(inst: Installation, who: Identity, model: ModelName, manifest: Manifest) -> Upload:
    """Announce a release. Needs the right `publish`.

    Args:
        inst: The installation.
        who: The publisher.
        model: The model; made if there is none of this name in any case.
        manifest: Every file of the release.

    Returns:
        The upload, with the digests whose bytes have to be sent: all but those of releases the
        caller may read, and those the caller sent within the hour.

    Raises:
        RefusedError: the caller may not publish there.
        DataError: no file, too many, one that is too large, or a path no release may have.
    """
    inst.authorizer.require(who, PUBLISH, model.namespace, subject=str(model))
    _check_manifest(inst, manifest)
    now = inst.clock.now()

    def work(connection: sa.Connection) -> Upload:
        row = models.ensure(connection, model, created_by=who.id, now=now)
        upload = uploads.begin(
            connection,
            principal_id=who.id,
            model_id=row.id,
            digest=manifest.tree_digest,
            size=manifest.size,
            manifest=manifest.canonical(),
            now=now,
            expires=now + timedelta(hours=UPLOAD_HOURS),
        )
        wanted = missing(inst, connection, who, row, manifest, began=now)
        return Upload(upload.id, wanted, upload.expires)

    return inst.store.transact(work)


def receive(
    inst: Installation,
    who: Identity,
    upload_id: str,
    digest: Digest,
    pieces: Iterable[bytes],
) -> None:
    """Take the bytes of one file of an announced manifest.

    Raises:
        NotFoundError: the caller has no such upload.
        RefusedError: the caller may no longer publish there.
        ConflictError: the upload is over or has expired.
        DataError: no file of the manifest has this digest, or the bytes have another digest or
            size.
        UnavailableError: the disk is full.
    """
    upload, model = _open_upload(inst, who, upload_id)
    inst.authorizer.require(who, PUBLISH, model.namespace, subject=str(model.full_name))
    entry = _entry(upload, digest)
    receive_object(inst, who, model.full_name, pieces, expected=digest, size=entry.size)


def receive_object(
    inst: Installation,
    who: Identity,
    model: ModelName,
    pieces: Iterable[bytes],
    *,
    expected: Digest | None = None,
    size: int | None = None,
) -> Stored:
    """Take bytes that a later manifest will name. Needs the right `publish`.

    For an hour they count as sent by the caller; what no release names by then is removed.

    Raises:
        RefusedError: the caller may not publish there.
        DataError: another digest or size than expected, or more bytes than a file may have.
        UnavailableError: the disk is full.
    """
    inst.authorizer.require(who, PUBLISH, model.namespace, subject=str(model))
    limit = inst.settings.upload_bytes
    stored = inst.blobs.put(pieces, expected=expected, size=size, limit=limit)
    now = inst.clock.now()

    def work(connection: sa.Connection) -> None:
        blob_rows.record(
            connection,
            digest=stored.digest,
            size=stored.size,
            chunks=stored.chunks,
            git_oid=stored.git_oid,
            now=now,
        )
        uploads.note_received(
            connection, principal_id=who.id, digest=stored.digest, size=stored.size, now=now
        )

    inst.store.transact(work)
    return stored


def _check_manifest(inst: Installation, manifest: Manifest) -> None:
    settings = inst.settings
    if not manifest.entries:
        raise DataError("holds no file", subject="manifest")
    if len(manifest.entries) > settings.upload_files:
        raise DataError(
            f"{len(manifest.entries)} files are more than the {settings.upload_files} a release "
            "may have",
            subject="manifest",
            remedy="pack small files, or have upload_files raised",
        )
    for entry in manifest.entries:
        if entry.size > settings.upload_bytes:
            raise DataError(
                f"{entry.size} bytes are more than the {settings.upload_bytes} a file may have",
                subject=entry.path,
                remedy="split the file, or have upload_bytes raised",
            )
        if entry.path.casefold().startswith(_LEFT_OUT):
            raise DataError(
                f"no release has files in {entry.path.rpartition('/')[0]}",
                subject=entry.path,
                remedy="leave the folder out",
            )


def _open_upload(inst: Installation, who: Identity, upload_id: str) -> tuple[uploads.Upload, Model]:
    with inst.store.read() as connection:
        upload = own_upload(connection, who, upload_id)
        model = models.get(connection, upload.model_id)
    if upload.state != uploads.OPEN or upload.expires <= inst.clock.now():
        raise ConflictError(
            "the upload is over or has expired", subject=upload_id, remedy="push again"
        )
    return upload, model


def _entry(upload: uploads.Upload, digest: Digest) -> ManifestEntry:
    for entry in manifest_of(upload).entries:
        if entry.digest == digest:
            return entry
    raise DataError("no file of the manifest has this digest", subject=str(digest))
