"""One change of state: checked against the table, moved, stated, signed, promised to the log.

It is a part of a transaction. The caller ends what was decided about the tree by deciding again
(`deciding.decide` or `refresh`), and writes the audit row last.
"""

from __future__ import annotations

import sqlalchemy as sa

from assay.access.principals import Identity
from assay.core.errors import DataError
from assay.releases.installation import Installation
from assay.releases.recording import keep, release_name
from assay.releases.state import State, check_move
from assay.releases.statements import about, state_statement
from assay.store import releases
from assay.store.models import Model
from assay.store.releases import Release

STATE = "state"
PROGRAM = "assay"
"""Who did it where the program itself did."""

MAX_REASON = 2000


def transition(
    inst: Installation,
    connection: sa.Connection,
    model: Model,
    release: Release,
    new: State,
    *,
    by: Identity | None,
    reason: str,
) -> Release:
    """Bring a release into another state.

    Args:
        inst: The installation.
        connection: One that writes, and that has locked the release.
        model: Its model.
        release: As it is now.
        new: The state it will have.
        by: Who does it; None for the program itself.
        reason: Why.

    Raises:
        ConflictError: the states do not allow it, or another change came first.
    """
    name, now = release_name(model, release), inst.clock.now()
    check_move(State(release.state), new, subject=name)
    moved = releases.move(
        connection,
        release.id,
        old=release.state,
        new=new,
        held_from=release.state if new is State.HELD else None,
        now=now,
    )
    state_kept(inst, connection, model, moved, old=release.state, by=by, reason=reason)
    return moved


def state_kept(
    inst: Installation,
    connection: sa.Connection,
    model: Model,
    release: Release,
    *,
    old: str,
    by: Identity | None,
    reason: str,
) -> None:
    """Keep the statement that a release has come into its present state."""
    now = inst.clock.now()
    statement = state_statement(
        about(release_name(model, release), release.tree),
        old=old,
        new=release.state,
        by=PROGRAM if by is None else by.name,
        reason=reason,
        at=now,
    )
    keep(
        connection,
        statement,
        tree=release.tree,
        kind=STATE,
        signer=inst.signers.approval,
        now=now,
        verification={"release": release.id},
    )


def check_reason(reason: str) -> str:
    """`reason` without surrounding space, if it says something.

    Raises:
        DataError: it is empty or over 2,000 characters.
    """
    text = reason.strip()
    if not text or len(text) > MAX_REASON:
        raise DataError(
            "a reason is needed" if not text else f"is over {MAX_REASON} characters",
            subject="reason",
            remedy="say why in a sentence; it is recorded",
        )
    return text
