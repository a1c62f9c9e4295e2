"""Reports as SARIF 2.1.0 (OASIS), for code-scanning services and editors."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any
from urllib.parse import quote

from assay.core.finding import Finding, Severity
from assay.scanning.report import Report, Unit
from assay.scanning.ruleset import VERSION as PROGRAM_VERSION

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION = "2.1.0"
_LEVELS = {
    Severity.INFO: "note",
    Severity.LOW: "note",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "error",
}
_SCORES = {
    Severity.INFO: "0.0",
    Severity.LOW: "3.0",
    Severity.MEDIUM: "5.5",
    Severity.HIGH: "8.0",
    Severity.CRITICAL: "9.5",
}
"""What code-scanning services sort by, on the scale of CVSS."""


def to_sarif(report: Report, known: Collection[str] = ()) -> dict[str, Any]:
    """One run; findings are results, what stayed unread is a notification of the tool."""
    rules: dict[str, int] = {}
    described: list[dict[str, Any]] = []
    results = []
    for unit, finding in report.findings:
        if finding.rule not in rules:
            rules[finding.rule] = len(described)
            described.append(_rule(finding))
        results.append(_result(unit, finding, rules[finding.rule], known))
    driver = {
        "name": "Assay",
        "semanticVersion": PROGRAM_VERSION,
        "informationUri": "https://github.com/assay-ml/assay",
        "rules": described,
    }
    notes = [
        {
            "level": "warning",
            "message": {"text": item.reason},
            "descriptor": {"id": "unread"},
            "locations": [_place(unit, item.path)],
        }
        for unit in report.units
        for item in unit.unread
    ]
    invocation = {"executionSuccessful": True, "toolExecutionNotifications": notes}
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "results": results,
        "columnKind": "unicodeCodePoints",
        "properties": {"ruleset": report.ruleset},
    }
    return {"$schema": SCHEMA, "version": VERSION, "runs": [run]}


def _rule(finding: Finding) -> dict[str, Any]:
    tags = [*finding.references.atlas, *finding.references.attack, *finding.references.cwe]
    return {
        "id": finding.rule,
        "shortDescription": {"text": finding.title},
        "fullDescription": {"text": finding.explanation},
        "help": {"text": finding.remedy},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {
            "tags": ["security", *tags],
            "security-severity": _SCORES[finding.severity],
        },
    }


def _result(unit: Unit, finding: Finding, index: int, known: Collection[str]) -> dict[str, Any]:
    place = _place(unit, finding.path)
    region: dict[str, int] = {}
    if finding.location.line is not None:
        region["startLine"] = finding.location.line
    elif finding.location.offset is not None:
        region["byteOffset"] = finding.location.offset
    if region:
        place["physicalLocation"]["region"] = region
    if finding.location.member is not None:
        place["logicalLocations"] = [{"name": finding.location.member, "kind": "member"}]
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.title}: {finding.evidence}"},
        "locations": [place],
        "partialFingerprints": {"assayFindingId/v1": finding.id},
        "baselineState": "unchanged" if finding.id in known else "new",
        "properties": {
            "severity": finding.severity.value,
            "confidence": finding.confidence.value,
            "verdict": unit.verdict.value,
        },
    }


def _place(unit: Unit, path: str) -> dict[str, Any]:
    whole = f"{unit.path}/{path}" if path else unit.path
    uri = quote(os.path.normpath(whole), safe="/-._~")
    return {"physicalLocation": {"artifactLocation": {"uri": uri}}}
