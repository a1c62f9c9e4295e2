"""Findings and verdicts: the same fields wherever they come from.

`unknown` is a verdict of its own. What could not be read is never clean.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from assay.core.canonical import canonical_json


class _Ordered(StrEnum):
    """A string enum whose members compare in order of definition."""

    @property
    def rank(self) -> int:
        return list(type(self)).index(self)

    def at_least(self, other: Self) -> bool:
        """Whether this is `other` or above it."""
        return self.rank >= other.rank


class Severity(_Ordered):
    """How bad it is if true."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Confidence(_Ordered):
    """How sure the check is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Verdict(StrEnum):
    """What a unit is, all findings taken together."""

    CLEAN = "clean"
    SUSPICIOUS = "suspicious"
    MALICIOUS = "malicious"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Location:
    """Where in the file. All optional; offsets are bytes from the start, lines from 1."""

    offset: int | None = None
    line: int | None = None
    row: str | None = None
    member: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Only what is set."""
        pairs = {
            "offset": self.offset,
            "line": self.line,
            "row": self.row,
            "member": self.member,
        }
        return {key: value for key, value in pairs.items() if value is not None}


@dataclass(frozen=True, slots=True)
class References:
    """Ids in public catalogues: MITRE ATLAS and ATT&CK, CWE, OWASP."""

    atlas: tuple[str, ...] = ()
    attack: tuple[str, ...] = ()
    cwe: tuple[str, ...] = ()
    owasp: tuple[str, ...] = ()

    def to_json(self) -> dict[str, list[str]]:
        """All four lists, empty ones included."""
        return {
            "atlas": list(self.atlas),
            "attack": list(self.attack),
            "cwe": list(self.cwe),
            "owasp": list(self.owasp),
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found.

    Attributes:
        rule: Stable id, for instance `pickle.dangerous-import`.
        title: The rule's name in a few words.
        path: File within the unit, `/` separated; the unit itself is "".
        evidence: The exact thing seen (an import, a header field), short, printable.
        explanation: Why it matters here.
        remedy: What the reader can do.
    """

    rule: str
    title: str
    severity: Severity
    confidence: Confidence
    path: str
    location: Location
    evidence: str
    explanation: str
    remedy: str
    references: References = field(default_factory=References)

    @property
    def id(self) -> str:
        """Names this finding within its unit, the same in every scan that finds it again."""
        key = [self.rule, self.path, self.location.to_json(), self.evidence]
        return hashlib.sha256(canonical_json(key)).hexdigest()[:12]

    @property
    def blocks(self) -> bool:
        """Whether it makes its unit malicious: high or above with at least medium confidence."""
        return self.severity.at_least(Severity.HIGH) and self.confidence.at_least(Confidence.MEDIUM)

    @property
    def needs_review(self) -> bool:
        """Whether a person must look: medium or above, whatever the confidence."""
        return self.severity.at_least(Severity.MEDIUM)

    def to_json(self) -> dict[str, Any]:
        """The fields of docs/schemas/finding."""
        return {
            "rule": self.rule,
            "title": self.title,
            "severity": self.severity.value,
            "confidence": self.confidence.value,
            "path": self.path,
            "location": self.location.to_json(),
            "evidence": self.evidence,
            "explanation": self.explanation,
            "remedy": self.remedy,
            "references": self.references.to_json(),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The inverse of `to_json`; the value comes from our own store or child process."""
        return cls(
            rule=value["rule"],
            title=value["title"],
            severity=Severity(value["severity"]),
            confidence=Confidence(value["confidence"]),
            path=value["path"],
            location=Location(**value["location"]),
            evidence=value["evidence"],
            explanation=value["explanation"],
            remedy=value["remedy"],
            references=References(**{k: tuple(v) for k, v in value["references"].items()}),
        )


@dataclass(frozen=True, slots=True)
class Unread:
    """A file, or part of one, that could not be fully read, and why."""

    path: str
    reason: str

    def to_json(self) -> dict[str, str]:
        """`{path, reason}`."""
        return {"path": self.path, "reason": self.reason}


def verdict_of(findings: Iterable[Finding], unread: Iterable[Unread]) -> Verdict:
    """The strictest that applies: malicious, then unknown, then suspicious, then clean."""
    found = tuple(findings)
    if any(finding.blocks for finding in found):
        return Verdict.MALICIOUS
    if any(True for _ in unread):
        return Verdict.UNKNOWN
    if any(finding.needs_review for finding in found):
        return Verdict.SUSPICIOUS
    return Verdict.CLEAN
