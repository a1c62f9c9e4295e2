"""`assay show`: a release with its evidence, findings and decision."""

from __future__ import annotations

from typing import Annotated

import typer

from assay.cli.releases import parse_release, show
from assay.cli.terminal import Format


def command(
    release: Annotated[str, typer.Argument(help="namespace/name[@REV]", metavar="RELEASE")],
    form: Annotated[Format, typer.Option("--format", help="How to answer.")] = Format.TABLE,
) -> None:
    """Show a release: state, evidence, findings, decision, and what would make it pass.

    Examples:

      assay show acme/sentiment@3f2a91c

      assay show acme/sentiment@production --format json
    """
    from assay.client import credentials
    from assay.client.session import Session, model_path

    model, revision = parse_release(release, need_revision=False)
    with Session(credentials.current()) as session:
        document = session.json("GET", model_path(model, "releases", revision))
    show(document, form)
