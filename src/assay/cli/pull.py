"""`assay pull`: download a release and verify it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assay.cli.releases import parse_release
from assay.cli.terminal import Format, byte_progress, console, print_json


def command(
    release: Annotated[str, typer.Argument(help="namespace/name@REV", metavar="RELEASE")],
    to: Annotated[
        Path | None, typer.Option("--to", help="New folder; by default the model's name.")
    ] = None,
    not_enforced: Annotated[
        bool,
        typer.Option(
            "--not-enforced",
            help="Take what policy does not allow, from a namespace that only observes or warns.",
        ),
    ] = False,
    form: Annotated[Format, typer.Option("--format", help="How to answer.")] = Format.TABLE,
) -> None:
    """Download an approved release, check every byte against its tree digest, then put it in place.

    The release's signed decision is checked against the server's pinned root (assay trust add)
    before a byte is fetched. A pull that broke off goes on where it stopped. A refusal prints the
    server's reason.

    Examples:

      assay pull acme/sentiment@production

      assay pull acme/sentiment@3f2a91c --to ./models/sentiment
    """
    from assay.client import credentials
    from assay.client.pull import pull
    from assay.client.release import release_document
    from assay.client.session import Session
    from assay.client.trusting import pinned_root, trusted_decision
    from assay.core.clock import SystemClock

    model, revision = parse_release(release, need_revision=False)
    destination = (to or Path(model.split("/")[1])).absolute()
    given = credentials.current()
    root = pinned_root(given.url, credentials.config_folder())
    with Session(given) as session:
        document = release_document(session, model, revision)
        now = SystemClock().now()
        decision = trusted_decision(session, root, document, now=now, enforced=not not_enforced)
        with byte_progress(f"pulling {model}", document["size"]) as progress:
            pulled = pull(
                session,
                model,
                document["version"],
                destination,
                tree=decision.tree,
                progress=progress,
            )
    if form is Format.JSON:
        print_json(
            {
                "schema": "assay.pull/1",
                "model": model,
                "version": pulled.release["version"],
                "tree": pulled.release["tree"],
                "decision": decision.outcome.value,
                "folder": str(pulled.folder),
                "fetched_bytes": pulled.fetched_bytes,
            }
        )
    else:
        console().print(
            f"{model}@{pulled.release['version'][:12]} is in {pulled.folder}", markup=False
        )
        console().print(f"  tree {pulled.release['tree']}, verified")
        console().print(f"  decision {decision.outcome}, signed by the pinned key")
