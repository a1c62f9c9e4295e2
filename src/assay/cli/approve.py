"""`assay approve`: say that a release may be used."""

from __future__ import annotations

from typing import Annotated

import typer

from assay.cli.releases import act
from assay.cli.terminal import Format


def command(
    release: Annotated[str, typer.Argument(help="namespace/name@REV", metavar="RELEASE")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is recorded.")],
    acknowledge: Annotated[
        list[str] | None,
        typer.Option("--acknowledge", help="Id of a finding you accept; may be repeated."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to answer.")] = Format.TABLE,
) -> None:
    """Approve a release somebody else published.

    Where the scan was suspicious, each finding is acknowledged by its id. The approval is
    recorded under the server's approval key together with how you were authenticated.

    Examples:

      assay approve acme/sentiment@3f2a91c --reason "reviewed the training report"

      assay approve acme/sentiment@3f2a91c --reason "known pattern" --acknowledge 9c1d2e3f4a5b
    """
    act(release, "approve", {"reason": reason, "acknowledged": acknowledge or []}, form)
