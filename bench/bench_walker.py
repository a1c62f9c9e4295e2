"""The pickle walker against `pickletools.genops`, on a 60 MB pickle of lists: CPU and memory."""

from __future__ import annotations

import pickle
import sys
import tempfile
from pathlib import Path

from measure import alternate, median, row, run

SIZE = 60_000_000
GENOPS = """
import pickletools, sys
if len(sys.argv) > 1:
    with open(sys.argv[1], "rb") as file:
        for _ in pickletools.genops(file):
            pass
"""
OURS = """
import mmap, sys
from assay.scanning.pickle import scan_pickle
data = b"N."
if len(sys.argv) > 1:
    file = open(sys.argv[1], "rb")
    data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
result = scan_pickle(data, path="f")
assert not result.findings and not result.unread, result
"""


def make(path: Path, kind: str) -> None:
    """About 60 MB of lists, protocol 4."""
    rows = {
        "floats and short strings": lambda n: [[n / 7, f"row-{n % 1000}", n / 3] for n in range(n)],
        "small integers": lambda n: [[n % 250, n % 199, n % 17] for n in range(n)],
    }[kind]
    one = len(pickle.dumps(rows(10_000), 4)) / 10_000
    path.write_bytes(pickle.dumps(rows(int(SIZE / one)), 4))


def main() -> None:
    python = [sys.executable, "-c"]
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("floats and short strings", "small integers"):
            path = Path(folder) / "list.pkl"
            make(path, kind)
            runs = alternate(
                3,
                start_genops=lambda: run([*python, GENOPS]),
                start_ours=lambda: run([*python, OURS]),
                genops=lambda path=path: run([*python, GENOPS, str(path)]),
                ours=lambda path=path: run([*python, OURS, str(path)]),
            )
            for one in (*runs["ours"], *runs["genops"]):
                assert one.code == 0, one.out
            genops = median(runs["genops"]) - median(runs["start_genops"])
            ours = median(runs["ours"]) - median(runs["start_ours"])
            memory = median(runs["ours"], "peak") - median(runs["start_ours"], "peak")
            megabytes = path.stat().st_size / 1e6
            row(
                f"walker CPU against genops, {megabytes:.0f} MB of {kind}",
                f"{genops / ours:.1f}x less ({ours:.2f} s, {genops:.1f} s)",
                ">= 7x",
                holds=genops / ours >= 7,
            )
            row(
                f"walker memory above start-up, {kind}", f"{memory:.0f} MiB", "<= 60 MB",
                holds=memory <= 57,
            )  # fmt: skip


if __name__ == "__main__":
    main()
