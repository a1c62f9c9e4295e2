"""`assay admin token`: tokens made, listed and revoked."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.admin_host import reading, shown, writing
from assay.cli.terminal import Format, console, print_json, print_table

if TYPE_CHECKING:
    from assay.store.tokens import Token

app = typer.Typer(
    name="token",
    help="Make, list and revoke tokens.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
)

Form = Annotated[Format, typer.Option("--format", help="How to answer.")]


@app.command()
def add(
    owner: Annotated[str, typer.Argument(metavar="NAME", help="Whose token it is.")],
    name: Annotated[str, typer.Option("--name", help="What it is for, in a word or two.")],
    role: Annotated[
        list[str] | None,
        typer.Option("--role", help="A role it carries; all the owner has if none is named."),
    ] = None,
    namespace: Annotated[
        list[str] | None,
        typer.Option("--namespace", metavar="NS", help="Where; all the owner's if none is named."),
    ] = None,
    days: Annotated[int, typer.Option("--days", help="Until it expires, days, 1 to 90.")] = 30,
    form: Form = Format.TABLE,
) -> None:
    """Make a token that carries part of its owner's roles. It is printed once and kept nowhere.

    Examples:

      assay admin token add ana --name laptop

      assay admin token add ci --name pipeline --role publisher --namespace acme --days 7 --format json
    """
    from assay.access.naming import principal_named
    from assay.access.tokens import make_token

    with writing() as (connection, now):
        secret, made = make_token(
            connection,
            owner=principal_named(connection, owner),
            name=name,
            roles=role or [],
            namespaces=namespace or [],
            days=days,
            by=None,
            now=now,
        )
    if form is Format.JSON:
        document = {
            "token": secret,
            "id": made.id,
            "name": made.name,
            "roles": list(made.roles),
            "namespaces": list(made.namespaces),
            "expires": shown(made.expires),
        }
        print_json({"schema": "assay.admin-token/1", **document})
        return
    console(stderr=True).print(
        f"token {made.id}: {', '.join(made.roles)} in {', '.join(made.namespaces)}, "
        f"until {shown(made.expires)}; it is shown this once",
        markup=False,
    )
    typer.echo(secret)


@app.command("list")
def list_tokens(
    owner: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Of this principal only.")
    ] = None,
    form: Form = Format.TABLE,
) -> None:
    """List tokens, dead ones included; never the secrets, which are not kept.

    Examples:

      assay admin token list

      assay admin token list ana --format json
    """
    from assay.access.naming import principal_named
    from assay.core.clock import SystemClock
    from assay.store import principals, tokens

    now = SystemClock().now()
    rows: list[dict[str, Any]] = []
    with reading() as connection:
        page = [principal_named(connection, owner)] if owner else principals.listed(connection)
        while page:
            rows += [
                _document(principal.name, one, now)
                for principal in page
                for one in tokens.of_principal(connection, principal.id)
            ]
            page = [] if owner else principals.listed(connection, after=page[-1].name)
    if form is Format.JSON:
        print_json({"schema": "assay.admin-tokens/1", "tokens": rows})
        return
    titles = ["id", "owner", "name", "roles", "namespaces", "live", "expires", "last_used"]
    print_table(titles, [[row[title] for title in titles] for row in rows])


@app.command()
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The token's id, not its secret.")],
    form: Form = Format.TABLE,
) -> None:
    """End a token at once, and its owner's console sessions.

    Examples:

      assay admin token revoke 01JDF0000000000000000000AA

      assay admin token revoke 01JDF0000000000000000000AA --format json
    """
    from assay.access.tokens import revoke as end

    with writing() as (connection, now):
        gone = end(connection, token_id, by=None, now=now)
    if form is Format.JSON:
        document = {"id": gone.id, "name": gone.name, "revoked": shown(gone.revoked_at)}
        print_json({"schema": "assay.admin-token-revoked/1", **document})
    else:
        console().print(f"revoked {gone.name} ({gone.id})", markup=False)


def _document(owner: str, token: Token, now: datetime) -> dict[str, Any]:
    return {
        "id": token.id,
        "owner": owner,
        "name": token.name,
        "roles": list(token.roles),
        "namespaces": list(token.namespaces),
        "live": token.is_live(now),
        "created": shown(token.created),
        "expires": shown(token.expires),
        "last_used": shown(token.last_used),
        "revoked": shown(token.revoked_at),
    }
