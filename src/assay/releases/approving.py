"""Approving and rejecting: a person's word on a release somebody else published."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from assay.access.principals import Identity
from assay.access.roles import REVIEW
from assay.core.attestation import Envelope
from assay.core.decision import Outcome
from assay.core.errors import ConflictError, DataError, RefusedError
from assay.releases import deciding, gathering, lookup
from assay.releases.deciding import Decided
from assay.releases.installation import Installation
from assay.releases.recording import keep, keep_envelope, note, release_name
from assay.releases.refusal import Refused
from assay.releases.standing import reasons_against
from assay.releases.state import State
from assay.releases.statements import about, approval_statement
from assay.releases.transition import check_reason, transition
from assay.store import approvals, attestations, principals, releases, scans
from assay.store.models import Model
from assay.store.releases import Release

OWN_WORD = "approval-envelope"
"""Kind of evidence: the approver's own envelope, kept beside the server's record of the word."""

_CAN_BE_APPROVED = frozenset({State.EVALUATED, State.HELD})


def approve(
    inst: Installation,
    who: Identity,
    release_id: str,
    *,
    reason: str,
    acknowledged: Iterable[str] = (),
    envelope: Mapping[str, Any] | None = None,
) -> Decided:
    """Say that a release may be used. Needs the right `review`, and another person's release.

    The word is recorded under the approval key with how the caller was authenticated, and the
    release is decided again in the same transaction. Where policy denies it whatever a person
    says, nothing is recorded.

    Args:
        inst: The installation.
        who: The approver.
        release_id: The release: evaluated, or held and in want of a further word.
        reason: Why.
        acknowledged: Ids of the findings the approver has seen and accepts.
        envelope: The approver's own DSSE envelope about the release; kept as it is.

    Raises:
        NotFoundError: there is no such release, or the caller may not read it.
        RefusedError: the caller may not, answers for the publisher, or policy denies it.
        ConflictError: it is in another state.
        DataError: no reason, an id that is not of a finding, an envelope about something else.
    """
    named = tuple(dict.fromkeys(acknowledged))
    own = None if envelope is None else Envelope.from_json(envelope)

    def work(connection: sa.Connection) -> Decided:
        model, release = _reviewed(inst, connection, who, release_id, _CAN_BE_APPROVED)
        _require_other_person(connection, who, model, release)
        _require_findings(connection, release, named)
        _record(inst, connection, who, model, release, "approve", check_reason(reason), named)
        if own is not None:
            _keep_own(inst, connection, who, model, release, own)
        decided = deciding.decide(inst, connection, release.id, cause="approval", by=who.id)
        if decided.decision.outcome == Outcome.DENY:
            raise _denied(model, release, decided)
        _note(inst, connection, who, model, release, "approve", reason, decided)
        return decided

    return _done(inst, work)


def reject(inst: Installation, who: Identity, release_id: str, *, reason: str) -> Decided:
    """Say that a release may not be used. Needs the right `review`; ends its way to approval.

    Raises:
        NotFoundError: there is no such release, or the caller may not read it.
        RefusedError: the caller may not.
        ConflictError: it is in another state than evaluated.
        DataError: no reason is given.
    """

    def work(connection: sa.Connection) -> Decided:
        allowed = frozenset({State.EVALUATED})
        model, release = _reviewed(inst, connection, who, release_id, allowed)
        text = check_reason(reason)
        _record(inst, connection, who, model, release, "reject", text, ())
        transition(inst, connection, model, release, State.REJECTED, by=who, reason=text)
        decided = deciding.decide(inst, connection, release.id, cause="rejection", by=who.id)
        _note(inst, connection, who, model, release, "reject", reason, decided)
        return decided

    return _done(inst, work)


def _done(inst: Installation, work: Callable[[sa.Connection], Decided]) -> Decided:
    decided = inst.store.transact(work)
    inst.cache.look_again()
    return decided


def _reviewed(
    inst: Installation,
    connection: sa.Connection,
    who: Identity,
    release_id: str,
    states: frozenset[State],
) -> tuple[Model, Release]:
    """The release, locked, if the caller reviews there and its state is one of these."""
    model, release = lookup.release_named(inst, connection, who, release_id)
    name = release_name(model, release)
    inst.authorizer.require(who, REVIEW, model.namespace, subject=name)
    release = releases.lock(connection, release_id)
    if State(release.state) not in states:
        raise ConflictError(
            f"is {release.state}, not {' or '.join(sorted(states))}",
            subject=name,
            remedy="see what it is now: assay show",
        )
    return model, release


def _require_other_person(
    connection: sa.Connection, who: Identity, model: Model, release: Release
) -> None:
    """Separation of duties counts persons: robots speak for their owner, and approve nothing."""
    if who.principal.kind != "person":
        raise RefusedError(
            f"a {who.principal.kind} cannot approve: an approval is a person's word",
            subject=release_name(model, release),
            remedy="a reviewer approves in person",
        )
    publisher = principals.answerable(connection, principals.get(connection, release.publisher_id))
    if publisher.id == who.person_id:
        raise RefusedError(
            "you, or a robot you answer for, published it: somebody else approves",
            subject=release_name(model, release),
            remedy="ask another reviewer",
        )


def _require_findings(
    connection: sa.Connection, release: Release, acknowledged: tuple[str, ...]
) -> None:
    if not acknowledged:
        return
    scan = scans.latest(connection, release.tree)
    known = set() if scan is None else {row.id for row in scans.findings(connection, scan.id)}
    for name in acknowledged:
        if name not in known:
            raise DataError(
                "is not the id of a finding of this release",
                subject=name[:80],
                remedy="assay show lists the findings with their ids",
            )


def _record(
    inst: Installation,
    connection: sa.Connection,
    who: Identity,
    model: Model,
    release: Release,
    verdict: str,
    reason: str,
    acknowledged: tuple[str, ...],
) -> approvals.Approval:
    """The word: a statement under the approval key, evidence, a promise to log it, a row."""
    now = inst.clock.now()
    statement = approval_statement(
        about(release_name(model, release), release.tree),
        verdict=verdict,
        approver={"name": who.name, **who.context()},
        acknowledged=acknowledged,
        reason=reason,
        at=now,
    )
    kept = keep(
        connection,
        statement,
        tree=release.tree,
        kind=gathering.APPROVAL,
        signer=inst.signers.approval,
        now=now,
        verification={"release": release.id},
    )
    return approvals.record(
        connection,
        release_id=release.id,
        tree=release.tree,
        principal_id=who.id,
        owner_id=who.person_id,
        verdict=verdict,
        reason=reason,
        acknowledged=acknowledged,
        young=who.young,
        context=who.context(),
        envelope=kept.digest,
        now=now,
    )


def _keep_own(
    inst: Installation,
    connection: sa.Connection,
    who: Identity,
    model: Model,
    release: Release,
    envelope: Envelope,
) -> None:
    """The approver's own signature. Whose key it is, is for policy to say: here it is only kept."""
    statement = envelope.statement()
    if not any(row.digest.get("sha256") == release.tree.hex for row in statement.subjects):
        raise DataError(
            "the envelope is not about this release",
            subject=release_name(model, release),
            remedy=f"its subject needs the digest {release.tree}",
        )
    now = inst.clock.now()
    kept = keep_envelope(connection, envelope, statement.predicate_type, tree=release.tree, now=now)
    attestations.record_evidence(
        connection,
        tree=release.tree,
        attestation=kept.digest,
        kind=OWN_WORD,
        verification={"result": "unverified", "release": release.id, "principal": who.id},
        now=now,
    )


def _denied(model: Model, release: Release, decided: Decided) -> Refused:
    against = [
        row
        for row in reasons_against(decided.decision.reasons)
        if row["effect"] == Outcome.DENY or row["result"] == "error"
    ]
    return Refused(
        f"policy denies it, so an approval changes nothing: "
        f"{'; '.join(row['message'] for row in against)}",
        reason="denied",
        release=release,
        subject=release_name(model, release),
        remedy="; ".join(row["remedy"] for row in against if row["remedy"]) or None,
    )


def _note(
    inst: Installation,
    connection: sa.Connection,
    who: Identity,
    model: Model,
    release: Release,
    action: str,
    reason: str,
    decided: Decided,
) -> None:
    detail: dict[str, object] = {
        "reason": reason.strip(),
        "outcome": decided.decision.outcome,
        "from": release.state,
        "to": decided.release.state,
        "young": who.young,
    }
    subject = release_name(model, release)
    note(inst, connection, f"release.{action}", subject, by=who.id, detail=detail)
