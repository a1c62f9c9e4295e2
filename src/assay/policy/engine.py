"""Judging: a policy over facts gives an outcome with a reason for every rule.

deny beats needs-approval beats allow. A rule that has no answer never passes: where a fact it
needs is unknown it ends as `unknown`, anything else as `error`, which always denies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from assay.core.decision import Judgement, Outcome, Reason, RuleResult
from assay.core.finding import Confidence, Severity
from assay.policy.bundle import Policy
from assay.policy.facts import LOWER_BOUNDS, Facts
from assay.policy.language import EvaluationError, Expression, context_of
from assay.policy.rule import Rule, Waivable
from assay.policy.template import CONCERNS, fill, shown


def judge(policy: Policy, facts: Facts) -> Judgement:
    """The policy's outcome over the facts. Pure: the same two always give the same answer."""
    view = _View(facts, policy.data)
    reasons = tuple(_reason(rule, view) for rule in policy.rules)
    return Judgement(combine(reasons), reasons)


def combine(reasons: Iterable[Reason]) -> Outcome:
    """The outcome these reasons make for; no reason at all denies."""
    rows = tuple(reasons)
    against = [row.effect for row in rows if row.result not in _FAVOURABLE]
    if not rows or Outcome.DENY in against:
        return Outcome.DENY
    return Outcome.NEEDS_APPROVAL if against else Outcome.ALLOW


_FAVOURABLE = (RuleResult.PASS, RuleResult.WAIVED)


class Serving(StrEnum):
    """What serving does with an outcome."""

    SERVE = "serve"
    WARN = "serve-with-warning"
    REFUSE = "refuse"


def effective(outcome: Outcome, mode: str) -> Serving:
    """What a namespace's mode makes of an outcome.

    `observe` serves everything, `warn` serves and says so, `enforce` serves what is allowed.
    Block list and revocation are not policy: no mode lifts them. An unknown mode refuses.
    """
    if outcome is Outcome.ALLOW:
        return Serving.SERVE
    return {"observe": Serving.SERVE, "warn": Serving.WARN}.get(mode, Serving.REFUSE)


class _View:
    """The facts as the engine sees them. Until a rule fails, nothing counts as waived."""

    def __init__(self, facts: Facts, data: Mapping[str, Any]) -> None:
        self.facts = facts
        self.data = data
        self.values = _unwaived(facts.values) if facts.values["waivers"] else facts.values
        self._concerns: dict[str, Any] = {}
        self.context = context_of(self.values, data, without=facts.unknown)

    @cached_property
    def partial(self) -> Any:
        """The context with what an incomplete scan did find."""
        return context_of(self.values, self.data, without=self.facts.unknown - LOWER_BOUNDS)

    @cached_property
    def everything(self) -> Any:
        """The context with unknown facts at the value that is shown: for messages only."""
        if not self.facts.unknown and self.values is self.facts.values:
            return self.context
        return context_of(self.facts.values, self.data)

    def concerns(self, rule: Rule) -> Any:
        """The findings a rule is about; None where there is no saying."""
        if rule.id not in self._concerns:
            self._concerns[rule.id] = _evaluated(rule.concerns, self.everything)
        return self._concerns[rule.id]

    def unknown(self, rule: Rule) -> frozenset[str]:
        """The facts this rule may not rely upon."""
        if rule.partial and self.facts.values["scan_state"] == "unknown":
            return self.facts.unknown - LOWER_BOUNDS
        return self.facts.unknown

    def context_for(self, rule: Rule) -> Any:
        if self.facts.unknown and self.unknown(rule) != self.facts.unknown:
            return self.partial
        return self.context

    def waivers(self, rule: Rule) -> list[Mapping[str, Any]]:
        return [row for row in self.facts.values["waivers"] if row["rule"] == rule.id]


def _reason(rule: Rule, view: _View) -> Reason:
    try:
        passed = rule.expression.evaluate(view.context_for(rule))
    except EvaluationError as error:
        return _unanswered(rule, view, error)
    if passed:
        return _said(rule, view, RuleResult.PASS, rule.title)
    return _lifted(rule, view) or _said(
        rule, view, RuleResult.FAIL, _filled(rule, rule.message, view), rule.remedy
    )


def _said(rule: Rule, view: _View, result: RuleResult, message: str, remedy: str = "") -> Reason:
    evidence = tuple(
        digest for kind in rule.evidence for digest in view.facts.evidence.get(kind, ())
    )
    effect = rule.on_unknown if result is RuleResult.UNKNOWN else rule.effect
    if result is RuleResult.ERROR:
        effect = Outcome.DENY
    text = _filled(rule, remedy, view) if remedy else ""
    return Reason(rule.id, result, effect, message, text, evidence)


