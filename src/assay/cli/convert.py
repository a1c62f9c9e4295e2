"""`assay convert`: a pickle of tensors as a safetensors file."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from assay.cli.terminal import Format, byte_progress, print_json


class Target(StrEnum):
    """What to convert to."""

    SAFETENSORS = "safetensors"


def command(
    model: Annotated[
        Path, typer.Argument(help="A file torch.save wrote.", metavar="MODEL", dir_okay=False)
    ],
    to: Annotated[Target, typer.Option("--to", help="The format to write.")] = Target.SAFETENSORS,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="F", help="Where to write; beside the model when not given."),
    ] = None,
    select: Annotated[
        str,
        typer.Option(
            "--select", metavar="KEY", help="The part of a checkpoint wanted, such as state_dict."
        ),
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file if it is there.")
    ] = False,
    form: Annotated[Format, typer.Option("--format", help="How to answer.")] = Format.TABLE,
) -> None:
    """Convert tensors to safetensors without unpickling anything.

    The pickle is read, not loaded: a file that holds or does anything else than tensors is
    refused. Tensors that share memory are written once each; strided ones are laid out.

    Examples:

      assay convert pytorch_model.bin

      assay convert checkpoint.pt --select state_dict --out model.safetensors
    """
    from assay.core.listing import shown
    from assay.scanning.conversion.interface import convert

    del to
    size = 0
    with suppress(OSError, ValueError):
        size = model.stat().st_size
    with byte_progress(f"converting {shown(model.name)}", size) as progress:
        done = convert(model, out, select=select, force=force, progress=progress)
    if form is Format.JSON:
        print_json(done.to_json())
    else:
        typer.echo(f"{done.digest}  {shown(str(done.target))}  ({done.tensors} tensors)")
