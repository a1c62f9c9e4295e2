"""`assay digest`: the tree digest of a folder, the digest of a file."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.cli.terminal import Format, byte_progress, print_json


def command(
    path: Annotated[Path, typer.Argument(help="A folder or a file.", metavar="PATH")],
    form: Annotated[Format, typer.Option("--format", help="How to answer.")] = Format.TABLE,
) -> None:
    """Print the digest that names a folder or a file.

    A folder's tree digest binds the names and the bytes of its files. Left out are .git,
    .cache/huggingface and signature bundles in the root. Links, special files and names that
    are not UTF-8 have no digest; the first is named.

    Examples:

      assay digest ./my-model

      assay digest ./my-model/model.safetensors --format json
    """
    from assay.core.listing import shown

    document = _folder(path) if path.is_dir() else _file(path)
    if form is Format.JSON:
        print_json({"schema": "assay.digest/1", "path": shown(str(path)), **document})
    else:
        typer.echo(f"{document['digest']}  {shown(str(path))}")


def _folder(path: Path) -> dict[str, Any]:
    from assay.core.folder import checked, list_folder, read_listing, shown

    gc.disable()  # looking for cycles costs more than all else, and there are none to speak of
    listing = list_folder(path)
    with byte_progress(f"reading {shown(path.name)}", listing.size) as progress:
        reading = read_listing(listing, progress=progress)
    manifest = checked(reading)
    return {
        "kind": "tree",
        "digest": str(manifest.tree_digest),
        "files": len(manifest.entries),
        "size": manifest.size,
        "left_out": [shown(name) for name in reading.left_out],
        "followed": [shown(name) for name in reading.followed],
    }


def _file(path: Path) -> dict[str, Any]:
    from assay.core.digest import Digest
    from assay.core.folder import file_digest, shown

    size = path.stat().st_size if path.is_file() else 0
    with byte_progress(f"reading {shown(path.name)}", size) as progress:
        hashed = file_digest(path, progress=progress)
    digest = Digest.from_raw(hashed.digest)
    return {"kind": "file", "digest": str(digest), "files": 1, "size": hashed.size}
