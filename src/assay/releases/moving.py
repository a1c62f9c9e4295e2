"""Holding, resuming, deprecating and revoking: what people do to a release that was judged."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from assay.access.principals import Identity
from assay.access.roles import ADMINISTER, PUBLISH, REVIEW, SECURE
from assay.core.decision import Outcome
from assay.core.errors import ConflictError, RefusedError
from assay.policy.engine import Serving, effective
from assay.releases import damage, deciding, lookup
from assay.releases.damage import hold_for_damage as hold_for_damage  # noqa: PLC0414 - one place
from assay.releases.installation import Installation
from assay.releases.recording import note, release_name
from assay.releases.refusal import Refused
from assay.releases.standing import reasons_against
from assay.releases.state import State
from assay.releases.transition import check_reason, transition
from assay.store import epochs, namespaces, releases, revocations
from assay.store.models import Model
from assay.store.releases import Release


def hold(inst: Installation, who: Identity, release_id: str, *, reason: str) -> Release:
    """Stop serving a release for now. Needs the right `secure`.

    Raises:
        NotFoundError: there is no such release, or the caller may not read it.
        RefusedError: the caller may not.
        ConflictError: it is not served.
        DataError: no reason is given.
    """

    def work(connection: sa.Connection) -> Release:
        model, release = _locked(inst, connection, who, release_id, "hold", (SECURE,))
        return _move(inst, connection, who, model, release, State.HELD, "hold", reason)

    return _done(inst, work)


def resume(inst: Installation, who: Identity, release_id: str, *, reason: str) -> Release:
    """Serve a held release again, if policy allows it now. Needs the right `secure`.

    Files whose stored bytes were changed are read again first, every byte.

    Raises:
        NotFoundError: there is no such release, or the caller may not read it.
        RefusedError: the caller may not, or policy does not allow it; the reasons are told.
        ConflictError: it is not held.
        TamperedError: its stored bytes are still not those that were taken in.
        DataError: no reason is given.
    """
    with inst.store.read() as connection:
        _permitted(inst, connection, who, release_id, "resume", (SECURE,))
        damaged = damage.damaged_files(connection, releases.get(connection, release_id))
    damage.check_mended(inst, damaged)
    checked = {file.digest for file in damaged}

    def work(connection: sa.Connection) -> Release:
        model, release = _locked(inst, connection, who, release_id, "resume", (SECURE,))
        still = damage.damaged_files(connection, release)
        if not {file.digest for file in still} <= checked:
            raise ConflictError(
                "another damaged file was found meanwhile",
                subject=release_name(model, release),
                remedy="try again",
            )
        damage.unbar(inst, connection, still)
        return _resumed(inst, connection, who, model, release, check_reason(reason))

    return _done(inst, work)


def deprecate(inst: Installation, who: Identity, release_id: str, *, reason: str) -> Release:
    """Mark a release as superseded; it is still served. Needs `publish` or `review`.

    Raises:
        NotFoundError: there is no such release, or the caller may not read it.
        RefusedError: the caller may not.
        ConflictError: it is not approved.
        DataError: no reason is given.
    """
    return _marked(inst, who, release_id, State.APPROVED, State.DEPRECATED, "deprecate", reason)


def undeprecate(inst: Installation, who: Identity, release_id: str, *, reason: str) -> Release:
    """Take a deprecation back. Needs `publish` or `review`.

    Raises:
        NotFoundError: there is no such release, or the caller may not read it.
        RefusedError: the caller may not.
        ConflictError: it is not deprecated.
        DataError: no reason is given.
    """
    return _marked(inst, who, release_id, State.DEPRECATED, State.APPROVED, "undeprecate", reason)


def revoke(inst: Installation, who: Identity, release_id: str, *, reason: str) -> Release:
    """Withdraw a release for good. Needs `secure` or `administer`.

    The revocation has the next number of the signed feed, and every cached decision is looked
    at again.

    Raises:
        NotFoundError: there is no such release, or the caller may not read it.
        RefusedError: the caller may not.
        ConflictError: it is revoked already.
        DataError: no reason is given.
    """

    def work(connection: sa.Connection) -> Release:
        model, release = _locked(inst, connection, who, release_id, "revoke", (SECURE, ADMINISTER))
        moved = _move(inst, connection, who, model, release, State.REVOKED, "revoke", reason)
        epochs.bump_global(connection)
        revocations.record(
            connection,
            kind=revocations.RELEASE,
            subject=release.id,
            reason=check_reason(reason),
            by=who.id,
            now=inst.clock.now(),
        )
        return moved

    return _done(inst, work)


def _marked(
    inst: Installation,
    who: Identity,
    release_id: str,
    old: State,
    new: State,
    action: str,
    reason: str,
) -> Release:
    """From one served state to the other, and from nowhere else: what is held stays held."""

    def work(connection: sa.Connection) -> Release:
        model, release = _locked(inst, connection, who, release_id, action, (PUBLISH, REVIEW))
        _require_state(model, release, old)
        return _move(inst, connection, who, model, release, new, action, reason)

    return _done(inst, work)


def _done(inst: Installation, work: Callable[[sa.Connection], Release]) -> Release:
    moved = inst.store.transact(work)
    inst.cache.look_again()
    return moved


def _move(
    inst: Installation,
    connection: sa.Connection,
    who: Identity,
    model: Model,
    release: Release,
    new: State,
    action: str,
    reason: str,
) -> Release:
    """The move with all that belongs to it, as a part of the transaction."""
    text = check_reason(reason)
    moved = transition(inst, connection, model, release, new, by=who, reason=text)
    deciding.refresh(inst, connection, [release.tree], cause=action, by=who.id)
    detail: dict[str, object] = {"reason": text, "from": release.state, "to": moved.state}
    subject = release_name(model, release)
    note(inst, connection, f"release.{action}", subject, by=who.id, detail=detail)
    return releases.get(connection, release.id)


def _resumed(
    inst: Installation,
    connection: sa.Connection,
    who: Identity,
    model: Model,
    release: Release,
    reason: str,
) -> Release:
    """Back to where it was held from, if a decision made now allows that."""
    _require_state(model, release, State.HELD)
    back = State(release.held_from or State.APPROVED)
    transition(inst, connection, model, release, back, by=who, reason=reason)
    decided = deciding.decide(inst, connection, release.id, cause="resume", by=who.id)
    mode = namespaces.get(connection, model.namespace).mode
    outcome = Outcome(decided.decision.outcome)
    if effective(outcome, mode) is Serving.REFUSE:
        against = reasons_against(decided.decision.reasons)
        raise Refused(
            f"policy does not allow it: {'; '.join(row['message'] for row in against)}",
            reason="denied" if outcome is Outcome.DENY else "not-approved",
            release=release,
            was_served=True,
            subject=release_name(model, release),
            remedy="; ".join(row["remedy"] for row in against if row["remedy"]) or None,
        )
    detail: dict[str, object] = {"reason": reason, "from": release.state, "to": back}
    name = release_name(model, release)
    note(inst, connection, "release.resume", name, by=who.id, detail=detail)
    return decided.release


def _require_state(model: Model, release: Release, state: State) -> None:
    if release.state != state:
        raise ConflictError(
            f"is {release.state}, not {state}", subject=release_name(model, release)
        )


def _locked(
    inst: Installation,
    connection: sa.Connection,
    who: Identity,
    release_id: str,
    action: str,
    rights: tuple[str, ...],
) -> tuple[Model, Release]:
    """The model and the release, which nobody else can change, if the caller may do this."""
    model = _permitted(inst, connection, who, release_id, action, rights)
    return model, releases.lock(connection, release_id)


def _permitted(
    inst: Installation,
    connection: sa.Connection,
    who: Identity,
    release_id: str,
    action: str,
    rights: tuple[str, ...],
) -> Model:
    model, release = lookup.release_named(inst, connection, who, release_id)
    if not any(inst.authorizer.allows(who, right, model.namespace) for right in rights):
        raise RefusedError(
            f"you may not {action} in the namespace {model.namespace}",
            subject=release_name(model, release),
            remedy=f"that takes the right to {' or to '.join(rights)}",
        )
    return model


__all__ = [
    "deprecate",
    "hold",
    "hold_for_damage",
    "resume",
    "revoke",
    "undeprecate",
]
