"""Verifying evidence with no server: keys, statements, log proofs, decision, folder.

What is relied on is the pinned trust root alone. Everything must hold; the first thing that does
not is the reason given.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from assay.core.attestation import PAYLOAD_TYPE, Statement
from assay.core.decision import Outcome
from assay.core.digest import Digest
from assay.core.errors import DataError, UsageError
from assay.evidence.bundle import EvidenceBundle, EvidenceItem
from assay.evidence.decision import StatedDecision
from assay.evidence.folder import compare_folder
from assay.evidence.kinds import DECISION, SIGNATURE, STATE, Kind, kind_named
from assay.evidence.report import EvidenceReport, VerifiedItem
from assay.log.checkpoint import Checkpoint, verify_checkpoint
from assay.log.entries import LogEntry
from assay.log.proof import LogProof
from assay.log.tree import leaf_hash
from assay.signing.dsse import verify_envelope
from assay.signing.oms import oms_root
from assay.signing.trust import TrustRoot

SERVABLE = ("approved", "deprecated")
CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of ours the server's clock may be."""


def verify_evidence(
    data: bytes,
    *,
    folder: Path | None,
    trust: bytes | None,
    fingerprint: str | None,
    now: datetime,
    release: str | None = None,
) -> EvidenceReport:
    """Verify an evidence bundle, and the folder it is about where one is given.

    A decision that has expired is reported, not refused here: see `decision_expired`.

    Args:
        data: The bundle's bytes.
        folder: The model's folder; None to verify the bundle alone.
        trust: The pinned `trust.json`; None to take the bundle's own, for which the fingerprint
            must be given.
        fingerprint: The trust root's fingerprint.
        now: The present moment, with its zone.
        release: The release it must be about, as `namespace/name@version`.

    Raises:
        UsageError: neither trust root nor fingerprint is given.
        DataError: anything does not hold; the statement or file is the subject.
        FolderDiffersError: the folder's files are not those of the manifest; they are named.
        UnavailableError: the folder cannot be read.
    """
    bundle = EvidenceBundle.parse(data)
    root = _trust_root(bundle, trust, fingerprint)
    if release is not None and bundle.release != release:
        raise DataError(f"is about {bundle.release}, not {release}", subject="evidence")
    if bundle.oms_root is not None and bundle.oms_root != oms_root(bundle.manifest):
        raise DataError("the OMS root is not that of the manifest", subject="evidence")
    checkpoint = _checkpoint(bundle, root)
    pairs = [(_verified(bundle, item, root, checkpoint), item) for item in bundle.items]
    pairs.sort(key=lambda pair: pair[0].index)
    _require_distinct(pairs)
    decision = _newest_decision(bundle, pairs, now)
    _require_served_state(pairs)
    _require_evidence(bundle, decision)
    _require_named_bundles(bundle)
    if folder is not None:
        compare_folder(folder, bundle.manifest)
    return EvidenceReport(
        release=bundle.release,
        tree=bundle.tree,
        oms_root=bundle.oms_root,
        url=root.url,
        fingerprint=root.fingerprint,
        files=len(bundle.manifest.entries),
        folder_checked=folder is not None,
        decision=decision,
        decision_expired=now > decision.not_after,
        items=tuple(verified for verified, _ in pairs),
        checkpoint=checkpoint,
        bundles=len(bundle.bundles),
    )


def _trust_root(bundle: EvidenceBundle, trust: bytes | None, fingerprint: str | None) -> TrustRoot:
    """The pinned trust root. The bundle's own counts only under a fingerprint."""
    if trust is None and fingerprint is None:
        raise UsageError(
            "a bundle cannot vouch for itself",
            subject="evidence",
            remedy="give the server's trust.json (--trust-root), or its fingerprint",
        )
    pinned = TrustRoot.parse(bundle.trust if trust is None else trust, fingerprint=fingerprint)
    if trust is not None:
        own = TrustRoot.parse(bundle.trust, fingerprint=None)
        if own.fingerprint != pinned.fingerprint:
            raise DataError(
                f"was made by another server: its trust root is {own.fingerprint}, "
                f"the pinned one {pinned.fingerprint}",
                subject="evidence",
            )
    return pinned


def _checkpoint(bundle: EvidenceBundle, root: TrustRoot) -> Checkpoint:
    if bundle.checkpoint is None:
        raise DataError(
            "has no checkpoint of the log",
            subject="evidence",
            remedy="export it again in a few seconds",
        )
    return verify_checkpoint(bundle.checkpoint, root.log_vkey)


