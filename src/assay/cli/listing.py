"""`assay list`: models, or the releases of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.terminal import Format, console, print_json, print_table

if TYPE_CHECKING:
    from assay.client.session import Session

PAGE = 200


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
            document = _all(session, "/api/v1/models", "models", "after")
        else:
            document = _all(session, model_path(str(ModelName.parse(model))), "releases", "before")
    if form is Format.JSON:
        print_json(document)
    elif model is None:
        _models(document["models"])
    else:
        _releases(document["releases"])


def _all(session: Session, path: str, rows: str, cursor: str) -> dict[str, Any]:
    """One document out of every page of a list."""
    page = session.json("GET", path, params={"limit": PAGE})
    document = {"schema": f"assay.{rows}/1", **page}
    while page[cursor] is not None:
        page = session.json("GET", path, params={"limit": PAGE, cursor: page[cursor]})
        document[rows] += page[rows]
    del document[cursor]
    return document


def _models(rows: list[dict[str, Any]]) -> None:
    if not rows:
        console().print("no models")
        return
    cells = []
    for row in rows:
        newest = row.get("newest") or {}
        cells.append([row["model"], newest.get("version", "")[:12], newest.get("state", "")])
    print_table(["model", "newest", "state"], cells)


def _releases(rows: list[dict[str, Any]]) -> None:
    if not rows:
        console().print("no releases")
        return
    titles = ["version", "state", "verdict", "created", "aliases", "title"]
    print_table(
        titles,
        [[row["version"][:12], *(row.get(title) for title in titles[1:])] for row in rows],
    )
