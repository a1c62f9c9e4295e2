"""One commit makes a release of an upload: everything in one transaction, safe to repeat."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from assay.access.principals import Identity
from assay.access.roles import PUBLISH
from assay.core.canonical import canonical_json
from assay.core.clock import rfc3339
from assay.core.digest import Digest
from assay.core.errors import ConflictError, DataError, NotFoundError
from assay.core.manifest import Manifest
from assay.releases.bundles import Bundle, keep_bundle, of_release, read_bundle
from assay.releases.installation import Installation
from assay.releases.presence import missing
from assay.releases.recording import note, release_name
from assay.releases.state import State
from assay.releases.transition import state_kept
from assay.signing.oms import oms_root
from assay.store import artifacts, intakes, models, releases, uploads
from assay.store import blobs as blob_rows
from assay.store.failures import DeadlockError
from assay.store.intakes import Intake
from assay.store.models import Model
from assay.store.releases import Release

MAX_TITLE = 500
MAX_SIGNATURES = 32
_VERSION_DIGITS = 40
_GIVEN_UP = frozenset({State.REJECTED, State.REVOKED})


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit made, or found already made: the release and the intake it waits for."""

    release: Release
    intake: Intake


def commit(
    inst: Installation,
    who: Identity,
    upload_id: str,
    *,
    title: str = "",
    parent: str | None = None,
    signatures: Sequence[bytes] = (),
) -> Committed:
    """Make a quarantined release of an upload whose bytes are all there.

    Artifact, manifest, signatures, release, intake, statement and audit row are one transaction.
    The same tree again, by the same publisher, straight after itself, is the release that is
    there already, unless it was rejected or revoked, or came without one of these signatures; so
    a commit may be repeated. The caller enqueues the job `intake` with the intake's id; the row is the truth.

    Args:
        inst: The installation.
        who: The publisher, who began the upload.
        upload_id: The upload.
        title: One line about the release.
        parent: Version this one replaces, which must be the model's newest.
        signatures: Sigstore bundles over the folder, as they are.

    Raises:
        NotFoundError: the caller has no such upload.
        RefusedError: the caller may no longer publish there.
        ConflictError: bytes are missing, another release came first, or the upload has expired.
        DataError: the title is too long, or a signature is not a Sigstore bundle.
    """
    if any(unicodedata.category(character) == "Cc" for character in title):
        raise DataError("a title is one line without control characters", subject="title")
    if len(title) > MAX_TITLE or len(signatures) > MAX_SIGNATURES:
        raise DataError(
            f"a release has a title of {MAX_TITLE} characters and {MAX_SIGNATURES} signatures "
            "at most",
            subject=upload_id,
        )
    bundles = [read_bundle(data, number) for number, data in enumerate(signatures, 1)]

    def work(connection: sa.Connection) -> Committed:
        upload = own_upload(connection, who, upload_id)
        model = models.get(connection, upload.model_id)
        inst.authorizer.require(who, PUBLISH, model.namespace, subject=str(model.full_name))
        newest = releases.newest(connection, model.id)
        if newest is not None and _is_same(connection, newest, upload, who, bundles):
            return _already(connection, upload, newest, inst.clock.now())
        _check_parent(model, newest, parent)
        _end(connection, upload, inst.clock.now())
        manifest = manifest_of(upload)
        _require_present(inst, connection, who, model, manifest, upload)
        made = _make(inst, connection, who, model, newest, manifest, title, parent)
        for bundle in bundles:
            keep_bundle(connection, made.release, bundle, now=inst.clock.now())
        detail: dict[str, object] = {
            "tree": str(upload.digest),
            "title": title,
            "parent": parent,
            "signatures": len(bundles),
        }
        name = release_name(model, made.release)
        note(inst, connection, "release.publish", name, by=who.id, detail=detail)
        return made

    return inst.store.transact(work)


def _make(
    inst: Installation,
    connection: sa.Connection,
    who: Identity,
    model: Model,
    newest: Release | None,
    manifest: Manifest,
    title: str,
    parent: str | None,
) -> Committed:
    now = inst.clock.now()
    rows = blob_rows.get_many(connection, {entry.digest for entry in manifest.entries})
    oids = {entry.path: rows[entry.digest].git_oid for entry in manifest.entries}
    artifacts.record(
        connection, manifest, kind="model", now=now, oms_root=oms_root(manifest), git_oids=oids
    )
    tree = manifest.tree_digest
    release = releases.create(
        connection,
        model_id=model.id,
        version=version_of(model, tree, who, after=newest, title=title, created=now),
        tree=tree,
        publisher_id=who.id,
        now=now,
        title=title,
        parent=parent,
    )
    # The model's row is locked since then: what came between is seen by its place.
    if release.seq != (1 if newest is None else newest.seq + 1):
        raise DeadlockError("another release came first", subject=str(model.full_name))
    state_kept(inst, connection, model, release, old="", by=who, reason=title or "published")
    intake = intakes.create(
        connection,
        model_id=model.id,
        version=release.version,
        tree=tree,
        principal_id=who.id,
        now=now,
    )
    return Committed(release, intake)


