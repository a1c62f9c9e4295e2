"""The statements a release gathers: scan, signature check, approval, change of state.

Each is an in-toto Statement v1 whose subject carries the tree digest and, for exchange with
other tools, the OpenSSF Model Signing root. Predicate types are ours where in-toto has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from assay.core.attestation import Statement, Subject
from assay.core.clock import rfc3339
from assay.core.digest import Digest

SCAN = "https://assay.dev/predicate/scan/v1"
SIGNATURE = "https://assay.dev/predicate/signature-check/v1"
APPROVAL = "https://assay.dev/predicate/approval/v1"
STATE = "https://assay.dev/predicate/release-state/v1"
ALIAS = "https://assay.dev/predicate/alias/v1"


def about(release: str, tree: Digest) -> Subject:
    """A release as the subject of a statement: named for people, bound by its tree digest."""
    return Subject(release, {"sha256": tree.hex})


def scan_statement(
    subject: Subject,
    *,
    ruleset: str,
    verdict: str,
    findings: Sequence[Mapping[str, Any]],
    unread: Sequence[Mapping[str, Any]],
    at: datetime,
) -> Statement:
    """What the scanner said of a tree, and by which rules."""
    predicate = {
        "scanner": {"name": "assay", "ruleset": ruleset},
        "verdict": verdict,
        "findings": [dict(row) for row in findings],
        "unread": [dict(row) for row in unread],
        "at": rfc3339(at),
    }
    return Statement((subject,), SCAN, predicate)


def signature_statement(
    subject: Subject, *, status: str, signers: Sequence[str], bundle: Digest | None, at: datetime
) -> Statement:
    """How a publisher's signature verified when the release was taken in; None: there was none."""
    predicate = {
        "status": status,
        "signers": list(signers),
        "bundle": None if bundle is None else str(bundle),
        "at": rfc3339(at),
    }
    return Statement((subject,), SIGNATURE, predicate)


def approval_statement(
    subject: Subject,
    *,
    verdict: str,
    approver: Mapping[str, Any],
    acknowledged: Sequence[str],
    reason: str,
    at: datetime,
) -> Statement:
    """A person's word on a release, with how that person was authenticated."""
    predicate = {
        "verdict": verdict,
        "approver": dict(approver),
        "acknowledged": list(acknowledged),
        "reason": reason,
        "at": rfc3339(at),
    }
    return Statement((subject,), APPROVAL, predicate)


def state_statement(
    subject: Subject, *, old: str, new: str, by: str, reason: str, at: datetime
) -> Statement:
    """A release went from one state to another."""
    predicate = {"from": old, "to": new, "by": by, "reason": reason, "at": rfc3339(at)}
    return Statement((subject,), STATE, predicate)


def alias_statement(
    subject: Subject, *, alias: str, by: str, reason: str, at: datetime
) -> Statement:
    """An alias was pointed at a release."""
    return Statement(
        (subject,), ALIAS, {"alias": alias, "by": by, "reason": reason, "at": rfc3339(at)}
    )
