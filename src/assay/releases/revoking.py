"""The revocation feed: what was revoked or blocked, signed, dated, and without gaps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from assay.core.attestation import Statement, Subject
from assay.core.canonical import canonical_json
from assay.core.clock import rfc3339
from assay.core.digest import Digest
from assay.core.errors import DataError
from assay.releases.installation import Installation
from assay.signing.dsse import sign_envelope
from assay.store import releases, revocations
from assay.store.revocations import Revocation

PREDICATE = "https://assay.dev/predicate/revocations/v1"
FEED_LIFE = timedelta(hours=24)
"""How long a feed may be relied on. An older one counts as refused: see docs/releases.md."""

PAGE = 1000


def revocation_feed(inst: Installation, since: int) -> bytes:
    """The revocations after number `since`, as a DSSE envelope by the release index key.

    The predicate is `{installation, since, last, complete, issued, not_after, revocations}`; a row
    is `{seq, kind, tree or digest, version, at}`. Numbers follow each other without gaps from
    `since + 1`; `complete` says whether there are none after them. Names and reasons are left
    out: the feed is the same for every reader.

    Raises:
        DataError: `since` is negative, or beyond the last revocation there is: a reader who has
            seen more than the server has found it restored to an older state.
    """
    with inst.store.read() as connection:
        last = revocations.last_seq(connection)
        if not 0 <= since <= last:
            raise DataError(
                f"there are {last} revocations, so none after number {since}",
                subject="since",
                remedy="this server may have been restored from an older backup",
            )
        found = revocations.since(connection, since, limit=PAGE)
        rows = [_row(connection, one) for one in found]
    now = inst.clock.now()
    predicate = {
        "installation": inst.settings.url,
        "since": since,
        "last": found[-1].seq if found else since,
        "complete": (found[-1].seq if found else since) == last,
        "issued": rfc3339(now),
        "not_after": rfc3339(now + FEED_LIFE),
        "revocations": rows,
    }
    subject = Subject("revocations", {"sha256": Digest.of(canonical_json(rows)).hex})
    statement = Statement((subject,), PREDICATE, predicate)
    return sign_envelope(statement, inst.signers.release_index).to_bytes()


def _row(connection: sa.Connection, one: Revocation) -> dict[str, Any]:
    at = rfc3339(one.created)
    if one.kind == revocations.DIGEST:
        return {"seq": one.seq, "kind": one.kind, "digest": one.subject, "at": at}
    release = releases.get(connection, one.subject)
    return {
        "seq": one.seq,
        "kind": one.kind,
        "tree": str(release.tree),
        "version": release.version,
        "at": at,
    }
