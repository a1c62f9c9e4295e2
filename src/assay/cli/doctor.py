"""`assay doctor`: check an installation and say what to mend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.terminal import Format, console, print_json

if TYPE_CHECKING:
    from assay.doctor.interface import Line

_WORDS = {"ok": "[green]ok  [/green]", "warn": "[yellow]warn[/yellow]", "fail": "[red]fail[/red]"}
_WIDTH = 14


def command(
    form: Annotated[Format, typer.Option("--format", help="How to answer.")] = Format.TABLE,
) -> None:
    """Check an installation on its host and say what to mend. Nothing is changed.

    Looks at the machine, the sandbox, the data folder, keys, databases, worker, log, blobs, port
    and clock. Exits 0 if nothing failed, 1 if something did, 2 if nothing is set up there.

    Examples:

      assay doctor

      ASSAY_HOME=/srv/assay assay doctor --format json
    """
    from assay.config import Config
    from assay.doctor.examination import examine

    config = Config.load()
    if form is Format.JSON:
        found = examine(config)
        print_json(found.to_json())
    else:
        found = examine(config, told=_print)
        counts = found.counts
        console().print(
            f"\n{counts['ok']} ok, {counts['warn']} to look at, {counts['fail']} failed"
            f"  ({found.home})",
            markup=False,
        )
    if found.exit_code:
        raise typer.Exit(found.exit_code)


def _print(line: Line) -> None:
    from rich.markup import escape

    out = console()
    out.print(f"{_WORDS[line.status]}  {line.check:<{_WIDTH}} {escape(line.message)}")
    if line.remedy:
        out.print(f"{'':<6}{'':<{_WIDTH}} {escape(line.remedy)}")
