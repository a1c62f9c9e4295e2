"""What one stream does, written down: every import once with its uses, and other findings."""

from __future__ import annotations

from assay.scanning.pickle.imports import ImportPolicy, renamed
from assay.scanning.pickle.judgement import Safety
from assay.scanning.pickle.result import Buffer
from assay.scanning.pickle.shapes import preview
from assay.scanning.pickle.values import Call, Global, Value
from assay.scanning.pickle.verdicts import Verdict

_CALLS_KEPT = 4
_IMPORTS_KEPT = 100_000
_REPORTS_KEPT = 1_000


class ImportLimitError(Exception):
    """More different imports than are kept."""


class Ledger:
    """The imports and reports of one stream.

    Attributes:
        imports: Every imported name once, with its uses.
        reports: Findings other than those about what was done with an import.
    """

    def __init__(self, data: Buffer, policy: ImportPolicy) -> None:
        self.data = data
        self.imports: dict[tuple[str, str], Global] = {}
        self.reports: list[Verdict] = []
        self._policy = policy

    def imported(self, module: str, name: str, offset: int, protocol: int) -> Global:
        """A name is imported; the worse of what is written and what it is renamed to counts.

        Raises:
            ImportLimitError: there are too many.
        """
        actual = renamed(module, name, protocol)
        found = self.imports.get(actual)
        if found is not None:
            return found
        if len(self.imports) >= _IMPORTS_KEPT:
            raise ImportLimitError
        judgement = self._policy.judge(*actual)
        if actual != (module, name):
            written = self._policy.judge(module, name)
            renaming = judgement.safety in (Safety.ALLOWED, Safety.REVIEW)
            if written.why and written.safety is Safety.DANGEROUS and not renaming:
                judgement = written
        made = Global(*actual, offset, judgement)
        self.imports[actual] = made
        return made

    def keep(
        self, callee: Global, arguments: Value, offset: int, how: str, safety: Safety, reason: str
    ) -> None:
        """Write a call down, as long as they are few or it is worse than those before."""
        if len(callee.calls) < _CALLS_KEPT or safety.rank > callee.worst:
            callee.worst = max(callee.worst, safety.rank)
            shown = preview(self.data, arguments)
            callee.calls.append(Call(offset, how, shown, safety, reason))

    def report(self, rule: str, offset: int, evidence: str) -> None:
        """A finding by its rule's own severity."""
        self.note(Verdict(rule, offset, evidence))

    def note(self, found: Verdict) -> None:
        """A finding, as long as they are not too many."""
        if len(self.reports) < _REPORTS_KEPT:
            self.reports.append(found)
