"""From what was done with an import to a finding about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from assay.core.finding import Confidence, Severity
from assay.scanning.pickle.judgement import Safety
from assay.scanning.pickle.result import Import
from assay.scanning.pickle.values import Call, Global


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding to be made: rule, place in the buffer, evidence, and what differs from the rule."""

    rule: str
    offset: int
    evidence: str
    severity: Severity | None = None
    confidence: Confidence | None = None


def verdict(found: Global) -> Verdict | None:
    """The one finding an import and its uses deserve, or none."""
    call = max(found.calls, key=lambda made: made.safety.rank, default=None)
    if found.judgement.safety is Safety.DANGEROUS:
        return _dangerous(found, call)
    if call is None:
        return _only_imported(found)
    if call.safety is Safety.DANGEROUS:
        shown = _shown(found, call)
        rule = "pickle.dangerous-import"
        return Verdict(rule, call.offset, shown, Severity.HIGH, Confidence.MEDIUM)
    if call.safety is Safety.UNKNOWN:
        return Verdict("pickle.unknown-call", call.offset, _shown(found, call))
    if call.safety is Safety.REVIEW:
        return Verdict(_rule(found), call.offset, _shown(found, call))
    return None


def _rule(found: Global) -> str:
    """The rule a use breaks that a person must look at."""
    judgement = found.judgement
    if judgement.makes == "code":
        return "pickle.carries-code"
    unknown = judgement.kind == "class" or "constructed" in found.uses
    known = judgement.safety is Safety.ALLOWED or not unknown
    return "pickle.unexpected-arguments" if known else "pickle.unknown-class"


def _dangerous(found: Global, call: Call | None) -> Verdict:
    rule, why = "pickle.dangerous-import", found.judgement.why
    if call is not None:
        shown = f"{_shown(found, call)}: {why}" if why else _shown(found, call)
        return Verdict(rule, call.offset, shown, found.judgement.severity)
    shown = f"{found.dotted} imported, not called: {why}"
    return Verdict(rule, found.offset, shown, Severity.HIGH, Confidence.MEDIUM)


def _only_imported(found: Global) -> Verdict | None:
    if found.judgement.safety is not Safety.UNKNOWN:
        return None
    shown = f"{found.dotted} imported, not called"
    known = Severity.LOW if found.judgement.library else None
    return Verdict("pickle.unknown-import", found.offset, shown, known)


def imports_names(imports: Iterable[Global]) -> bool:
    """Whether any import is written as a module and a name are."""
    return any(_NAME.match(found.module) and _NAME.match(found.name) for found in imports)


_NAME = re.compile(r"[A-Za-z_][\w.]*\Z")


def _shown(found: Global, call: Call) -> str:
    again = f", {found.count} calls in all" if found.count > 1 else ""
    reason = f" ({call.reason})" if call.reason and found.judgement.why != call.reason else ""
    return f"{found.dotted} by {call.how} with {call.arguments}{again}{reason}"


def summary(found: Global, base: int) -> Import:
    """The import as the result lists it."""
    safeties = [found.judgement.safety, *(call.safety for call in found.calls)]
    if "modified" in found.uses:
        safeties.append(Safety.DANGEROUS)
    worst = max(safeties, key=lambda safety: safety.rank)
    return Import(found.module, found.name, base + found.offset, tuple(sorted(found.uses)), worst)
