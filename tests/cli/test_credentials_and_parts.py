"""Tokens and their file where they are not what they should be; commands without their parts."""

from __future__ import annotations

import json
import sys

import pytest

from assay.cli.errors import guarded
from assay.cli.main import run


@pytest.mark.parametrize("token", [b"t\xc3\xbcr", b"a\x00b", b"a b", b"\xff\xfe", b"\x1b[31m"])
def test_a_token_that_can_be_none_is_refused_before_it_is_sent(command, token):
    ended = command("login", "http://127.0.0.1:1", "--token-stdin", stdin=token + b"\n")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("assay: the token is not one")


def test_the_same_from_the_environment(command):
    ended = command("list", ASSAY_URL="http://127.0.0.1:1", ASSAY_TOKEN="tür")
    assert ended.code == 2
    assert "tür" not in ended.err


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"schema": "assay.credentials/1", "current": 5, "servers": {}},
        {"schema": "assay.credentials/1", "current": "", "servers": []},
        {"schema": "assay.credentials/1", "current": "", "servers": {"http://a": 7}},
    ],
)
def test_a_broken_credentials_file_is_named(command, tmp_path, document):
    path = tmp_path / "home/.config/assay/credentials.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(document))
    path.chmod(0o600)
    for words in (("list",), ("login", "http://a", "--forget")):
        ended = command(*words)
        assert ended.code == 2
        assert str(path) in ended.err


def test_credentials_that_cannot_be_kept():
    from assay.client.credentials import Credentials, store
    from assay.core.errors import UnavailableError

    with pytest.raises(UnavailableError, match="cannot be written"):
        store(Credentials("http://a", "t"), {"XDG_CONFIG_HOME": "/proc/nowhere"})


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("sqlalchemy", "server"),
        ("psycopg.pq", "server,postgres"),
        ("huggingface_hub", "server,tour"),
    ],
)
def test_absent_parts_are_named_with_the_extra_that_brings_them(capsys, module, extra):
    def needs() -> None:
        raise ModuleNotFoundError(name=module)

    with pytest.raises(SystemExit) as ended:
        guarded(needs)
    assert ended.value.code == 2
    assert f"pipx install 'assay[{extra}]'" in capsys.readouterr().err


def test_the_tour_says_what_it_needs_before_it_makes_anything(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    monkeypatch.setattr(sys, "argv", ["assay", "tour"])
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert "needs huggingface_hub" in found.err


@pytest.mark.parametrize(
    "option", ["--trust-root", "--fingerprint", "--release", "--allow-expired"]
)
def test_the_option_that_needs_evidence_is_named(command, model, option):
    given = (option,) if option == "--allow-expired" else (option, "x")
    ended = command("verify", model, *given)
    assert (ended.code, ended.err) == (2, f"assay: {option}: goes with --evidence\n")
