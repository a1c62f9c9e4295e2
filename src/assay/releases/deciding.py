"""Deciding: policy over facts, signed, stored, queued for the log, and the state it leads to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import sqlalchemy as sa

from assay.core.decision import Outcome
from assay.core.digest import Digest
from assay.policy.bundle import Policy, default_policy
from assay.policy.decision import Decision, Epoch, EvidenceRef, PolicyRef, Verifier
from assay.policy.engine import Serving, effective, judge
from assay.policy.facts import Facts
from assay.releases import gathering
from assay.releases.installation import Installation
from assay.releases.recording import keep, note, release_name
from assay.releases.standing import reasons_against
from assay.releases.state import SERVABLE, State
from assay.releases.transition import transition
from assay.store import (
    artifacts,
    blobs,
    decisions,
    epochs,
    models,
    namespaces,
    policies,
    releases,
)
from assay.store.models import Model
from assay.store.releases import Release


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision and the release in the state it led to."""

    decision: decisions.Decision
    release: Release


def active_policy(inst: Installation, connection: sa.Connection) -> Policy:
    """The policy in force; the built-in one is put in force where there is none yet.

    Raises:
        DataError: the stored text is no longer a policy this program accepts.
    """
    row = policies.active(connection)
    if row is not None:
        return _parsed(row.source, f"policy {row.digest.short}")
    policy = default_policy()
    policies.record(
        connection,
        digest=policy.digest,
        name=policy.name,
        version=policy.version,
        source=policy.source,
        created_by=None,
        now=inst.clock.now(),
    )
    policies.activate(connection, policy.digest)
    return policy


@lru_cache(maxsize=8)
def _parsed(source: str, subject: str) -> Policy:
    """Parsing compiles every rule, which takes longer than all the rest of a decision."""
    return Policy.parse(source, subject=subject)


def evaluate(inst: Installation, connection: sa.Connection, release_id: str) -> Decided:
    """Judge a release for the first time, at the end of its intake; quarantine ends.

    Judging again one that is past quarantine is safe: it only decides again.
    """
    release = releases.lock(connection, release_id)
    if release.state == State.QUARANTINED:
        model = models.get(connection, release.model_id)
        transition(
            inst, connection, model, release, State.EVALUATED, by=None, reason="intake has ended"
        )
    return decide(inst, connection, release_id, cause="intake")


def decide(
    inst: Installation,
    connection: sa.Connection,
    release_id: str,
    *,
    cause: str,
    by: str | None = None,
) -> Decided:
    """Judge a release on what is known now, in the caller's writing transaction.

    An allowed release that waits becomes approved; a served one that is no longer allowed is
    held, with the cause, where the namespace blocks; nothing else changes its state. Served
    releases of the same tree are judged as well: what was decided about the tree no longer counts.

    Args:
        inst: The installation.
        connection: One that writes.
        release_id: The release.
        cause: Why now: `intake`, `approval`, `policy`, `renewal`, ...
        by: Principal that caused it; None for the program itself.
    """
    release = releases.lock(connection, release_id)
    epochs.bump_trees(connection, [release.tree])
    others = _served(connection, release.tree, without=release_id)
    return _decide_all(inst, connection, [release_id, *others], cause, by)[0]


def refresh(
    inst: Installation,
    connection: sa.Connection,
    trees: Iterable[Digest],
    *,
    cause: str,
    by: str | None,
) -> list[Decided]:
    """Judge every served release of these trees: something about the trees has changed."""
    wanted = sorted(set(trees))
    epochs.bump_trees(connection, wanted)
    served = [release_id for tree in wanted for release_id in _served(connection, tree)]
    return _decide_all(inst, connection, served, cause, by)


def _served(connection: sa.Connection, tree: Digest, *, without: str = "") -> list[str]:
    rows = releases.of_trees(connection, [tree])
    return [row.id for row in rows if row.state in SERVABLE and row.id != without]


