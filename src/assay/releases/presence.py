"""Which bytes a publisher need not send: said only of what the caller has, or sent, already."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from assay.access.principals import Identity
from assay.core.digest import Digest
from assay.core.manifest import Manifest
from assay.releases import lookup
from assay.releases.installation import Installation
from assay.releases.state import SERVABLE
from assay.store import artifacts, blobs, models, releases, uploads
from assay.store.models import Model
from assay.store.releases import Release

RECEIVED_MINUTES = 60
"""How long bytes one has sent oneself are not asked for again, minutes."""


def missing(
    inst: Installation,
    connection: sa.Connection,
    who: Identity,
    model: Model,
    manifest: Manifest,
    *,
    began: datetime,
) -> tuple[Digest, ...]:
    """The digests whose bytes the caller has to send, in the manifest's order.

    Whether anyone else's bytes exist is not told: a digest counts as there only if the caller
    sent it within the hour before `began` or since, or may read a release that holds it.
    Damaged bytes count as missing, so that sending them again mends them.
    """
    digests = list(dict.fromkeys(entry.digest for entry in manifest.entries))
    rows = blobs.get_many(connection, digests)
    held = {
        digest for digest, row in rows.items() if row.state != blobs.HELD and inst.blobs.has(digest)
    }
    since = began - timedelta(minutes=RECEIVED_MINUTES)
    known = uploads.received(connection, principal_id=who.id, digests=held, since=since)
    known |= _readable(inst, connection, who, model, held - known)
    return tuple(digest for digest in digests if digest not in known)


def is_present(
    inst: Installation, connection: sa.Connection, who: Identity, digest: Digest
) -> bool:
    """Whether the caller need not send these bytes; see `missing`."""
    row = blobs.get_many(connection, [digest]).get(digest)
    if row is None or row.state == blobs.HELD or not inst.blobs.has(digest):
        return False
    since = inst.clock.now() - timedelta(minutes=RECEIVED_MINUTES)
    sent = uploads.received(connection, principal_id=who.id, digests=[digest], since=since)
    return bool(sent) or _is_readable(inst, connection, who, digest)


def _readable(
    inst: Installation,
    connection: sa.Connection,
    who: Identity,
    model: Model,
    digests: set[Digest],
) -> set[Digest]:
    """Those of `digests` in a release the caller may read; the model's newest is looked at first."""
    found: set[Digest] = set()
    newest = releases.newest(connection, model.id) if digests else None
    if newest is not None and _may_have(inst, connection, who, newest):
        found = {row.digest for row in artifacts.entries(connection, newest.tree)} & digests
    rest = digests - found
    return found | {one for one in rest if _is_readable(inst, connection, who, one)}


def _is_readable(
    inst: Installation, connection: sa.Connection, who: Identity, digest: Digest
) -> bool:
    rows = releases.with_file(connection, digest)
    return any(_may_have(inst, connection, who, row) for row in rows)


def _may_have(
    inst: Installation, connection: sa.Connection, who: Identity, release: Release
) -> bool:
    """Whether the caller reads a release: one that is served, or any where it does more."""
    namespace = models.get(connection, release.model_id).namespace
    if release.state in SERVABLE and lookup.may_read(inst, who, namespace):
        return True
    return lookup.may_see_unserved(inst, who, namespace)
