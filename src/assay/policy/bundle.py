"""Policies: a TOML file of rules, constants and tests, and the digest that names it.

```toml
name = "default"
version = "1"
facts_schema = "assay.facts/1"

[data]                      # constants; rules see them as data.NAME
[[rules]]                   # see assay.policy.rule.Rule
[[tests]]                   # name, facts (over a clean, approved release), unknown, outcome, against
```
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Self

from assay.core.canonical import canonical_json
from assay.core.clock import rfc3339
from assay.core.decision import Outcome
from assay.core.digest import Digest
from assay.core.errors import DataError
from assay.core.reading import read_input
from assay.policy.facts import FACTS, SCHEMA
from assay.policy.rule import Rule, read_rule
from assay.policy.types import Record, type_of_data

MAX_BYTES = 1024 * 1024
MAX_RULES = 200
_KEYS = frozenset({"name", "version", "facts_schema", "rules", "data", "tests"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class PolicyTest:
    """A test inside the policy.

    Attributes:
        facts: What differs from a clean, signed, approved release.
        unknown: Facts that are unknown.
        outcome: What the policy must answer.
        against: The rules that must not pass; None where the test does not say.
    """

    name: str
    facts: Mapping[str, Any]
    unknown: tuple[str, ...]
    outcome: Outcome
    against: tuple[str, ...] | None

    def to_json(self) -> dict[str, Any]:
        """All fields; times as text, the way TOML tests write them."""
        return {
            "name": self.name,
            "facts": _plain(self.facts),
            "unknown": list(self.unknown),
            "outcome": self.outcome.value,
            "against": None if self.against is None else list(self.against),
        }


@dataclass(frozen=True)
class Policy:
    """A checked policy. Its rules are compiled; nothing about it can fail but evaluation.

    Attributes:
        source: The TOML text it was read from.
    """

    name: str
    version: str
    rules: tuple[Rule, ...]
    data: Mapping[str, Any]
    tests: tuple[PolicyTest, ...]
    source: str = field(repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """The canonical form: defaults written out, expressions as they run."""
        return {
            "name": self.name,
            "version": self.version,
            "facts_schema": SCHEMA,
            "rules": [rule.to_json() for rule in self.rules],
            "data": dict(self.data),
            "tests": [test.to_json() for test in self.tests],
        }

    @cached_property
    def digest(self) -> Digest:
        """Names the policy: SHA-256 of the RFC 8785 form. Comments and spacing do not count."""
        return Digest.of(canonical_json(self.to_json()))

    @classmethod
    def parse(cls, text: str, *, subject: str = "policy") -> Self:
        """Read and check TOML text.

        Raises:
            DataError: not TOML, or a field, rule, constant or test is refused.
        """
        table = _table(text, subject)
        name, version = _word(table, "name", subject), _word(table, "version", subject)
        if table.get("facts_schema") != SCHEMA:
            raise DataError(f"facts_schema is not {SCHEMA!r}", subject=subject)
        data = table.get("data", {})
        data_type = _data_type(data, subject)
        rules = _rules(table, data, data_type, subject)
        tests = tuple(_test(row, rules, subject) for row in _tables(table, "tests", subject))
        policy = cls(name, version, rules, data, tests, text)
        _ = policy.digest  # data that JSON cannot carry exactly is refused now, not later
        return policy


def _plain(value: Any) -> Any:
    """TOML values as JSON; times as RFC 3339."""
    match value:
        case datetime() if value.tzinfo is not None:
            return rfc3339(value)
        case Mapping():
            return {key: _plain(inner) for key, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case _:
            return value


def load_policy(path: Path) -> Policy:
    """Read a policy file.

    Raises:
        UnavailableError: the file cannot be read.
        DataError: it is over 1 MiB, not UTF-8, or refused.
    """
    content = read_input(path, MAX_BYTES)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise DataError("not valid UTF-8", subject=str(path)) from None
    return Policy.parse(text, subject=str(path))


@cache
def default_policy() -> Policy:
    """The built-in policy."""
    file = resources.files("assay.policy").joinpath("default.toml")
    return Policy.parse(file.read_text(encoding="utf-8"), subject="default policy")


def _table(text: str, subject: str) -> dict[str, Any]:
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise DataError(f"not valid TOML: {error}", subject=subject) from None
    extra = sorted(set(table) - _KEYS)
    if extra:
        raise DataError(f"{extra[0]!r} is not a field of a policy", subject=subject)
    return table


def _word(table: Mapping[str, Any], name: str, subject: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not _NAME.match(value):
        raise DataError(
            f"{name} is missing or not a word",
            subject=subject,
            remedy="letters, digits, '.', '_', '-', 64 at most",
        )
    return value


def _tables(table: Mapping[str, Any], name: str, subject: str) -> list[Any]:
    rows = table.get(name, [])
    if not isinstance(rows, list):
        raise DataError(f"write [[{name}]], with double brackets", subject=subject)
    return rows


def _data_type(data: Any, subject: str) -> Record:
    try:
        kind = type_of_data(data, "data")
    except DataError as error:
        raise DataError(error.message, subject=f"{subject}: {error.subject}") from None
    if not isinstance(kind, Record):
        raise DataError("data is not a table", subject=subject)
    return kind


def _rules(
    table: Mapping[str, Any], data: Mapping[str, Any], data_type: Record, subject: str
) -> tuple[Rule, ...]:
    rows = _tables(table, "rules", subject)
    if not rows or len(rows) > MAX_RULES:
        raise DataError(f"a policy has between 1 and {MAX_RULES} rules", subject=subject)
    rules = tuple(
        read_rule(row, data, data_type, f"{subject}: rule {number}")
        for number, row in enumerate(rows, 1)
    )
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise DataError(f"two rules are called {rule.id!r}", subject=subject)
        seen.add(rule.id)
    return rules


_TEST_KEYS = frozenset({"name", "facts", "unknown", "outcome", "against"})


def _test(row: Any, rules: tuple[Rule, ...], subject: str) -> PolicyTest:
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        raise DataError("a test needs a name", subject=subject)
    where = f"{subject}: test {row['name']!r}"
    extra = sorted(set(row) - _TEST_KEYS)
    if extra:
        raise DataError(f"{extra[0]!r} is not a field of a test", subject=where)
    if row.get("outcome") not in tuple(Outcome):
        raise DataError(f"outcome is one of: {', '.join(Outcome)}", subject=where)
    facts, against = row.get("facts", {}), row.get("against")
    if not isinstance(facts, dict):
        raise DataError("facts is not a table", subject=where)
    unknown = _names(row.get("unknown", []), frozenset(FACTS), "fact", where)
    known = frozenset(rule.id for rule in rules)
    named = None if against is None else _names(against, known, "rule", where)
    return PolicyTest(row["name"], facts, unknown, Outcome(row["outcome"]), named)


def _names(rows: Any, known: frozenset[str], what: str, where: str) -> tuple[str, ...]:
    if not isinstance(rows, list):
        raise DataError(f"needs a list of {what}s", subject=where)
    for row in rows:
        if row not in known:
            raise DataError(f"{row!r} is not a {what}", subject=where)
    return tuple(rows)
