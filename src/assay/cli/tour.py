"""`assay tour`: the guided story on real files."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Use this installation and keep the server up afterwards."),
    ] = False,
) -> None:
    """Take a real model through everything, attack it on the way, and show what stopped each attack.

    Exit code 0 only if every step ended as expected. Without `--keep` everything happens in a
    temporary folder on a free port, and nothing is left behind.

    Examples:

      assay tour

      ASSAY_HOME=.assay assay tour --keep
    """
    import importlib

    for package in ("sqlalchemy", "huggingface_hub"):
        importlib.import_module(package)  # said before anything is made, not half-way
    from assay.config import Config
    from assay.tour.show import tell

    raise typer.Exit(tell(Config.load(), keep=keep))
