"""Filling in a refusal: who held, rejected or revoked it and why, and whether it was served."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from assay.core.attestation import Envelope
from assay.releases.refusal import Refused
from assay.releases.standing import Standing
from assay.releases.state import SERVABLE, State
from assay.releases.transition import STATE
from assay.store import attestations, releases

_MOVED = frozenset({State.HELD, State.REJECTED, State.REVOKED})
_WITHDRAWN = frozenset({State.HELD, State.REVOKED})
_AFTER_APPROVAL = SERVABLE | {State.HELD}


def explained(connection: sa.Connection, standing: Standing, error: Refused) -> Refused:
    """The refusal with the reason its state was given, and whether it was ever served."""
    move = last_move(connection, standing) if standing.release.state in _MOVED else {}
    reason = move.get("reason") if error.reason != "blocked" else None
    return Refused(
        f"{error.message}: {reason}" if reason else error.message,
        reason=error.reason,
        release=standing.release,
        was_served=error.was_served or _was_served(standing, move),
        subject=error.subject,
        remedy=error.remedy,
    )


def with_copies(connection: sa.Connection, error: Refused) -> Refused:
    """The refusal of a name that moves: it may have named a release that was withdrawn since.

    A client that holds a copy of that one must not take this for a release it has to wait for.
    """
    if error.release is not None and not error.was_served:
        withdrawn = releases.newest(connection, error.release.model_id, states=_WITHDRAWN)
        error.copies = withdrawn is not None
    return error


def _was_served(standing: Standing, move: dict[str, Any]) -> bool:
    """Whether clients may hold copies. Where policy does not block, what was judged was served."""
    if not standing.blocks and standing.release.state != State.QUARANTINED:
        return True
    return standing.release.state == State.REVOKED and move.get("from") in _AFTER_APPROVAL


def last_move(connection: sa.Connection, standing: Standing) -> dict[str, Any]:
    """The predicate of the last change of this release's state: from, to, by, reason, at."""
    rows = [
        row
        for row in attestations.evidence_of(connection, standing.release.tree)
        if row.kind == STATE and row.verification.get("release") == standing.release.id
    ]
    if not rows:
        return {}
    kept = attestations.get(connection, rows[-1].attestation)
    statement = Envelope.parse(kept.envelope, subject=str(kept.digest)).statement()
    return dict(statement.predicate)
