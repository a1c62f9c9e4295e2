"""`assay admin keys`: the public parts of the server's keys."""

from __future__ import annotations

from typing import Annotated

import typer

from assay.cli.admin_host import place_of
from assay.cli.terminal import Format, console, print_json

app = typer.Typer(
    name="keys",
    help="Show the public parts of the server's keys.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
)


@app.callback()
def _group() -> None:
    """Show the public parts of the server's keys."""


@app.command()
def show(
    form: Annotated[Format, typer.Option("--format", help="How to answer.")] = Format.TABLE,
) -> None:
    """Print the root fingerprint and the public keys; private parts are not even opened.

    Clients pin the fingerprint: assay trust add URL --fingerprint F.

    Examples:

      assay admin keys show

      assay admin keys show --format json
    """
    from assay.access.setting_up import trust_of
    from assay.config import Config

    root = trust_of(place_of(Config.load()))
    keys = {
        "decision": root.decision,
        "approval": root.approval,
        "release index": root.release_index,
        "agent jobs": root.agent_jobs,
    }
    if form is Format.JSON:
        document = {
            "url": root.url,
            "fingerprint": root.fingerprint,
            "log": root.log_vkey,
            "keys": [
                {"use": use, "id": key.key_id, "pem": key.pem.decode()} for use, key in keys.items()
            ],
        }
        print_json({"schema": "assay.admin-keys/1", **document})
        return
    out = console()
    out.print(f"root fingerprint  {root.fingerprint}\naddress           {root.url}", markup=False)
    out.print(f"log               {root.log_vkey}", markup=False)
    for use, key in keys.items():
        out.print(f"{use:17} {key.key_id}", markup=False)
