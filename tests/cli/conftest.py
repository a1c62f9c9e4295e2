"""The installed command in a process of its own, with nothing of this user's around it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass
class Ended:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Command:
    folder: Path

    def environment(self, **names: str) -> dict[str, str]:
        kept = {"PATH": os.environ["PATH"], "HOME": str(self.folder / "home"), "COLUMNS": "100"}
        return {**kept, **names}

    def __call__(self, *arguments: str | Path, stdin: bytes = b"", **names: str) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "assay", *map(os.fspath, arguments)],
            cwd=self.folder,
            env=self.environment(**names),
            input=stdin,
            capture_output=True,
            timeout=60,
            check=False,
        )
        ended = Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in ended.out + ended.err
        return ended


@pytest.fixture
def command(tmp_path) -> Command:
    (tmp_path / "home").mkdir()
    return Command(tmp_path)


@pytest.fixture
def model(tmp_path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"hidden": 8}\n')
    (folder / "README.md").write_text("# A model\n")
    return folder
