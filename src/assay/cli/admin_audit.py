"""`assay admin audit`: the trail of who did what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.admin_host import reading, shown
from assay.cli.terminal import Format, console, print_json, print_table

if TYPE_CHECKING:
    import sqlalchemy as sa

    from assay.store.audit import AuditHead

app = typer.Typer(
    name="audit",
    help="Verify and list the audit trail.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
)

Form = Annotated[Format, typer.Option("--format", help="How to answer.")]
_ANCHOR = re.compile(r"([1-9][0-9]{0,17}):(sha256:[0-9a-f]{64})\Z")


@app.command()
def verify(
    anchor: Annotated[
        list[str] | None,
        typer.Option(
            "--anchor",
            metavar="NUMBER:DIGEST",
            help="A head noted earlier, which must be a point on the chain. May be repeated.",
        ),
    ] = None,
    form: Form = Format.TABLE,
) -> None:
    """Check every row of the audit trail against the one before.

    Exits 1 and names the first row that was changed, removed or added. Whoever can write the
    database can make the whole chain anew: the heads in the transparency log are therefore
    compared too, and so is a head that was noted elsewhere and is given with --anchor.

    Examples:

      assay admin audit verify

      assay admin audit verify --anchor 1042:sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    """
    from assay.store import audit

    given = [_anchor(text) for text in anchor or []]
    with reading() as connection:
        logged = _logged(connection)
        head = audit.verify(connection, anchors=[*given, *(logged or ())])
    if form is Format.JSON:
        document = {
            "rows": head.seq,
            "head": str(head.hash),
            "anchors": len(given),
            "logged": None if logged is None else len(logged),
        }
        print_json({"schema": "assay.admin-audit-verify/1", **document})
        return
    heads = (
        "no log to compare with"
        if logged is None
        else f"heads in the log: {len(logged)}, all on it"
    )
    console().print(
        f"a chain of {head.seq} rows, none changed; {heads}\nhead {head.seq}:{head.hash}"
    )


@app.command("list")
def list_rows(
    after: Annotated[
        int | None, typer.Option("--after", min=0, help="Rows after this number; else the newest.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Most rows.")] = 50,
    subject: Annotated[
        str | None, typer.Option("--subject", help="About this id only.", metavar="ID")
    ] = None,
    who: Annotated[
        str | None, typer.Option("--by", help="By this principal only.", metavar="NAME")
    ] = None,
    form: Form = Format.TABLE,
) -> None:
    """List who did what, oldest first. What the host's administrator did has no name.

    Examples:

      assay admin audit list

      assay admin audit list --after 0 --limit 1000 --by ana --format json
    """
    from assay.access.naming import principal_named
    from assay.store import audit, principals

    with reading() as connection:
        by = principal_named(connection, who).id if who else None
        if after is None and subject is None and by is None:
            found = audit.newest(connection, limit=limit)[::-1]
        else:
            found = audit.listed(
                connection, after=after or 0, limit=limit, subject=subject, principal_id=by
            )
        names = principals.names(
            connection, {row.principal_id for row in found if row.principal_id}
        )
    rows: list[dict[str, Any]] = [
        {
            "seq": row.seq,
            "at": shown(row.at),
            "by": names.get(row.principal_id or ""),
            "action": row.action,
            "subject": row.subject,
            "detail": row.detail,
            "hash": str(row.hash),
        }
        for row in found
    ]
    if form is Format.JSON:
        print_json({"schema": "assay.admin-audit/1", "rows": rows})
    else:
        titles = ["seq", "at", "by", "action", "subject", "detail"]
        print_table(titles, [[row[title] for title in titles] for row in rows])


def _logged(connection: sa.Connection) -> list[AuditHead] | None:
    """The heads the transparency log holds; None where there is no log yet."""
    from assay.config import Config
    from assay.core.errors import UsageError
    from assay.workflows.audit_anchor import anchors

    try:
        return anchors(connection, Config.load().log_folder)
    except UsageError:
        return None


def _anchor(text: str) -> AuditHead:
    from assay.core.digest import Digest
    from assay.core.errors import UsageError
    from assay.store.audit import AuditHead

    match = _ANCHOR.match(text)
    if match is None:
        raise UsageError(
            "is not NUMBER:sha256:DIGITS, as `assay admin audit verify` prints it",
            subject=f"--anchor {text[:100]}",
        )
    return AuditHead(int(match[1]), Digest.parse(match[2]))
