"""Decisions: what policy said about a tree, why, and what would make it pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """The answer of a policy."""

    ALLOW = "allow"
    DENY = "deny"
    NEEDS_APPROVAL = "needs-approval"


class RuleResult(StrEnum):
    """How one rule ended. Everything but `pass` and `waived` counts against the release."""

    PASS = "pass"  # noqa: S105 - a rule's result, not a password
    FAIL = "fail"
    WAIVED = "waived"
    UNKNOWN = "unknown"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule's part in a decision.

    Attributes:
        rule: Id within the policy.
        effect: What the rule asks for when it does not pass: `deny` or `needs-approval`.
        message: What was found, with the facts filled in.
        remedy: What would make it pass.
        evidence: Digests of the statements it rests on.
    """

    rule: str
    result: RuleResult
    effect: Outcome
    message: str
    remedy: str = ""
    evidence: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return {
            "rule": self.rule,
            "result": self.result.value,
            "effect": self.effect.value,
            "message": self.message,
            "remedy": self.remedy,
            "evidence": list(self.evidence),
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome of a policy over facts, with a reason per rule."""

    outcome: Outcome
    reasons: tuple[Reason, ...] = field(default=())

    @property
    def against(self) -> tuple[Reason, ...]:
        """The reasons that keep it from being allowed."""
        return tuple(
            r for r in self.reasons if r.result not in (RuleResult.PASS, RuleResult.WAIVED)
        )
