"""What a scanner is given, and what it answers into."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from mmap import mmap
from typing import Any, Self

from assay.core.finding import Confidence, Finding, Location, Severity, Unread
from assay.core.limits import ArchiveLimits, ScanLimits
from assay.scanning.archives.spent import Spent
from assay.scanning.file_rules import RULES
from assay.scanning.notes import MOST_NOTES, Note
from assay.scanning.pickle.imports import ImportPolicy, builtin_policy
from assay.scanning.rules import Rule

Buffer = bytes | bytearray | memoryview | mmap
"""Random access to a file's bytes, or to those of a member of an archive."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One file, or one member of an archive, and the budgets for it.

    Attributes:
        path: The file, as findings name it; "" where the file is the unit.
        title: Its name, whose ending says what the bytes claim to be; the path when empty.
        limits: Budgets of the scan.
        archives: Budgets of reading an archive.
        policy: Judges what a pickle imports.
        member: The member of an archive the bytes are; None for the file itself.
        base: Offset of the first byte in the file, added to every offset.
        depth: How many containers are around it.
        spent: What unpacking the file has cost so far.
        yara: Matches the user's own rules, where there are some.
    """

    path: str
    title: str = ""
    limits: ScanLimits = field(default_factory=ScanLimits)
    archives: ArchiveLimits = field(default_factory=ArchiveLimits)
    policy: ImportPolicy = field(default_factory=builtin_policy)
    member: str | None = None
    base: int = 0
    depth: int = 0
    spent: Spent = field(default_factory=Spent, compare=False)
    yara: Any = field(default=None, compare=False, repr=False)

    @property
    def name(self) -> str:
        """What the bytes claim to be, by their name."""
        return self.member or self.title or self.path

    @property
    def full_name(self) -> str:
        """The file within its unit, and the member of it behind `!`."""
        name = self.path or self.title
        return f"{name}!{self.member}" if self.member else name

    def renamed(self) -> Self:
        """The same bytes in another form: one level further in, by the same name."""
        return replace(self, depth=self.depth + 1)

    def inside(self, member: str, base: int) -> Self:
        """A member of this file."""
        shown = f"{self.member}!{member}" if self.member else member
        return replace(self, member=shown, base=base, depth=self.depth + 1)


class Answer:
    """Findings and unread parts of one file, the worst kept when there are too many.

    Attributes:
        family: The family a scanner found the file to be of, where that says more than how it
            was recognised: a zip archive that is a model of some library.
    """

    def __init__(self, subject: Subject) -> None:
        self.family = ""
        self._subject = subject
        self._findings: dict[tuple[str, Location, str], Finding] = {}
        self._unread: dict[str, Unread] = {}
        self._left_out = 0
        self._mildest: Finding | None = None
        self._notes: dict[Note, None] = {}

    def find(
        self,
        rule: Rule,
        evidence: str,
        *,
        offset: int | None = None,
        line: int | None = None,
        member: str | None = None,
        severity: Severity | None = None,
        confidence: Confidence | None = None,
    ) -> None:
        """Report a finding; `offset` counts from the first byte the scanner was given."""
        subject = self._subject
        place = Location(
            offset=None if offset is None else subject.base + offset,
            line=line,
            member=member or subject.member,
        )
        self.add(
            rule.finding(subject.path, place, evidence, severity=severity, confidence=confidence)
        )

    def add(self, finding: Finding) -> None:
        """Add a finding made elsewhere."""
        key = _key(finding)
        if key in self._findings:
            return
        if len(self._findings) >= self._subject.limits.max_findings * 2:
            # A flood of small findings must not keep a grave one out.
            self._left_out += 1
            if self._mildest is None:
                self._mildest = min(self._findings.values(), key=_weight)
            if _weight(finding) <= _weight(self._mildest):
                return
            del self._findings[_key(self._mildest)]
            self._mildest = None
        self._findings[key] = finding

    def unread(self, reason: str, *, member: str | None = None) -> None:
        """Say that something a loader would read was not read, and why."""
        where = member or self._subject.member
        text = f"{where}: {reason}" if where else reason
        if len(self._unread) < self._subject.limits.max_findings:
            self._unread.setdefault(text, Unread(self._subject.path, text))

    def note(self, *notes: Note) -> None:
        """Hand out what the file says about others, for the judgement of its folder."""
        for note in notes:
            if len(self._notes) < MOST_NOTES:
                self._notes.setdefault(note)

    def take(self, findings: tuple[Finding, ...], unread: tuple[Unread, ...]) -> None:
        """Take over what another scan of the same file said."""
        for finding in findings:
            self.add(finding)
        for item in unread:
            if len(self._unread) < self._subject.limits.max_findings:
                self._unread.setdefault(item.reason, item)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Worst first, at most the limit, and one that counts the rest."""
        ordered = sorted(self._findings.values(), key=_weight, reverse=True)
        limit = self._subject.limits.max_findings
        left_out = self._left_out + max(0, len(ordered) - limit)
        if not left_out:
            return tuple(ordered)
        more = RULES["file.more-findings"].finding(
            self._subject.path, Location(), f"{left_out} more"
        )
        return (*ordered[:limit], more)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the file says about others."""
        return tuple(self._notes)

    @property
    def unread_parts(self) -> tuple[Unread, ...]:
        """What was not read."""
        return tuple(self._unread.values())


def _weight(finding: Finding) -> tuple[int, int]:
    return (finding.severity.rank, finding.confidence.rank)


def _key(finding: Finding) -> tuple[str, Location, str]:
    return (finding.rule, finding.location, finding.evidence)
