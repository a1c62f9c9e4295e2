"""A file that was read by these rules is not read again; anything else about it is."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import pytest

from assay.core.digest import Digest
from assay.core.finding import Verdict
from assay.core.limits import ScanLimits
from assay.scanning import results
from assay.scanning.interface import InputFile, scan_files, scan_with
from assay.scanning.isolation.sandbox import FileResult, Sandbox
from assay.scanning.results import ResultCache
from scanning.container_making import COMMAND


class Counting(Sandbox):
    """A sandbox that counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def submit(self, path, descriptor, size, done, *, title=""):
        self.asked.append(title or path)
        super().submit(path, descriptor, size, done, title=title)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "big.pkl").write_bytes(pickle.dumps([b"x" * 100_000]))
    (folder / "bad.pkl").write_bytes(COMMAND + b"\0" * 100_000)
    (folder / "small.txt").write_text("small\n")
    return folder


def scanned(model: Path, cache: ResultCache):
    with Counting() as sandbox:
        (unit,) = scan_with(sandbox, [model], cache=cache).units
    return unit, sandbox.asked


def a_cache(tmp_path: Path, ruleset: str = "r", **limits: int) -> ResultCache:
    return ResultCache(tmp_path / "cache", ruleset, ScanLimits(**limits))


def test_a_second_scan_reads_only_what_is_small_or_unread(tmp_path: Path, model: Path) -> None:
    first, asked = scanned(model, a_cache(tmp_path))
    assert sorted(asked) == ["bad.pkl", "big.pkl", "small.txt"]
    second, asked = scanned(model, a_cache(tmp_path))
    assert "big.pkl" not in asked
    assert second == first
    assert second.verdict is Verdict.MALICIOUS


def test_other_bytes_rules_budgets_or_names_are_read_anew(tmp_path: Path, model: Path) -> None:
    scanned(model, a_cache(tmp_path))
    assert "big.pkl" in scanned(model, a_cache(tmp_path, "other"))[1]
    assert "big.pkl" in scanned(model, a_cache(tmp_path, depth=3))[1]
    (model / "big.pkl").rename(model / "renamed.pkl")
    assert "renamed.pkl" in scanned(model, a_cache(tmp_path))[1]
    (model / "renamed.pkl").write_bytes(pickle.dumps([b"y" * 100_000]))
    assert "renamed.pkl" in scanned(model, a_cache(tmp_path))[1]


def test_what_was_left_unread_is_tried_again(tmp_path: Path, model: Path) -> None:
    (model / "cut.safetensors").write_bytes(b"\xff" * 8 + b"{" + b"x" * 100_000)
    for _ in range(2):
        unit, asked = scanned(model, a_cache(tmp_path))
        assert "cut.safetensors" in asked
        assert unit.unread


def test_a_folder_others_can_write_to_is_not_used(tmp_path: Path, model: Path) -> None:
    scanned(model, a_cache(tmp_path))
    (tmp_path / "cache").chmod(0o777)
    assert "big.pkl" in scanned(model, a_cache(tmp_path))[1]
    (tmp_path / "cache").chmod(0o700)
    (tmp_path / "cache").rename(tmp_path / "real")
    (tmp_path / "cache").symlink_to(tmp_path / "real")
    assert "big.pkl" in scanned(model, a_cache(tmp_path))[1]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"family": "pickle"}', '{"findings": [1]}'])
def test_a_damaged_entry_is_no_answer(tmp_path: Path, model: Path, content: str) -> None:
    scanned(model, a_cache(tmp_path))
    for entry in (tmp_path / "cache").glob("??/*"):
        entry.write_text(content)
    assert "big.pkl" in scanned(model, a_cache(tmp_path))[1]


def test_the_oldest_entries_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MOST_ENTRIES", 5)
    cache = a_cache(tmp_path)
    for number in range(9):
        cache.keep(Digest.of(bytes([number])), "a", "", FileResult("text", (), ()))
    cache.tidy()
    assert len(list((tmp_path / "cache").glob("??/*"))) == 5


def test_a_server_finds_a_result_by_the_digest_it_knows(tmp_path: Path, model: Path) -> None:
    path = model / "big.pkl"
    file = InputFile(
        "big.pkl",
        path.stat().st_size,
        lambda: os.open(path, os.O_RDONLY),
        Digest.of(path.read_bytes()),
    )
    first = scan_files([file], results=tmp_path / "kept")
    (entry,) = (tmp_path / "kept").glob("??/*")
    row = json.loads(entry.read_text())
    assert row["family"] == "pickle"
    row["family"] = "kept"
    entry.write_text(json.dumps(row))
    assert scan_files([file], results=tmp_path / "kept").formats == ("kept",)
    assert first.formats == ("pickle",)


def test_bytes_that_are_others_than_was_said_are_not_kept(tmp_path: Path, model: Path) -> None:
    path = model / "big.pkl"
    said = Digest.of(b"something else")
    file = InputFile("big.pkl", path.stat().st_size, lambda: os.open(path, os.O_RDONLY), said)
    scan_files([file], results=tmp_path / "kept")
    assert not list((tmp_path / "kept").glob("??/*"))


def test_a_file_that_changed_and_was_set_back_is_not_kept(tmp_path: Path, model: Path) -> None:
    path = model / "big.pkl"
    cache = a_cache(tmp_path)

    class Switching(Counting):
        def submit(self, name, descriptor, size, done, *, title=""):
            if title == "big.pkl":
                before = path.stat()
                with path.open("r+b") as file:
                    file.write(path.read_bytes())
                os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
            super().submit(name, descriptor, size, done, title=title)

    with Switching() as sandbox:
        (unit,) = scan_with(sandbox, [model], cache=cache).units
    assert any("changed" in item.reason for item in unit.unread)
    assert "big.pkl" in scanned(model, a_cache(tmp_path))[1]


def test_without_a_home_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError))
    assert results.default_folder() is None