def _unanswered(rule: Rule, view: _View, error: EvaluationError) -> Reason:
    missing = sorted(rule.expression.names & view.unknown(rule))
    if not missing:
        return _said(
            rule,
            view,
            RuleResult.ERROR,
            f"{rule.title}: {error.message}",
            "mend the rule; until then it denies",
        )
    return _said(
        rule,
        view,
        RuleResult.UNKNOWN,
        f"{rule.title}: cannot be told, because {_named(missing)} not known",
        "let what is missing be established (scan, signature check, approvals), then decide again",
    )


def _named(names: list[str]) -> str:
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'}"


def _filled(rule: Rule, text: str, view: _View) -> str:
    values = dict(view.facts.values)
    if f"{{{CONCERNS}}}" in text:
        values[CONCERNS] = view.concerns(rule)
    return fill(text, values)


def _evaluated(expression: Expression | None, context: Any) -> Any:
    try:
        return None if expression is None else expression.evaluate(context)
    except EvaluationError:
        return None


# Waivers


def _lifted(rule: Rule, view: _View) -> Reason | None:
    """The reason if waivers in force lift a failed rule, else None."""
    rows = view.waivers(rule)
    if rule.waivable is Waivable.NO or not rows:
        return None
    whole = [row for row in rows if not row["finding"]]
    if rule.waivable is Waivable.RULE and whole:
        return _waived(rule, view, whole)
    single = [row for row in rows if row["finding"]]
    if single and _passes_without(rule, view, frozenset(row["finding"] for row in single)):
        return _waived(rule, view, single)
    return None


def _waived(rule: Rule, view: _View, rows: list[Mapping[str, Any]]) -> Reason:
    message = f"{_filled(rule, rule.message, view)}; waived by {shown(rows)}"
    return _said(rule, view, RuleResult.WAIVED, message)


def _passes_without(rule: Rule, view: _View, names: frozenset[str]) -> bool:
    """Whether the rule passes once these findings are accepted."""
    unknown = view.unknown(rule)
    if "findings" in unknown:
        return False
    values = _accepting(view.facts.values, names)
    try:
        return bool(rule.expression.evaluate(context_of(values, view.data, without=unknown)))
    except EvaluationError:
        return False


def _unwaived(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "findings": [{**row, "waived": False} for row in values["findings"]]}


def _accepting(values: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """The facts with some findings marked waived, verdict and maximum taken over the rest.

    The verdict is only taken again where it was what all findings together make for.
    """
    findings = [{**row, "waived": row["id"] in names} for row in values["findings"]]
    changed = {**values, "findings": findings}
    if values["verdict"] != _verdict(values["findings"], values):
        return changed
    rest = [row for row in findings if not row["waived"]]
    changed["verdict"] = _verdict(rest, values)
    worst = max((Severity(row["severity"]).rank for row in rest), default=None)
    changed["worst_severity"] = "none" if worst is None else list(Severity)[worst].value
    return changed


def _verdict(rows: Iterable[Mapping[str, Any]], values: Mapping[str, Any]) -> str:
    """As `assay.core.finding.verdict_of`, over rows of the record."""
    grades = [(Severity(row["severity"]), Confidence(row["confidence"])) for row in rows]
    if any(s.at_least(Severity.HIGH) and c.at_least(Confidence.MEDIUM) for s, c in grades):
        return "malicious"
    if not values["scan_complete"]:
        return "unknown"
    if any(severity.at_least(Severity.MEDIUM) for severity, _ in grades):
        return "suspicious"
    return "clean"


# For people

_MARKS: Mapping[RuleResult, str] = {RuleResult.PASS: "+", RuleResult.WAIVED: "~"}


@dataclass(frozen=True, slots=True)
class Explanation:
    """A judgement in words, one block of lines a rule; what counts against comes first."""

    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines)


def explain(judgement: Judgement) -> Explanation:
    """The outcome, then each reason: mark, rule, message, and what would make it pass."""
    lines = [f"outcome: {judgement.outcome}"]
    rows = sorted(judgement.reasons, key=lambda row: row.result in _FAVOURABLE)
    for row in rows:
        word = "" if row.result in _FAVOURABLE else f" [{row.result}, {row.effect}]"
        lines.append(f"{_MARKS.get(row.result, '-')} {row.rule}{word}: {row.message}")
        if row.remedy:
            lines.append(f"    to pass: {row.remedy}")
    return Explanation(tuple(lines))
