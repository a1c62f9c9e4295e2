"""Ctrl-C in the middle of long work: exit code 130, one line, nothing half-written."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

LARGE = 64 * 1024**3


def reads(pid: int, path: Path) -> bool:
    """Whether the process, or the scanner's child of it, has the file open."""
    for folder in Path("/proc").glob("[0-9]*/fd"):
        try:
            fields = (folder.parent / "stat").read_text().rpartition(")")[2].split()
            if pid not in (int(folder.parent.name), int(fields[1])):
                continue
            if any(str(link.readlink()) == str(path) for link in folder.iterdir()):
                return True
        except OSError:
            continue
    return False


@pytest.mark.parametrize("words", [("digest",), ("scan",), ("sign", "--key", "k")])
def test_an_interrupt_ends_with_130_and_leaves_nothing(command, tmp_path, words):
    command("keys", "generate", "k")
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(LARGE)  # sparse: it takes no room, and long to read
    before = sorted(path.name for path in tmp_path.iterdir())
    with subprocess.Popen(
        [sys.executable, "-m", "assay", words[0], large, *words[1:]],
        cwd=tmp_path,
        env=command.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        end = time.monotonic() + 30
        while not reads(process.pid, large):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, ""), err
    assert err == "assay: interrupted\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == before
