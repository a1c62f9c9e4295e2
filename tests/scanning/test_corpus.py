"""The corpus of labelled model files: true to its labels' form, and the same every time."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SMALL = ("flax", "hydra", "skops")


@pytest.fixture(scope="module")
def layout() -> ModuleType:
    """`bench.corpus.layout`: the project's root folder is on the path for its import only."""
    sys.path.insert(0, str(ROOT))
    try:
        return importlib.import_module("bench.corpus.layout")
    finally:
        sys.path.remove(str(ROOT))


def everything(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_writes_the_same_bytes(layout: ModuleType, tmp_path: Path) -> None:
    for name in ("one", "two"):
        layout.write(tmp_path / name, layout.units(7, SMALL))
    assert everything(tmp_path / "one") == everything(tmp_path / "two")


def test_another_seed_changes_bytes_but_no_label(layout: ModuleType, tmp_path: Path) -> None:
    rows = [layout.write(tmp_path / str(seed), layout.units(seed, SMALL)) for seed in (1, 2)]
    assert rows[0] == rows[1]
    assert everything(tmp_path / "1") != everything(tmp_path / "2")


def test_every_label_names_what_was_written(layout: ModuleType, tmp_path: Path) -> None:
    layout.write(tmp_path, layout.units(0, SMALL))
    rows = json.loads((tmp_path / "labels.json").read_text())
    for row in rows:
        path = tmp_path / row["path"]
        assert path.is_dir() if row["unit"] == "folder" else path.is_file()
        assert row["path"].startswith(f"{row['label']}/{row['family']}/")
        assert row["part"] in {"dev", "held"}
        assert row["expect"] != ("clean" if row["label"] == "malicious" else "malicious")
        assert row["technique"]
        assert row["loader"]
        assert row["payload"]
    for family in {row["family"] for row in rows}:
        assert {row["label"] for row in rows if row["family"] == family} == {"malicious", "benign"}


def test_writing_one_family_again_keeps_the_others(layout: ModuleType, tmp_path: Path) -> None:
    before = layout.write(tmp_path, layout.units(0, SMALL))
    after = layout.write(tmp_path, layout.units(0, ["flax"]))
    assert after == before


def test_an_unknown_family_is_refused(layout: ModuleType) -> None:
    with pytest.raises(ValueError, match="no such family: nothing"):
        list(layout.units(0, ["nothing"]))


def test_the_parts_do_not_overlap_and_neither_is_small(layout: ModuleType) -> None:
    made = list(layout.units(0, SMALL))
    held = sum(unit.part == "held" for unit in made)
    assert len({unit.path for unit in made}) == len(made)
    assert 0.25 < held / len(made) < 0.55
