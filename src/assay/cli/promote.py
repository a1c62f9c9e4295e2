"""`assay promote`: point an alias at a release."""

from __future__ import annotations

from typing import Annotated

import typer

from assay.cli.releases import parse_release, show
from assay.cli.terminal import Format


def command(
    release: Annotated[str, typer.Argument(help="namespace/name@REV", metavar="RELEASE")],
    alias: Annotated[str, typer.Argument(help="For instance production.", metavar="ALIAS")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is recorded.")],
    form: Annotated[Format, typer.Option("--format", help="How to answer.")] = Format.TABLE,
) -> None:
    """Point a protected alias at an approved release.

    An alias can only name a release that may be served, and moves only by this command.

    Examples:

      assay promote acme/sentiment@3f2a91c production --reason "passed the canary"

      assay promote acme/sentiment@staging production --reason "weekly release"
    """
    from assay.client import credentials
    from assay.client.session import Session, model_path

    model, revision = parse_release(release, need_revision=True)
    with Session(credentials.current()) as session:
        body = {"revision": revision, "reason": reason}
        document = session.json("PUT", model_path(model, "aliases", alias), json=body)
    show(document, form)
