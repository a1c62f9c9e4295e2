"""`assay admin namespace`: how strictly policy applies in a namespace, and whose signatures count."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.admin_host import reading, shown, writing
from assay.cli.terminal import Format, console, print_json, print_table

if TYPE_CHECKING:
    from assay.store.namespaces import Namespace

app = typer.Typer(
    name="namespace",
    help="Govern namespaces: how strict policy is, whose signatures count.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
)

Form = Annotated[Format, typer.Option("--format", help="How to answer.")]


class Mode(StrEnum):
    """What serving does with the outcome of policy."""

    OBSERVE = "observe"
    WARN = "warn"
    ENFORCE = "enforce"


@app.command("set")
def set_namespace(
    namespace: Annotated[str, typer.Argument(metavar="NS", help="The namespace.")],
    mode: Annotated[
        Mode | None,
        typer.Option("--mode", help="Whether policy only notes, warns, or blocks."),
    ] = None,
    trust_key: Annotated[
        list[Path] | None,
        typer.Option(
            "--trust-key",
            exists=True,
            dir_okay=False,
            metavar="FILE",
            help="Public key, PEM, one of whose signatures every release needs. May be repeated; "
            "those named replace those there were.",
        ),
    ] = None,
    no_trust: Annotated[
        bool, typer.Option("--no-trust", help="Demand no signature any longer.")
    ] = False,
    form: Form = Format.TABLE,
) -> None:
    """Set how a namespace is governed; it is made if there is none. What is not named stays.

    Releases that are there are decided again by the worker.

    Examples:

      assay admin namespace set acme --mode warn

      assay admin namespace set acme --trust-key release.key.pub
    """
    from assay.access.governing import govern
    from assay.core.errors import UsageError
    from assay.releases.governing import check_trust_rule, trees_in
    from assay.store import epochs

    if trust_key and no_trust:
        raise UsageError("contradicts --trust-key", subject="--no-trust")
    change: dict[str, Any] = {}
    if no_trust:
        change["trust_rule"] = None
    elif trust_key:
        keys = [_public_pem(path) for path in trust_key]
        change["trust_rule"] = check_trust_rule({"keys": keys})
    with writing() as (connection, now):
        found = govern(
            connection,
            namespace,
            mode=None if mode is None else mode.value,
            now=now,
            by=None,
            **change,
        )
        if change:  # whose signature counts is a matter of what was decided there
            epochs.bump_trees(connection, trees_in(connection, found.folded))
    if form is Format.JSON:
        print_json({"schema": "assay.admin-namespace/1", **_document(found)})
    else:
        console().print(f"{found.name}: {found.mode}, {_trust(found)}", markup=False)


@app.command("list")
def list_namespaces(form: Form = Format.TABLE) -> None:
    """List the namespaces and how they are governed.

    Examples:

      assay admin namespace list

      assay admin namespace list --format json
    """
    from assay.store import namespaces

    with reading() as connection:
        found = namespaces.listed(connection)
    if form is Format.JSON:
        rows = [_document(one) for one in found]
        print_json({"schema": "assay.admin-namespaces/1", "namespaces": rows})
    else:
        print_table(
            ["name", "mode", "signatures", "created"],
            [[one.name, one.mode, _trust(one), shown(one.created)] for one in found],
        )


def _public_pem(path: Path) -> str:
    """A public key's PEM text, checked.

    Raises:
        DataError: it is not one.
        UsageError: it cannot be read.
    """
    from assay.core.errors import UsageError
    from assay.signing.keys import load_public

    try:
        return load_public(path).pem.decode()
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", subject=str(path)) from None


def _document(found: Namespace) -> dict[str, Any]:
    return {
        "namespace": found.name,
        "mode": found.mode,
        "trust_rule": found.trust_rule,
        "created": shown(found.created),
    }


def _trust(found: Namespace) -> str:
    keys = len((found.trust_rule or {}).get("keys", ()))
    if not found.trust_rule:
        return "no signature demanded"
    return f"a signature by {'the trusted key' if keys == 1 else f'one of {keys} trusted keys'}"
