"""`assay deprecate`: mark a release as superseded."""

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
    """Mark a release as superseded. It is still served, and clients are shown a warning.

    Examples:

      assay deprecate acme/sentiment@3f2a91c --reason "use version 2"

      assay deprecate acme/sentiment@3f2a91c --reason "end of support" --format json
    """
    act(release, "deprecate", {"reason": reason}, form)
