"""Gathers what the streams of one buffer say into one result."""

from __future__ import annotations

from assay.core.finding import Finding, Location, Unread
from assay.scanning.pickle.judgement import Safety
from assay.scanning.pickle.result import Import, PickleResult
from assay.scanning.pickle.rules import RULES
from assay.scanning.pickle.values import Global
from assay.scanning.pickle.verdicts import Verdict, summary, verdict

_MOST_OF_A_RULE = 50
"""Findings kept per rule besides those about imports, so that one flood hides nothing."""


class Collector:
    """Findings, unread parts and imports of one buffer and of the pickles inside it."""

    def __init__(self, path: str, member: str | None, limit: int) -> None:
        self._path = path
        self._member = member
        self._limit = limit
        self._findings: dict[tuple[str, int], Finding] = {}
        self._per_rule: dict[str, int] = {}
        self._unread: dict[str, Unread] = {}
        self._imports: dict[tuple[str, str], Import] = {}
        self._left_out = 0

    def add(self, found: Verdict, base: int) -> None:
        """A finding; `base` is the offset of the stream's buffer in the file."""
        key = (found.rule, base + found.offset)
        count = self._per_rule.get(found.rule, 0)
        if key in self._findings:
            return
        if count >= max(_MOST_OF_A_RULE, self._limit):
            self._left_out += 1
            return
        self._per_rule[found.rule] = count + 1
        self._findings[key] = RULES[found.rule].finding(
            self._path,
            Location(offset=base + found.offset, member=self._member),
            found.evidence,
            severity=found.severity,
            confidence=found.confidence,
        )

    def add_unread(self, offset: int, reason: str) -> None:
        """Something a loader would read and the scan could not."""
        where = f"{self._member}: " if self._member else ""
        text = f"{where}{reason} at byte {offset}"
        if len(self._unread) < self._limit:
            self._unread.setdefault(text, Unread(self._path, text))

    def add_imports(self, imports: list[Global], base: int) -> None:
        """The imports of a stream, with the finding each deserves."""
        for found in imports:
            made = verdict(found)
            if made is not None:
                self.add(made, base)
            row = summary(found, base)
            known = self._imports.get((row.module, row.name))
            self._imports[(row.module, row.name)] = _joined(known, row) if known else row

    def result(self, streams: int, end: int) -> PickleResult:
        """Everything gathered; the worst findings when there are more than the limit."""
        ordered = sorted(
            self._findings.values(),
            key=lambda f: (-f.severity.rank, -f.confidence.rank, f.location.offset or 0),
        )
        kept = ordered[: self._limit]
        left_out = self._left_out + len(ordered) - len(kept)
        if left_out:
            place = Location(member=self._member)
            more = RULES["pickle.more-findings"]
            kept.append(more.finding(self._path, place, f"{left_out} more"))
        return PickleResult(
            tuple(kept), tuple(self._unread.values()), tuple(self._imports.values()), streams, end
        )


def _joined(first: Import, second: Import) -> Import:
    worst: Safety = max(first.safety, second.safety, key=lambda safety: safety.rank)
    uses = tuple(sorted({*first.uses, *second.uses}))
    return Import(first.module, first.name, min(first.offset, second.offset), uses, worst)
