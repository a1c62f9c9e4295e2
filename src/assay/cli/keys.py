"""`assay keys`: make and inspect signing keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assay.cli.terminal import Format, print_json

MAX_PASSPHRASE_BYTES = 64 * 1024

app = typer.Typer(
    help="Make and inspect signing keys.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

Form = Annotated[Format, typer.Option("--format", help="How to answer.")]
PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        envvar="ASSAY_KEY_PASSPHRASE_FILE",
        help="File that holds the passphrase of the key.",
        metavar="FILE",
    ),
]


@app.command()
def generate(
    path: Annotated[Path, typer.Argument(help="Where the private key goes.", metavar="PATH")],
    curve: Annotated[str, typer.Option("--curve", help="P-256, P-384 or P-521.")] = "P-256",
    passphrase_file: PassphraseFile = None,
    form: Form = Format.TABLE,
) -> None:
    """Make a key: the private part at PATH, the public part at PATH.pub.

    Nothing is written over. With a passphrase file the private part is encrypted.

    Examples:

      assay keys generate release.key

      assay keys generate release.key --curve P-384 --passphrase-file passphrase.txt
    """
    from assay.signing.keys import generate as generate_key

    signer = generate_key(path, curve=curve, passphrase=read_passphrase(passphrase_file))
    if form is Format.JSON:
        print_json(_document(path, f"{path}.pub", signer.public.curve, signer.key_id))
    else:
        typer.echo(f"{path}: private key, {curve}; keep it secret")
        typer.echo(f"{path}.pub: public key, id {signer.key_id}")


@app.command()
def show(
    path: Annotated[Path, typer.Argument(help="A public key, or a private one.", metavar="PATH")],
    passphrase_file: PassphraseFile = None,
    form: Form = Format.TABLE,
) -> None:
    """Show a key's curve and id. The id is what a signature names its key by.

    Examples:

      assay keys show release.key.pub

      assay keys show release.key.pub --format json
    """
    from assay.core.companions import read_small
    from assay.signing.keys import MAX_KEY_BYTES, parse_public, parse_signer

    pem = read_small(path, MAX_KEY_BYTES)
    if b"PRIVATE KEY" in pem:
        public = parse_signer(pem, read_passphrase(passphrase_file), subject=str(path)).public
    else:
        public = parse_public(pem, str(path))
    if form is Format.JSON:
        print_json(_document(path, None, public.curve, public.key_id))
    else:
        typer.echo(f"{path}: {public.curve}, id {public.key_id}")


def read_passphrase(path: Path | None) -> bytes | None:
    """The passphrase a file holds, without the line end; None without a file.

    Raises:
        UsageError: the file cannot be read or is empty.
    """
    from assay.core.errors import AssayError, UsageError
    from assay.core.reading import read_input

    if path is None:
        return None
    try:
        secret = read_input(path, MAX_PASSPHRASE_BYTES).strip(b"\r\n")
    except AssayError as error:
        raise UsageError(
            f"the passphrase cannot be read: {error.message}", subject=str(path)
        ) from None
    if not secret:
        raise UsageError("the passphrase file is empty", subject=str(path))
    return secret


def _document(path: Path, public: str | None, curve: str, key_id: str) -> dict[str, str]:
    made = {"private": str(path), "public": public} if public else {"path": str(path)}
    return {"schema": "assay.key/1", **made, "curve": curve, "key_id": key_id}
