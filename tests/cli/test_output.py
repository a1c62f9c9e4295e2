"""What is printed: in any encoding, to a full disk, to a reader that left, and never a trick."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assay.cli.main import run
from assay.cli.terminal import console, print_table

ASCII = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}


def test_a_name_the_terminal_cannot_show_is_no_error(command, tmp_path):
    (tmp_path / "é.txt").write_text("hello\n")
    for words in (("digest", "é.txt"), ("scan", "é.txt")):
        plain = command(*words, **ASCII)
        assert plain.code == 0, plain.err
        assert ".txt" in plain.out
        document = command(*words, "--format", "json", **ASCII)
        assert "é.txt" in json.dumps(document.json(), ensure_ascii=False)


def test_an_answer_that_finds_no_room_says_so(command, model):
    for words in (("digest",), ("scan",), ("digest", "--format", "json")):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "assay", words[0], model, *words[1:]],
                env=command.environment(),
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert done.returncode == 3, done.stderr
        assert done.stderr == "assay: the answer cannot be written: No space left on device\n"


@pytest.mark.parametrize("words", [("scan", "model"), ("digest", "model"), ("policy", "show")])
def test_a_reader_that_left_ends_the_command_quietly(command, model, words):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "assay", *words],
        cwd=command.folder,
        env=command.environment(),
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (130, b"")


def test_other_peoples_text_cannot_move_the_cursor_or_be_markup(capsys):
    print_table(["title"], [["a\x1b[31mred\n[/red] [bold]b"]])
    console().print("is held: \x1b]0;owned\x07\u202e", markup=False)
    assert capsys.readouterr().out == "title\na?[31mred [/red] [bold]b\nis held: ?]0;owned?\n"


def test_an_error_cannot_either(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["assay", "digest", "a\x1b[31m\u202eb"])
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 2
    assert capsys.readouterr().err == "assay: a\\x1b[31m\\u202eb: does not exist\n"


def test_tables_are_not_cut_at_the_terminals_width(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    print_table(["version", "created"], [["0123456789ab", "2026-11-25T14:49:05.114755Z"]])
    assert "0123456789ab  2026-11-25T14:49:05.114755Z" in capsys.readouterr().out


def test_colour_is_off_with_no_color(command, model):
    assert "\x1b" in command("scan", model, FORCE_COLOR="1").out
    assert "\x1b" not in command("scan", model, FORCE_COLOR="1", NO_COLOR="1").out
