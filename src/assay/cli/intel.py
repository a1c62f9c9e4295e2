"""`assay intel`: intelligence feeds, made and looked at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.keys import PassphraseFile, read_passphrase
from assay.cli.terminal import Format, console, print_json, print_table

if TYPE_CHECKING:
    from assay.scanning.intelligence.feed import Feed

app = typer.Typer(
    help="Make, check and show intelligence feeds.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
_DOCUMENT_BYTES = 64 * 1024 * 1024


@app.command()
def sign(
    document: Annotated[
        Path, typer.Argument(help="The feed as JSON (assay.intelligence/1).", metavar="FEED")
    ],
    key: Annotated[Path, typer.Option("--key", help="The private key.", metavar="K")],
    out: Annotated[Path, typer.Option("--out", help="Where the signed feed goes.", metavar="F")],
    passphrase_file: PassphraseFile = None,
) -> None:
    """Sign a feed, so that scans and servers take it.

    The file is written in place of an older one in one step, so a server that uses it never
    sees half of it.

    Examples:

      assay intel sign feed.json --key intel.key --out feed.signed.json

      assay intel sign more.json --key intel.key --passphrase-file p.txt --out more.signed.json
    """
    from assay.core.reading import read_input
    from assay.evidence.intelligence import sign_feed
    from assay.signing.files import write_over
    from assay.signing.keys import load_signer

    signer = load_signer(key, read_passphrase(passphrase_file))
    data = sign_feed(read_input(document, _DOCUMENT_BYTES), signer, subject=str(document))
    write_over(out, data)
    typer.echo(f"{out}: signed by {signer.key_id}")


@app.command()
def show(
    feed: Annotated[
        Path | None, typer.Argument(help="A signed feed; the built-in one by default.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", help="The key that signs it.", metavar="PUB")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to answer.")] = Format.TABLE,
) -> None:
    """Show what a feed says, after checking its signature.

    Examples:

      assay intel show

      assay intel show feed.signed.json --key intel.key.pub --format json
    """
    from assay.evidence.intelligence import read_feed
    from assay.scanning.intelligence.feed import builtin_feed

    found = builtin_feed() if feed is None else read_feed(feed, key)
    if form is Format.JSON:
        print_json(_document(found))
        return
    console().print(
        f"{', '.join(found.sources)}, issued {found.issued.date()}, id {found.id}", markup=False
    )
    rows = [["loader", h.id, f"{h.framework} before {h.fixed}", h.title] for h in found.loaders]
    rows += [["digest", str(d), known.name, known.why] for d, known in found.digests.items()]
    rows += [["name", known.name, "", known.why] for known in found.names.values()]
    print_table(["kind", "id", "about", "what"], rows)


def _document(feed: Feed) -> dict[str, Any]:
    return {
        "schema": "assay.intel/1",
        "id": feed.id,
        "sources": list(feed.sources),
        "issued": feed.issued.isoformat(),
        "loaders": [
            {
                "id": hole.id,
                "framework": hole.framework,
                "introduced": hole.introduced,
                "fixed": hole.fixed,
                "families": list(hole.families),
                "title": hole.title,
            }
            for hole in feed.loaders
        ],
        "digests": [
            {"digest": str(digest), "name": known.name, "why": known.why}
            for digest, known in feed.digests.items()
        ],
        "names": [{"name": known.name, "why": known.why} for known in feed.names.values()],
    }
