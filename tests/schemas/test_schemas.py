"""Every JSON document a command prints is one its published schema allows."""

from __future__ import annotations

import json
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

import assay
import evidence_making
from assay.cli.main import run
from assay.core.names import ModelName
from evidence_making import make_evidence
from releases.house import MODEL
from served import config_for, serving

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "schemas"
SCHEMAS = {path.name.removesuffix("-1.json") + "/1": path for path in FOLDER.glob("*.json")}
PRINTED = re.compile(r'print_json\(\s*\{[^}]*?"schema": "(assay\.[a-z-]+/1)"', re.DOTALL)


def checked(document):
    """The document, once its schema allows it; formats such as date-time count."""
    schema = json.loads(SCHEMAS[document["schema"]].read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator
    validator(schema, format_checker=validator.FORMAT_CHECKER).validate(document)
    return document


@pytest.fixture
def say(monkeypatch, capsys, tmp_path):
    """Runs a command with --format json and checks what it prints."""
    for name in [name for name in os.environ if name.startswith("ASSAY_")]:
        if name != "ASSAY_TEST_POSTGRES_URL":
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def spoken(*words, code=0):
        monkeypatch.setattr(sys, "argv", ["assay", *map(str, words), "--format", "json"])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run()
        found = capsys.readouterr()
        assert (ended.value.code or 0) == code, found.err
        return checked(json.loads(found.out))

    return spoken


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"hidden": 8}\n')
    (folder / "bad.pkl").write_bytes(b"cos\nsystem\n(S'x'\ntR.")
    return folder


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.name)
def test_a_schema_is_one_and_names_its_document(path):
    schema = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    name = path.name.removesuffix("-1.json")
    assert schema["title"].startswith(f"{name}/1: ")
    for form in schema.get("oneOf", [schema]):
        assert form["properties"]["schema"] == {"const": f"{name}/1"}
        assert form["additionalProperties"] is False


def test_every_document_the_commands_print_has_a_schema():
    sources = (ROOT / "src/assay/cli").glob("*.py")
    printed = {name for path in sources for name in PRINTED.findall(path.read_text())}
    assert len(printed) > 20
    assert printed <= set(SCHEMAS)


def test_files(say, model):
    for path in (model, model / "config.json"):
        say("digest", path)
    tensors = ROOT / "tests/scanning/real_tensors/nested.pt"
    assert say("convert", tensors, "--out", "o.safetensors")["tensors"]
    assert say("scan", model, code=1)["units"][0]["verdict"] == "malicious"
    say("keys", "generate", "k")
    say("keys", "show", "k.pub")
    say("intel", "show")
    say("sign", model, "--key", "k")
    assert say("verify", model, "--key", "k.pub", "--strict")["verified"]
    (model / "config.json").write_text("{}")
    assert say("verify", model, "--key", "k.pub", code=1)["differences"]["changed"]
    (model / "model.sig").write_text("{")
    assert not say("verify", model, "--key", "k.pub", code=1)["verified"]


def test_policies(say, tmp_path):
    from assay.policy.bundle import default_policy

    text = default_policy().source
    (tmp_path / "old.toml").write_text(text)
    (tmp_path / "new.toml").write_text(text.replace('version = "1"', 'version = "2"', 1))
    say("policy", "show")
    say("policy", "check", "old.toml")
    say("policy", "test", "old.toml")
    say("policy", "diff", "old.toml", "new.toml")


def test_evidence_and_log(say, tmp_path, monkeypatch):
    now, server = datetime.now(UTC), evidence_making.Server
    monkeypatch.setattr(evidence_making, "NOW", now)
    kept = {**server.decide.__kwdefaults__, "at": now}
    monkeypatch.setattr(server.decide, "__kwdefaults__", kept)
    monkeypatch.setattr(server.state, "__defaults__", (now,))
    monkeypatch.setattr(server.move, "__defaults__", (now,))
    made = make_evidence(tmp_path)
    (tmp_path / "evidence.json").write_bytes(made.bundle().to_bytes())
    say("evidence", "show", "evidence.json")
    trust = ("--trust-root", "keys/trust.json")
    say("verify", made.model, "--evidence", "evidence.json", *trust)
    (made.model / "more").write_text("x")
    say("verify", made.model, "--evidence", "evidence.json", *trust, code=1)


def test_administration(say):
    say("doctor", code=2)
    say("admin", "init")
    say("admin", "init", "--if-missing")
    say("admin", "upgrade")
    say("admin", "keys", "show")
    say("admin", "user", "add", "ana")
    say("admin", "user", "disable", "ana")
    say("admin", "user", "enable", "ana")
    say("admin", "user", "list")
    say("admin", "role", "add", "ana", "publisher", "--namespace", "acme")
    say("admin", "role", "list")
    token = say("admin", "token", "add", "ana", "--name", "laptop")
    say("admin", "token", "list")
    say("admin", "token", "revoke", token["id"])
    say("admin", "role", "remove", "ana", "publisher", "--namespace", "acme")
    say("admin", "namespace", "list")
    say("admin", "audit", "list")
    say("admin", "audit", "verify")


def test_releases(say, tmp_path, monkeypatch, model):
    found = assay.scan(model).units[0].findings
    assert found
    with serving(config_for(tmp_path / "served")) as served:
        committed = served.house.push()
        release = committed.release
        monkeypatch.setenv("ASSAY_URL", served.url)
        monkeypatch.setenv("ASSAY_TOKEN", served.token("ana"))
        named = f"{MODEL}@{release.version}"
        assert say("show", named)["decision"] is None
        served.house.take_in(committed, found)
        assert say("show", named)["findings"]
        assert say("list")["models"][0]["newest"]["outcome"] == "deny"
        good = served.house.approved({"other.bin": b"y" * 9})
        assert say("show", f"{MODEL}@{good.version}")["approvals"]
        assert len(say("list", MODEL)["releases"]) == 2
        assert say("trust", "add", served.url)["first_use"]
        say("trust", "show")
        say("pull", f"{MODEL}@{good.version}", "--to", "pulled")
        with served.logging():
            log = served.opened.config.log_folder
            assert say("log", "verify", log)["size"] > 0
            say("log", "prove", log, "0")
            say("evidence", "export", f"{MODEL}@{good.version}", "--out", "evidence.json")


def test_a_list_is_whole_however_many_pages_it_takes(say, tmp_path, monkeypatch):
    from assay.cli import listing

    monkeypatch.setattr(listing, "PAGE", 2)
    with serving(config_for(tmp_path / "served")) as served:
        for number in range(3):
            served.house.push({"m": str(number).encode()})
        served.house.push({"m": b"x"}, model=ModelName.parse("acme/two"))
        served.house.push({"m": b"x"}, model=ModelName.parse("acme/three"))
        monkeypatch.setenv("ASSAY_URL", served.url)
        monkeypatch.setenv("ASSAY_TOKEN", served.token("ana"))
        assert len(say("list", MODEL)["releases"]) == 3
        assert len(say("list")["models"]) == 3
