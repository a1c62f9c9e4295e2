"""`assay log`: verify the transparency log, and prove that an entry is in it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.cli.terminal import Format, console, print_json, write_output

QUICK_ENTRIES = 50_000

app = typer.Typer(
    help="Verify the transparency log and prove inclusion.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

LogFolder = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER", exists=True, file_okay=False, help="The log: its checkpoint and tiles."
    ),
]
Form = Annotated[Format, typer.Option("--format", help="How to answer.")]


@app.command()
def verify(
    folder: LogFolder,
    trust_root: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="The server's trust.json, which names the log's key."
        ),
    ] = None,
    fingerprint: Annotated[
        str | None, typer.Option(help="Fingerprint the trust root must have.")
    ] = None,
    vkey: Annotated[
        str | None, typer.Option(help="The log's verifier key itself: name+id+base64.")
    ] = None,
    form: Form = Format.TABLE,
) -> None:
    """Recompute every hash of a log from its entries, and compare it with the signed checkpoint.

    Without --trust-root or --vkey the files are compared with each other, and nobody's signature
    is verified. Exits 1 if anything differs or is missing, naming the file.

    Examples:

      assay log verify .assay/log --trust-root .assay/keys/trust.json

      assay log verify ./copy-of-log --vkey "$VKEY" --format json
    """
    from assay.log.verify import verify_folder

    key = _vkey(trust_root, fingerprint, vkey)
    with _progress(folder) as progress:
        state = verify_folder(folder, key, progress=progress)
    if form is Format.JSON:
        print_json({"schema": "assay.log-state/1", **state.to_json()})
        return
    signed = f"signed by {key}" if key else "signature not verified: no key was given"
    console().print(
        f"{state.origin}: {state.size} entries, {state.files} files, root {state.root.hex()}\n"
        f"{signed}",
        markup=False,
    )


@app.command()
def prove(
    folder: LogFolder,
    index: Annotated[int, typer.Argument(metavar="INDEX", min=0, help="The entry, from 0.")],
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="File to write; default: print it.")
    ] = None,
    form: Form = Format.TABLE,
) -> None:
    """Make the proof that an entry is in the log: a C2SP tlog-proof, with the entry in it.

    The proof needs no server: the log's verifier key is enough to check it.

    Examples:

      assay log prove .assay/log 0

      assay log prove .assay/log 1042 --out entry-1042.tlog-proof
    """
    from assay.log.checkpoint import read_unverified
    from assay.log.read import LogFolder as Log

    proof = Log(folder).proof(index)
    text = proof.to_text()
    if out is not None:
        write_output(out, text.encode("utf-8"))
    if form is Format.JSON:
        checkpoint = read_unverified(proof.note)
        document: dict[str, Any] = {
            "schema": "assay.log-proof/1",
            "index": index,
            "size": checkpoint.size,
            "origin": checkpoint.origin,
            "entry": (proof.extra or b"").decode("utf-8", "replace"),
            "proof": text,
        }
        print_json(document)
    elif out is None:
        typer.echo(text, nl=False)
    else:
        console().print(f"{out}: entry {index}, {len(proof.hashes)} hashes", markup=False)


def _vkey(trust_root: Path | None, fingerprint: str | None, vkey: str | None) -> str | None:
    from assay.core.errors import UsageError

    if trust_root is None:
        if fingerprint is not None:
            raise UsageError("needs --trust-root", subject="--fingerprint")
        return vkey
    if vkey is not None:
        raise UsageError("give one of the two", subject="--trust-root and --vkey")
    from assay.core.companions import read_small
    from assay.signing.trust import MAX_TRUST_BYTES, TrustRoot

    data = read_small(trust_root, MAX_TRUST_BYTES)
    return TrustRoot.parse(data, fingerprint=fingerprint, subject=str(trust_root)).log_vkey


@contextmanager
def _progress(folder: Path) -> Iterator[Callable[[int], None]]:
    """A bar over entries on standard error, for a long log at a terminal only."""
    from assay.log.read import LogFolder as Log

    total = Log(folder).checkpoint().size
    if total < QUICK_ENTRIES or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import Progress

    with Progress(console=console(stderr=True)) as bar:
        task = bar.add_task("recomputing", total=total)
        yield lambda count: bar.advance(task, count)
