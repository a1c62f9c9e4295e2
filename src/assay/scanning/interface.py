"""Scanning, as the command line, the server and Python programs use it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assay.core.digest import Digest
from assay.core.errors import UnavailableError, UsageError
from assay.core.finding import Finding, Unread, Verdict, verdict_of
from assay.core.folder import Listing, list_folder, shown
from assay.core.hashing import failed_to_open, silent
from assay.core.limits import ScanLimits
from assay.scanning.batch import Batch, FileRead
from assay.scanning.isolation.pool import Pool
from assay.scanning.isolation.sandbox import Sandbox, allowed
from assay.scanning.opening import Opener
from assay.scanning.outside import Outside
from assay.scanning.report import Report, Unit
from assay.scanning.results import ResultCache
from assay.scanning.ruleset import ruleset
from assay.scanning.units import (
    about,
    each_unit,
    failed,
    file_unit,
    folder_unit,
    ordered,
    problem_units,
    result_of,
    together,
    with_outside,
)

__all__ = ["RULESET", "FilesScan", "InputFile", "Report", "Unit", "scan", "scan_files"]

RULESET = ruleset()
"""Names the rules in use; a scan by other rules is no answer any more."""

Progress = Callable[[int], None]
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
    allow = allowed(policy_files)
    with Pool(lambda: Sandbox(limits, allow=allow)) as sandbox:
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
    sandbox = Pool(lambda: Sandbox(budgets, beat=lambda: progress(0)))
    with sandbox, Batch(sandbox, budgets, progress, cache) as batch:
        sandbox.start()
        for file in files:
            try:
                descriptor = file.open()
            except OSError as error:
                reads.append(failed(file.path, f"cannot be read: {error.strerror}"))
                continue
            reads.append(
                batch.take(file.path, descriptor, size=file.size, digest=False, known=file.digest)
            )
    if not files:
        reads.append(failed("", "there are no files"))
    found = [result_of(read) for read in reads]
    findings, unread = together([(read.path, read) for read in reads])
    told = known.findings(about(reads, {file.path: file.digest for file in files}), name=name)
    return FilesScan(
        ordered((*findings, *told)),
        tuple(unread),
        known.named(RULESET),
        tuple(sorted({result.family for result in found})),
    )


def _gather(path: Path, batch: Batch, known: Outside, *, each: bool) -> Callable[[], list[Unit]]:
    """Take in a path's files; the units are there when the batch is done."""
    if not os.path.isdir(path):  # noqa: PTH112 - what may not be looked into is no folder
        read = _take_file(path, batch)
        return lambda: [with_outside(known, file_unit(shown(str(path)), read), [(path.name, read)])]
    listing = list_folder(path)
    reads = _take_folder(listing, batch, each=each)
    if each:
        return lambda: [
            *problem_units(listing),
            *(
                with_outside(known, unit, [row], whole=False)
                for unit, row in zip(each_unit(path, reads), reads, strict=True)
            ),
        ]
    return lambda: [with_outside(known, folder_unit(path, listing, reads), reads)]


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
        return failed("", f"cannot be read: {error.strerror}")
    return batch.take("", descriptor, title=path.name)


def _take_folder(listing: Listing, batch: Batch, *, each: bool) -> list[tuple[str, FileRead]]:
    reads = []
    with Opener(listing) as opener:
        for file in listing.files:
            inside = "" if each else file.path
            try:
                descriptor = opener.open(file)
            except OSError as error:
                reads.append((file.path, failed(inside, failed_to_open(error).reason)))
                continue
            reads.append((file.path, batch.take(inside, descriptor, title=file.path)))
    return reads
