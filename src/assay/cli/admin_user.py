"""`assay admin user`: persons, robots and agents."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.admin_host import reading, shown, writing
from assay.cli.terminal import Format, console, print_json, print_table

if TYPE_CHECKING:
    import sqlalchemy as sa

    from assay.store.principals import Principal

app = typer.Typer(
    name="user",
    help="Add, list, disable and enable persons, robots and agents.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The principal's name.")]
Form = Annotated[Format, typer.Option("--format", help="How to answer.")]


class Kind(StrEnum):
    """Kinds of principals."""

    PERSON = "person"
    ROBOT = "robot"
    AGENT = "agent"


@app.command()
def add(
    name: Name,
    kind: Annotated[Kind, typer.Option("--kind", help="What it is.")] = Kind.PERSON,
    owner: Annotated[
        str | None,
        typer.Option("--owner", metavar="NAME", help="The person who answers for it."),
    ] = None,
    form: Form = Format.TABLE,
) -> None:
    """Add a principal. It can do nothing yet: give it roles, then a token.

    A robot or agent has an owning person; neither may approve what the other published.

    Examples:

      assay admin user add ana

      assay admin user add ci --kind robot --owner ana
    """
    from assay.access import people

    with writing() as (connection, now):
        made = people.add(connection, name=name, kind=kind.value, owner=owner, now=now, by=None)
        document = _document(connection, made)
    _answer(document, f"added {made.kind} {made.name}", form)


@app.command("list")
def list_users(form: Form = Format.TABLE) -> None:
    """List everyone, with their roles.

    Examples:

      assay admin user list

      assay admin user list --format json
    """
    from assay.store import principals

    rows: list[dict[str, Any]] = []
    with reading() as connection:
        page = principals.listed(connection)
        while page:
            rows += [_document(connection, one) for one in page]
            page = principals.listed(connection, after=page[-1].name)
    if form is Format.JSON:
        print_json({"schema": "assay.admin-users/1", "users": rows})
        return
    print_table(
        ["name", "kind", "owner", "roles", "disabled"],
        [[row["name"], row["kind"], row["owner"], _roles(row), row["disabled"]] for row in rows],
    )


@app.command()
def disable(name: Name, form: Form = Format.TABLE) -> None:
    """Take all access away at once; sessions end, and its robots are refused too.

    Examples:

      assay admin user disable ana

      assay admin user disable ci --format json
    """
    from assay.access import people

    with writing() as (connection, now):
        changed = people.disable(connection, name, now=now, by=None)
        document = _document(connection, changed)
    _answer(document, f"disabled {changed.name}", form)


@app.command()
def enable(name: Name, form: Form = Format.TABLE) -> None:
    """Give access back, with the roles and live tokens it had.

    Examples:

      assay admin user enable ana

      assay admin user enable ci --format json
    """
    from assay.access import people

    with writing() as (connection, now):
        changed = people.enable(connection, name, now=now, by=None)
        document = _document(connection, changed)
    _answer(document, f"enabled {changed.name}", form)


def _document(connection: sa.Connection, principal: Principal) -> dict[str, Any]:
    from assay.store import principals, roles

    owner = principal.owner_id
    return {
        "id": principal.id,
        "name": principal.name,
        "kind": principal.kind,
        "owner": None if owner is None else principals.get(connection, owner).name,
        "roles": [
            {"role": one.role, "namespace": one.namespace}
            for one in roles.of_principal(connection, principal.id)
        ],
        "created": shown(principal.created),
        "disabled": shown(principal.disabled_at),
    }


def _roles(row: dict[str, Any]) -> str:
    return ", ".join(f"{one['role']} in {one['namespace']}" for one in row["roles"])


def _answer(document: dict[str, Any], text: str, form: Format) -> None:
    if form is Format.JSON:
        print_json({"schema": "assay.admin-user/1", **document})
    else:
        console().print(text, markup=False)
