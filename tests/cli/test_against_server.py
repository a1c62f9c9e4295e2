"""Commands that speak to a real server: what people are told of releases and of refusals."""

from __future__ import annotations

import sys

import pytest

from assay.cli.main import run
from releases.house import MODEL
from served import config_for, serving


@pytest.fixture
def served(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with serving(config_for(tmp_path / "served")) as found:
        monkeypatch.setenv("ASSAY_URL", found.url)
        yield found


@pytest.fixture
def say(served, monkeypatch, capsys):
    def spoken(who, *words):
        monkeypatch.setenv("ASSAY_TOKEN", served.token(who))
        monkeypatch.setattr(sys, "argv", ["assay", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run()
        found = capsys.readouterr()
        return ended.value.code or 0, found.out, found.err

    return spoken


def test_a_title_is_shown_as_text(served, say):
    release = served.house.push(title="[/red] [31mred").release
    for words in (("list", str(MODEL)), ("show", f"{MODEL}@{release.version}")):
        code, out, err = say("ana", *words)
        assert (code, err) == (0, "")
        assert "[/red] [31mred" in out
        assert "\x1b" not in out


def test_show_says_why_a_release_is_not_served(served, say):
    release = served.house.evaluated()
    code, out, _ = say("ana", "show", f"{MODEL}@{release.version}")
    assert code == 0
    assert out.splitlines()[-1].startswith("  served   no: is not approved: ")


def test_a_field_the_server_refuses_is_named_once(served, say):
    release = served.house.evaluated()
    code, out, err = say("ben", "approve", f"{MODEL}@{release.version}", "--reason", "")
    assert (code, out) == (1, "")
    assert err.startswith("assay: body.reason: ")
    assert err.count("body.reason") == 1
