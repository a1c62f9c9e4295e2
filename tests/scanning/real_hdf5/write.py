"""Wrote the files in this folder, with h5py 3.16 and PyTables 3.11; neither is needed to test."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import tables

HERE = Path(__file__).resolve().parent


class Runs:
    """What would run a command, were it loaded."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("true",)


def latest() -> None:
    """Links and attributes in fractal heaps, chunks in the newer indices, a committed type."""
    with h5py.File(HERE / "dense.h5", "w", libver="latest") as file:
        for number in range(12):
            file.attrs[f"attribute {number}"] = f"value {number}"
        file.attrs["large"] = "short"
        group = file.create_group("many")
        for number in range(20):
            group[f"link {number}"] = h5py.SoftLink(f"/x{number}")
        group["array"] = np.arange(6.0).reshape(2, 3)
        small = np.arange(24, dtype="i2").reshape(4, 6)
        file.create_dataset("chunked", data=small, chunks=(2, 3), compression="gzip", shuffle=True)
        file.create_dataset("growing", data=small[0, :5], chunks=(1,), maxshape=(None,))
        file["type"] = np.dtype("f8")
        file.attrs.create("committed", 2.0, dtype=file["type"])


def earliest() -> None:
    """Symbol tables, local and global heaps, version 1 trees, a cycle; a user block."""
    with h5py.File(HERE / "old.h5", "w") as file:
        file.attrs["text"] = "varying"
        file.attrs["fixed"] = np.bytes_(b"fixed")
        file.attrs["names"] = np.array(["a", "bb"], dtype=object)
        for number in range(10):
            file.create_group(f"group {number}").create_dataset("x", data=np.arange(3))
        file["soft"] = h5py.SoftLink("/group 1/x")
        file["cycle"] = file["/"]
        small = np.arange(24, dtype="i2").reshape(4, 6)
        file.create_dataset("chunked", data=small, chunks=(2, 3))
    with h5py.File(HERE / "user_block.h5", "w", userblock_size=512) as file:
        file["x"] = 1


def objects(name: str, *, harmful: bool, packed: bool) -> None:
    """Python objects in the rows of a PyTables array."""
    filters = tables.Filters(complevel=5, complib="zlib", shuffle=True) if packed else None
    with tables.open_file(HERE / name, "w") as file:
        atom = tables.ObjectAtom()
        rows = file.create_vlarray("/", "objects", atom, filters=filters, chunkshape=2)
        rows.append({"x": 1})
        if harmful:
            rows.append({"x": Runs()})


def main() -> None:
    """Write all of them."""
    latest()
    earliest()
    for packed in (False, True):
        word = "packed" if packed else "plain"
        objects(f"pytables_{word}.h5", harmful=False, packed=packed)
        objects(f"pytables_{word}_harmful.h5", harmful=True, packed=packed)
    for word, value in (("", [1, 2]), ("_harmful", Runs())):
        with tables.open_file(HERE / f"pytables_attribute{word}.h5", "w") as file:
            file.root._v_attrs.meta = {"a": value}
            file.root._v_attrs.text = "Some text that ends with a dot."


if __name__ == "__main__":
    main()
