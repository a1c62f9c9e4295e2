"""From rows to facts: everything policy may know about one release."""

from __future__ import annotations

from collections import defaultdict
from typing import Literal, cast

import sqlalchemy as sa

from assay.core.attestation import Envelope
from assay.core.names import ModelName
from assay.policy.building import ApprovalInput, FactInputs, ScanInput, SignatureInput, build_facts
from assay.policy.facts import Facts
from assay.policy.waiver import Waiver
from assay.releases.installation import Installation
from assay.store import (
    approvals,
    attestations,
    blobs,
    models,
    namespaces,
    principals,
    scans,
    waivers,
)
from assay.store.releases import Release

SCAN = "scan"
SIGNATURE = "signature"
APPROVAL = "approval"
DECISION = "decision"


def gather(inst: Installation, connection: sa.Connection, release: Release) -> Facts:
    """The facts about a release as the rows have them now."""
    now = inst.clock.now()
    model = models.get(connection, release.model_id)
    space = namespaces.get(connection, model.namespace)
    rows = approvals.of_release(connection, release.id)
    publisher = principals.answerable(connection, principals.get(connection, release.publisher_id))
    return build_facts(
        FactInputs(
            tree=release.tree,
            model=model.full_name,
            publisher=publisher.id,
            scan=_scan(connection, release),
            signature=_signature(connection, release),
            approvals=tuple(_approval(row) for row in rows if row.tree == release.tree),
            digest_blocked=bool(blobs.blocked_in_tree(connection, release.tree)),
            namespace_mode=cast("Literal['observe', 'warn', 'enforce']", space.mode),
            namespace_has_trust_rule=bool(space.trust_rule),
            now=now,
            waivers=_waivers(connection, release, model.full_name, inst),
            evidence=_evidence(connection, release, {row.envelope for row in rows}),
        )
    )


def _scan(connection: sa.Connection, release: Release) -> ScanInput | None:
    scan = scans.latest(connection, release.tree)
    if scan is None:
        return None
    return ScanInput(
        verdict=scan.verdict,
        findings=tuple(scans.findings(connection, scan.id)),
        unread=scan.unread,
        formats=(),
        ruleset=scan.ruleset,
        at=scan.created,
    )


def _signature(connection: sa.Connection, release: Release) -> SignatureInput | None:
    """The best standing signature check; None where none was made yet.

    A broken signature counts even beside a good one: somebody sent bytes that do not match.
    """
    order = ("invalid", "valid", "untrusted", "none")
    # Of each bundle the newest check counts: whom the namespace trusts may have changed.
    checks = {
        row.verification.get("bundle"): row.verification
        for row in attestations.standing_evidence(connection, release.tree)
        if row.kind == SIGNATURE and row.verification.get("release") == release.id
    }
    if not checks:
        return None
    best = min(checks.values(), key=lambda check: order.index(check["status"]))
    return SignatureInput(best["status"], tuple(best["signers"]))


def _approval(row: approvals.Approval) -> ApprovalInput:
    return ApprovalInput(
        owner=row.owner_id,
        verdict=cast("Literal['approve', 'reject']", row.verdict),
        at=row.created,
        young=row.young,
        acknowledged=row.acknowledged,
    )


def _waivers(
    connection: sa.Connection, release: Release, model: ModelName, inst: Installation
) -> tuple[Waiver, ...]:
    """Waivers in force. Each was granted with its envelope, which holds author and approver."""
    rows = waivers.in_force(
        connection, tree=release.tree, model_id=release.model_id, at=inst.clock.now()
    )
    found = []
    for row in rows:
        if row.envelope is None:
            continue  # without a signed word nobody granted it
        kept = attestations.get(connection, row.envelope)
        found.append(_signed_waiver(kept, row, model))
    return tuple(found)


def _signed_waiver(kept: attestations.Attestation, row: waivers.Waiver, model: ModelName) -> Waiver:
    statement = Envelope.parse(kept.envelope, subject=str(kept.digest)).statement()
    author, approver = statement.predicate["author"], statement.predicate["approver"]
    return Waiver(
        id=row.id,
        rule=row.rule,
        tree=row.tree,
        model=None if row.model_id is None else model,
        finding=row.finding or "",
        reason=row.reason,
        author=author,
        approver=approver,
        not_before=row.not_before,
        until=row.until,
    )


def _evidence(
    connection: sa.Connection, release: Release, words: set[object]
) -> dict[str, tuple[str, ...]]:
    """Statement digests by kind; of approvals and signature checks only those of this release.

    Other releases of the tree may be in namespaces that readers of this one may not read.
    """
    found: dict[str, list[str]] = defaultdict(list)
    statements = {
        row.digest: row.statement for row in attestations.of_tree(connection, release.tree)
    }
    for row in attestations.standing_evidence(connection, release.tree):
        if row.kind == APPROVAL and row.attestation not in words:
            continue
        if row.kind == SIGNATURE and row.verification.get("release") != release.id:
            continue
        if row.kind in (SCAN, SIGNATURE, APPROVAL):
            found[row.kind].append(str(statements[row.attestation]))
    return {kind: tuple(rows) for kind, rows in found.items()}
