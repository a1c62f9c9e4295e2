"""Paths that are empty, pipes, devices: refused by name, never waited for, never written over."""

from __future__ import annotations

import os

import pytest


@pytest.mark.parametrize(
    "words",
    [
        ("scan", ""),
        ("digest", ""),
        ("sign", "", "--key", "k"),
        ("verify", "", "--key", "k"),
        ("keys", "generate", ""),
        ("push", "", "acme/x"),
        ("policy", "check", ""),
        ("scan", "model", "--baseline", ""),
    ],
)
def test_an_empty_path_is_never_the_present_folder(command, model, words):
    ended = command(*words)
    assert (ended.code, ended.out) == (2, "")
    assert "is empty" in ended.err


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (2, ("scan", "model", "--baseline", "pipe")),
        (2, ("scan", "model", "--allow", "pipe")),
        (1, ("policy", "check", "pipe")),
        (1, ("policy", "explain", "policy.toml", "--facts", "pipe")),
        (1, ("evidence", "show", "pipe")),
        (2, ("keys", "generate", "k", "--passphrase-file", "pipe")),
        (1, ("log", "verify", "log")),
        (2, ("list",)),
    ],
)
def test_a_pipe_nobody_writes_to_is_not_waited_for(command, model, tmp_path, code, words):
    (tmp_path / "policy.toml").write_text(command("policy", "show").out)
    (tmp_path / "log").mkdir()
    stored = tmp_path / "home/.config/assay"
    stored.mkdir(parents=True)
    for path in (tmp_path / "pipe", tmp_path / "log/checkpoint", stored / "credentials.json"):
        os.mkfifo(path, 0o600)
    ended = command(*words)
    assert (ended.code, ended.out) == (code, ""), ended.err


def test_a_pipe_somebody_writes_to_is_read(command, tmp_path):
    policy = command("policy", "show").out.encode()
    reading, writing = os.pipe()
    os.write(writing, policy)
    os.close(writing)
    try:
        from assay.core.reading import read_input

        assert read_input(f"/proc/self/fd/{reading}", 1 << 20) == policy
    finally:
        os.close(reading)


def test_endless_input_is_refused(command, model):
    for option in ("--baseline", "--allow"):
        ended = command("scan", model, option, "/dev/zero")
        assert ended.code == 2
        assert "not a regular file" in ended.err


def test_what_is_written_never_takes_the_place_of_a_pipe_or_device(tmp_path):
    from assay.cli.terminal import write_output
    from assay.core.errors import UsageError

    pipe, folder, link = tmp_path / "pipe", tmp_path / "folder", tmp_path / "link"
    os.mkfifo(pipe)
    folder.mkdir()
    link.symlink_to("file")
    for path in (pipe, folder):
        with pytest.raises(UsageError, match="is not a regular file"):
            write_output(path, b"x")
    assert pipe.is_fifo()
    write_output(link, b"x")
    assert link.is_symlink()
    assert (tmp_path / "file").read_bytes() == b"x"
