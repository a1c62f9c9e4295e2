"""`assay revoke`: withdraw a release for good."""

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
    """Withdraw a release for good. Clients are refused with the reason; this cannot be undone.

    Examples:

      assay revoke acme/sentiment@3f2a91c --reason "backdoor reported"

      assay revoke acme/sentiment@3f2a91c --reason "licence withdrawn" --format json
    """
    act(release, "revoke", {"reason": reason}, form)
