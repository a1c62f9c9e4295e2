"""Facts made up: the records a rule is tried on, and the release a policy's tests start from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from assay.policy.facts import FACTS
from assay.policy.types import ListOf, Record, Scalar, Text, Type

SAMPLE_TIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def clean_values() -> dict[str, Any]:
    """A clean, signed, approved release: what a policy's tests start from."""
    return {
        "tree": f"sha256:{'0' * 64}",
        "model": "acme/model",
        "model_namespace": "acme",
        "publisher": "publisher",
        "verdict": "clean",
        "scan_state": "known",
        "scan_complete": True,
        "scan_age_days": 0,
        "ruleset": "1",
        "formats": ["safetensors"],
        "unread_count": 0,
        "findings": [],
        "worst_severity": "none",
        "signature_status": "valid",
        "signed_trusted": True,
        "signers": ["key:0"],
        "approvals": 1,
        "approvers": ["reviewer"],
        "approvals_young": 0,
        "rejections": 0,
        "digest_blocked": False,
        "waivers": [],
        "namespace_mode": "enforce",
        "namespace_has_trust_rule": True,
        "now": SAMPLE_TIME,
    }


@cache
def samples() -> tuple[Mapping[str, Any], ...]:
    """Schema-complete records rules are tried on when a policy is loaded.

    One with every list empty, then one for each choice of the widest enumerated fact, in which
    every list holds an element for each of its choices.
    """
    empty = {name: sample_value(fact.kind, 0, rows=0) for name, fact in FACTS.items()}
    width = max(_width(fact.kind) for fact in FACTS.values())
    full = [
        {name: sample_value(fact.kind, turn, rows=width) for name, fact in FACTS.items()}
        for turn in range(width)
    ]
    return (empty, *full)


def sample_value(kind: Type, turn: int, *, rows: int) -> Any:
    """A value of a type; enumerated words, booleans and numbers change with `turn`."""
    match kind:
        case Scalar(name=name):
            other = {"bool": turn % 2 == 0, "timestamp": SAMPLE_TIME + timedelta(days=turn)}
            return other.get(name, turn)
        case Text(choices=choices):
            return choices[turn % len(choices)] if choices else f"text-{turn}"
        case ListOf(item=item):
            return [sample_value(item, turn + row, rows=rows) for row in range(rows)]
        case Record(fields=fields):
            return {name: sample_value(inner, turn, rows=rows) for name, inner in fields.items()}


def _width(kind: Type) -> int:
    match kind:
        case Text(choices=choices):
            return len(choices or ())
        case ListOf(item=item):
            return _width(item)
        case Record(fields=fields):
            return max(_width(inner) for inner in fields.values())
        case Scalar():
            return 2
