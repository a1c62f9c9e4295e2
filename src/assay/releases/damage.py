"""Damage: stored bytes that are no longer those taken in, found while serving or scrubbing."""

from __future__ import annotations

import logging

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.errors import NotFoundError, TamperedError
from assay.releases import deciding
from assay.releases.installation import Installation
from assay.releases.recording import note
from assay.releases.state import SERVABLE, State
from assay.releases.transition import PROGRAM, transition
from assay.store import artifacts, blobs, models, releases
from assay.store.releases import Release

LOGGER = logging.getLogger("assay.releases")


def hold_for_damage(inst: Installation, digest: Digest, cause: str) -> list[Release]:
    """Hold every served release with a damaged file, and bar the file from being served.

    Args:
        inst: The installation.
        digest: The blob whose bytes were changed.
        cause: What was found, in words.

    Returns:
        The releases that were held by this call.
    """
    LOGGER.error("stored bytes were changed: %s: %s", digest, cause)
    held = inst.store.transact(lambda connection: _hold(inst, connection, digest, cause))
    inst.cache.look_again()
    return held


def _hold(
    inst: Installation, connection: sa.Connection, digest: Digest, cause: str
) -> list[Release]:
    new = blobs.get(connection, digest).state != blobs.HELD
    blobs.move(connection, [digest], state=blobs.HELD)
    reason = f"stored bytes of {digest.short} were changed: {cause}"
    found = releases.with_file(connection, digest)
    held = []
    for row in found:
        release = releases.lock(connection, row.id)
        if release.state in SERVABLE:
            model = models.get(connection, release.model_id)
            held.append(
                transition(inst, connection, model, release, State.HELD, by=None, reason=reason)
            )
    if new or held:
        deciding.refresh(inst, connection, {row.tree for row in found}, cause="damage", by=None)
        detail: dict[str, object] = {
            "alert": reason,
            "held": [row.version for row in held],
            "by": PROGRAM,
        }
        note(inst, connection, "blob.damaged", str(digest), by=None, detail=detail)
    return held


def damaged_files(connection: sa.Connection, release: Release) -> list[blobs.Blob]:
    """The files of a release that are barred because their bytes were changed."""
    digests = {row.digest for row in artifacts.entries(connection, release.tree)}
    rows = blobs.get_many(connection, digests).values()
    return sorted((row for row in rows if row.state == blobs.HELD), key=lambda row: row.digest)


def check_mended(inst: Installation, files: list[blobs.Blob]) -> None:
    """Read damaged files again, whole; returns if every byte is what was taken in.

    Raises:
        TamperedError: a file is still damaged.
    """
    for file in files:
        try:
            for _ in inst.blobs.read(file.digest, 0, file.size, size=file.size, chunks=file.chunks):
                pass
        except (TamperedError, NotFoundError) as error:
            raise TamperedError(
                f"its stored bytes are still not those that were taken in: {error.message}",
                subject=file.digest.short,
                remedy="restore the file from a backup, then resume the release",
            ) from None


def unbar(inst: Installation, connection: sa.Connection, files: list[blobs.Blob]) -> None:
    """Note that files were read and found right, and let them be served again."""
    for file in files:
        blobs.note_verified(connection, file.digest, now=inst.clock.now())
    blobs.move(connection, [file.digest for file in files], state=blobs.STORED)
