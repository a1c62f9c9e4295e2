"""`assay push`: upload a model folder as a new release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assay.cli.releases import print_release
from assay.cli.terminal import Format, byte_progress, console, print_json


def command(
    folder: Annotated[Path, typer.Argument(help="The model's folder.", metavar="FOLDER")],
    model: Annotated[str, typer.Argument(help="namespace/name", metavar="MODEL")],
    title: Annotated[str, typer.Option("--title", help="One line about this release.")] = "",
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until it has been judged.")
    ] = True,
    form: Annotated[Format, typer.Option("--format", help="How to answer.")] = Format.TABLE,
) -> None:
    """Upload a folder. It is quarantined, scanned and judged before anyone can pull it.

    Only bytes the server does not have are sent; a push that broke off can be repeated.
    Exit code 0: taken in and not denied. 1: denied; the reasons are printed. 3: not judged yet.

    Examples:

      assay push ./my-model acme/sentiment

      assay push ./my-model acme/sentiment --title "retrained on May data" --format json
    """
    from assay.client import credentials
    from assay.client.push import push, read_manifest
    from assay.client.session import Session
    from assay.client.waiting import exit_code, wait_until_judged
    from assay.core.errors import UsageError
    from assay.core.names import ModelName

    if not folder.is_dir():
        raise UsageError("is not a folder", subject=str(folder))
    name = ModelName.parse(model)
    total = read_manifest(folder).size
    with Session(credentials.current()) as session:
        with byte_progress(f"sending {folder.name}", total) as progress:
            pushed = push(session, folder, name, title=title, progress=progress)
        release = pushed.release
        if wait:
            release = wait_until_judged(session, str(name), release["version"])
    if form is Format.JSON:
        print_json(release)
    else:
        console().print(f"{pushed.files} files, {pushed.sent_bytes:,} bytes sent")
        print_release(release)
    raise typer.Exit(exit_code(release) if wait else 0)
