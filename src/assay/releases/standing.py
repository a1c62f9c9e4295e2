"""What an answer about a release rests on, and the one rule that says yes or no.

The rule is `answer`: state, block list, decision, in this order (docs/releases.md, Serving).
Serving, promoting and showing a release all ask it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from assay.core.decision import Outcome
from assay.core.digest import Digest
from assay.core.errors import NotFoundError
from assay.policy.engine import Serving, effective
from assay.releases.refusal import FileNotInReleaseError, ReasonCode, Refused
from assay.releases.state import SERVABLE, State
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
from assay.store.artifacts import StoredFile
from assay.store.decisions import Decision
from assay.store.epochs import Epochs
from assay.store.models import Model
from assay.store.releases import Release

UNDECIDED_LIFE = timedelta(minutes=10)
"""How long a permit holds that no decision stands behind (modes `observe` and `warn`)."""

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead the clock of the machine that decided may be."""

MAX_FILES = 4096
"""Files remembered per standing."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A release and all that decides whether it is served, read at one moment.

    Attributes:
        mode: How the namespace applies policy.
        decision: The newest; None where there is none.
        policy: Digest of the policy in force; None where none is yet.
        blocked: Digests of the release on the block list, with the reason.
        files: Files looked up so far. They never change while the epochs stand.
    """

    model: Model
    release: Release
    mode: str
    decision: Decision | None
    policy: Digest | None
    epochs: Epochs
    blocked: Mapping[Digest, str]
    files: dict[str, StoredFile] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """`namespace/name@version`."""
        return f"{self.model.full_name}@{self.release.version}"

    @property
    def blocks(self) -> bool:
        """Whether the namespace refuses what policy does not allow."""
        return effective(Outcome.DENY, self.mode) is Serving.REFUSE


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes: until when, and what to tell whoever asked."""

    until: datetime
    warning: str | None


def load(connection: sa.Connection, release_id: str) -> Standing:
    """Read a standing.

    Raises:
        NotFoundError: there is no such release.
    """
    release = releases.get(connection, release_id)
    model = models.get(connection, release.model_id)
    policy = policies.active(connection)
    return Standing(
        model=model,
        release=release,
        mode=namespaces.get(connection, model.namespace).mode,
        decision=decisions.latest(connection, release_id),
        policy=None if policy is None else policy.digest,
        epochs=epochs.current(connection, release.tree),
        blocked=blobs.blocked_in_tree(connection, release.tree),
    )


def answer(standing: Standing, now: datetime) -> Answer:
    """Return if the release may be served now.

    Raises:
        Refused: it may not. `was_served` and the words of who moved it are not filled in: see
            `explaining.explained`.
    """
    release, state = standing.release, State(standing.release.state)
    if state not in SERVABLE and (state is not State.EVALUATED or standing.blocks):
        raise _refused_state(standing, state)
    if standing.blocked:
        digest, reason = min(standing.blocked.items())
        raise refused(standing, "blocked", f"holds {digest.short}, which is blocked: {reason}")
    doubt = _doubt(standing, now)
    if doubt is not None and standing.blocks:
        raise doubt
    if doubt is None and standing.decision is not None:
        until = standing.decision.not_after
    else:
        until = now + UNDECIDED_LIFE
    return Answer(until, _warning(release, doubt, standing.mode))


def stored_file(connection: sa.Connection, standing: Standing, path: str) -> StoredFile:
    """One file of the release, with what is needed to check its bytes.

    Raises:
        FileNotInReleaseError: the manifest has no such file.
    """
    try:
        found = artifacts.stored_file(connection, standing.release.tree, path)
    except NotFoundError:
        raise FileNotInReleaseError(path, standing.release) from None
    if len(standing.files) >= MAX_FILES:
        standing.files.clear()
    standing.files[path] = found
    return found


def refused(
    standing: Standing, reason: ReasonCode, message: str, remedy: str | None = None
) -> Refused:
    """A refusal of this release."""
    return Refused(
        message,
        reason=reason,
        release=standing.release,
        was_served=standing.release.held_from is not None or standing.release.state in SERVABLE,
        subject=standing.name,
        remedy=remedy,
    )


def _refused_state(standing: Standing, state: State) -> Refused:
    match state:
        case State.QUARANTINED:
            return refused(
                standing,
                "quarantined",
                "is quarantined: it has not been judged yet",
                "try again when its intake has ended",
            )
        case State.EVALUATED:
            return _refused_decision(standing)
        case State.HELD:
            return refused(standing, "held", "is held", "ask the security team; it may be resumed")
        case State.REJECTED:
            return refused(
                standing, "rejected", "was rejected by a reviewer", "use another release"
            )
        case _:
            return refused(standing, "revoked", "was revoked", "use another release")


def _doubt(standing: Standing, now: datetime) -> Refused | None:
    """What keeps the newest decision from being a yes; None if it is one."""
    decision = standing.decision
    if decision is None or decision.outcome != Outcome.ALLOW:
        return _refused_decision(standing)
    if decision.policy != standing.policy:
        return _outdated(standing, "its decision was made by a policy that is no longer in force")
    if decision.epoch_tree != standing.epochs.of_tree:
        return _outdated(standing, "its evidence has changed since it was decided")
    if not decision.created - CLOCK_SKEW <= now <= decision.not_after:
        return _outdated(standing, "its decision has expired")
    return None


def _outdated(standing: Standing, message: str) -> Refused:
    return refused(standing, "expired", message, "it is decided again soon; try again")


def _refused_decision(standing: Standing) -> Refused:
    """A refusal in the decision's own words."""
    decision = standing.decision
    if decision is None:
        return refused(standing, "not-approved", "nobody has approved it")
    against = reasons_against(decision.reasons)
    said = "; ".join(row["message"] for row in against) or f"the decision is {decision.outcome}"
    remedies = "; ".join(dict.fromkeys(row["remedy"] for row in against if row["remedy"]))
    if decision.outcome == Outcome.DENY:
        return refused(standing, "denied", f"policy denies it: {said}", remedies or None)
    if decision.outcome == Outcome.ALLOW:  # allowed, yet its state did not follow
        return refused(standing, "not-approved", "nobody has approved it")
    return refused(standing, "not-approved", f"is not approved: {said}", remedies or None)


def reasons_against(reasons: Any) -> list[dict[str, Any]]:
    """Those of a decision's reasons that did not pass."""
    return [row for row in reasons if row["result"] not in ("pass", "waived")]


def _warning(release: Release, doubt: Refused | None, mode: str) -> str | None:
    if doubt is not None:
        return f"served because the namespace is in mode {mode}: {doubt.message}"
    if release.state == State.DEPRECATED:
        return "is deprecated: a newer release takes its place"
    return None
