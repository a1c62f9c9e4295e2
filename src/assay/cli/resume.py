"""`assay resume`: serve a held release again."""

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
    """Serve a held release again, in the state it was held from, if policy still allows it.

    Examples:

      assay resume acme/sentiment@3f2a91c --reason "false report"

      assay resume acme/sentiment@3f2a91c --reason "cleared" --format json
    """
    act(release, "resume", {"reason": reason}, form)
