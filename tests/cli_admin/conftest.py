"""The command line in this process, on an installation of its own."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assay.cli.main import run
from databases import new_database, postgres_server  # noqa: F401 - fixtures


@dataclass
class Answer:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


class Assay:
    """Runs `assay ...` as the installed command does, without a new process."""

    def __init__(self, home: Path, monkeypatch, capsys) -> None:
        self.home = home
        self._patch = monkeypatch
        self._capsys = capsys

    def setenv(self, **names: str) -> None:
        for name, value in names.items():
            self._patch.setenv(name, value)

    def __call__(self, *arguments: str) -> Answer:
        self._patch.setattr(sys, "argv", ["assay", *arguments])
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run()
        found = self._capsys.readouterr()
        code = ended.value.code
        return Answer(0 if code is None else int(code), found.out, found.err)

    def yes(self, *arguments: str) -> Answer:
        answer = self(*arguments)
        assert answer.code == 0, answer.err
        return answer

    def json(self, *arguments: str) -> Any:
        return self.yes(*arguments, "--format", "json").json()

    def no(self, code: int, *arguments: str) -> str:
        answer = self(*arguments)
        assert answer.code == code, (answer.code, answer.out, answer.err)
        assert "Traceback" not in answer.err
        assert answer.out == ""
        return answer.err


@pytest.fixture
def bare(tmp_path, monkeypatch, capsys):
    """The command line where nothing is set up."""
    for name in [name for name in os.environ if name.startswith("ASSAY_")]:
        if name != "ASSAY_TEST_POSTGRES_URL":
            monkeypatch.delenv(name)
    made = Assay(tmp_path / "home", monkeypatch, capsys)
    made.setenv(
        ASSAY_HOME=str(made.home),
        XDG_CONFIG_HOME=str(tmp_path / "config"),
        NO_COLOR="1",
        COLUMNS="200",
    )
    return made


@pytest.fixture(scope="session")
def kept_homes():
    """Installations made by `assay admin init` once, to copy."""
    return {}


@pytest.fixture
def assay(bare, kept_homes, tmp_path_factory):
    """The command line on an installation that is set up, on SQLite."""
    _kept(bare, kept_homes, tmp_path_factory, "empty", [("init",)])
    return bare


@pytest.fixture
def people(bare, kept_homes, tmp_path_factory):
    """One where ana publishes and reviews in acme, and ci is her robot."""
    commands = [
        ("init",),
        ("user", "add", "ana"),
        ("user", "add", "ci", "--kind", "robot", "--owner", "ANA"),
        ("role", "add", "ana", "publisher", "--namespace", "Acme"),
        ("role", "add", "ana", "reviewer", "--namespace", "acme"),
    ]
    _kept(bare, kept_homes, tmp_path_factory, "people", commands)
    return bare


def _kept(bare, homes, factory, name, commands):
    if name not in homes:
        for command in commands:
            bare.yes("admin", *command)
        homes[name] = factory.mktemp("kept") / "home"
        shutil.copytree(bare.home, homes[name])
    else:
        shutil.copytree(homes[name], bare.home)


@pytest.fixture(params=["sqlite", "postgresql"])
def anywhere(request, bare):
    """The command line where nothing is set up, for each engine in turn."""
    if request.param == "sqlite":
        yield bare
        return
    server = request.getfixturevalue("postgres_server")
    with new_database(server) as url:
        bare.setenv(ASSAY_DATABASE_URL=url)
        yield bare
