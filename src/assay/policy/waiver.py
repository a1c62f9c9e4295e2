"""Waivers: scoped, expiring exceptions that one person asks for and another grants.

A waiver names one rule of the policy and one subject, a tree or a model, and at most one finding.
Nothing here reads a clock: `now` is always given, so that a decision can be repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from assay.core.attestation import Statement, Subject
from assay.core.clock import parse_rfc3339, rfc3339
from assay.core.digest import Digest
from assay.core.errors import DataError
from assay.core.names import ModelName

PREDICATE = "https://assay.dev/predicate/waiver/v1"
LONGEST = timedelta(days=90)
_KEYS = frozenset("id rule tree model finding reason author approver not_before until".split())


@dataclass(frozen=True, slots=True)
class Waiver:
    """An exception, checked when it is made.

    Attributes:
        rule: Id of a rule of the policy.
        tree: The release it is for; or
        model: every release of this model. Exactly one of the two is set.
        finding: Id of the one finding that is accepted; empty for the whole rule.
        author: Id of the person who asked for it.
        approver: Id of the person who granted it; never the author.
        not_before: First moment of its life.
        until: First moment it no longer holds, at most 90 days later.

    Raises:
        DataError: any of this does not hold.
    """

    id: str
    rule: str
    tree: Digest | None
    model: ModelName | None
    finding: str
    reason: str
    author: str
    approver: str
    not_before: datetime
    until: datetime

    def __post_init__(self) -> None:
        subject = f"waiver {self.id}"
        if not self.id or not self.rule or not self.reason.strip():
            raise DataError("a waiver needs an id, a rule and a reason", subject=subject)
        if (self.tree is None) == (self.model is None):
            raise DataError("a waiver is for one tree or one model", subject=subject)
        if not self.author or not self.approver:
            raise DataError("a waiver needs an author and an approver", subject=subject)
        if self.author == self.approver:
            raise DataError(
                "author and approver are the same person",
                subject=subject,
                remedy="somebody else grants it",
            )
        if self.not_before.tzinfo is None or self.until.tzinfo is None:
            raise DataError("a time without a zone", subject=subject)
        if not self.not_before < self.until <= self.not_before + LONGEST:
            raise DataError(f"a waiver lasts at most {LONGEST.days} days", subject=subject)

    def holds(self, *, tree: Digest, model: ModelName, now: datetime) -> bool:
        """Whether it is in force for a release at a moment. Model names ignore case."""
        if not self.not_before <= now < self.until:
            return False
        if self.tree is not None:
            return self.tree == tree
        return self.model is not None and self.model.folded == model.folded

    def to_json(self) -> dict[str, Any]:
        """All fields; the one of `tree` and `model` that is not set is null."""
        return {
            "id": self.id,
            "rule": self.rule,
            "tree": None if self.tree is None else str(self.tree),
            "model": None if self.model is None else str(self.model),
            "finding": self.finding,
            "reason": self.reason,
            "author": self.author,
            "approver": self.approver,
            "not_before": rfc3339(self.not_before),
            "until": rfc3339(self.until),
        }

    def statement(self, subject: Subject) -> Statement:
        """What is signed: this waiver, about its release or model."""
        return Statement((subject,), PREDICATE, self.to_json())

    @classmethod
    def from_json(cls, value: Mapping[str, Any], *, subject: str = "waiver") -> Self:
        """The inverse of `to_json`, strict.

        Raises:
            DataError: not a waiver, or one that may not be.
        """
        try:
            if set(value) != _KEYS:
                raise DataError(f"a waiver has exactly {', '.join(sorted(_KEYS))}", subject=subject)
            texts = {name: _text(value[name], name, subject) for name in _TEXTS}
            return cls(
                tree=None if value["tree"] is None else Digest.parse(value["tree"]),
                model=None if value["model"] is None else ModelName.parse(value["model"]),
                not_before=parse_rfc3339(value["not_before"]),
                until=parse_rfc3339(value["until"]),
                **texts,
            )
        except (TypeError, AttributeError, ValueError) as error:
            raise DataError(f"not a waiver: {error}", subject=subject) from None


_TEXTS = ("id", "rule", "finding", "reason", "author", "approver")


def _text(value: Any, name: str, subject: str) -> str:
    if not isinstance(value, str):
        raise DataError(f"{name} is not text", subject=subject)
    return value


def in_force(
    waivers: Iterable[Waiver], *, tree: Digest, model: ModelName, now: datetime
) -> tuple[Waiver, ...]:
    """Those that hold for a release at a moment, by id."""
    held = (w for w in waivers if w.holds(tree=tree, model=model, now=now))
    return tuple(sorted(held, key=lambda waiver: waiver.id))
