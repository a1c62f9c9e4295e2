"""The facts record `assay.facts/1`: everything a rule may ask about a release, and nothing else.

Each fact is its own top-level variable. Facts that could not be established, or are lower bounds
only, are named in `unknown`; a rule whose answer depends on one of them does not pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Self

from assay.core.canonical import canonical_json, strict_json
from assay.core.clock import parse_rfc3339, rfc3339
from assay.core.digest import Digest
from assay.core.errors import DataError
from assay.core.finding import Confidence, Severity, Verdict
from assay.policy.types import (
    BOOL,
    INT,
    TEXT,
    TIMESTAMP,
    ListOf,
    Record,
    Text,
    Type,
    check_names,
    check_value,
)

SCHEMA = "assay.facts/1"
MODES = ("observe", "warn", "enforce")
SIGNATURE_STATUSES = ("none", "valid", "invalid", "untrusted")
SEVERITIES = tuple(word.value for word in Severity)
SCAN_STATES = ("none", "unknown", "known")

FINDING = Record(
    "finding",
    {
        "id": TEXT,
        "rule": TEXT,
        "severity": Text(SEVERITIES),
        "confidence": Text(tuple(word.value for word in Confidence)),
        "path": TEXT,
        "acknowledged": BOOL,
        "waived": BOOL,
    },
)
WAIVER = Record("waiver", {"id": TEXT, "rule": TEXT, "finding": TEXT, "until": TIMESTAMP})


@dataclass(frozen=True, slots=True)
class Fact:
    """One variable of the record: its type and what it means."""

    kind: Type
    meaning: str


FACTS: Mapping[str, Fact] = {
    "tree": Fact(TEXT, "tree digest of the release"),
    "model": Fact(TEXT, "namespace/name"),
    # CEL reserves the word `namespace`.
    "model_namespace": Fact(TEXT, "the namespace of the model"),
    "publisher": Fact(TEXT, "id of the person who owns the publishing principal"),
    "verdict": Fact(
        Text(tuple(word.value for word in Verdict)),
        "what the scan says; unknown when there was none",
    ),
    "scan_state": Fact(
        Text(SCAN_STATES), "known: everything was read; unknown: something was not; none: no scan"
    ),
    "scan_complete": Fact(BOOL, "whether the scan read everything"),
    "scan_age_days": Fact(INT, "whole days since the scan"),
    "ruleset": Fact(TEXT, "version of the scanner's rules"),
    "formats": Fact(ListOf(TEXT), "file formats found"),
    "unread_count": Fact(INT, "files, or parts of files, that could not be read"),
    "findings": Fact(ListOf(FINDING), "what the scan found; waived: by a waiver in force"),
    "worst_severity": Fact(Text(("none", *SEVERITIES)), "the highest severity among the findings"),
    "signature_status": Fact(
        Text(SIGNATURE_STATUSES),
        "valid: by a trusted signer; untrusted: correct, but by nobody the namespace trusts",
    ),
    "signed_trusted": Fact(BOOL, "whether the signature is valid and trusted"),
    "signers": Fact(ListOf(TEXT), "who signed, as the signature proves it"),
    "approvals": Fact(INT, "persons other than the publisher whose last word is to approve"),
    "approvers": Fact(ListOf(TEXT), "their ids"),
    "approvals_young": Fact(INT, "how many of them are principals younger than seven days"),
    "rejections": Fact(INT, "persons whose last word is to reject"),
    "digest_blocked": Fact(BOOL, "whether a digest of the release is on the block list"),
    "waivers": Fact(ListOf(WAIVER), "waivers in force; finding is empty for a whole rule"),
    "namespace_mode": Fact(Text(MODES), "what serving does with the outcome"),
    "namespace_has_trust_rule": Fact(BOOL, "whether the namespace says whose signatures count"),
    "now": Fact(TIMESTAMP, "when the facts were put together"),
}
"""Every variable a rule may use, in the order of the documentation."""

ALWAYS_KNOWN = frozenset({"tree", "model", "model_namespace", "waivers", "namespace_mode", "now"})
"""Facts that are given, not established."""

LOWER_BOUNDS = frozenset({"findings", "worst_severity"})
"""Facts of a scan that did not read everything: true as far as they go, and unknown."""


def scope() -> dict[str, Type]:
    """The variables and their types, as the type check takes them."""
    return {name: fact.kind for name, fact in FACTS.items()}


@cache
def builder_digest() -> Digest:
    """SHA-256 over the source files that turn evidence into facts.

    Recorded in every record, so that a decision says which digestion it rests on.
    """
    total = hashlib.sha256()
    for name in ("facts.py", "building.py", "waiver.py"):
        total.update((Path(__file__).parent / name).read_bytes())
    return Digest(total.hexdigest())


@dataclass(frozen=True)
class Facts:
    """A checked record. Build it with `assay.policy.building.build_facts` or `from_json`.

    Attributes:
        values: Every name of `FACTS` with a value of its type; times are aware datetimes.
        unknown: Names whose value may not be relied upon. They keep a value, for people to read.
        evidence: Statement digests by kind (`scan`, `signature`, `approval`, `waiver`, ...).
        builder: What turned evidence into these facts.
    """

    values: Mapping[str, Any]
    unknown: frozenset[str] = frozenset()
    evidence: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    builder: str = ""

    def to_json(self) -> dict[str, Any]:
        """The JSON form; times as RFC 3339."""
        values = dict(self.values)
        values["now"] = rfc3339(values["now"])
        values["waivers"] = [{**row, "until": rfc3339(row["until"])} for row in values["waivers"]]
        return {
            "schema": SCHEMA,
            "builder": self.builder,
            "facts": values,
            "unknown": sorted(self.unknown),
            "evidence": {kind: list(rows) for kind, rows in self.evidence.items()},
        }

    def canonical(self) -> bytes:
        """RFC 8785 bytes: what is stored and what the digest is taken over."""
        return canonical_json(self.to_json())

    @cached_property
    def digest(self) -> Digest:
        """Names the record in a decision."""
        return Digest.of(self.canonical())

    @classmethod
    def checked(
        cls,
        values: Mapping[str, Any],
        *,
        unknown: frozenset[str] = frozenset(),
        evidence: Mapping[str, tuple[str, ...]] | None = None,
        builder: str = "",
    ) -> Self:
        """A record whose every value is of its fact's type.

        Raises:
            DataError: a fact is missing, unheard of, or of the wrong type; `unknown` names
                something that is not a fact or is always known; a finding is marked waived
                though no waiver names it, or the reverse.
        """
        check_names(values, FACTS, "facts")
        for name, fact in FACTS.items():
            check_value(values[name], fact.kind, name)
        for name in unknown:
            if name not in FACTS or name in ALWAYS_KNOWN:
                raise DataError(f"{name[:80]!r} cannot be unknown", subject="unknown")
        named = {row["finding"] for row in values["waivers"]}
        for row in values["findings"]:
            if row["waived"] != (row["id"] in named):
                raise DataError("waived does not agree with waivers", subject=row["id"])
        return cls(values, unknown, dict(evidence or {}), builder)

    @classmethod
    def from_json(cls, value: Any, *, subject: str = "facts") -> Self:
        """The inverse of `to_json`, strict.

        Raises:
            DataError: not such a record; see `checked`.
        """
        try:
            _check_form(value)
            values = _with_times(value["facts"])
            return cls.checked(
                values,
                unknown=frozenset(_texts(value["unknown"])),
                evidence={kind: _texts(rows) for kind, rows in value["evidence"].items()},
                builder=_texts([value["builder"]])[0],
            )
        except DataError as error:
            where = f"{subject}: {error.subject}" if error.subject else subject
            raise DataError(error.message, subject=where, remedy=error.remedy) from None
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DataError(f"not a facts record: {error}", subject=subject) from None

    @classmethod
    def parse(cls, data: bytes | str, *, subject: str = "facts") -> Self:
        """Read JSON; see `from_json`."""
        return cls.from_json(strict_json(data, subject=subject), subject=subject)


_KEYS = ("schema", "builder", "facts", "unknown", "evidence")


def _check_form(value: Any) -> None:
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise DataError(f"schema is not {SCHEMA}")
    check_names(value, dict.fromkeys(_KEYS), "record")


def _with_times(values: Any) -> dict[str, Any]:
    found = dict(values)
    found["now"] = parse_rfc3339(found["now"])
    found["waivers"] = [{**row, "until": parse_rfc3339(row["until"])} for row in found["waivers"]]
    return found


def _texts(rows: Any) -> tuple[str, ...]:
    if not isinstance(rows, list) or not all(isinstance(row, str) for row in rows):
        raise DataError("is not a list of text")
    return tuple(rows)
