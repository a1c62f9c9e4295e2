"""`assay evidence`: export the evidence of a release, and show such a file."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.releases import parse_release
from assay.cli.terminal import Format, console, print_json, write_output

if TYPE_CHECKING:
    from assay.evidence.bundle import EvidenceBundle

app = typer.Typer(
    help="Export and show the evidence of a release.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

Form = Annotated[Format, typer.Option("--format", help="How to answer.")]


@app.command()
def export(
    release: Annotated[str, typer.Argument(help="namespace/name@REV", metavar="RELEASE")],
    out: Annotated[Path, typer.Option("--out", help="File to write.", metavar="FILE")],
    form: Form = Format.TABLE,
) -> None:
    """Write everything the server can show about a release into one file.

    Scans, signature checks, approvals, states and the newest decision, each signed and with its
    log proof; the manifest; publishers' signatures. Check it, without a server, with: assay
    verify FOLDER --evidence FILE --trust-root trust.json.

    Examples:

      assay evidence export acme/sentiment@production --out evidence.json

      assay evidence export acme/sentiment@3f2a91c --out evidence.json --format json
    """
    from assay.client import credentials
    from assay.client.session import Session, model_path
    from assay.evidence.bundle import EvidenceBundle

    model, revision = parse_release(release, need_revision=True)
    with Session(credentials.current()) as session:
        path = model_path(model, "releases", revision, "evidence")
        data = session.request("GET", path).content
    bundle = EvidenceBundle.parse(data, subject=release)
    _check_asked_for(bundle, model, revision)
    write_output(out, data)
    if form is Format.JSON:
        print_json({**_document(bundle), "file": str(out), "bytes": len(data)})
    else:
        console().print(
            f"{out}: {len(data):,} bytes, {len(bundle.items)} signed statements about "
            f"{bundle.release}",
            markup=False,
        )


@app.command()
def show(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="Exported evidence.")
    ],
    form: Form = Format.TABLE,
) -> None:
    """Show what an evidence file says. It is only read here; assay verify says if it is true.

    Examples:

      assay evidence show evidence.json

      assay evidence show evidence.json --format json
    """
    from assay.core.reading import read_input
    from assay.evidence.bundle import MAX_BYTES, EvidenceBundle

    data = read_input(file, MAX_BYTES)
    bundle = EvidenceBundle.parse(data, subject=str(file))
    document = _document(bundle)
    if form is Format.JSON:
        print_json(document)
    else:
        _print(document)


def _check_asked_for(bundle: EvidenceBundle, model: str, revision: str) -> None:
    """Return if the evidence is about the model, and the version where a whole one was named."""
    from assay.core.errors import DataError
    from assay.core.names import COMMIT

    named, _, version = bundle.release.partition("@")
    if named.casefold() != model.casefold() or (COMMIT.match(revision) and version != revision):
        raise DataError(
            f"the server answered with evidence about {bundle.release[:200]}",
            subject=f"{model}@{revision}",
        )


def _document(bundle: EvidenceBundle) -> dict[str, Any]:
    return {
        "schema": "assay.evidence-show/1",
        "verified": False,
        "release": bundle.release,
        "tree": str(bundle.tree),
        "oms_root": None if bundle.oms_root is None else str(bundle.oms_root),
        "files": len(bundle.manifest.entries),
        "size": bundle.manifest.size,
        "statements": [
            {
                "kind": item.kind,
                "statement": str(item.envelope.digest),
                "logged": item.proof is not None,
                "predicate_type": (statement := item.envelope.statement()).predicate_type,
                "predicate": dict(statement.predicate),
            }
            for item in bundle.items
        ],
        "publisher_signatures": len(bundle.bundles),
    }


def _print(document: dict[str, Any]) -> None:
    out = console()
    out.print(f"{document['release']}  (not verified: see assay verify)", markup=False)
    out.print(f"  tree     {document['tree']}")
    out.print(f"  files    {document['files']}, {document['size']:,} bytes")
    out.print(f"  publisher signatures  {document['publisher_signatures']}")
    for row in document["statements"]:
        logged = "" if row["logged"] else ", not logged yet"
        out.print(f"  {row['kind']:9} {_told(row)}{logged}", markup=False)


_TOLD = {
    "decision": "{outcome}, not after {not_after}",
    "scan": "{verdict}",
    "signature": "{status}",
    "approval": "{verdict} by {approver}: {reason}",
    "state": "{to} by {by}: {reason}",
    "alias": "{alias} by {by}: {reason}",
}


def _told(row: dict[str, Any]) -> str:
    """A statement in a line. The file may be anyone's: what is not there is shown as `?`."""
    told = row["predicate"]
    inner, approver = told.get("assay"), told.get("approver")
    words = defaultdict(lambda: "?", told)
    if isinstance(inner, dict):
        words.update(inner)
    if isinstance(approver, dict):
        words["approver"] = approver.get("name")
    line = _TOLD.get(row["kind"], row["statement"]).format_map(words)
    return "".join(c if c.isprintable() else "?" for c in line)
