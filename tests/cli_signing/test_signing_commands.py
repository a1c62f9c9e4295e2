"""`assay digest`, `sign`, `verify`, `keys`: what they print and how they exit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assay.core.digest import Digest
from signing.signing_making import FILES, make_model


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


def assay(*arguments: object, **env: str) -> Ran:
    done = subprocess.run(
        [sys.executable, "-m", "assay", *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=120, env={**os.environ, **env},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make_model(tmp_path / "model")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "release.key"
    assert assay("keys", "generate", path).code == 0
    return path


def test_sign_then_verify_then_tamper(model: Path, key: Path) -> None:
    signed = assay("sign", model, "--key", key)
    assert (signed.code, signed.err) == (0, "")
    assert signed.out.startswith(f"{model}/model.sig: 5 files signed")
    good = assay("verify", model, "--key", f"{key}.pub", "--strict")
    assert good.code == 0
    assert good.out.startswith("verified, strictly: 5 files")
    (model / "model.safetensors").write_bytes(b"other")
    (model / "onnx.txt").unlink()
    bad = assay("verify", model, "--signature", model / "model.sig", "--key", f"{key}.pub")
    assert (bad.code, bad.out) == (1, "")
    assert bad.err.splitlines() == [
        "assay: model.safetensors: changed since it was signed",
        "  onnx.txt: missing",
    ]


def test_answers_in_json(model: Path, key: Path) -> None:
    signed = assay("sign", model, "--key", key, "--format", "json").json()
    assert (signed["schema"], signed["files"]) == ("assay.sign/1", 5)
    good = assay("verify", model, "--key", f"{key}.pub", "--format", "json").json()
    assert (good["schema"], good["verified"], good["root"]) == (
        "assay.verify/1", True, signed["root"],
    )  # fmt: skip
    (model / "config.json").write_bytes(b"")
    bad = assay("verify", model, "--key", f"{key}.pub", "--format", "json")
    document = bad.json()
    assert (bad.code, document["verified"]) == (1, False)
    assert document["differences"]["changed"] == ["config.json"]


def test_digest_of_a_folder_and_a_file(model: Path) -> None:
    line = assay("digest", model).out
    document = assay("digest", model, "--format", "json").json()
    assert line == f"{document['digest']}  {model}\n"
    assert (document["schema"], document["kind"], document["files"]) == (
        "assay.digest/1",
        "tree",
        5,
    )
    assert document["size"] == sum(map(len, FILES.values()))
    file = assay("digest", model / "config.json")
    assert file.out.split()[0] == str(Digest.of(FILES["config.json"]))


def test_digest_names_what_has_none(model: Path) -> None:
    (model / os.fsdecode(b"\xffname")).write_bytes(b"")
    os.mkfifo(model / "pipe")
    bad = assay("digest", model)
    assert (bad.code, bad.out) == (1, "")
    assert bad.err.startswith("assay: pipe: is a named pipe")
    assert assay("digest", model / "absent").code == 2
    assert assay("digest", "/dev/null").code == 1


def test_keys_are_shown_and_passphrases_come_from_files(tmp_path: Path) -> None:
    path, secret = tmp_path / "k", tmp_path / "secret"
    secret.write_text("correct horse\n")
    made = assay(
        "keys",
        "generate",
        path,
        "--curve",
        "P-384",
        "--passphrase-file",
        secret,
        "--format",
        "json",
    ).json()
    shown = assay("keys", "show", f"{path}.pub", "--format", "json").json()
    assert (shown["curve"], shown["key_id"]) == ("P-384", made["key_id"])
    assert made["key_id"] in assay("keys", "show", path, ASSAY_KEY_PASSPHRASE_FILE=str(secret)).out
    model = make_model(tmp_path / "m")
    assert assay("sign", model, "--key", path).code == 2
    assert "correct horse" not in assay("sign", model, "--key", path).err
    assert assay("sign", model, "--key", path, "--passphrase-file", secret).code == 0
    secret.write_text("wrong\n")
    assert assay("sign", model, "--key", path, "--passphrase-file", secret).code == 1
    assert assay("keys", "generate", path).code == 1


def test_questions_that_are_not_one_are_usage_errors(model: Path, key: Path) -> None:
    for arguments in (
        ("sign", model),
        ("sign", model, "--key", model / "absent"),
        ("sign", model, "--key", key, "--hash", "md5"),
        ("verify", model),
        ("verify", model, "--key", f"{key}.pub"),
        ("verify", model, "--key", f"{key}.pub", "--evidence", "e.json"),
        ("verify", model, "--key", f"{key}.pub", "--trust-root", "t.json"),
        ("verify", model, "--evidence", model / "absent", "--fingerprint", "00"),
    ):
        ran = assay(*arguments)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith("assay: ")


def test_a_broken_key_or_bundle_is_a_no(model: Path, key: Path) -> None:
    assay("sign", model, "--key", key)
    (model / "broken.pub").write_text("not a key")
    assert assay("verify", model, "--key", model / "broken.pub").code == 1
    (model / "model.sig").write_text("{}")
    assert assay("verify", model, "--key", f"{key}.pub").code == 1


def test_evidence_that_is_none_is_a_no(model: Path) -> None:
    (model / "e.json").write_text("{}")
    ran = assay("verify", model, "--evidence", model / "e.json", "--fingerprint", "0" * 64)
    assert (ran.code, ran.out) == (1, "")


def test_signing_does_not_pay_for_the_server_or_for_tables(model: Path, key: Path) -> None:
    script = (
        "import sys\n"
        "from assay.cli.main import app\n"
        "try:\n    app(sys.argv[1:])\n"
        "except SystemExit:\n    pass\n"
        "print(sorted({m.split('.')[0] for m in sys.modules}))"
    )
    command = ["sign", str(model), "--key", str(key)]
    out = subprocess.run(
        [sys.executable, "-c", script, *command], capture_output=True, text=True, check=True
    ).stdout.splitlines()[-1]
    for heavy in ("sqlalchemy", "fastapi", "httpx", "rich", "asyncio", "jinja2", "blake3"):
        assert f"'{heavy}'" not in out
