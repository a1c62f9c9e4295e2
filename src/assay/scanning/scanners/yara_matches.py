"""YARA rules of the user's own, asked about every file and every unpacked member.

The rules are compiled by YARA-X before the sandboxed child is locked; matching is one more
reading of bytes. A rule's metadata may set `severity`, `confidence` and `description`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

from assay.core.finding import Confidence, Severity
from assay.core.limits import MIB
from assay.scanning.references import HIDDEN_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.subject import Answer, Buffer

WINDOW = 64 * MIB
OVERLAP = 1 * MIB
"""A longer file is matched in windows that overlap by so much: what a rule asks about must lie
within one window, and `filesize` is that of the window."""
W = TypeVar("W", Severity, Confidence)

TITLE = "YARA"
RULES = table(
    (
        Rule(
            "yara.match",
            "A YARA rule matches",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A rule the scan was given matches the bytes. What that means is up to the rule.",
            "Ask whoever wrote the rule.",
            HIDDEN_CODE,
        ),
    )
)


class Scanner(Protocol):
    """What is used of `yara_x.Scanner`."""

    def scan(self, data: bytes) -> Any:
        """Match bytes against every rule."""
        ...


def match(scanner: Scanner, data: Buffer, answer: Answer) -> None:
    """Report each rule that matches, once, at its first place; the gravest if they are many."""
    found: dict[str, tuple[Any, int]] = {}
    for start in range(0, max(len(data), 1), WINDOW - OVERLAP):
        window = bytes(data[start : start + WINDOW])
        for rule in scanner.scan(window).matching_rules:
            found.setdefault(f"{rule.namespace}.{rule.identifier}", (rule, start))
        if start + WINDOW >= len(data):
            break
    for rule, start in found.values():
        _report(rule, start, answer)


def _report(rule: Any, start: int, answer: Answer) -> None:
    metadata = {str(key): value for key, value in rule.metadata}
    places = list(_places(rule))
    told = str(metadata.get("description", ""))
    answer.find(
        RULES["yara.match"],
        f"{rule.identifier}: {told}" if told else rule.identifier,
        offset=start + min(places) if places else None,
        severity=_word(Severity, metadata.get("severity")),
        confidence=_word(Confidence, metadata.get("confidence")),
    )


def _places(rule: Any) -> Iterator[int]:
    for pattern in rule.patterns:
        for found in pattern.matches:
            yield int(found.offset)


def _word(kind: type[W], value: object) -> W | None:
    try:
        return kind(str(value).lower()) if value is not None else None
    except ValueError:
        return None
