"""Choosing families and writing units to a folder."""

from __future__ import annotations

import importlib
import json
import pkgutil
import random
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.corpus import families
from bench.corpus.judgement import judged
from bench.corpus.unit import Link, Unit


def family_modules() -> list[str]:
    """Names of the modules below `families`, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(families.__path__))


def units(seed: int = 0, chosen: Iterable[str] = ()) -> Iterator[Unit]:
    """Every unit of the chosen family modules (all without a choice), always in one order.

    Raises:
        ValueError: a chosen name is no family module.
    """
    known = family_modules()
    wanted = set(chosen) or set(known)
    if unknown := wanted - set(known):
        raise ValueError(f"no such family: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    for name in known:
        if name in wanted:
            module = importlib.import_module(f"bench.corpus.families.{name}")
            yield from map(judged, module.units(random.Random(f"{seed}/{name}")))


def write(out: Path, made: Iterable[Unit]) -> list[dict[str, str]]:
    """Write units below `out`, replacing those already there; answers all rows of labels.json.

    Raises:
        ValueError: two units would lie in one place.
    """
    labels = out / "labels.json"
    old: list[dict[str, str]] = json.loads(labels.read_text()) if labels.exists() else []
    rows: dict[str, dict[str, str]] = {}
    fresh: set[str] = set()
    for unit in made:
        if unit.family not in fresh:
            fresh.add(unit.family)
            for label in ("malicious", "benign"):
                shutil.rmtree(out / label / unit.family, ignore_errors=True)
        if unit.path in rows:
            raise ValueError(f"two units at {unit.path}")
        rows[unit.path] = unit.row()
        _write_files(out / unit.home, unit)
    kept = [row for row in old if row["family"] not in fresh]
    result = sorted([*kept, *rows.values()], key=lambda row: row["path"])
    out.mkdir(parents=True, exist_ok=True)
    labels.write_text(json.dumps(result, indent=1) + "\n")
    return result


def _write_files(home: Path, unit: Unit) -> None:
    home.mkdir(parents=True)
    for name, value in unit.files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, Link):
            path.symlink_to(str(value))
        else:
            path.write_bytes(value)
