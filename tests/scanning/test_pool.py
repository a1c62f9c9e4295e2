"""Several sandboxed children read a folder as one would."""

from __future__ import annotations

import pickle
from pathlib import Path

from assay.core.finding import Verdict
from assay.scanning.interface import scan_with
from assay.scanning.isolation.pool import Pool
from assay.scanning.isolation.sandbox import Sandbox
from scanning.container_making import COMMAND


def folder(place: Path, count: int) -> Path:
    place.mkdir()
    for number in range(count):
        (place / f"{number:03}.pkl").write_bytes(pickle.dumps([number, "x" * number]))
    (place / "050.pkl").write_bytes(COMMAND)
    return place


def test_the_answers_are_those_of_one_child_in_the_same_order(tmp_path: Path) -> None:
    place = folder(tmp_path / "many", 150)
    with Sandbox() as one, Pool(jobs=3) as several:
        alone = scan_with(one, [place], each=True)
        together = scan_with(several, [place], each=True)
    assert together == alone
    bad = [unit for unit in together.units if unit.verdict is Verdict.MALICIOUS]
    assert [Path(unit.path).name for unit in bad] == ["050.pkl"]


def test_a_few_files_need_one_child(tmp_path: Path) -> None:
    place = folder(tmp_path / "few", 3)
    with Pool(jobs=3) as several:
        scan_with(several, [place])
        assert len(several.children) == 1


def test_no_more_children_than_asked_for(tmp_path: Path) -> None:
    place = folder(tmp_path / "many", 200)
    with Pool(jobs=2) as several:
        scan_with(several, [place])
        assert 1 <= len(several.children) <= 2
