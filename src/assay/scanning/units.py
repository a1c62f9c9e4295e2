"""Units out of what was read: findings, what stayed unread, digests, and all files together."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from assay.core.digest import Digest
from assay.core.errors import DataError
from assay.core.finding import Finding, Location, Unread
from assay.core.folder import Listing, Problem, shown
from assay.core.manifest import Manifest, ManifestEntry
from assay.scanning.batch import FileRead
from assay.scanning.isolation.sandbox import FileResult
from assay.scanning.notes import Declared
from assay.scanning.outside import About, Outside
from assay.scanning.report import Unit
from assay.scanning.repository import Read, judge_together

_HUB_CACHE = re.compile(r"(?:\A|/)models--([^/]+?)--([^/]+)(?:/|\Z)")


def with_outside(
    known: Outside, unit: Unit, reads: Sequence[tuple[str, FileRead]], *, whole: bool = True
) -> Unit:
    """A unit with what is known of it from elsewhere."""
    files = about([replace(read, path=name) for name, read in reads], {})
    tree = unit.digest if unit.kind == "folder" else None
    told = tuple(
        known.findings(files, tree, name=_hub_name(os.path.realpath(unit.path)), whole=whole)
    )
    if unit.kind != "folder":  # the file is the unit: others' reports alone know it by its name
        told = tuple(replace(finding, path="") for finding in told)
    return replace(unit, findings=ordered((*unit.findings, *told))) if told else unit


def about(reads: Iterable[FileRead], digests: Mapping[str, Digest | None]) -> list[About]:
    """What intelligence is asked about: files by path, digest, format and declared versions."""
    rows = []
    for read in reads:
        result = result_of(read)
        declared = {n.framework: n.version for n in result.notes if isinstance(n, Declared)}
        digest = read.digest or digests.get(read.path)
        rows.append(About(read.path, digest, result.family, declared))
    return rows


def _hub_name(path: str) -> str:
    """The model's name where the path leads through a Hub cache."""
    found = _HUB_CACHE.search(path)
    return f"{found[1]}/{found[2]}" if found else ""


def failed(path: str, reason: str) -> FileRead:
    """A file that could not be taken in."""
    return FileRead(path, result=FileResult.failed(path, reason))


def result_of(read: FileRead) -> FileResult:
    """What the sandbox said of a file, or that it did not get to it."""
    return read.result or FileResult.failed(read.path, "the scan did not get to it")


def file_unit(path: str, read: FileRead) -> Unit:
    """A file as a unit."""
    findings, unread = together([("", read)])
    if read.digest is None and not unread:
        unread = [Unread("", "could not be hashed")]
    return Unit(path, "file", read.digest, ordered(findings), tuple(unread))


def together(
    reads: Sequence[tuple[str, FileRead]],
) -> tuple[list[Finding], list[Unread]]:
    """What was found in the files of a unit, each by itself and all together."""
    results = [(name, result_of(read)) for name, read in reads]
    together = judge_together(
        [Read.of(name, result.family, result.notes) for name, result in results]
    )
    findings = together.without_answered(f for _, result in results for f in result.findings)
    unread = [item for _, result in results for item in result.unread]
    return [*findings, *together.findings], [*unread, *together.unread]


def each_unit(path: Path, reads: Iterable[tuple[str, FileRead]]) -> list[Unit]:
    """Every file as a unit of its own."""
    return [file_unit(shown(str(path / name)), read) for name, read in reads]


def problem_units(listing: Listing) -> list[Unit]:
    """What a folder holds that no manifest can, each as a unit."""
    units = []
    for problem in listing.problems:
        findings, unread = _problem(listing, problem, "")
        path = shown(str(listing.root / problem.path))
        units.append(Unit(path, "file", None, findings, unread))
    return units


def folder_unit(path: Path, listing: Listing, reads: Sequence[tuple[str, FileRead]]) -> Unit:
    """A folder as a unit."""
    findings, unread = together(reads)
    for problem in listing.problems:
        found, missed = _problem(listing, problem, shown(problem.path))
        findings += found
        unread += missed
    digest, reason = _tree_digest(listing, reads)
    if reason is not None:
        unread.append(reason)
    if not reads and not findings and not unread:
        unread.append(Unread("", "the folder holds no files"))
    return Unit(
        shown(str(path)),
        "folder",
        digest,
        ordered(findings),
        tuple(unread),
        len(reads) + len(listing.problems),
    )


def _problem(
    listing: Listing, problem: Problem, inside: str
) -> tuple[tuple[Finding, ...], tuple[Unread, ...]]:
    """A link that is not followed is a finding; all else a manifest cannot hold is unread."""
    if os.path.islink(listing.root / problem.path) and not problem.unreadable:  # noqa: PTH114
        from assay.scanning.file_rules import RULES

        target = shown(str((listing.root / problem.path).readlink()))
        return (RULES["file.link"].finding(inside, Location(), f"leads to {target}"),), ()
    return (), (Unread(inside, problem.reason),)


def _tree_digest(
    listing: Listing, reads: Sequence[tuple[str, FileRead]]
) -> tuple[Digest | None, Unread | None]:
    """The folder's name, where all of it could be hashed; else, where nothing said so, why not."""
    entries = [
        ManifestEntry(name, read.size, read.digest)
        for name, read in reads
        if read.digest is not None
    ]
    missing = next((name for name, read in reads if read.digest is None), None)
    if missing is not None:
        return None, Unread(missing, "could not be hashed")
    try:
        manifest = Manifest.of(entries)
    except DataError as error:
        return None, Unread(error.subject or "", error.message)
    return (None if listing.problems else manifest.tree_digest), None


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Worst first."""
    return tuple(
        sorted(findings, key=lambda f: (-f.severity.rank, -f.confidence.rank, f.path, f.rule))
    )
