"""`assay reject`: say that a release may not be used."""

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
    """Reject a release. It is never served; a new version can be pushed.

    Examples:

      assay reject acme/sentiment@3f2a91c --reason "unexplained import"

      assay reject acme/sentiment@3f2a91c --reason "licence" --format json
    """
    act(release, "reject", {"reason": reason}, form)