def _decide_all(
    inst: Installation,
    connection: sa.Connection,
    release_ids: Iterable[str],
    cause: str,
    by: str | None,
) -> list[Decided]:
    judged = [_decide(inst, connection, release_id, cause) for release_id in release_ids]
    for name, old, decided in judged:
        detail: dict[str, object] = {
            "cause": cause,
            "outcome": decided.decision.outcome,
            "from": old,
            "to": decided.release.state,
        }
        note(inst, connection, "release.decide", name, by=by, detail=detail)
    return [decided for _, _, decided in judged]


def _decide(
    inst: Installation, connection: sa.Connection, release_id: str, cause: str
) -> tuple[str, str, Decided]:
    """The release's name, the state it had, and what was decided."""
    release = releases.lock(connection, release_id)
    model = models.get(connection, release.model_id)
    policy = active_policy(inst, connection)
    facts = gathering.gather(inst, connection, release)
    row = _record(inst, connection, model, release, policy, facts)
    moved = _follow(inst, connection, model, release, row, cause)
    return release_name(model, release), release.state, Decided(row, moved)


def _record(
    inst: Installation,
    connection: sa.Connection,
    model: Model,
    release: Release,
    policy: Policy,
    facts: Facts,
) -> decisions.Decision:
    now, settings = inst.clock.now(), inst.settings
    judgement = judge(policy, facts)
    numbers = epochs.current(connection, release.tree)
    name = release_name(model, release)
    document = Decision(
        tree=release.tree,
        oms_root=artifacts.get(connection, release.tree).oms_root,
        release=name,
        policy=PolicyRef(
            policy.name, policy.version, policy.digest, f"{settings.url}/api/v1/policy"
        ),
        facts=facts.digest,
        epoch=Epoch(numbers.of_all, numbers.of_tree),
        issued=now,
        not_after=now + settings.decision_life,
        judgement=judgement,
        evidence=_references(settings.url, release.tree, facts),
        verifier=Verifier(settings.url, {"assay": settings.version}),
        resource_uri=f"{settings.url}/{name}",
    )
    kept = keep(
        connection,
        document.statement(),
        tree=release.tree,
        kind=gathering.DECISION,
        signer=inst.signers.decision,
        now=now,
    )
    return decisions.record(
        connection,
        release_id=release.id,
        tree=release.tree,
        policy=policy.digest,
        facts_digest=facts.digest,
        facts=facts.to_json(),
        outcome=judgement.outcome.value,
        reasons=[reason.to_json() for reason in judgement.reasons],
        epoch_global=numbers.of_all,
        epoch_tree=numbers.of_tree,
        not_after=document.not_after,
        attestation=kept.digest,
        now=now,
    )


def _references(url: str, tree: Digest, facts: Facts) -> tuple[EvidenceRef, ...]:
    address = f"{url}/api/v1/evidence/{tree}"
    return tuple(
        EvidenceRef(kind, Digest.parse(text), address)
        for kind, digests in sorted(facts.evidence.items())
        for text in digests
    )


def _follow(
    inst: Installation,
    connection: sa.Connection,
    model: Model,
    release: Release,
    row: decisions.Decision,
    cause: str,
) -> Release:
    """The state the outcome leads to."""
    state, outcome = State(release.state), Outcome(row.outcome)
    if state is State.EVALUATED and outcome is Outcome.ALLOW:
        _admit(connection, release)
        new, reason = State.APPROVED, f"{cause}: policy allows it"
    elif state in SERVABLE and outcome is not Outcome.ALLOW and _blocks(connection, model):
        told = "; ".join(str(one["message"]) for one in reasons_against(row.reasons))
        new, reason = State.HELD, f"{cause}: policy no longer allows it: {told}"
    else:
        return release
    return transition(inst, connection, model, release, new, by=None, reason=reason)


def _blocks(connection: sa.Connection, model: Model) -> bool:
    mode = namespaces.get(connection, model.namespace).mode
    return effective(Outcome.DENY, mode) is Serving.REFUSE


def _admit(connection: sa.Connection, release: Release) -> None:
    """The release's files leave quarantine; damaged ones stay barred."""
    digests = {row.digest for row in artifacts.entries(connection, release.tree)}
    rows = blobs.get_many(connection, digests).values()
    waiting = [row.digest for row in rows if row.state == blobs.QUARANTINED]
    blobs.move(connection, waiting, state=blobs.STORED)
