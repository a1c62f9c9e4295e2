"""From typed inputs to the facts record. Pure: the same inputs give the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from assay.core.digest import Digest
from assay.core.errors import DataError
from assay.core.finding import Finding, Unread, Verdict, verdict_of
from assay.core.names import ModelName
from assay.policy.facts import LOWER_BOUNDS, Facts, builder_digest
from assay.policy.waiver import Waiver, in_force

_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class ScanInput:
    """The newest scan of the tree.

    Attributes:
        verdict: What the scan said. A milder word than its findings and unread files make
            for is not believed.
        omitted: Findings that were counted but not kept.
    """

    verdict: Verdict
    findings: tuple[Finding, ...]
    unread: tuple[Unread, ...]
    formats: tuple[str, ...]
    ruleset: str
    at: datetime
    omitted: int = 0


@dataclass(frozen=True, slots=True)
class SignatureInput:
    """How the publisher's signature verified against the namespace's trust rule."""

    status: Literal["none", "valid", "invalid", "untrusted"]
    signers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApprovalInput:
    """One word on this release, given on exactly this tree.

    Attributes:
        owner: Id of the person behind the principal, robots included.
        young: Whether the principal was younger than seven days then.
        acknowledged: Ids of findings accepted.
    """

    owner: str
    verdict: Literal["approve", "reject"]
    at: datetime
    young: bool = False
    acknowledged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FactInputs:
    """What is known about a release. `None` means: could not be established.

    Attributes:
        publisher: Id of the person who owns the principal that published.
        scan: None where the tree has not been scanned.
        approvals: Every word on the release, in any order.
        waivers: All that might apply; those not in force at `now` are left out.
        evidence: Statement digests by kind.
    """

    tree: Digest
    model: ModelName
    publisher: str | None
    scan: ScanInput | None
    signature: SignatureInput | None
    approvals: tuple[ApprovalInput, ...] | None
    digest_blocked: bool | None
    namespace_mode: Literal["observe", "warn", "enforce"]
    namespace_has_trust_rule: bool | None
    now: datetime
    waivers: tuple[Waiver, ...] = ()
    evidence: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Part:
    """Some facts and which of them may not be relied upon."""

    values: Mapping[str, Any]
    unknown: frozenset[str] = frozenset()


def build_facts(inputs: FactInputs) -> Facts:
    """The record of a release.

    Raises:
        DataError: an input is not of its declared form.
    """
    if inputs.now.tzinfo is None:
        raise DataError("a time without a zone", subject="now")
    held = in_force(inputs.waivers, tree=inputs.tree, model=inputs.model, now=inputs.now)
    words = _last_words(inputs.approvals or ())
    counted = _counted(inputs.publisher, words)
    parts = (
        _given(inputs, held),
        _scan(inputs, counted, frozenset(waiver.finding for waiver in held if waiver.finding)),
        _signature(inputs),
        _approvals(inputs, words, counted),
        _namespace(inputs),
    )
    values: dict[str, Any] = {}
    for part in parts:
        values.update(part.values)
    return Facts.checked(
        values,
        unknown=frozenset().union(*(part.unknown for part in parts)),
        evidence=inputs.evidence,
        builder=str(builder_digest()),
    )


def _given(inputs: FactInputs, held: tuple[Waiver, ...]) -> _Part:
    rows = [{"id": w.id, "rule": w.rule, "finding": w.finding, "until": w.until} for w in held]
    return _Part(
        {
            "tree": str(inputs.tree),
            "model": str(inputs.model),
            "model_namespace": inputs.model.namespace,
            "waivers": rows,
            "namespace_mode": inputs.namespace_mode,
            "now": inputs.now,
        }
    )


_VERDICT_ORDER = (Verdict.CLEAN, Verdict.SUSPICIOUS, Verdict.UNKNOWN, Verdict.MALICIOUS)


def _scan(inputs: FactInputs, counted: Iterable[ApprovalInput], waived: frozenset[str]) -> _Part:
    scan = inputs.scan
    if scan is None:
        return _Part(_NO_SCAN, frozenset(_NO_SCAN) - {"verdict", "scan_state", "scan_complete"})
    acknowledged = frozenset(name for word in counted for name in word.acknowledged)
    complete = not scan.unread and not scan.omitted
    severities = [finding.severity for finding in scan.findings]
    worst = max(severities, key=lambda severity: severity.rank, default=None)
    values = {
        "verdict": _verdict(scan).value,
        "scan_state": "known" if complete else "unknown",
        "scan_complete": complete,
        "scan_age_days": _days(inputs.now, scan.at),
        "ruleset": scan.ruleset,
        "formats": sorted(set(scan.formats)),
        "unread_count": len(scan.unread),
        "findings": [_finding(row, acknowledged, waived) for row in scan.findings],
        "worst_severity": "none" if worst is None else worst.value,
    }
    return _Part(values, frozenset() if complete else LOWER_BOUNDS)


_NO_SCAN: Mapping[str, Any] = {
    "verdict": "unknown",
    "scan_state": "none",
    "scan_complete": False,
    "scan_age_days": 0,
    "ruleset": "",
    "formats": [],
    "unread_count": 0,
    "findings": [],
    "worst_severity": "none",
}


def _days(now: datetime, then: datetime) -> int:
    """Whole days between; a scan dated in the future is as stale as one of the past."""
    if then.tzinfo is None:
        raise DataError("a time without a zone", subject="scan")
    return abs(int((now - then).total_seconds() // _DAY_SECONDS))


def _finding(
    finding: Finding, acknowledged: frozenset[str], waived: frozenset[str]
) -> dict[str, Any]:
    name = finding.id
    return {
        "id": name,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "path": finding.path,
        "acknowledged": name in acknowledged,
        "waived": name in waived,
    }


def _signature(inputs: FactInputs) -> _Part:
    found = inputs.signature
    if found is None:
        values = {"signature_status": "none", "signed_trusted": False, "signers": []}
        return _Part(values, frozenset(values))
    return _Part(
        {
            "signature_status": found.status,
            "signed_trusted": found.status == "valid",
            "signers": list(found.signers),
        }
    )


def _verdict(scan: ScanInput) -> Verdict:
    """The stricter of what the scan said and what its findings and unread files make for."""
    derived = verdict_of(scan.findings, scan.unread)
    omitted = Verdict.UNKNOWN if scan.omitted else Verdict.CLEAN
    return max(scan.verdict, derived, omitted, key=_VERDICT_ORDER.index)


def _last_words(words: Iterable[ApprovalInput]) -> dict[str, ApprovalInput]:
    """The last word of each person; at the same moment, `reject` is the last."""
    ordered = sorted(words, key=lambda word: (word.at, word.verdict == "reject"))
    return {word.owner: word for word in ordered}


def _counted(publisher: str | None, words: Mapping[str, ApprovalInput]) -> list[ApprovalInput]:
    """Approvals by persons other than the publisher; none while nobody knows who that is."""
    if not publisher:
        return []
    return [
        word
        for owner, word in sorted(words.items())
        if word.verdict == "approve" and owner and owner != publisher
    ]


def _approvals(
    inputs: FactInputs, words: Mapping[str, ApprovalInput], counted: list[ApprovalInput]
) -> _Part:
    values = {
        "publisher": inputs.publisher or "",
        "approvals": len(counted),
        "approvers": [word.owner for word in counted],
        "approvals_young": sum(word.young for word in counted),
        "rejections": sum(word.verdict == "reject" for word in words.values()),
    }
    unknown: set[str] = set()
    if not inputs.publisher:
        unknown |= set(values) - {"rejections"}
    if inputs.approvals is None:
        unknown |= set(values) - {"publisher"}
    return _Part(values, frozenset(unknown))


def _namespace(inputs: FactInputs) -> _Part:
    given = {
        "digest_blocked": inputs.digest_blocked,
        "namespace_has_trust_rule": inputs.namespace_has_trust_rule,
    }
    # Where it is not known, the stricter word is shown.
    values = {name: True if value is None else value for name, value in given.items()}
    return _Part(values, frozenset(name for name, value in given.items() if value is None))
