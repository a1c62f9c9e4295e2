"""`assay hold`: stop serving a release for now."""

from __future__ import annotations

from typing import Annotated

import typer

from assay.cli.releases import act
from assay.cli.terminal import Format


def command(
    release: Annotated[str, typer.Argument(help="namespace/name@REV", metavar="RELEASE")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is recorded.")],
    form: Annotated[Format, typer.Option("--format", help="How to answer.")] = Format.TABLE,
) -> None:
    """Stop serving a release at once. Any security person may; `assay resume` undoes it.

    Examples:

      assay hold acme/sentiment@production --reason "under investigation"

      assay hold acme/sentiment@3f2a91c --reason "report received"
    """
    act(release, "hold", {"reason": reason}, form)
