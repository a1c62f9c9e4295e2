"""Scanning, as the command line, the server and Python programs use it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assay.core.digest import Digest
from assay.core.errors import DataError, UnavailableError, UsageError
from assay.core.finding import Finding, Location, Unread, Verdict, verdict_of
from assay.core.folder import Listing, Problem, list_folder, shown
from assay.core.hashing import failed_to_open, silent
from assay.core.limits import ScanLimits
from assay.core.manifest import Manifest, ManifestEntry
from assay.scanning.batch import Batch, FileRead
from assay.scanning.isolation.pool import Pool
from assay.scanning.isolation.sandbox import FileResult, Sandbox, allowed
from assay.scanning.opening import Opener
from assay.scanning.outside import Outside
from assay.scanning.report import Report, Unit
from assay.scanning.repository import Read, judge_together
from assay.scanning.results import ResultCache
from assay.scanning.ruleset import ruleset

__all__ = ["RULESET", "FilesScan", "InputFile", "Report", "Unit", "scan", "scan_files"]

RULESET = ruleset()
"""Names the rules in use; a scan by other rules is no answer any more."""

Progress = Callable[[int], None]
_HUB_CACHE = re.compile(r"(?:\A|/)models--([^/]+?)--([^/]+)(?:/|\Z)")
_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file somebody else keeps.

    Attributes:
        path: Relative, as it is called in its unit.
        size: Bytes it must have.
        open: Gives a descriptor for reading, which the scanner closes.
        digest: Of its bytes, where it is known; it is what intelligence is asked about.
    """

    path: str
    size: int
    open: Callable[[], int]
    digest: Digest | None = None


@dataclass(frozen=True, slots=True)
class FilesScan:
    """What a scan of somebody's files says.

    Attributes:
        findings: Worst first.
        formats: The formats that were met, sorted.
    """

    findings: tuple[Finding, ...]
    unread: tuple[Unread, ...]
    ruleset: str
    formats: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """The strictest word they make for."""
        return verdict_of(self.findings, self.unread)


def scan(
    path: str | Path,
    *,
    each: bool = False,
    limits: ScanLimits | None = None,
    policy_files: Sequence[Path] = (),
    outside: Outside | None = None,
    progress: Progress = silent,
) -> Report:
    """Scan a folder or a file without loading any of it.

    Args:
        path: One unit.
        each: Make every file below it a unit of its own.
        limits: Budgets; exceeding one leaves a file unread.
        policy_files: Allow files: imports the caller vouches for.
        outside: Intelligence and other scanners' reports; the program's own feed by default.
        progress: Told the bytes read.

    Raises:
        UsageError: there is no such path, or an allow file cannot be used.
        UnavailableError: the folder cannot be read or the sandbox not be started.
    """
    return scan_paths(
        (path,),
        each=each,
        limits=limits,
        policy_files=policy_files,
        outside=outside,
        progress=progress,
    )


def scan_paths(
    paths: Sequence[str | Path],
    *,
    each: bool = False,
    limits: ScanLimits | None = None,
    policy_files: Sequence[Path] = (),
    outside: Outside | None = None,
    progress: Progress = silent,
) -> Report:
    """`scan` over several units, with one sandbox."""
    with Pool(limits, allow=allowed(policy_files)) as sandbox:
        sandbox.start()
        return scan_with(sandbox, paths, each=each, outside=outside, progress=progress)


def scan_with(
    sandbox: Pool | Sandbox,
    paths: Sequence[str | Path],
    *,
    each: bool = False,
    outside: Outside | None = None,
    cache: ResultCache | None = None,
    progress: Progress = silent,
) -> Report:
    """`scan_paths` with a sandbox that was made, and perhaps started, before."""
    known = outside or Outside()
    units: list[Unit] = []
    for path in paths:
        with Batch(sandbox, sandbox.limits, progress, cache) as batch:
            gathered = _gather(Path(path), batch, known, each=each)
        units += gathered()
    return Report(tuple(units), known.named(RULESET))


def scan_files(
    files: Sequence[InputFile],
    *,
    limits: ScanLimits | None = None,
    wall_seconds: int | None = None,
    outside: Outside | None = None,
    name: str = "",
    results: Path | None = None,
    progress: Progress = silent,
) -> FilesScan:
    """Scan files by descriptors, as one unit.

    Args:
        files: What to read; their bytes are not hashed again.
        limits: Budgets.
        wall_seconds: Elapsed time per file, in place of the budget's.
        outside: Intelligence and other scanners' reports; the program's own feed by default.
        name: The model's name, `ns/name`, where it has one.
        results: Where results are kept by digest; nowhere unless given.
        progress: Told the bytes handed over, and 0 about every second while nothing else happens.

    Raises:
        AssayError: what opening a file raises.
        UnavailableError: the sandbox cannot be started.
    """
    budgets = limits or ScanLimits()
    if wall_seconds is not None:
        budgets = replace(budgets, wall_seconds=wall_seconds)
    reads: list[FileRead] = []
    known = outside or Outside()
    cache = ResultCache(results, RULESET, budgets) if results else None
    sandbox = Pool(budgets, beat=lambda: progress(0))
    with sandbox, Batch(sandbox, budgets, progress, cache) as batch:
        sandbox.start()
        for file in files:
            try:
                descriptor = file.open()
            except OSError as error:
                reads.append(_failed(file.path, f"cannot be read: {error.strerror}"))
                continue
            reads.append(
                batch.take(file.path, descriptor, size=file.size, digest=False, known=file.digest)
            )
    if not files:
        reads.append(_failed("", "there are no files"))
    results = [_result(read) for read in reads]
    findings, unread = _together([(read.path, read) for read in reads])
    told = known.findings([(file.path, file.digest) for file in files], name=name)
    return FilesScan(
        _ordered((*findings, *told)),
        tuple(unread),
        known.named(RULESET),
        tuple(sorted({result.family for result in results})),
    )


