"""The one function that decides on serving, and the only way to bytes behind it.

Every route that can yield bytes asks `may_serve` for a permit and hands it to
`permitted_bytes`. There is no second path: `tests/releases/test_one_way_to_bytes.py`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from assay.access.principals import Identity
from assay.core.digest import Digest
from assay.core.errors import DataError, NotFoundError, TamperedError
from assay.core.limits import MIB
from assay.core.names import COMMIT, ModelName
from assay.releases import lookup, standing
from assay.releases.damage import hold_for_damage
from assay.releases.explaining import explained, with_copies
from assay.releases.installation import Installation
from assay.releases.refusal import Refused
from assay.releases.standing import Standing
from assay.store import blobs as blob_rows
from assay.store.artifacts import StoredFile
from assay.store.epochs import Epochs
from assay.store.releases import Release

LOOK_AGAIN_BYTES = 16 * MIB
LOOK_AGAIN_SECONDS = 1.0
LOGGER = logging.getLogger("assay.releases")


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to hand out one file of a release, or the release as a whole.

    It is no capability: `permitted_bytes` asks again before the first byte.

    Attributes:
        tree: The release's tree digest.
        file: The file; None where the whole tree was asked about.
        until: Last moment it may be relied on.
        epoch: The epochs it was given in.
        warning: What to tell whoever asked; None where there is nothing to say.
    """

    release: Release
    tree: Digest
    file: StoredFile | None
    until: datetime
    epoch: Epochs
    warning: str | None


def may_serve(
    inst: Installation, who: Identity | None, model: ModelName, revision: str, path: str
) -> Permit:
    """Leave for the caller to have a file of a release; with `path` "", the release itself.

    The order: may the caller read it, its state, the block list, the newest decision (an allow,
    by the policy in force, on the present evidence, not expired), the manifest.

    Args:
        inst: The installation.
        who: The caller; None for nobody.
        model: The model.
        revision: A version, the start of one, an alias or `main`.
        path: A file of the release, or "".

    Raises:
        ModelNotFoundError: there is no such model, or the caller may not read it.
        RevisionNotFoundError: the revision names no release.
        FileNotInReleaseError: the release has no such file.
        Refused: it is not served; the reason is in it.
        UnavailableError: the database did not answer. That is never a yes.
    """
    if not lookup.may_read(inst, who, model.namespace):
        raise lookup.no_such_model(model)
    release_id = _release_id(inst, who, model, revision)
    try:
        return _permit(inst, inst.cache.standing(inst.store, release_id), path)
    except Refused as error:
        if COMMIT.match(revision):
            raise
        with inst.store.read() as connection:
            raise with_copies(connection, error) from None


def may_serve_release(inst: Installation, who: Identity | None, release_id: str) -> Permit:
    """As `may_serve`, for a release known by its id.

    Raises:
        NotFoundError: there is none, or the caller may not read it.
        Refused: it is not served.
    """
    found = inst.cache.standing(inst.store, release_id)
    if not lookup.may_read(inst, who, found.model.namespace):
        raise lookup.no_such_model(found.model.full_name)
    return _permit(inst, found, "")


def permitted_bytes(inst: Installation, permit: Permit, start: int, end: int) -> Iterator[bytes]:
    """The bytes from `start` up to, not including, `end`, each chunk checked before it is given.

    Whether the release may still be served is asked before the first byte, and again every
    16 MiB or second. A chunk that is not what was taken in ends the stream before any byte of
    it, and holds every release with that file.

    Raises:
        DataError: the permit is not for a file.
        Refused: it is no longer served.
        TamperedError: the stored bytes were changed.
        UnavailableError: they cannot be read, or the database did not answer.
    """
    file = permit.file
    if file is None:
        raise DataError("a permit for a whole release is not one for bytes")
    _look(inst, permit, file)
    looked, since = time.monotonic(), 0
    for piece in _checked(inst, file, start, end):
        if since >= LOOK_AGAIN_BYTES or time.monotonic() - looked >= LOOK_AGAIN_SECONDS:
            _look(inst, permit, file)
            looked, since = time.monotonic(), 0
        since += len(piece)
        yield piece


def _release_id(inst: Installation, who: Identity | None, model: ModelName, revision: str) -> str:
    heads = lookup.may_see_unserved(inst, who, model.namespace)
    key = (model.folded, revision, heads)
    known = inst.cache.name(key, moves=COMMIT.match(revision) is None)
    if known is not None:
        return known
    began = time.monotonic()
    with inst.store.read() as connection:
        row = lookup.model_named(inst, connection, who, model)
        release = lookup.resolve(inst, connection, who, row, revision)
    inst.cache.keep_name(key, release.id, read_at=began)
    return release.id


def _permit(inst: Installation, found: Standing, path: str) -> Permit:
    try:
        yes = standing.answer(found, inst.clock.now())
    except Refused as error:
        with inst.store.read() as connection:
            raise explained(connection, found, error) from None
    file = _file(inst, found, path) if path else None
    release = found.release
    return Permit(release, release.tree, file, yes.until, found.epochs, yes.warning)


def _file(inst: Installation, found: Standing, path: str) -> StoredFile:
    file = found.files.get(path)
    if file is None:
        with inst.store.read() as connection:
            file = standing.stored_file(connection, found, path)
    if file.state == blob_rows.HELD:
        raise standing.refused(
            found,
            "held",
            f"{path} is held: its stored bytes are not those that were taken in",
            "ask the security team; the storage must be mended first",
        )
    return file


def _look(inst: Installation, permit: Permit, file: StoredFile) -> None:
    """Raise if the permit no longer holds."""
    found = inst.cache.standing(inst.store, permit.release.id)
    now = _permit(inst, found, file.path)
    if now.file is None or now.file.digest != file.digest:
        raise DataError("the permit is not for a file of its release", subject=file.path)


def _checked(inst: Installation, file: StoredFile, start: int, end: int) -> Iterator[bytes]:
    try:
        yield from inst.blobs.read(file.digest, start, end, size=file.size, chunks=file.chunks)
    except TamperedError as error:
        _on_damage(inst, file.digest, error)
        raise
    except NotFoundError:
        gone = TamperedError("its stored bytes are gone", subject=str(file.digest))
        _on_damage(inst, file.digest, gone)
        raise gone from None


def _on_damage(inst: Installation, digest: Digest, error: TamperedError) -> None:
    """Hold what has the file. Failing to write that down must not hide the damage itself."""
    try:
        hold_for_damage(inst, digest, str(error))
    except Exception:
        LOGGER.exception("damaged bytes were found, and the releases could not be held")
