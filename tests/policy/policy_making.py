"""What the policy tests share: releases to judge and small policies to judge them by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from assay.core.digest import Digest
from assay.core.finding import Confidence, Finding, Location, Severity, Unread, verdict_of
from assay.core.names import ModelName
from assay.policy.building import ApprovalInput, FactInputs, ScanInput, SignatureInput
from assay.policy.bundle import Policy
from assay.policy.facts import Facts
from assay.policy.samples import clean_values
from assay.policy.waiver import Waiver

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TREE = Digest("a" * 64)
OTHER_TREE = Digest("b" * 64)
MODEL = ModelName("acme", "sentiment")


def finding(
    severity: Severity = Severity.MEDIUM,
    confidence: Confidence = Confidence.HIGH,
    *,
    path: str = "model.pkl",
    rule: str = "pickle.unusual-import",
    evidence: str = "numpy.core",
) -> Finding:
    return Finding(
        rule, "Unusual import", severity, confidence, path, Location(), evidence, "why", "what"
    )


def scan(*findings: Finding, unread: tuple[Unread, ...] = (), **changes: Any) -> ScanInput:
    given = {
        "verdict": verdict_of(findings, unread),
        "findings": findings,
        "unread": unread,
        "formats": ("pickle",),
        "ruleset": "7",
        "at": NOW - timedelta(days=2),
    }
    return ScanInput(**(given | changes))


def approval(owner: str = "bob", *acknowledged: str, **changes: Any) -> ApprovalInput:
    given = {"verdict": "approve", "at": NOW - timedelta(hours=1), "acknowledged": acknowledged}
    return ApprovalInput(owner, **(given | changes))


def inputs(**changes: Any) -> FactInputs:
    """A clean release of alice's that bob has approved."""
    given = {
        "tree": TREE,
        "model": MODEL,
        "publisher": "alice",
        "scan": scan(),
        "signature": SignatureInput("none"),
        "approvals": (approval(),),
        "digest_blocked": False,
        "namespace_mode": "enforce",
        "namespace_has_trust_rule": False,
        "now": NOW,
    }
    return FactInputs(**(given | changes))


def waiver(**changes: Any) -> Waiver:
    given = {
        "id": "w1",
        "rule": "scanned",
        "tree": TREE,
        "model": None,
        "finding": "",
        "reason": "read by hand",
        "author": "carol",
        "approver": "dave",
        "not_before": NOW - timedelta(days=1),
        "until": NOW + timedelta(days=30),
    }
    return Waiver(**(given | changes))


def record(unknown: tuple[str, ...] = (), **changes: Any) -> Facts:
    """A record written by hand: the clean release of policy tests, with differences."""
    return Facts.checked({**clean_values(), **changes}, unknown=frozenset(unknown))


def policy_text(expr: str, **fields: Any) -> str:
    """A policy of one rule. Fields are TOML text."""
    row = {
        "id": '"only"',
        "title": '"It holds"',
        "effect": '"deny"',
        "message": '"it does not hold"',
        "remedy": '"make it hold"',
        "expr": "'''" + expr + "'''",
    } | fields
    rule = "\n".join(f"{name} = {text}" for name, text in row.items())
    head = 'name = "mine"\nversion = "1"\nfacts_schema = "assay.facts/1"\n'
    return f"{head}[[rules]]\n{rule}\n"


def policy(expr: str, data: str = "", **fields: Any) -> Policy:
    return Policy.parse(policy_text(expr, **fields) + (f"[data]\n{data}\n" if data else ""))
