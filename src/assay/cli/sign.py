"""`assay sign`: sign a model (OpenSSF Model Signing v1.0)."""

from __future__ import annotations

import gc
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from assay.cli.keys import PassphraseFile, read_passphrase
from assay.cli.terminal import Format, byte_progress, print_json


def command(
    path: Annotated[Path, typer.Argument(help="The model's folder or file.", metavar="PATH")],
    key: Annotated[
        Path | None, typer.Option("--key", help="The private key, PEM.", metavar="FILE")
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", help="The key's certificate, PEM.", metavar="FILE"),
    ] = None,
    chain: Annotated[
        Path | None,
        typer.Option("--chain", help="Certificates that lead to a root, PEM.", metavar="FILE"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="The signature's file; PATH/model.sig or PATH.sig.", metavar="FILE"
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            "--ignore",
            help="A path within the model that is not signed. May be repeated.",
            metavar="PATH",
        ),
    ] = None,
    method: Annotated[str, typer.Option("--method", help="files or shards.")] = "files",
    hash_type: Annotated[str, typer.Option("--hash", help="sha256, blake2b or blake3.")] = "sha256",
    shard_size: Annotated[
        int | None, typer.Option("--shard-size", help="Bytes per shard.", metavar="BYTES")
    ] = None,
    passphrase_file: PassphraseFile = None,
    form: Annotated[Format, typer.Option("--format", help="How to answer.")] = Format.TABLE,
) -> None:
    """Sign a model so that anyone can check that no file was changed, added or taken away.

    The signature is an OpenSSF Model Signing v1.0 bundle. Not signed are .git, .gitattributes,
    .github, .gitignore, .cache/huggingface, other signatures in the root and what --ignore names.

    Examples:

      assay sign ./my-model --key release.key

      assay sign ./my-model --key release.key --certificate release.pem --chain chain.pem
    """
    from assay.core.listing import shown
    from assay.signing.interface import sign

    gc.disable()  # looking for cycles costs more than all else, and there are none to speak of
    with ExitStack() as stack:
        made = sign(
            path,
            key=key,
            passphrase=read_passphrase(passphrase_file),
            certificate=certificate,
            chain=chain,
            out=out,
            ignore=ignore or (),
            method=method,
            hash_type=hash_type,
            shard_size=shard_size,
            begin=lambda total: stack.enter_context(byte_progress("signing", total)),
        )
    if form is Format.JSON:
        print_json(made.to_json())
        return
    for name in made.unsigned:
        typer.echo(f"not signed: {shown(name)}")
    typer.echo(f"{shown(str(made.out))}: {made.files} files signed, {made.size:,} bytes")
