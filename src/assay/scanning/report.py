"""Reports: what a scan answers, and its JSON form `assay.scan/1`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from assay.core.digest import Digest
from assay.core.finding import Finding, Severity, Unread, Verdict, verdict_of

SCHEMA = "assay.scan/1"


@dataclass(frozen=True, slots=True)
class Unit:
    """What was asked about: a folder or a file.

    Attributes:
        path: As it was given, or the file's own path with `--each`.
        kind: `folder` or `file`.
        digest: Tree digest of a folder, digest of a file; None where there is none, because
            something in it could not be read or named.
        findings: Worst first.
        files: How many files it has.
    """

    path: str
    kind: str
    digest: Digest | None
    findings: tuple[Finding, ...]
    unread: tuple[Unread, ...]
    files: int = 1

    @property
    def verdict(self) -> Verdict:
        """The strictest word its findings and unread files make for."""
        return verdict_of(self.findings, self.unread)

    def to_json(self) -> dict[str, Any]:
        """One entry of `units`."""
        return {
            "path": self.path,
            "kind": self.kind,
            "digest": None if self.digest is None else str(self.digest),
            "verdict": self.verdict.value,
            "findings": [finding.to_json() for finding in self.findings],
            "unread": [item.to_json() for item in self.unread],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The answer of a scan.

    Attributes:
        units: In the order they were given.
        ruleset: Names the rules that were used.
    """

    units: tuple[Unit, ...]
    ruleset: str

    @property
    def findings(self) -> Iterator[tuple[Unit, Finding]]:
        """Every finding with its unit."""
        return ((unit, finding) for unit in self.units for finding in unit.findings)

    def reaches(self, gate: Severity, known: Collection[str] = ()) -> bool:
        """Whether a finding that is not known already is at the gate or above it."""
        return any(f.severity.at_least(gate) and f.id not in known for _, f in self.findings)

    @property
    def has_unread(self) -> bool:
        """Whether anything could not be read."""
        return any(unit.unread for unit in self.units)

    def exit_code(self, gate: Severity, known: Collection[str] = ()) -> int:
        """1 for a finding at the gate or above, else 3 if anything stayed unread, else 0."""
        if self.reaches(gate, known):
            return 1
        return 3 if self.has_unread else 0


def to_json(report: Report, known: Collection[str] = ()) -> dict[str, Any]:
    """The document of docs/schemas/assay.scan-1.json; `known` are ids of a baseline."""
    severities = Counter(finding.severity for _, finding in report.findings)
    verdicts = Counter(unit.verdict for unit in report.units)
    return {
        "schema": SCHEMA,
        "units": [unit.to_json() for unit in report.units],
        "summary": {
            "ruleset": report.ruleset,
            "units": len(report.units),
            "files": sum(unit.files for unit in report.units),
            "verdicts": {verdict.value: verdicts[verdict] for verdict in Verdict},
            "findings": {severity.value: severities[severity] for severity in Severity},
            "unread": sum(len(unit.unread) for unit in report.units),
            "known": sum(finding.id in known for _, finding in report.findings),
        },
    }


def to_sarif(report: Report, known: Collection[str] = ()) -> dict[str, Any]:
    """The report as SARIF 2.1.0; see `sarif.py`."""
    from assay.scanning import sarif

    return sarif.to_sarif(report, known)
