"""What another policy would have answered: differences over stored facts, and between texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from assay.core.decision import Judgement, Outcome
from assay.policy.bundle import Policy
from assay.policy.engine import judge
from assay.policy.facts import Facts

_STRICTNESS = (Outcome.ALLOW, Outcome.NEEDS_APPROVAL, Outcome.DENY)


@dataclass(frozen=True, slots=True)
class Change:
    """One record on which two policies answer differently.

    Attributes:
        before: Outcome under the policy in force.
        after: Outcome under the candidate.
        rules: Rules that count against it under the stricter of the two.
    """

    tree: str
    model: str
    facts: str
    before: Outcome
    after: Outcome
    rules: tuple[str, ...]

    @property
    def stricter(self) -> bool:
        """Whether the candidate allows less."""
        return _STRICTNESS.index(self.after) > _STRICTNESS.index(self.before)

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return {
            "tree": self.tree,
            "model": self.model,
            "facts": self.facts,
            "before": self.before.value,
            "after": self.after.value,
            "rules": list(self.rules),
        }


@dataclass(frozen=True, slots=True)
class Replay:
    """The difference over some records. Same answers are counted, not listed."""

    records: int
    changes: tuple[Change, ...]

    @property
    def newly_allowed(self) -> tuple[Change, ...]:
        """Allowed by the candidate only."""
        return tuple(c for c in self.changes if c.after is Outcome.ALLOW)

    @property
    def newly_denied(self) -> tuple[Change, ...]:
        """Denied by the candidate only."""
        return tuple(c for c in self.changes if c.after is Outcome.DENY)

    def to_json(self) -> dict[str, Any]:
        """Counts and every change."""
        return {
            "records": self.records,
            "newly_allowed": len(self.newly_allowed),
            "newly_denied": len(self.newly_denied),
            "changes": [change.to_json() for change in self.changes],
        }


def replay(candidate: Policy, records: Iterable[Facts], *, active: Policy) -> Replay:
    """Judge every record by both policies and keep where they differ."""
    count = 0
    changes: list[Change] = []
    for facts in records:
        count += 1
        change = _change(facts, judge(active, facts), judge(candidate, facts))
        if change is not None:
            changes.append(change)
    return Replay(count, tuple(changes))


def _change(facts: Facts, before: Judgement, after: Judgement) -> Change | None:
    if before.outcome is after.outcome:
        return None
    stricter = max(before, after, key=lambda judged: _STRICTNESS.index(judged.outcome))
    return Change(
        tree=facts.values["tree"],
        model=facts.values["model"],
        facts=str(facts.digest),
        before=before.outcome,
        after=after.outcome,
        rules=tuple(reason.rule for reason in stricter.against),
    )


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule that two policies do not have alike: `added`, `removed` or `changed` fields."""

    rule: str
    kind: str
    fields: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return {"rule": self.rule, "kind": self.kind, "fields": list(self.fields)}


def compare(before: Policy, after: Policy) -> tuple[RuleChange, ...]:
    """How the rules of two policies differ; constants count as the rule `data`."""
    return tuple(_compared(before, after))


def _compared(before: Policy, after: Policy) -> Iterator[RuleChange]:
    old = {rule.id: rule.to_json() for rule in before.rules}
    new = {rule.id: rule.to_json() for rule in after.rules}
    for name in [name for name in old if name not in new]:
        yield RuleChange(name, "removed")
    for name, rule in new.items():
        if name not in old:
            yield RuleChange(name, "added")
        elif rule != old[name]:
            fields = tuple(key for key in rule if rule[key] != old[name][key])
            yield RuleChange(name, "changed", fields)
    if before.data != after.data:
        yield RuleChange("data", "changed")
