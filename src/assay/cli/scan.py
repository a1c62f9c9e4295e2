"""`assay scan`: find hidden code and broken containers in model files."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.terminal import byte_progress, console, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from assay.scanning.outside import Outside
    from assay.scanning.report import Report, Unit
    from assay.scanning.yara_rules import YaraRules


class Gate(StrEnum):
    """From which severity on a finding makes the answer no."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class ReportFormat(StrEnum):
    """How a scan answers."""

    TABLE = "table"
    JSON = "json"
    SARIF = "sarif"


def command(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Folders or files; each is one unit.", metavar="PATH...", readable=False
        ),
    ],
    gate: Annotated[
        Gate, typer.Option("--gate", help="Findings from here on make the answer no.")
    ] = Gate.HIGH,
    each: Annotated[
        bool, typer.Option("--each", help="Make every file below a folder its own unit.")
    ] = False,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            metavar="F",
            help="An earlier report (JSON): its findings no longer reach the gate.",
        ),
    ] = None,
    allow: Annotated[
        list[Path] | None,
        typer.Option(
            "--allow",
            metavar="F",
            help='Imports you vouch for (TOML): imports = ["package.Name"]. May be repeated.',
        ),
    ] = None,
    intelligence: Annotated[
        list[Path] | None,
        typer.Option(
            "--intel",
            metavar="F",
            help="A signed intelligence feed to use beside the built-in one. May be repeated.",
        ),
    ] = None,
    intelligence_key: Annotated[
        Path | None,
        typer.Option("--intel-key", metavar="PUB", help="The key that signs the feeds."),
    ] = None,
    signals: Annotated[
        list[Path] | None,
        typer.Option(
            "--signal",
            metavar="F",
            help="Another scanner's report (SARIF, JSON): it can only raise concern. "
            "May be repeated.",
        ),
    ] = None,
    yara: Annotated[
        list[Path] | None,
        typer.Option("--yara", metavar="F", help="YARA rules of your own. May be repeated."),
    ] = None,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs", min=0, max=64, help="Files read at once; 0: one per processor, at most four."
        ),
    ] = 0,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Read every file anew, and keep no results.")
    ] = False,
    form: Annotated[
        ReportFormat, typer.Option("--format", help="How to answer.")
    ] = ReportFormat.TABLE,
) -> None:
    """Scan model files without loading any. What cannot be read is unknown, never clean.

    Exit code 0: nothing at the gate or above. 1: a finding is. 3: none is, but something
    could not be read.

    Examples:

      assay scan ./my-model

      assay scan model.pt weights.safetensors --gate medium --format json
    """
    from assay.scanning.isolation.pool import Pool
    from assay.scanning.isolation.sandbox import Sandbox, allowed

    rules = _yara(yara or [])
    vouched = allowed(allow or ())
    with Pool(lambda: Sandbox(allow=vouched, yara=rules), jobs=jobs) as sandbox:
        sandbox.start()  # it gets ready while the rest is imported
        from assay.core.finding import Severity
        from assay.scanning.baseline import read_baseline
        from assay.scanning.interface import RULESET, scan_with
        from assay.scanning.results import ResultCache, default_folder

        known = read_baseline(baseline) if baseline else frozenset()
        outside = _outside(intelligence or [], intelligence_key, signals or [])
        outside = replace(outside, rules=rules.id if rules else "")
        cache = None
        folder = None if no_cache else default_folder()
        if folder is not None:
            cache = ResultCache(folder, outside.named(RULESET), sandbox.limits, vouched)
        out = console()
        with byte_progress("scanning", _size(paths)) as progress:
            report = scan_with(
                sandbox, paths, each=each, outside=outside, cache=cache, progress=progress
            )
    if form is ReportFormat.JSON:
        from assay.scanning.report import to_json

        print_json(to_json(report, known))
    elif form is ReportFormat.SARIF:
        from assay.scanning.report import to_sarif

        print_json(to_sarif(report, known))
    else:
        _print(out, report, known)
    raise typer.Exit(report.exit_code(Severity(gate.value), known))


def _yara(files: list[Path]) -> YaraRules | None:
    if not files:
        return None
    from assay.scanning.yara_rules import read_yara_rules

    return read_yara_rules(files)


def _outside(feeds: list[Path], key: Path | None, reports: list[Path]) -> Outside:
    """Intelligence and others' reports, as given."""
    from assay.core.reading import read_input
    from assay.scanning.intelligence.feed import builtin_feed
    from assay.scanning.intelligence.signals import MAX_BYTES, read_signals
    from assay.scanning.outside import Outside

    signals = [
        signal
        for path in reports
        for signal in read_signals(read_input(path, MAX_BYTES), subject=str(path))
    ]
    if not feeds:
        return Outside(signals=signals)
    from assay.evidence.intelligence import read_feed

    return Outside(builtin_feed().with_more(read_feed(path, key) for path in feeds), signals)


def _size(paths: list[Path]) -> int:
    """Bytes to expect, for the progress bar alone."""
    import sys

    if not sys.stderr.isatty():
        return 0
    files = (file for path in paths for file in (path.rglob("*") if path.is_dir() else (path,)))
    return sum(file.lstat().st_size for file in files if file.is_file())


def _print(out: Console, report: Report, known: frozenset[str]) -> None:
    for unit in report.units:
        _print_unit(out, unit, known)
    if len(report.units) > 1:
        verdicts = [unit.verdict.value for unit in report.units]
        counted = ", ".join(f"{verdicts.count(v)} {v}" for v in dict.fromkeys(verdicts))
        out.print(f"{len(report.units)} units: {counted}", markup=False)


_COLOURS = {"clean": "green", "suspicious": "yellow", "unknown": "yellow", "malicious": "bold red"}


def _print_unit(out: Console, unit: Unit, known: frozenset[str]) -> None:
    from rich.text import Text

    title = Text(f"{unit.path}: ")
    title.append(unit.verdict.value, style=_COLOURS[unit.verdict.value])
    out.print(title)
    if unit.digest is not None:
        out.print(f"  {unit.digest}", markup=False)
    for finding in unit.findings:
        mark = " (known)" if finding.id in known else ""
        out.print(
            f"  {finding.severity.value}/{finding.confidence.value}  {finding.rule}{mark}  "
            f"{_where(finding.path, finding.location.to_json())}\n"
            f"      {finding.title}: {finding.evidence}\n"
            f"      {finding.remedy}\n"
            f"      id {finding.id}",
            markup=False,
        )
    for item in unit.unread:
        where = f"{item.path}: " if item.path else ""
        out.print(f"  unread  {where}{item.reason}", markup=False)


def _where(path: str, location: dict[str, object]) -> str:
    parts = [path] if path else []
    parts += [f"{key} {value}" for key, value in location.items()]
    return ", ".join(parts)
