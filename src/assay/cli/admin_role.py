"""`assay admin role`: who may do what, and where."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from assay.cli.admin_host import reading, shown, writing
from assay.cli.terminal import Format, console, print_json, print_table

app = typer.Typer(
    name="role",
    help="Give, take and list roles in namespaces.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The principal's name.")]
Role = Annotated[
    str,
    typer.Argument(
        metavar="ROLE", help="reader, publisher, reviewer, security, admin or endpoint."
    ),
]
Namespace = Annotated[
    str,
    typer.Option("--namespace", metavar="NS", help="Where; '*' is everywhere."),
]
Form = Annotated[Format, typer.Option("--format", help="How to answer.")]


@app.command()
def add(name: Name, role: Role, namespace: Namespace, form: Form = Format.TABLE) -> None:
    """Give a role in a namespace, which need not exist yet. Admin in '*' runs the installation.

    Examples:

      assay admin role add ana publisher --namespace acme

      assay admin role add sam admin --namespace '*'
    """
    from assay.access import granting
    from assay.access.naming import principal_named

    with writing() as (connection, now):
        principal = principal_named(connection, name)
        made = granting.give(
            connection, principal, role=role, namespace=namespace, now=now, by=None
        )
    _answer(principal.name, made.role, made.namespace, "is now", form)


@app.command()
def remove(name: Name, role: Role, namespace: Namespace, form: Form = Format.TABLE) -> None:
    """Take a role back; tokens and sessions lose it with their next request.

    Examples:

      assay admin role remove ana publisher --namespace acme

      assay admin role remove sam admin --namespace '*'
    """
    from assay.access import granting
    from assay.access.naming import principal_named

    with writing() as (connection, now):
        principal = principal_named(connection, name)
        gone = granting.take(
            connection, principal, role=role, namespace=namespace, now=now, by=None
        )
    _answer(principal.name, gone.role, gone.namespace, "is no longer", form)


@app.command("list")
def list_roles(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Of this principal only.")
    ] = None,
    form: Form = Format.TABLE,
) -> None:
    """List who has which role where.

    Examples:

      assay admin role list

      assay admin role list ana --format json
    """
    from assay.access.naming import principal_named
    from assay.store import principals, roles

    with reading() as connection:
        if name is not None:
            found = roles.of_principal(connection, principal_named(connection, name).id)
        else:
            found, page = [], roles.listed(connection)
            while page:
                found += page
                page = roles.listed(connection, after=page[-1].id)
        names = principals.names(connection, {one.principal_id for one in found})
    rows: list[dict[str, Any]] = [
        {
            "name": names[one.principal_id],
            "role": one.role,
            "namespace": one.namespace,
            "created": shown(one.created),
        }
        for one in found
    ]
    if form is Format.JSON:
        print_json({"schema": "assay.admin-roles/1", "roles": rows})
    else:
        titles = ["name", "role", "namespace", "created"]
        print_table(titles, [[row[title] for title in titles] for row in rows])


def _answer(name: str, role: str, namespace: str, verb: str, form: Format) -> None:
    if form is Format.JSON:
        document = {"name": name, "role": role, "namespace": namespace}
        print_json({"schema": "assay.admin-role/1", **document})
    else:
        console().print(f"{name} {verb} {role} in {namespace}", markup=False)
