"""Help: every command has a true summary and two worked examples, whose options it knows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from assay.cli.main import PANELS, _load

ENVIRONMENT = re.compile(r"[A-Z_]+=\S*\Z")


def commands() -> Iterator[tuple[str, Any]]:
    for panel in PANELS.values():
        for name in panel:
            yield from leaves((name,), _load(name))


def leaves(path: tuple[str, ...], command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", {})
    if not inner:
        yield " ".join(path), command
    for name, one in inner.items():
        yield from leaves((*path, name), one)


ALL = dict(commands())


def examples(command: Any) -> list[list[str]]:
    told = (command.help or "").partition("Examples:")[2]
    return [shlex.split(line) for line in told.split("\n\n") if line.strip()]


@pytest.mark.parametrize("name", ALL)
def test_a_command_has_two_examples_it_can_parse(name):
    command = ALL[name]
    given = examples(command)
    assert len(given) == 2
    options = {opt for parameter in command.params for opt in parameter.opts}
    for line in given:
        words = [word for word in line if not ENVIRONMENT.match(word)]
        if words[0] == "xdg-open":
            continue
        assert words[: 1 + len(name.split())] == ["assay", *name.split()]
        used = {word for word in words if word.startswith("--")}
        assert used <= options


@pytest.mark.parametrize("name", ALL)
def test_every_option_and_argument_says_what_it_is(name):
    for parameter in ALL[name].params:
        if parameter.name != "help":
            assert parameter.help, parameter.name


@pytest.mark.parametrize("name", ALL)
def test_an_unknown_option_and_a_word_too_many_are_usage_errors(name, monkeypatch, capsys):
    import sys

    from assay.cli.main import run

    for words in (["--no-such-option"], ["a"] * 20 if name != "scan" else ["--gate", "no", "x"]):
        monkeypatch.setattr(sys, "argv", ["assay", *name.split(), *words])
        with pytest.raises(SystemExit) as ended:
            run()
        assert ended.value.code == 2
        assert capsys.readouterr().out == ""