def _verified(
    bundle: EvidenceBundle, item: EvidenceItem, root: TrustRoot, checkpoint: Checkpoint
) -> VerifiedItem:
    """One statement: signed by the key for its kind, about this tree, and in the log."""
    kind = kind_named(item.kind)
    if item.envelope.payload_type != PAYLOAD_TYPE:
        raise DataError(f"its payload is not {PAYLOAD_TYPE}", subject=item.shown)
    try:
        key = verify_envelope(item.envelope, [kind.key_in(root)])
    except DataError as error:
        raise DataError(
            f"is not signed by the server's {kind.key} key: {error.message}", subject=item.shown
        ) from None
    statement = Statement.parse(item.envelope.payload, subject=item.shown)
    _require_subject(bundle, item, kind, statement)
    index = _logged_at(bundle, item, checkpoint)
    return VerifiedItem(item.kind, item.envelope.digest, key.key_id, index)


def _require_subject(
    bundle: EvidenceBundle, item: EvidenceItem, kind: Kind, statement: Statement
) -> None:
    if statement.predicate_type != kind.predicate:
        raise DataError(
            f"is a {statement.predicate_type[:100]}, not a {kind.predicate}", subject=item.shown
        )
    for about in statement.subjects:
        if about.digest.get("sha256") != bundle.tree.hex:
            raise DataError("is about another tree", subject=item.shown)
        if kind.of_release and about.name != bundle.release:
            raise DataError(
                f"is about {about.name[:200]}, not {bundle.release}", subject=item.shown
            )


def _logged_at(bundle: EvidenceBundle, item: EvidenceItem, checkpoint: Checkpoint) -> int:
    """Its place in the log: the entry in the proof must be the one that was made for it."""
    if item.proof is None:
        raise DataError(
            "has no proof that it was logged",
            subject=item.shown,
            remedy="export the evidence again in a few seconds",
        )
    proof = LogProof.parse(item.proof, subject=item.shown)
    if proof.extra is None:
        raise DataError("its log proof does not carry the entry", subject=item.shown)
    entry = LogEntry.parse(proof.extra, subject=item.shown)
    if (entry.type, entry.statement, entry.tree) != (item.kind, item.envelope.digest, bundle.tree):
        raise DataError("its log proof is of another entry", subject=item.shown)
    if proof.note != bundle.checkpoint:
        raise DataError("its log proof is under another checkpoint", subject=item.shown)
    try:
        proof.verify_under(checkpoint, leaf_hash(proof.extra))
    except DataError as error:
        raise DataError(f"is not shown to be logged: {error.message}", subject=item.shown) from None
    return proof.index


def _require_distinct(pairs: list[tuple[VerifiedItem, EvidenceItem]]) -> None:
    for (one, _), (other, item) in pairwise(pairs):
        if one.index == other.index:
            raise DataError("is there twice", subject=item.shown)


def _newest_decision(
    bundle: EvidenceBundle, pairs: list[tuple[VerifiedItem, EvidenceItem]], now: datetime
) -> StatedDecision:
    """The last decision by the order of the log, if it allows the release."""
    item = _newest(pairs, DECISION)
    if item is None:
        raise DataError("holds no decision", subject="evidence")
    found = StatedDecision.read(item.envelope.statement(), subject=item.shown)
    if (found.tree, found.release) != (bundle.tree, bundle.release):
        raise DataError(f"decides on {found.release[:200]}, {found.tree}", subject=item.shown)
    if found.oms_root is not None and found.oms_root != bundle.oms_root:
        raise DataError("names another OMS root", subject=item.shown)
    if found.issued > now + CLOCK_SKEW:
        raise DataError("is from the future; is this clock right?", subject=item.shown)
    if found.outcome is not Outcome.ALLOW:
        reasons = "; ".join(found.reasons) or "no reason given"
        raise DataError(f"does not allow it ({found.outcome}): {reasons}", subject=item.shown)
    return found


def _require_served_state(pairs: list[tuple[VerifiedItem, EvidenceItem]]) -> None:
    """A hold or a revocation after the decision ends it."""
    item = _newest(pairs, STATE)
    if item is None:
        return
    state: Any = item.envelope.statement().predicate.get("to")
    if state not in SERVABLE:
        raise DataError(f"the release is {state!s:.40}", subject=item.shown)


def _require_evidence(bundle: EvidenceBundle, decision: StatedDecision) -> None:
    """Everything the decision rests on came with it."""
    held = {(item.kind, item.envelope.digest) for item in bundle.items}
    for kind, digest in decision.evidence:
        if (kind, digest) not in held:
            raise DataError(
                f"the decision rests on {kind} {digest.short}, which is not there",
                subject="evidence",
            )


def _require_named_bundles(bundle: EvidenceBundle) -> None:
    """A publisher's signature counts as the server's statement of its check says, or not at all."""
    checked = {
        item.envelope.statement().predicate.get("bundle") for item in bundle.of_kind(SIGNATURE)
    }
    for data in bundle.bundles:
        digest = Digest.of(data)
        if str(digest) not in checked:
            raise DataError("no statement speaks of it", subject=f"signature {digest.short}")


def _newest(pairs: list[tuple[VerifiedItem, EvidenceItem]], kind: str) -> EvidenceItem | None:
    """The last item of a kind; `pairs` are in the order of the log."""
    return next((item for _, item in reversed(pairs) if item.kind == kind), None)
