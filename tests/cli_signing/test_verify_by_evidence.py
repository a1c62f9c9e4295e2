"""`assay verify --evidence`: a folder against what a server stated about it, offline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import evidence_making
from evidence_making import RELEASE, Made, make_evidence


def assay(*arguments: object, **env: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "assay", *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=120, env={**os.environ, **env},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def evidence_of(moment: datetime, folder: Path, patch: pytest.MonkeyPatch) -> Made:
    """Evidence whose decision was made at that moment."""
    server = evidence_making.Server
    patch.setattr(evidence_making, "NOW", moment)
    patch.setattr(server.decide, "__kwdefaults__", {**server.decide.__kwdefaults__, "at": moment})
    patch.setattr(server.state, "__defaults__", (moment,))
    patch.setattr(server.move, "__defaults__", (moment,))
    found = make_evidence(folder)
    (folder / "evidence.json").write_bytes(found.bundle().to_bytes())
    return found


@pytest.fixture
def expired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    return evidence_of(datetime.now(UTC) - timedelta(hours=25), tmp_path, monkeypatch)


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    return evidence_of(datetime.now(UTC), tmp_path, monkeypatch)


def options(tmp_path: Path) -> list[object]:
    return ["--evidence", tmp_path / "evidence.json", "--trust-root", tmp_path / "keys/trust.json"]


def test_fresh_evidence_verifies_and_a_changed_file_does_not(tmp_path: Path, fresh: Made) -> None:
    code, out, err = assay("verify", fresh.model, *options(tmp_path))
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith("verified: 2 files are the judged tree sha256:")
    (fresh.model / "model.bin").write_bytes(b"other")
    code, out, err = assay("verify", fresh.model, *options(tmp_path), "--format", "json")
    assert code == 1
    assert "model.bin" in err
    assert json.loads(out)["verified"] is False


def test_an_expired_decision_is_a_no_unless_it_is_allowed(tmp_path: Path, expired: Made) -> None:
    code, out, err = assay("verify", expired.model, *options(tmp_path))
    assert (code, out) == (1, "")
    assert err.startswith(f"assay: {RELEASE}: the decision could be relied on until ")
    code, out, _ = assay(
        "verify", expired.model, *options(tmp_path), "--allow-expired", "--format", "json"
    )
    document = json.loads(out)
    assert (code, document["verified"], document["decision"]["expired"]) == (0, True, True)


def test_whom_to_trust_is_a_file_a_fingerprint_or_what_was_pinned(
    tmp_path: Path, expired: Made
) -> None:
    evidence = ["--evidence", tmp_path / "evidence.json", "--allow-expired"]
    home = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    fingerprint = expired.server.keys.fingerprint
    good = assay("verify", expired.model, *evidence, "--fingerprint", fingerprint)
    assert good[0] == 0
    assert assay("verify", expired.model, *evidence, "--fingerprint", "0" * 64)[0] == 1
    code, _, err = assay("verify", expired.model, *evidence, **home)
    assert code == 2
    assert "assay trust add" in err
    pinned = tmp_path / "config" / "assay" / "trust"
    pinned.mkdir(parents=True)
    (pinned / "server.json").write_bytes(expired.server.keys.trust.document)
    assert assay("verify", expired.model, *evidence, **home)[0] == 0


def test_evidence_of_another_release_is_a_no_when_one_is_named(tmp_path: Path, fresh: Made) -> None:
    assert assay("verify", fresh.model, *options(tmp_path), "--release", RELEASE)[0] == 0
    other = "acme/other@" + "2" * 40
    code, _, err = assay("verify", fresh.model, *options(tmp_path), "--release", other)
    assert code == 1
    assert f"is about {RELEASE}, not {other}" in err
