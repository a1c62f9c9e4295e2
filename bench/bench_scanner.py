"""The scanner as its users start it: start-up, many small files, and files of a gigabyte.

Bars: design of the scanner, section 8. Elapsed time here is that of whole commands, so it
holds on a machine that does nothing else.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import sys
import tempfile
import zipfile
from pathlib import Path

from measure import Run, alternate, median, row, run

GIGABYTE = 1_000_000_000
SMALL = 2_000
ASSAY = [str(Path(sys.executable).parent / "assay")]
HASH = """
import hashlib, sys
with open(sys.argv[1], "rb", buffering=0) as file:
    print(hashlib.file_digest(file, "sha256").hexdigest())
"""
STRUCTURE = """
import os, sys
from assay.scanning.interface import InputFile, scan_files
path = sys.argv[1]
size = os.path.getsize(path)
result = scan_files([InputFile(os.path.basename(path), size, lambda: os.open(path, os.O_RDONLY))])
assert result.verdict == "clean", result
"""


def small_files(folder: Path) -> None:
    """Two thousand files of the kinds a folder of models has, each small."""
    for number in range(SMALL):
        stem = folder / f"{number:05}"
        match number % 4:
            case 0:
                stem.with_suffix(".json").write_text(json.dumps({"hidden": number}))
            case 1:
                stem.with_suffix(".pkl").write_bytes(pickle.dumps({"w": [1.5] * 20, "n": number}))
            case 2:
                stem.with_suffix(".txt").write_text("a line of words\n" * 20)
            case _:
                stem.with_suffix(".safetensors").write_bytes(safetensors(4096, os.urandom(4096)))


def safetensors(size: int, body: bytes) -> bytes:
    """A file with one tensor."""
    entry = {"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}
    header = json.dumps(entry).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + body


def big_safetensors(path: Path) -> None:
    """A gigabyte of one tensor."""
    with path.open("wb") as file:
        file.write(safetensors(GIGABYTE, b""))
        _fill(file)


def big_torch(path: Path) -> None:
    """A gigabyte as `torch.save` lays it out."""
    stream = (
        b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01X\x01\x00\x00\x00wq\x02ctorch._utils\n"
        b"_rebuild_tensor_v2\nq\x03((X\x07\x00\x00\x00storageq\x04ctorch\nByteStorage\nq\x05"
        b"X\x01\x00\x00\x000q\x06X\x03\x00\x00\x00cpuq\x07J\x00\xca\x9a;tq\x08QK\x00"
        b"J\x00\xca\x9a;\x85q\tK\x01\x85q\n\x89ccollections\nOrderedDict\nq\x0b)Rq\x0ctq\rRq\x0es."
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("model/data.pkl", stream)
        archive.writestr("model/byteorder", b"little")
        with archive.open("model/data/0", "w", force_zip64=False) as member:
            _fill(member)
        archive.writestr("model/version", b"3\n")


def _fill(file: io.BufferedIOBase | object) -> None:
    block = os.urandom(1_000_000)
    for _ in range(GIGABYTE // len(block)):
        file.write(block)  # type: ignore[union-attr]


def start_up(folder: Path) -> list[Run]:
    """A scan of a file of three bytes."""
    path = folder / "a.txt"
    path.write_text("hi\n")
    runs = [run([*ASSAY, "scan", str(path)]) for _ in range(7)]
    wall = median(runs, "wall")
    row(
        "start-up: assay scan of three bytes", f"{wall:.2f} s ({median(runs):.2f} s CPU)",
        "<= 0.25 s", holds=wall <= 0.25,
    )  # fmt: skip
    return runs


def main() -> None:
    """Run every part."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = start_up(folder)
        many = folder / "many"
        many.mkdir()
        small_files(many)
        runs = [run([*ASSAY, "scan", "--each", "--format", "json", str(many)]) for _ in range(3)]
        assert all(one.code == 0 for one in runs), runs[0].out[-2000:]
        over = median(runs, "wall") - median(start, "wall")
        row("2,000 small files over start-up", f"{over:.2f} s", "<= 1.0 s", holds=over <= 1.0)
        for kind, make in (("safetensors", big_safetensors), ("PyTorch zip", big_torch)):
            path = folder / ("big.safetensors" if kind == "safetensors" else "big.pt")
            make(path)
            big(kind, path, start)
            path.unlink()


def big(kind: str, path: Path, start: list[Run]) -> None:
    """Structure alone, and with every byte hashed against hashing alone."""
    run([sys.executable, "-c", HASH, str(path)])  # into the page cache
    runs = alternate(
        3,
        structure=lambda: run([sys.executable, "-c", STRUCTURE, str(path)]),
        plain=lambda: run([sys.executable, "-c", HASH, str(path)]),
        scan=lambda: run([*ASSAY, "scan", str(path)]),
    )
    assert all(one.code == 0 for one in (*runs["structure"], *runs["scan"])), runs
    wall, peak = median(runs["structure"], "wall"), median(runs["structure"], "peak")
    row(
        f"1 GB {kind}: structure only", f"{wall:.2f} s, {peak:.0f} MiB", "<= 0.3 s, <= 50 MB",
        holds=wall <= 0.3 and peak <= 50,
    )  # fmt: skip
    ratio = median(runs["scan"], "wall") / median(runs["plain"], "wall")
    over = (median(runs["scan"], "wall") - median(start, "wall")) / median(runs["plain"], "wall")
    row(
        f"1 GB {kind}: scan with SHA-256 against SHA-256 alone",
        f"{ratio:.2f}x ({over:.2f}x over start-up)", "<= 1.15x", holds=over <= 1.15,
    )  # fmt: skip


if __name__ == "__main__":
    main()
