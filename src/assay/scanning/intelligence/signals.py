"""What other scanners said, taken in as signals that can only raise concern.

Read are SARIF 2.1.0, the JSON reports of modelscan and modelaudit, the file statuses of the
Hugging Face Hub's API, and this program's own report. Nothing here makes a unit cleaner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from assay.core.canonical import strict_json
from assay.core.errors import DataError
from assay.core.finding import Confidence, Finding, Location, Severity
from assay.scanning.references import HIDDEN_CODE
from assay.scanning.rules import Rule, printable, table

TITLE = "Other scanners"
MAX_BYTES = 256 * 1024 * 1024
_MOST = 10_000
RULES = table(
    (
        Rule(
            "signal.other-scanner",
            "Another scanner found something",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A report of another scanner, handed in with this scan, names the file. What it found "
            "was not looked at again here.",
            "Read the other report, and what this one says about the same file.",
            HIDDEN_CODE,
        ),
    )
)
_SARIF = {"error": Severity.HIGH, "warning": Severity.MEDIUM, "note": Severity.LOW}
_WORDS = {
    "critical": Severity.HIGH,
    "malicious": Severity.HIGH,
    "infected": Severity.HIGH,
    "dangerous": Severity.HIGH,
    "unsafe": Severity.HIGH,
    "high": Severity.HIGH,
    "error": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "suspicious": Severity.MEDIUM,
    "caution": Severity.MEDIUM,
    "warning": Severity.MEDIUM,
    "low": Severity.LOW,
    "info": Severity.INFO,
}


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing another scanner said.

    Attributes:
        tool: Who said it.
        path: About which file, as it named it; "" for the whole.
        rule: Its own id for it.
        severity: As far as it said; at most high.
        message: Its words.
    """

    tool: str
    path: str
    rule: str
    severity: Severity
    message: str

    def finding(self, path: str) -> Finding:
        """The signal as a finding about a file of a unit."""
        shown = printable(f"{self.tool}: {self.rule}: {self.message}")
        return RULES["signal.other-scanner"].finding(
            path, Location(), shown, severity=self.severity
        )


def read_signals(data: bytes, *, subject: str = "report") -> tuple[Signal, ...]:
    """The signals in a report of another scanner.

    Raises:
        DataError: too large, no JSON, or a form that is not known.
    """
    if len(data) > MAX_BYTES:
        raise DataError(f"is over {MAX_BYTES} bytes", subject=subject)
    document = strict_json(data, subject=subject)
    for recognises, read in _FORMS:
        if isinstance(document, dict) and recognises(document):
            try:
                found = tuple(read(document))
            except (AttributeError, KeyError, TypeError, ValueError):
                raise DataError("is not the report it looks like", subject=subject) from None
            if len(found) > _MOST:
                raise DataError(f"holds over {_MOST} results", subject=subject)
            return found
    raise DataError(
        "is no report that is known here",
        subject=subject,
        remedy="known are SARIF 2.1.0, modelscan, modelaudit, the Hub's file statuses, assay.scan/1",
    )


def about_files(
    signals: Iterable[Signal], paths: Iterable[str], *, whole: bool
) -> Iterator[Finding]:
    """Findings for the files a unit has.

    Args:
        signals: What others said.
        paths: The unit's files, `/` separated.
        whole: Whether these are all files there are, so that a signal about none of them
            is about the unit.
    """
    known = sorted(paths, key=len, reverse=True)
    for signal in signals:
        wanted = f"/{signal.path.replace(chr(92), '/').lstrip('/')}"
        path = next((p for p in known if wanted.endswith(f"/{p}")), "")
        if path or whole or not signal.path:
            yield signal.finding(path)


def _sarif(document: Mapping[str, Any]) -> Iterator[Signal]:
    for run in document["runs"]:
        driver = run["tool"]["driver"]
        usual = {
            row["id"]: row.get("defaultConfiguration", {}).get("level")
            for row in driver.get("rules", ())
        }
        for row in run.get("results", ()):
            if row.get("kind", "fail") != "fail" or row.get("suppressions"):
                continue
            rule = str(row.get("ruleId", ""))
            level = row.get("level") or usual.get(rule) or "warning"
            if level != "none":
                message = str(row.get("message", {}).get("text", ""))
                severity = _SARIF.get(level, Severity.MEDIUM)
                yield Signal(str(driver["name"]), _sarif_path(row), rule, severity, message)


def _sarif_path(row: Mapping[str, Any]) -> str:
    for place in row.get("locations", ()):
        address = place.get("physicalLocation", {}).get("artifactLocation", {}).get("uri")
        if isinstance(address, str):
            return unquote(urlsplit(address).path)
    return ""


def _modelscan(document: Mapping[str, Any]) -> Iterator[Signal]:
    for row in document["issues"]:
        word = str(row.get("severity", "")).lower()
        name = ".".join(str(row[key]) for key in ("module", "operator") if row.get(key))
        severity = _WORDS.get(word, Severity.MEDIUM)
        message = str(row.get("description", name))
        yield Signal("modelscan", str(row.get("source", "")), name or "issue", severity, message)


def _modelaudit(document: Mapping[str, Any]) -> Iterator[Signal]:
    for row in document["issues"]:
        word = str(row.get("severity", "")).lower()
        if word not in ("debug", "info"):
            severity = _WORDS.get(word, Severity.MEDIUM)
            rule = str(row.get("rule_code") or row.get("type") or "issue")
            place = str(row.get("location") or "").split(" (", 1)[0]
            yield Signal("modelaudit", place, rule, severity, str(row.get("message", "")))


def _hub(document: Mapping[str, Any]) -> Iterator[Signal]:
    for row in document["filesWithIssues"]:
        word = str(row.get("level", "")).lower()
        severity = _WORDS.get(word, Severity.MEDIUM)
        yield Signal("hub", str(row["path"]), word or "issue", severity, f"level {word}")


def _own(document: Mapping[str, Any]) -> Iterator[Signal]:
    for unit in document["units"]:
        for row in unit["findings"]:
            severity = min(Severity(row["severity"]), Severity.HIGH, key=lambda s: s.rank)
            path = str(row["path"] or unit["path"])
            yield Signal("assay", path, str(row["rule"]), severity, str(row["evidence"]))


_FORMS: tuple[
    tuple[Callable[[Mapping[str, Any]], bool], Callable[[Mapping[str, Any]], Iterator[Signal]]],
    ...,
] = (
    (lambda d: isinstance(d.get("runs"), list), _sarif),
    (lambda d: d.get("schema") == "assay.scan/1", _own),
    (lambda d: isinstance(d.get("filesWithIssues"), list), _hub),
    (lambda d: "issues" in d and "modelscan_version" in str(d.get("summary", "")), _modelscan),
    (lambda d: isinstance(d.get("issues"), list), _modelaudit),
)
