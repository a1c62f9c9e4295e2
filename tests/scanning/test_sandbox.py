"""The sandbox: the child can do nothing but answer, and its death costs one file's answer."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assay.core.errors import UnavailableError
from assay.core.limits import ScanLimits
from assay.scanning.isolation.sandbox import FileResult, Sandbox, capabilities
from scanning.container_making import COMMAND, benign_pickle

SLOW = b"[" + b'{"a":[1]},' * 9_000_000 + b"0]"
"""JSON that takes seconds and gigabytes to read."""


@contextmanager
def results_of(
    files: dict[str, bytes], folder: Path, limits: ScanLimits | None = None
) -> Iterator[tuple[Sandbox, dict[str, FileResult]]]:
    """Files handed to a sandbox; the results are there when it is left."""
    found: dict[str, FileResult] = {}
    descriptors = []
    with Sandbox(limits) as sandbox:
        try:
            for name, data in files.items():
                (folder / name).write_bytes(data)
                descriptors.append(os.open(folder / name, os.O_RDONLY))
                sandbox.submit(
                    name,
                    descriptors[-1],
                    len(data),
                    lambda result, name=name: found.__setitem__(name, result),  # type: ignore[misc]
                )
            yield sandbox, found
            sandbox.finish()
        finally:
            for descriptor in descriptors:
                os.close(descriptor)


def test_every_lock_holds_and_was_tried() -> None:
    found = capabilities()
    for name in ("starts", "isolated", "limits", "no_new_privs", "seccomp"):
        assert found[name] is True, found
    for name in ("no_files", "no_sockets", "no_exec", "no_processes"):
        assert found[name] is True, found
    assert "landlock" in found


def test_results_come_back_in_order(tmp_path: Path) -> None:
    files = {f"f{number}.pkl": benign_pickle() for number in range(200)}
    files["bad.pkl"] = COMMAND
    with results_of(files, tmp_path) as (_, found):
        pass
    assert list(found) == list(files)
    assert found["bad.pkl"].findings[0].rule == "pickle.dangerous-import"
    assert not any(result.unread for result in found.values())


def test_a_file_over_the_memory_budget_stays_unread_and_the_rest_is_read(tmp_path: Path) -> None:
    files = {"a.md": b"a", "slow.json": SLOW, "b.pkl": benign_pickle(), "c.pkl": COMMAND}
    limits = ScanLimits(memory_bytes=256 * 1024 * 1024)
    with results_of(files, tmp_path, limits) as (_, found):
        pass
    assert "memory" in found["slow.json"].unread[0].reason
    assert not found["b.pkl"].unread
    assert found["c.pkl"].findings


def test_a_file_over_the_cpu_budget_stays_unread_and_the_rest_is_read(tmp_path: Path) -> None:
    files = {"slow.json": SLOW, "b.pkl": benign_pickle()}
    with results_of(files, tmp_path, ScanLimits(cpu_seconds=1)) as (_, found):
        pass
    assert "CPU time" in found["slow.json"].unread[0].reason
    assert not found["b.pkl"].unread


def test_a_file_over_the_elapsed_time_stays_unread_and_the_rest_is_read(tmp_path: Path) -> None:
    files = {"a.md": b"a", "slow.json": SLOW, "b.pkl": benign_pickle()}
    began = time.monotonic()
    with results_of(files, tmp_path, ScanLimits(wall_seconds=1)) as (_, found):
        pass
    assert "within 1 seconds" in found["slow.json"].unread[0].reason
    assert not found["a.md"].unread
    assert not found["b.pkl"].unread
    assert time.monotonic() - began < 20


def test_a_killed_child_costs_one_file(tmp_path: Path) -> None:
    files = {"slow.json": SLOW, "b.pkl": benign_pickle(), "c.pkl": COMMAND}
    with results_of(files, tmp_path) as (sandbox, found):
        child = sandbox._child
        assert child is not None
        while not child.is_ready:
            sandbox._collect(block=False)
        os.kill(child._process.pid, signal.SIGKILL)
    assert "SIGKILL" in found["slow.json"].unread[0].reason
    assert not found["b.pkl"].unread
    assert found["c.pkl"].findings


def test_a_file_cut_short_after_it_was_opened_is_unread(tmp_path: Path) -> None:
    found: list[FileResult] = []
    path = tmp_path / "a.pkl"
    path.write_bytes(benign_pickle())
    descriptor = os.open(path, os.O_RDONLY)
    with Sandbox() as sandbox:
        sandbox.submit("a.pkl", descriptor, 1_000_000, found.append)
        sandbox.finish()
    os.close(descriptor)
    assert found[0].unread


def test_a_child_that_cannot_start_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.scanning.isolation.process._BOOTSTRAP", "import sys; sys.exit(9)")
    path = Path(__file__)
    with Sandbox() as sandbox, path.open("rb") as file:
        sandbox.submit("a", file.fileno(), 10, lambda _: None)
        with pytest.raises(UnavailableError) as caught:
            sandbox.finish()
    assert "does not start" in caught.value.message
    assert caught.value.remedy


def test_an_answer_that_is_none_is_not_clean(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A child that answers nonsense: every file is unread, and the scan ends."""
    liar = (
        "import os, time\n"
        "os.write(1, b'{\"ready\": {}}\\n')\n"
        "os.write(1, b'nonsense\\n' * 3)\n"
        "time.sleep(60)"
    )
    monkeypatch.setattr("assay.scanning.isolation.process._BOOTSTRAP", liar)
    with results_of({"a.md": b"a", "b.md": b"b"}, tmp_path) as (_, found):
        pass
    assert all(result.unread for result in found.values())
    assert len(found) == 2


def test_an_empty_object_is_no_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    liar = "import os, time\nos.write(1, b'{\"ready\": {}}\\n{}\\n')\ntime.sleep(60)"
    monkeypatch.setattr("assay.scanning.isolation.process._BOOTSTRAP", liar)
    with results_of({"a.md": b"a"}, tmp_path) as (_, found):
        pass
    assert found["a.md"].unread


def test_a_child_that_only_retires_does_not_go_on_for_ever(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    liar = 'import os\nos.write(1, b\'{"ready": {}}\\n{"retired": true}\\n\')'
    monkeypatch.setattr("assay.scanning.isolation.process._BOOTSTRAP", liar)
    with results_of({"a.md": b"a", "b.md": b"b"}, tmp_path) as (_, found):
        pass
    assert "gave up" in found["a.md"].unread[0].reason
    assert found["b.md"].unread


def test_whoever_waits_is_told_that_the_scan_goes_on(tmp_path: Path) -> None:
    beats: list[int] = []
    path = tmp_path / "slow.json"
    path.write_bytes(SLOW)
    with path.open("rb") as file, Sandbox(beat=lambda: beats.append(1)) as sandbox:
        sandbox.submit("slow.json", file.fileno(), len(SLOW), lambda _: None)
        sandbox.finish()
    assert beats


def test_nothing_is_left_running(tmp_path: Path) -> None:
    with results_of({"a.md": b"a"}, tmp_path) as (sandbox, _):
        sandbox.finish()
        assert sandbox._child is not None
        pid = sandbox._child._process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
