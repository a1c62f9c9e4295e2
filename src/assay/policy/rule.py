"""One rule of a policy, as written and as compiled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from assay.core.decision import Outcome
from assay.core.errors import DataError
from assay.policy.facts import FINDING
from assay.policy.language import Expression, compile_expression
from assay.policy.syntax import ExpressionError
from assay.policy.template import check_template
from assay.policy.types import BOOL, ListOf, Record

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_REQUIRED = frozenset({"id", "title", "expr", "effect", "message", "remedy"})
_OPTIONAL = frozenset({"evidence", "on_unknown", "waivable", "concerns", "partial"})
_EFFECTS = (Outcome.DENY, Outcome.NEEDS_APPROVAL)


class Waivable(StrEnum):
    """What a waiver may lift."""

    NO = "no"
    FINDING = "finding"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition that holds of a release that may be used.

    Attributes:
        title: What is true when the rule passes.
        expression: True when it passes.
        effect: What the policy answers when it does not: deny or needs-approval.
        on_unknown: The same, where the facts it needs are unknown.
        message: What was found when it fails.
        remedy: What would make it pass.
        evidence: Kinds of evidence it rests on.
        waivable: Whether a waiver may lift it: not at all, finding by finding, or as a whole.
        concerns: The findings it is about, for messages.
        partial: Whether it judges what was found even where the scan could not read everything;
            otherwise it then ends as unknown. Another rule must answer for what was not read.
    """

    id: str
    title: str
    expression: Expression
    effect: Outcome
    on_unknown: Outcome
    message: str
    remedy: str
    evidence: tuple[str, ...]
    waivable: Waivable
    concerns: Expression | None
    partial: bool

    def to_json(self) -> dict[str, Any]:
        """The canonical form: expressions as they run, defaults written out."""
        return {
            "id": self.id,
            "title": self.title,
            "expr": self.expression.canonical,
            "effect": self.effect.value,
            "on_unknown": self.on_unknown.value,
            "message": self.message,
            "remedy": self.remedy,
            "evidence": list(self.evidence),
            "waivable": self.waivable.value,
            "concerns": self.concerns.canonical if self.concerns else "",
            "partial": self.partial,
        }


def read_rule(row: Any, data: Mapping[str, Any], data_type: Record, subject: str) -> Rule:
    """Compile one `[[rules]]` table.

    Raises:
        DataError: a field is missing, unheard of or of the wrong type; an expression or
            template is refused. The error names the rule and the field.
    """
    if not isinstance(row, dict):
        raise DataError("is not a table", subject=subject)
    where = f"{subject}: {row['id']}" if isinstance(row.get("id"), str) else subject
    fields = _Fields(row, where)
    name = fields.text("id")
    if not _ID.match(name):
        raise DataError("is not a-z, 0-9 and single hyphens", subject=f"{where}.id")
    compiled = _compile(fields, data, data_type)
    concerns = fields.text("concerns", "")
    return Rule(
        id=name,
        title=fields.template("title", concerns=False),
        expression=compiled,
        effect=fields.effect("effect"),
        on_unknown=fields.effect("on_unknown", Outcome.DENY),
        message=fields.template("message", concerns=bool(concerns)),
        remedy=fields.template("remedy", concerns=bool(concerns)),
        evidence=fields.texts("evidence"),
        waivable=fields.waivable(),
        concerns=_concerns(fields, concerns, data, data_type) if concerns else None,
        partial=fields.flag("partial"),
    )


def _compile(fields: _Fields, data: Mapping[str, Any], data_type: Record) -> Expression:
    try:
        return compile_expression(fields.text("expr"), data, data_type, wanted=BOOL)
    except ExpressionError as error:
        raise fields.refused("expr", error) from None


def _concerns(
    fields: _Fields, source: str, data: Mapping[str, Any], data_type: Record
) -> Expression:
    try:
        return compile_expression(source, data, data_type, wanted=ListOf(FINDING))
    except ExpressionError as error:
        raise fields.refused("concerns", error) from None


class _Fields:
    """Reads the fields of one table; every error names its place."""

    def __init__(self, row: Mapping[str, Any], where: str) -> None:
        self.row = row
        self.where = where
        missing = sorted(_REQUIRED - set(row))
        extra = sorted(set(row) - _REQUIRED - _OPTIONAL)
        if missing:
            raise DataError(f"{missing[0]!r} is missing", subject=where)
        if extra:
            raise DataError(f"{extra[0]!r} is not a field of a rule", subject=where)

    def refused(self, name: str, error: DataError) -> DataError:
        return DataError(error.message, subject=f"{self.where}.{name}", remedy=error.remedy)

    def text(self, name: str, default: str | None = None) -> str:
        value = self.row.get(name, default)
        if not isinstance(value, str):
            raise DataError("is not text", subject=f"{self.where}.{name}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.row.get(name, [])
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise DataError("is not a list of text", subject=f"{self.where}.{name}")
        return tuple(value)

    def flag(self, name: str) -> bool:
        value = self.row.get(name, False)
        if not isinstance(value, bool):
            raise DataError("is not true or false", subject=f"{self.where}.{name}")
        return value

    def template(self, name: str, *, concerns: bool) -> str:
        text = self.text(name)
        check_template(text, concerns=concerns, subject=f"{self.where}.{name}")
        return text

    def effect(self, name: str, default: Outcome | None = None) -> Outcome:
        word = self.text(name, default)
        if word not in _EFFECTS:
            raise DataError(
                f"is deny or needs-approval, not {word!r}", subject=f"{self.where}.{name}"
            )
        return Outcome(word)

    def waivable(self) -> Waivable:
        word = self.text("waivable", Waivable.NO)
        if word not in tuple(Waivable):
            raise DataError(
                f"is no, finding or rule, not {word!r}", subject=f"{self.where}.waivable"
            )
        return Waivable(word)
