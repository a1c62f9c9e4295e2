"""Putting together what the files of a folder said about each other."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from assay.core.finding import Confidence, Finding, Location, Unread
from assay.scanning.notes import CodeFile, CodeReference, Note
from assay.scanning.repository.chains import (
    Link,
    dangerous,
    folder_of,
    follow,
    located,
    resolve,
)
from assay.scanning.repository.rules import RULES

_TOLD = "config.remote-code"
_MOST_CHAINS = 50
_PICKLED = frozenset({"torch", "pickle", "torch-legacy", "torch-tar"})
_WEIGHTS = ("pytorch_model", "model", "adapter_model", "diffusion_pytorch_model")


@dataclass(frozen=True, slots=True)
class Read:
    """One file of the folder, read by itself.

    Attributes:
        name: The file, as notes call it.
        path: The file, as findings call it; "" where it is the unit.
        family: Its format.
        notes: What it says about others.
    """

    name: str
    path: str
    family: str
    notes: tuple[Note, ...]

    @classmethod
    def of(cls, path: str, family: str, notes: Sequence[Note]) -> Self:
        """A file by its path in findings; where that is "", notes call it by its own name."""
        name = path or next((note.path.partition("!")[0] for note in notes), "")
        return cls(name, path, family, tuple(notes))


@dataclass(frozen=True, slots=True)
class Together:
    """What the files are together.

    Attributes:
        findings: About more than one file.
        unread: Code that is named and is not there, or was not read to its end.
        answered: Rule and path of findings about one file that these stand for.
    """

    findings: tuple[Finding, ...] = ()
    unread: tuple[Unread, ...] = ()
    answered: frozenset[tuple[str, str]] = frozenset()

    def without_answered(self, findings: Iterable[Finding]) -> list[Finding]:
        """Findings about single files, without those which these stand for."""
        return [one for one in findings if (one.rule, one.path) not in self.answered]


def judge_together(reads: Sequence[Read]) -> Together:
    """Follow every reference to code, and look at which weights lie beside which."""
    notes = [note for read in reads for note in read.notes]
    files = {note.path: note for note in notes if isinstance(note, CodeFile)}
    references = [note for note in notes if isinstance(note, CodeReference)]
    if not references and len(reads) < 2:
        return Together()
    paths = {read.name: read.path for read in reads}
    combined = _Combining(files, paths)
    for reference in references:
        combined.add(reference)
    combined.findings += _safer_weights(reads)
    return combined.result()


class _Combining:
    def __init__(self, files: Mapping[str, CodeFile], paths: Mapping[str, str]) -> None:
        self._files = files
        self._paths = paths
        self.findings: list[Finding] = []
        self._unread: dict[Unread, None] = {}
        self._answered: set[tuple[str, str]] = set()
        self._clean: dict[str, dict[str, set[str]]] = {}

    def add(self, reference: CodeReference) -> None:
        """Follow one reference."""
        path = self._path(reference.path)
        first = resolve(reference, self._files)
        if first is None:
            if reference.required:
                self._missing(reference, path)
            return
        chains = 0
        read: set[str] = set()
        for link in follow(first, reference, self._files):
            read.add(link.file.path)
            if not link.file.whole:
                reason = f"{reference.key}: {link.file.path} was not read to its end"
                self._unread.setdefault(Unread(path, reason))
            chains += self._judge(reference, path, link)
        self._answered.add((_TOLD, path))
        if not chains:
            found = self._clean.setdefault(path, {})
            found.setdefault(reference.key, set()).update(read)

    def _missing(self, reference: CodeReference, path: str) -> None:
        where = located(reference.path, reference.file)
        others = any(folder_of(name) == folder_of(reference.path) for name in self._files)
        beside = "not in the folder" if len(self._paths) > 1 or others else "not part of the scan"
        shown = (where or reference.file)[:120]
        reason = f"{reference.key} names {reference.target[:120]}, and {shown} is {beside}"
        self._unread.setdefault(Unread(path, reason))

    def _judge(self, reference: CodeReference, path: str, link: Link) -> int:
        count = 0
        for deed, severity in dangerous(link):
            if len(self.findings) >= _MOST_CHAINS:
                return count + 1
            way = list(link.way)
            way[0] = f"{way[0]}:{reference.target.rpartition('.')[2]}"
            way[-1] = f"{way[-1]}:{deed.line}" if len(way) > 1 else f"{way[-1]} line {deed.line}"
            name = reference.path.rsplit("/", 1)[-1]
            evidence = f"{name} {reference.key} -> {' -> '.join(way)} {deed.evidence}"
            place = Location(line=reference.line or None)
            rule = RULES["repo.remote-code-chain"]
            self.findings.append(rule.finding(path, place, evidence, severity=severity))
            count += 1
        return count

    def _path(self, name: str) -> str:
        return self._paths.get(name.partition("!")[0], name.partition("!")[0])

    def result(self) -> Together:
        """All of it."""
        for path, keys in self._clean.items():
            files = {file for read in keys.values() for file in read}
            shown = ", ".join(sorted(keys)[:6])
            evidence = f"{shown}: {len(files)} files read, nothing dangerous"
            rule = RULES["repo.code-read"]
            self.findings.append(rule.finding(path, Location(), evidence))
        return Together(
            tuple(dict.fromkeys(self.findings)), tuple(self._unread), frozenset(self._answered)
        )


def _safer_weights(reads: Sequence[Read]) -> list[Finding]:
    """Pickled weights beside safetensors, one finding per folder."""
    found: list[Finding] = []
    safe = {posixpath.dirname(read.name) for read in reads if read.family == "safetensors"}
    told: set[str] = set()
    for read in reads:
        folder = posixpath.dirname(read.name)
        name = posixpath.basename(read.name)
        pickled = read.family in _PICKLED and name.startswith(_WEIGHTS)
        if pickled and folder in safe and folder not in told:
            told.add(folder)
            rule = RULES["repo.safer-weights"]
            found.append(rule.finding(read.path, Location(), name, confidence=Confidence.HIGH))
    return found
