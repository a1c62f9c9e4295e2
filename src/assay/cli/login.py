"""`assay login`: keep a server's address and token for this user."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from assay.cli.terminal import console
from assay.core.errors import UsageError


def command(
    url: Annotated[str, typer.Argument(help="The server's address.", metavar="URL")],
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help="Read the token from standard input.")
    ] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Remove the stored token.")] = False,
) -> None:
    """Store a server's address and token in a file only you can read.

    The token is asked for without echo, or read from standard input; it is never an argument,
    where other users could see it. It is tried at the server before it is stored.

    Examples:

      assay login http://127.0.0.1:8470

      assay login https://assay.example.org --token-stdin < token.txt
    """
    from assay.client import credentials as stored
    from assay.client.session import Session

    address = stored.normal_url(url)
    if forget:
        known = stored.forget(address)
        console().print(f"forgot the token for {address}" if known else f"no token for {address}")
        return
    given = stored.Credentials(address, _token(from_stdin=token_stdin))
    with Session(given) as session:
        who = session.json("GET", "/api/v1/whoami")
    path = stored.store(given)
    console().print(
        f"logged in to {address} as {who['name']}; token stored in {path}", markup=False
    )


def _token(*, from_stdin: bool) -> str:
    from assay.client.credentials import checked_token

    if from_stdin:
        token = sys.stdin.readline().strip()
    elif sys.stdin.isatty():
        token = typer.prompt("Token", hide_input=True).strip()
    else:
        raise UsageError("no terminal to ask for the token at", remedy="use --token-stdin")
    if not token:
        raise UsageError("the token is empty")
    return checked_token(str(token))