def version_of(
    model: Model,
    tree: Digest,
    who: Identity,
    *,
    after: Release | None,
    title: str,
    created: datetime,
) -> str:
    """A commit id: 40 hex digits over what is committed, by whom, after what and when."""
    document = {
        "tree": str(tree),
        "model": model.folded,
        "parent": None if after is None else after.version,
        "publisher": who.id,
        "created": rfc3339(created),
        "title": title,
    }
    return Digest.of(canonical_json(document)).hex[:_VERSION_DIGITS]


def own_upload(connection: sa.Connection, who: Identity, upload_id: str) -> uploads.Upload:
    """The caller's upload of a manifest.

    Raises:
        NotFoundError: there is none of this id, or it is another's.
    """
    upload = uploads.get(connection, upload_id) if "\0" not in upload_id else None
    if upload is None or upload.principal_id != who.id or upload.manifest is None:
        raise NotFoundError("there is no such upload", subject=upload_id[:80])
    return upload


def manifest_of(upload: uploads.Upload) -> Manifest:
    """The manifest that was announced."""
    return Manifest.parse(upload.manifest or b"", subject=f"upload {upload.id}")


def _end(connection: sa.Connection, upload: uploads.Upload, now: datetime) -> None:
    """The upload is used up. Of two commits at once the later one starts over, and finds it made.

    Raises:
        ConflictError: it was used up before, or has expired.
    """
    try:
        uploads.commit(connection, upload.id, now=now)
    except ConflictError as error:
        if upload.state == uploads.OPEN and upload.expires > now:
            raise DeadlockError(error.message, subject=error.subject) from None
        raise


def _is_same(
    connection: sa.Connection,
    newest: Release,
    upload: uploads.Upload,
    who: Identity,
    bundles: Sequence[Bundle],
) -> bool:
    """Whether the newest release is what is committed; with a signature more it is another."""
    return (
        newest.tree == upload.digest
        and newest.publisher_id == who.id
        and newest.state not in _GIVEN_UP
        and {bundle.data for bundle in bundles}
        <= {row.envelope for row in of_release(connection, newest)}
    )


def _already(
    connection: sa.Connection, upload: uploads.Upload, newest: Release, now: datetime
) -> Committed:
    """What an earlier commit of the same made."""
    if upload.state == uploads.OPEN and upload.expires > now:
        uploads.commit(connection, upload.id, now=now)
    intake = intakes.latest(connection, newest.model_id, newest.version)
    if intake is None:
        raise NotFoundError("there is no intake of this release", subject=newest.version)
    return Committed(newest, intake)


def _check_parent(model: Model, newest: Release | None, parent: str | None) -> None:
    if parent is None:
        return
    if newest is None or newest.version != parent:
        there = "the model has no release" if newest is None else f"the newest is {newest.version}"
        raise ConflictError(
            f"{parent[:80]} is not the newest release: {there}",
            subject=str(model.full_name),
            remedy="look at what came first, then push on top of it",
        )


def _require_present(
    inst: Installation,
    connection: sa.Connection,
    who: Identity,
    model: Model,
    manifest: Manifest,
    upload: uploads.Upload,
) -> None:
    """Every byte is there, and the caller sent it or may read it: a digest alone gives nothing."""
    absent = missing(inst, connection, who, model, manifest, began=upload.created)
    if absent:
        path = next(entry.path for entry in manifest.entries if entry.digest == absent[0])
        raise ConflictError(
            f"{len(absent)} files have not been sent, {path} among them",
            subject=upload.id,
            remedy="send what the upload named as missing, then commit",
        )
    rows = blob_rows.get_many(connection, {entry.digest for entry in manifest.entries})
    for entry in manifest.entries:
        if rows[entry.digest].size != entry.size:
            raise DataError(
                f"is {rows[entry.digest].size} bytes, not {entry.size} as the manifest says",
                subject=entry.path,
            )
