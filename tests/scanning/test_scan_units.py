"""Units: folders and files, what is in the way of reading them, and what a scan answers."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from assay.core.digest import Digest
from assay.core.errors import UsageError
from assay.core.finding import Verdict
from assay.core.folder import digest
from assay.core.limits import ScanLimits
from assay.scanning.interface import RULESET, InputFile, scan, scan_files, scan_paths
from scanning.container_making import COMMAND, benign_pickle, torch_members, zip_of


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "config.json").write_text('{"a": 1}')
    (folder / "sub" / "model.pt").write_bytes(zip_of(torch_members()))
    (folder / "README.md").write_text("# hello\n")
    return folder


def test_a_folder_is_one_unit_with_its_tree_digest(model: Path) -> None:
    (unit,) = scan(model).units
    assert (unit.kind, unit.verdict, unit.files) == ("folder", Verdict.CLEAN, 3)
    assert unit.digest == digest(model)


def test_a_file_is_one_unit_with_its_digest(model: Path) -> None:
    path = model / "config.json"
    (unit,) = scan(str(path)).units
    assert (unit.kind, unit.verdict) == ("file", Verdict.CLEAN)
    assert unit.digest == Digest.of(path.read_bytes())


def test_each_makes_every_file_a_unit(model: Path) -> None:
    (model / "bad.pkl").write_bytes(COMMAND)
    units = {Path(unit.path).name: unit for unit in scan(model, each=True).units}
    assert set(units) == {"config.json", "model.pt", "README.md", "bad.pkl"}
    assert units["bad.pkl"].verdict is Verdict.MALICIOUS
    assert units["bad.pkl"].findings[0].path == ""
    assert units["model.pt"].verdict is Verdict.CLEAN


def test_one_bad_file_makes_its_folder_malicious(model: Path) -> None:
    (model / "sub" / "bad.bin").write_bytes(COMMAND)
    (unit,) = scan(model).units
    assert unit.verdict is Verdict.MALICIOUS
    assert {finding.path for finding in unit.findings if finding.blocks} == {"sub/bad.bin"}
    assert unit.digest == digest(model)


def test_a_link_is_a_finding(model: Path) -> None:
    (model / "weights.bin").symlink_to("/etc/passwd")
    (unit,) = scan(model).units
    assert [f.rule for f in unit.findings if f.blocks] == ["file.link"]
    assert unit.verdict is Verdict.MALICIOUS
    assert unit.digest is None


def test_links_within_a_hub_cache_are_followed(tmp_path: Path) -> None:
    cache = tmp_path / "models--org--name"
    snapshot = cache / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (cache / "blobs").mkdir()
    (cache / "blobs" / "b1").write_bytes(COMMAND)
    (snapshot / "model.pkl").symlink_to("../../blobs/b1")
    (unit,) = scan(snapshot).units
    assert {(f.rule, f.path) for f in unit.findings} == {("pickle.dangerous-import", "model.pkl")}
    (snapshot / "other").symlink_to("/etc/passwd")
    (unit,) = scan(snapshot).units
    assert "file.link" in {f.rule for f in unit.findings}


def test_pipes_are_unread_and_nothing_waits_for_them(model: Path) -> None:
    os.mkfifo(model / "pipe")
    (unit,) = scan(model).units
    assert unit.verdict is Verdict.UNKNOWN
    assert "named pipe" in unit.unread[0].reason
    (alone,) = scan(model / "pipe").units
    assert alone.verdict is Verdict.UNKNOWN


def test_a_file_that_hides_its_size_is_unread() -> None:
    (unit,) = scan("/proc/self/status").units
    assert unit.verdict is Verdict.UNKNOWN
    assert "says it is empty" in unit.unread[0].reason


def test_names_that_are_not_utf8_are_unread(model: Path) -> None:
    with open(os.fsencode(model) + b"/bad\xff.md", "wb") as file:  # noqa: PTH123 - bytes
        file.write(b"x")
    (unit,) = scan(model).units
    assert unit.verdict is Verdict.UNKNOWN
    assert "UTF-8" in unit.unread[0].reason
    json.dumps(unit.to_json()).encode("utf-8")


def test_names_that_collide_are_unread(model: Path) -> None:
    (model / "CONFIG.json").write_text("{}")
    (unit,) = scan(model).units
    assert unit.verdict is Verdict.UNKNOWN
    assert unit.digest is None


def test_an_empty_folder_is_not_clean(tmp_path: Path) -> None:
    (unit,) = scan(tmp_path).units
    assert unit.verdict is Verdict.UNKNOWN


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        scan(tmp_path / "absent")


def test_a_file_over_the_budget_is_unread(model: Path) -> None:
    (unit,) = scan(model / "README.md", limits=ScanLimits(file_bytes=3)).units
    assert unit.verdict is Verdict.UNKNOWN


def test_a_flood_of_findings_keeps_the_gravest(tmp_path: Path) -> None:
    rows = "".join(f'{{"_target_": "pkg.Name{n}"}}\n' for n in range(2000))
    path = tmp_path / "rows.jsonl"
    path.write_text(rows + '{"_target_": "os.system"}\n')
    (unit,) = scan(path, limits=ScanLimits(max_findings=20)).units
    assert unit.findings[0].rule == "config.dangerous-import"
    assert unit.findings[-1].rule == "file.more-findings"
    assert len(unit.findings) == 21


def test_git_and_hub_bookkeeping_is_no_part_of_the_unit(model: Path) -> None:
    before = scan(model).units[0]
    (model / ".git").mkdir()
    (model / ".git" / "hook").write_bytes(COMMAND)
    assert scan(model).units[0] == before


def test_several_paths_share_a_report(model: Path) -> None:
    report = scan_paths([model, model / "config.json"])
    assert [unit.kind for unit in report.units] == ["folder", "file"]
    assert report.ruleset == RULESET


def test_two_thousand_small_files(tmp_path: Path) -> None:
    for number in range(1000):
        (tmp_path / f"a{number}.pkl").write_bytes(benign_pickle())
        (tmp_path / f"b{number}.json").write_text('{"a": [1, 2, 3]}')
    (unit,) = scan(tmp_path).units
    assert (unit.files, unit.verdict) == (2000, Verdict.CLEAN)
    assert not [link for link in Path("/proc/self/fd").iterdir() if _leads_below(link, tmp_path)]


def _leads_below(link: Path, folder: Path) -> bool:
    try:
        return link.readlink().is_relative_to(folder)
    except OSError:
        return False


def test_files_of_a_store_are_scanned_by_descriptor(tmp_path: Path) -> None:
    contents = {"good.pkl": benign_pickle(), "bad.pkl": COMMAND, "x.onnx": b"\x08\x07"}
    files = []
    for number, (name, data) in enumerate(contents.items()):
        blob = tmp_path / f"blob{number}"
        blob.write_bytes(data)
        files.append(InputFile(name, len(data), lambda blob=blob: os.open(blob, os.O_RDONLY)))
    seen: list[int] = []
    found = scan_files(files, wall_seconds=60, progress=seen.append)
    assert found.verdict is Verdict.MALICIOUS
    assert {finding.path for finding in found.findings} == {"bad.pkl"}
    assert [item.path for item in found.unread] == ["x.onnx"]
    assert found.ruleset == RULESET
    assert found.formats == ("pickle", "unknown")
    assert sum(seen) == sum(len(data) for data in contents.values())


def test_a_stored_file_of_another_size_is_unread(tmp_path: Path) -> None:
    blob = tmp_path / "blob"
    blob.write_bytes(b"# hi\n")
    found = scan_files([InputFile("a.md", 4, lambda: os.open(blob, os.O_RDONLY))])
    assert found.verdict is Verdict.UNKNOWN


def test_a_stored_file_that_cannot_be_opened_is_unread(tmp_path: Path) -> None:
    found = scan_files([InputFile("a.md", 4, lambda: os.open(tmp_path / "no", os.O_RDONLY))])
    assert found.verdict is Verdict.UNKNOWN


def test_no_files_at_all_is_not_clean() -> None:
    assert scan_files([]).verdict is Verdict.UNKNOWN
