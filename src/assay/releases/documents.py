"""Releases as documents: what the API, the command line and the console show."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from assay.core.clock import rfc3339
from assay.core.finding import Finding
from assay.releases import standing
from assay.releases.explaining import explained
from assay.releases.installation import Installation
from assay.releases.refusal import Refused
from assay.releases.standing import Standing
from assay.store import (
    aliases,
    approvals,
    artifacts,
    attestations,
    decisions,
    intakes,
    policies,
    principals,
    scans,
)
from assay.store.releases import Release

SCHEMA = "assay.release/1"


def release_document(
    inst: Installation, connection: sa.Connection, release: Release
) -> dict[str, Any]:
    """Everything about a release; whoever gets it may read its model.

    Keys: `schema, id, model, version, tree, oms_root, size, files, state, held_from, title,
    created, updated, parent, publisher, aliases, intake {state, error}, verdict, findings
    [finding + id], unread [{path, reason}], approvals [...], decision {outcome, issued, not_after,
    policy {name, version, digest}, reasons, attestation} or null, epoch {global, tree},
    namespace_mode, may_serve, refused, refused_reason, warning`.
    """
    found = standing.load(connection, release.id)
    words = approvals.of_release(connection, release.id)
    people = {row.principal_id for row in words} | {release.publisher_id}
    names = principals.names(connection, people)
    return {
        **_head(connection, found, names),
        **_scan(connection, release),
        "approvals": [_approval(row, names) for row in words],
        "decision": _decision(connection, found.decision),
        "epoch": {"global": found.epochs.of_all, "tree": found.epochs.of_tree},
        "namespace_mode": found.mode,
        **_serving(inst, connection, found),
    }


def summary_document(
    inst: Installation, connection: sa.Connection, release: Release
) -> dict[str, Any]:
    """A release in a list.

    Keys: `model, version, tree, state, title, created, publisher, aliases, verdict, outcome,
    may_serve, refused, refused_reason, warning`.
    """
    found = standing.load(connection, release.id)
    scan = scans.latest(connection, release.tree)
    names = principals.names(connection, {release.publisher_id})
    decision = found.decision
    return {
        "model": str(found.model.full_name),
        "version": release.version,
        "tree": str(release.tree),
        "state": release.state,
        "title": release.title,
        "created": rfc3339(release.created),
        "publisher": names.get(release.publisher_id, ""),
        "aliases": [row.name for row in aliases.of_release(connection, release.id)],
        "verdict": None if scan is None else scan.verdict.value,
        "outcome": None if decision is None else decision.outcome,
        **_serving(inst, connection, found),
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """A finding with its id, which an approver acknowledges."""
    return {"id": finding.id, **finding.to_json()}


def decision_document(connection: sa.Connection, decision: decisions.Decision) -> dict[str, Any]:
    """A decision: outcome, period, policy, reasons, and the attestation that carries it signed."""
    policy = policies.get(connection, decision.policy)
    return {
        "outcome": decision.outcome,
        "issued": rfc3339(decision.created),
        "not_after": rfc3339(decision.not_after),
        "policy": {
            "name": policy.name,
            "version": policy.version,
            "digest": str(policy.digest),
        },
        "reasons": decision.reasons,
        "facts": str(decision.facts_digest),
        "epoch": {"global": decision.epoch_global, "tree": decision.epoch_tree},
        "attestation": None if decision.attestation is None else str(decision.attestation),
    }


def signed_decision(connection: sa.Connection, decision: decisions.Decision) -> bytes | None:
    """The decision's signed envelope; None where it was made without one."""
    if decision.attestation is None:
        return None
    return attestations.get(connection, decision.attestation).envelope


def _head(connection: sa.Connection, found: Standing, names: dict[str, str]) -> dict[str, Any]:
    release = found.release
    artifact = artifacts.get(connection, release.tree)
    intake = intakes.latest(connection, release.model_id, release.version)
    return {
        "schema": SCHEMA,
        "id": release.id,
        "model": str(found.model.full_name),
        "version": release.version,
        "tree": str(release.tree),
        "oms_root": None if artifact.oms_root is None else str(artifact.oms_root),
        "size": artifact.size,
        "files": artifact.files,
        "state": release.state,
        "held_from": release.held_from,
        "title": release.title,
        "created": rfc3339(release.created),
        "updated": rfc3339(release.updated),
        "parent": release.parent,
        "publisher": names.get(release.publisher_id, ""),
        "aliases": [row.name for row in aliases.of_release(connection, release.id)],
        "intake": {
            "state": "done" if intake is None else intake.state,
            "error": None if intake is None else intake.error,
        },
    }


def _scan(connection: sa.Connection, release: Release) -> dict[str, Any]:
    scan = scans.latest(connection, release.tree)
    if scan is None:
        return {"verdict": None, "findings": [], "unread": []}
    return {
        "verdict": scan.verdict.value,
        "findings": [finding_document(row) for row in scans.findings(connection, scan.id)],
        "unread": [row.to_json() for row in scan.unread],
    }


def _approval(row: approvals.Approval, names: dict[str, str]) -> dict[str, Any]:
    return {
        "by": names.get(row.principal_id, ""),
        "verdict": row.verdict,
        "reason": row.reason,
        "acknowledged": list(row.acknowledged),
        "young": row.young,
        "created": rfc3339(row.created),
    }


def _decision(
    connection: sa.Connection, decision: decisions.Decision | None
) -> dict[str, Any] | None:
    return None if decision is None else decision_document(connection, decision)


def _serving(inst: Installation, connection: sa.Connection, found: Standing) -> dict[str, Any]:
    try:
        yes = standing.answer(found, inst.clock.now())
    except Refused as error:
        told = explained(connection, found, error)
        return {
            "may_serve": False,
            "refused": told.message,
            "refused_reason": told.reason,
            "warning": None,
        }
    return {"may_serve": True, "refused": None, "refused_reason": None, "warning": yes.warning}