def _gather(path: Path, batch: Batch, known: Outside, *, each: bool) -> Callable[[], list[Unit]]:
    """Take in a path's files; the units are there when the batch is done."""
    if not path.is_dir():
        read = _take_file(path, batch)
        return lambda: [_with(known, _file_unit(shown(str(path)), read), [(path.name, read)])]
    listing = list_folder(path)
    reads = _take_folder(listing, batch, each=each)
    if each:
        return lambda: [
            *_problem_units(listing),
            *(
                _with(known, unit, [row], whole=False)
                for unit, row in zip(_each_unit(path, reads), reads, strict=True)
            ),
        ]
    return lambda: [_with(known, _folder_unit(path, listing, reads), reads)]


def _with(
    known: Outside, unit: Unit, reads: Sequence[tuple[str, FileRead]], *, whole: bool = True
) -> Unit:
    """A unit with what is known of it from elsewhere."""
    files = [(name, read.digest) for name, read in reads]
    tree = unit.digest if unit.kind == "folder" else None
    told = tuple(known.findings(files, tree, name=_hub_name(unit.path), whole=whole))
    if unit.kind != "folder":  # the file is the unit: others' reports alone know it by its name
        told = tuple(replace(finding, path="") for finding in told)
    return replace(unit, findings=_ordered((*unit.findings, *told))) if told else unit


def _hub_name(path: str) -> str:
    """The model's name where the path leads through a Hub cache."""
    found = _HUB_CACHE.search(path)
    return f"{found[1]}/{found[2]}" if found else ""


def _take_file(path: Path, batch: Batch) -> FileRead:
    try:
        descriptor = os.open(path, _OPEN)
    except FileNotFoundError:
        raise UsageError("does not exist", subject=shown(str(path))) from None
    except OSError as error:
        if not os.path.lexists(path):
            raise UnavailableError(
                f"cannot be read: {error.strerror}", subject=shown(str(path))
            ) from None
        return _failed("", f"cannot be read: {error.strerror}")
    return batch.take("", descriptor, title=path.name)


def _take_folder(listing: Listing, batch: Batch, *, each: bool) -> list[tuple[str, FileRead]]:
    reads = []
    with Opener(listing) as opener:
        for file in listing.files:
            inside = "" if each else file.path
            try:
                descriptor = opener.open(file)
            except OSError as error:
                reads.append((file.path, _failed(inside, failed_to_open(error).reason)))
                continue
            reads.append((file.path, batch.take(inside, descriptor, title=file.path)))
    return reads


def _failed(path: str, reason: str) -> FileRead:
    return FileRead(path, result=FileResult.failed(path, reason))


def _result(read: FileRead) -> FileResult:
    return read.result or FileResult.failed(read.path, "the scan did not get to it")


def _file_unit(path: str, read: FileRead) -> Unit:
    findings, unread = _together([("", read)])
    if read.digest is None and not unread:
        unread = [Unread("", "could not be hashed")]
    return Unit(path, "file", read.digest, _ordered(findings), tuple(unread))


def _together(
    reads: Sequence[tuple[str, FileRead]],
) -> tuple[list[Finding], list[Unread]]:
    """What was found in the files of a unit, each by itself and all together."""
    results = [(name, _result(read)) for name, read in reads]
    together = judge_together(
        [Read.of(name, result.family, result.notes) for name, result in results]
    )
    findings = together.without_answered(f for _, result in results for f in result.findings)
    unread = [item for _, result in results for item in result.unread]
    return [*findings, *together.findings], [*unread, *together.unread]


def _each_unit(path: Path, reads: Iterable[tuple[str, FileRead]]) -> list[Unit]:
    return [_file_unit(shown(str(path / name)), read) for name, read in reads]


def _problem_units(listing: Listing) -> list[Unit]:
    units = []
    for problem in listing.problems:
        findings, unread = _problem(listing, problem, "")
        path = shown(str(listing.root / problem.path))
        units.append(Unit(path, "file", None, findings, unread))
    return units


def _folder_unit(path: Path, listing: Listing, reads: Sequence[tuple[str, FileRead]]) -> Unit:
    findings, unread = _together(reads)
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
        _ordered(findings),
        tuple(unread),
        len(reads) + len(listing.problems),
    )


def _problem(
    listing: Listing, problem: Problem, inside: str
) -> tuple[tuple[Finding, ...], tuple[Unread, ...]]:
    """A link that is not followed is a finding; all else a manifest cannot hold is unread."""
    if (listing.root / problem.path).is_symlink() and not problem.unreadable:
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


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(
        sorted(findings, key=lambda f: (-f.severity.rank, -f.confidence.rank, f.path, f.rule))
    )
