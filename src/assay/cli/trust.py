"""`assay trust`: pin a server's trust root, or show it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assay.cli.terminal import Format, console, print_json

app = typer.Typer(
    help="Pin a server's trust root, or show it.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
)

Form = Annotated[Format, typer.Option("--format", help="How to answer.")]


@app.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="The server's address.")],
    fingerprint: Annotated[
        str | None,
        typer.Option(
            "--fingerprint",
            metavar="HEX",
            help="Of its root key, as its administrator gave it to you.",
        ),
    ] = None,
    form: Form = Format.TABLE,
) -> None:
    """Fetch a server's signed trust document, check it, and keep it for this user.

    From then on evidence and revocations of that server are checked against it. The fingerprint
    comes from the administrator by another way (assay admin keys show); without one only a
    server on this very machine is believed.

    Examples:

      assay trust add https://assay.example.org --fingerprint 9f86d081884c7d65...

      assay trust add http://127.0.0.1:8470
    """
    from assay.access import pinning
    from assay.client.credentials import normal_url

    pinned = pinning.add(_folder(), normal_url(url), fingerprint)
    if form is Format.JSON:
        print_json({"schema": "assay.trust-pinned/1", **pinned.to_json()})
        return
    out = console()
    out.print(f"trusted {pinned.url} with root {pinned.root.fingerprint}", markup=False)
    out.print(f"kept in {pinned.path}", markup=False)
    if pinned.first_use:
        console(stderr=True).print(
            "no fingerprint was given: believed because it runs on this machine (trust on first use)"
        )


@app.command()
def show(
    url: Annotated[str | None, typer.Argument(metavar="[URL]", help="Of this server only.")] = None,
    form: Form = Format.TABLE,
) -> None:
    """Show the servers whose trust roots are kept, with their fingerprints.

    Examples:

      assay trust show

      assay trust show https://assay.example.org --format json
    """
    from assay.access import pinning
    from assay.client.credentials import normal_url

    found = (
        pinning.listed(_folder()) if url is None else [pinning.pinned(_folder(), normal_url(url))]
    )
    if form is Format.JSON:
        print_json({"schema": "assay.trust-list/1", "servers": [one.to_json() for one in found]})
        return
    for one in found:
        console().print(
            f"{one.url}\n  root  {one.root.fingerprint}\n  file  {one.path}", markup=False
        )
    if not found:
        console().print("no server is trusted yet; see: assay trust add --help")


def _folder() -> Path:
    """`trust` in the user's configuration folder."""
    from assay.client.credentials import config_folder

    return config_folder() / "trust"
