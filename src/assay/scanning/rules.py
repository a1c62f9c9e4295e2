"""What a rule is: the fixed words of a finding, in one place per scanner.

Every scanner keeps its rules in a table, `RULES: dict[str, Rule]`, from which the
documentation is generated and through which every finding is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from assay.core.finding import Confidence, Finding, Location, References, Severity

EVIDENCE_CHARACTERS = 240
"""Longest evidence a finding carries; what is cut off is marked with an ellipsis."""


def printable(text: str, limit: int = EVIDENCE_CHARACTERS) -> str:
    """Text from a hostile file as one short printable line.

    Control characters, bidirectional overrides, lone surrogates and every other character
    `str.isprintable` refuses become escapes, so that a terminal, a log line and a report
    show what is there. At most `limit` characters, the last an ellipsis when cut.
    """
    head = text[: limit + 1]
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in head)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


@dataclass(frozen=True, slots=True)
class Rule:
    """The fixed part of a finding.

    Attributes:
        id: Stable, `family.words-in-lower-case`.
        title: A few words, no full stop.
        severity: Unless a finding of the rule says otherwise.
        confidence: Unless a finding of the rule says otherwise.
        explanation: Why it matters, for a reader who knows models but not the file format.
        remedy: What the reader can do.
    """

    id: str
    title: str
    severity: Severity
    confidence: Confidence
    explanation: str
    remedy: str
    references: References = field(default_factory=References)

    def finding(
        self,
        path: str,
        location: Location,
        evidence: str,
        *,
        severity: Severity | None = None,
        confidence: Confidence | None = None,
        explanation: str | None = None,
        remedy: str | None = None,
    ) -> Finding:
        """A finding of this rule at a place; the evidence is made printable and short."""
        return Finding(
            rule=self.id,
            title=self.title,
            severity=severity or self.severity,
            confidence=confidence or self.confidence,
            path=path,
            location=location,
            evidence=printable(evidence),
            explanation=explanation or self.explanation,
            remedy=remedy or self.remedy,
            references=self.references,
        )


def table(rules: Iterable[Rule]) -> dict[str, Rule]:
    """Rules by id, in the order given.

    Raises:
        ValueError: two rules with one id, which is a mistake in the source.
    """
    found: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in found:
            raise ValueError(f"two rules are called {rule.id}")
        found[rule.id] = rule
    return found
