"""`assay list`: models, or the releases of one."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from assay.cli.terminal import Format, console, print_json


def command(
    model: Annotated[
        str | None, typer.Argument(help="namespace/name; all models without.", metavar="[MODEL]")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to answer.")] = Format.TABLE,
) -> None:
    """List the models you may read, or every release of one.

    Examples:

      assay list

      assay list acme/sentiment --format json
    """
    from assay.client import credentials
    from assay.client.session import Session, model_path
    from assay.core.names import ModelName

    with Session(credentials.current()) as session:
        if model is None:
            document = session.json("GET", "/api/v1/models", params={"limit": 1000})
        else:
            document = session.json("GET", model_path(str(ModelName.parse(model))))
    if form is Format.JSON:
        print_json(document)
    elif model is None:
        _models(document["models"])
    else:
        _releases(document["releases"])


def _models(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table("model", "newest", "state", box=None)
    for row in rows:
        newest = row.get("newest") or {}
        table.add_row(row["model"], newest.get("version", "")[:12], newest.get("state", ""))
    console().print(table if rows else "no models")


def _releases(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table("version", "state", "verdict", "created", "aliases", "title", box=None)
    for row in rows:
        aliases = ", ".join(row["aliases"])
        verdict = row.get("verdict") or ""
        cells = (row["version"][:12], row["state"], verdict, row["created"], aliases, row["title"])
        table.add_row(*cells)
    console().print(table if rows else "no releases")
