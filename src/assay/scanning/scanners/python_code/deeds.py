"""What a program was seen to do, as rules judge it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assay.core.finding import Confidence, Severity
from assay.scanning.scanners.python_code.rules import RULES
from assay.scanning.scanners.python_code.state import Call, Place
from assay.scanning.scanners.python_code.values import Value

_SHOWN = 90
_MOST_DEEDS = 1_000


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing a program does.

    Attributes:
        rule: Which rule is about it.
        line: Where, from 1.
        evidence: What exactly.
        place: When it runs.
        severity: How bad, here.
        confidence: How sure, here.
    """

    rule: str
    line: int
    evidence: str
    place: Place
    severity: Severity
    confidence: Confidence

    @property
    def weight(self) -> tuple[int, int]:
        """Graver is higher."""
        return (self.severity.rank, self.confidence.rank)


class Deeds:
    """What was seen so far; of one deed seen twice the graver."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int], Deed] = {}

    def __iter__(self) -> Iterator[Deed]:
        return iter(sorted(self._found.values(), key=lambda deed: (deed.line, deed.rule)))

    def add(
        self,
        rule: str,
        line: int,
        evidence: str,
        place: Place,
        severity: Severity | None = None,
        confidence: Confidence | None = None,
    ) -> None:
        """Note a deed."""
        deed = Deed(
            rule,
            line,
            evidence,
            place,
            severity or RULES[rule].severity,
            confidence or RULES[rule].confidence,
        )
        key = (rule, line)
        before = self._found.get(key)
        if before is not None and before.weight >= deed.weight:
            return
        if before is None and len(self._found) >= _MOST_DEEDS:
            mildest = min(self._found.items(), key=lambda item: item[1].weight)
            if mildest[1].weight >= deed.weight:
                return
            del self._found[mildest[0]]
        self._found[key] = deed


def shown(call: Call) -> str:
    """A call for evidence: its full name and what is known of its arguments."""
    parts = [_brief(value) for value in call.arguments[:4]]
    parts += [f"{name}={_brief(value)}" for name, value in list(call.named.items())[:3]]
    return f"{call.name}({', '.join(parts)}) {call.place.words}"


def _brief(value: Value) -> str:
    if value.is_constant:
        text = repr(value.constant)
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    if value.items and not value.name:
        return f"[{', '.join(_brief(part) for part in list(value.items.values())[:4])}]"[:_SHOWN]
    return value.name or "…"
