"""Signing and verifying against raw two-thread SHA-256: time over start-up, and memory.

Best of five, everything in turn: neighbours on the machine only ever add time.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from measure import Run, alternate, median, row, run

ROUNDS = 5
BIG_FILES, BIG_BYTES = 8, 256 * 1024 * 1024
SMALL_FILES, SMALL_BYTES = 5_000, 59_000_000
ASSAY = [sys.executable, "-m", "assay"]

RAW = """
import hashlib, os, sys, threading, time
paths = sorted(os.path.join(f, n) for f, _, names in os.walk(sys.argv[1]) for n in names)
todo, lock = iter(paths), threading.Lock()
def work():
    view = memoryview(bytearray(1 << 20))
    while True:
        with lock:
            path = next(todo, None)
        if path is None:
            return
        hasher = hashlib.sha256()
        with open(path, "rb", buffering=0) as file:
            while count := file.readinto(view):
                hasher.update(view[:count])
        hasher.digest()
start = time.perf_counter()
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(time.perf_counter() - start)
"""


def make_big(folder: Path) -> None:
    """2 GiB in eight files."""
    block = os.urandom(1024 * 1024)
    for number in range(BIG_FILES):
        with (folder / f"model-{number}.safetensors").open("wb") as file:
            for piece in range(BIG_BYTES // len(block)):
                file.write(piece.to_bytes(8, "big") + block[8:])


def make_small(folder: Path) -> None:
    """5,000 files, 59 MB, in fifty folders."""
    for number in range(SMALL_FILES):
        inner = folder / f"part-{number % 50:02}"
        inner.mkdir(exist_ok=True)
        size = SMALL_BYTES // SMALL_FILES * (1 + number % 3) // 2
        (inner / f"shard-{number:05}.bin").write_bytes(os.urandom(size))


def sign(model: Path, key: Path, out: Path) -> Run:
    return checked(run([*ASSAY, "sign", str(model), "--key", str(key), "--out", str(out)]))


def verify(model: Path, key: Path, out: Path) -> Run:
    options = ["--signature", str(out), "--key", f"{key}.pub"]
    return checked(run([*ASSAY, "verify", str(model), *options]))


def checked(one: Run) -> Run:
    assert one.code == 0, one.out
    return one


def raw(model: Path) -> Run:
    return checked(run([sys.executable, "-c", RAW, str(model)]))


def measure(title: str, model: Path, work: Path, bar: float) -> None:
    """One case, everything in turn, so that the machine's drift meets all alike."""
    key, out, tiny = work / "key", work / f"{model.name}.sig", work / "tiny"
    small_out = work / "tiny.sig"
    runs = alternate(
        ROUNDS,
        raw=lambda: raw(model),
        start_sign=lambda: sign(tiny, key, small_out),
        sign=lambda: sign(model, key, out),
        start_verify=lambda: verify(tiny, key, small_out),
        verify=lambda: verify(model, key, out),
    )
    base = min(float(one.out) for one in runs["raw"])
    for verb in ("sign", "verify"):
        over = best(runs[verb]) - best(runs[f"start_{verb}"])
        row(
            f"{verb} over start-up against raw SHA-256, {title}",
            f"{over / base:.2f}x ({over:.3f} s, {base:.3f} s)",
            f"<= {bar}x",
            holds=over / base <= bar,
        )
        peak = max(one.peak for one in runs[verb])
        row(f"{verb} peak memory, {title}", f"{peak:.0f} MiB", "< 80 MB", holds=peak < 76)


def best(runs: list[Run]) -> float:
    return min(one.wall for one in runs)


def main() -> None:
    work = Path(tempfile.mkdtemp(prefix="bench-signing-"))
    try:
        (work / "tiny").write_bytes(b"1")
        checked(run([*ASSAY, "keys", "generate", str(work / "key")]))
        for name, make in (("small", make_small), ("big", make_big)):
            (work / name).mkdir()
            make(work / name)
        measure("5,000 files, 59 MB", work / "small", work, 2.0)
        measure("2 GiB in 8 files", work / "big", work, 1.25)
        start = alternate(
            ROUNDS,
            help=lambda: checked(run([*ASSAY, "--help"])),
            verify=lambda: verify(work / "tiny", work / "key", work / "tiny.sig"),
        )
        cpu = median(start["help"])
        row("assay --help, CPU", f"{cpu:.3f} s", "<= 0.25 s", holds=cpu <= 0.25)
        cpu, wall = median(start["verify"]), median(start["verify"], "wall")
        row("assay verify of one byte", f"{wall:.3f} s elapsed, {cpu:.3f} s CPU", "none")
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
