"""`assay log`: answers, exit codes, and files that are named."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from assay.core.clock import SystemClock
from assay.log.proof import LogProof
from assay.log.tree import leaf_hash
from assay.signing.keys import new_signer
from assay.signing.trust import PURPOSES, make_trust, vkey_of
from log_making import KEY, SIGNER, make_log


@pytest.fixture
def log(tmp_path):
    make_log(tmp_path / "log", 300)
    return tmp_path / "log"


@pytest.fixture
def trust(tmp_path):
    """A trust root that names the log's key."""
    signers = {purpose: new_signer() for purpose in PURPOSES}
    document = make_trust(
        url="https://log.example.org",
        root=signers["root"],
        keys={purpose: signer.public for purpose, signer in signers.items()},
        log_vkey=vkey_of(SIGNER.name, KEY.public_key().public_bytes_raw()),
        issued=SystemClock().now(),
    )
    path = tmp_path / "trust.json"
    path.write_bytes(document)
    return path


def run(*arguments):
    command = [sys.executable, "-m", "assay", "log", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_whole_log_is_verified_under_the_trust_root(log, trust):
    done = run("verify", log, "--trust-root", trust, "--format", "json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["schema"] == "assay.log-state/1"
    assert (document["size"], document["origin"]) == (300, SIGNER.name)
    assert document["signed_by"] == SIGNER.vkey
    done = run("verify", log)
    assert done.returncode == 0
    assert "300 entries" in done.stdout
    assert "signature not verified" in done.stdout


def test_a_changed_entry_is_a_no_that_names_the_file(log):
    bundle = log / "tile/entries/000"
    data = bundle.read_bytes()
    bundle.unlink()
    bundle.write_bytes(data.replace(b"entry 17", b"entry 71"))
    done = run("verify", log, "--vkey", SIGNER.vkey)
    assert done.returncode == 1
    assert "tile/entries/000: entry 17 was changed" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--vkey", "example.com+00000000+AAAA"], 1),
        (["--fingerprint", "00"], 2),
        (["--trust-root", "absent.json"], 2),
    ],
)
def test_a_bad_key_is_a_no_and_a_bad_option_is_usage(log, options, code):
    done = run("verify", log, *options)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_fingerprint_and_two_keys_are_refused(log, trust):
    assert run("verify", log, "--trust-root", trust, "--fingerprint", "00").returncode == 1
    done = run("verify", log, "--trust-root", trust, "--vkey", SIGNER.vkey)
    assert done.returncode == 2


def test_a_folder_that_is_no_log_is_wrong_usage(tmp_path):
    done = run("verify", tmp_path)
    assert done.returncode == 2
    assert "not a log's folder" in done.stderr


def test_a_proof_is_printed_or_written(log, tmp_path):
    done = run("prove", log, 7)
    assert done.returncode == 0, done.stderr
    proof = LogProof.parse(done.stdout)
    assert proof.verify(leaf_hash(b"entry 7"), SIGNER.vkey).size == 300
    out = tmp_path / "entry.tlog-proof"
    done = run("prove", log, 7, "--out", out, "--format", "json")
    assert out.read_text() == proof.to_text()
    document = json.loads(done.stdout)
    assert (document["index"], document["entry"]) == (7, "entry 7")
    assert document["proof"] == proof.to_text()
    done = run("prove", log, 300)
    assert done.returncode == 1
    assert "no entry 300" in done.stderr


def test_help_has_worked_examples():
    for name in ("verify", "prove"):
        done = run(name, "--help")
        assert done.stdout.count(f"assay log {name}") >= 2
