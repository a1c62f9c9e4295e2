"""Removing what is over: sessions, uploads, notes of bytes sent, bytes no release names, jobs."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.errors import ConflictError
from assay.jobs import JobQueue
from assay.releases.installation import Installation
from assay.releases.presence import RECEIVED_MINUTES
from assay.releases.upload import UPLOAD_HOURS
from assay.store import blobs, outdated, sessions, uploads

UNUSED = timedelta(hours=UPLOAD_HOURS + 1, minutes=RECEIVED_MINUTES)
"""Age at which bytes that were sent can no longer be named by an upload's commit."""

JOB_DAYS = 30
"""How long ended jobs are kept, days. Rows are the truth, so nothing asks for them later."""

_BLOBS = 500


def purge(inst: Installation, queue: JobQueue) -> int:
    """Remove what is over; returns how many things went.

    Raises:
        UnavailableError: a database or the disk did not answer; the rest is removed later.
    """
    now = inst.clock.now()

    def rows(connection: sa.Connection) -> int:
        return (
            sessions.purge(connection, now=now)
            + uploads.abandon_expired(connection, now=now)
            + uploads.forget_received(connection, before=now - UNUSED)
        )

    removed = inst.store.transact(rows)
    removed += _remove_unused(inst)
    return removed + queue.prune(now - timedelta(days=JOB_DAYS))


def _remove_unused(inst: Installation) -> int:
    """Remove the bytes of uploads that were never committed: first the row, then the file.

    Whoever sends the same bytes at this moment is asked for them again by the commit, which looks
    whether the file is there.
    """
    before = inst.clock.now() - UNUSED
    with inst.store.read() as connection:
        found = outdated.unused(connection, before=before, limit=_BLOBS)
    return sum(_remove(inst, digest) for digest in found)


def _remove(inst: Installation, digest: Digest) -> bool:
    try:
        inst.store.transact(lambda connection: blobs.forget(connection, digest))
    except ConflictError:
        return False  # a release names it meanwhile
    inst.blobs.remove(digest)
    return True
