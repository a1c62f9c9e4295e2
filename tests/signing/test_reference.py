"""Both ways against the reference implementation, in processes of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from assay.core.errors import DataError
from assay.signing.interface import sign, verify
from assay.signing.keys import CURVES
from signing.signing_making import (
    FILES,
    NOW,
    Authority,
    Keyed,
    make_authority,
    make_certificate,
    make_key,
    make_model,
    reference,
)

SIGN = """
import json, sys
from pathlib import Path
import model_signing
for job in json.loads(sys.argv[1]):
    model, out = job["model"], job["out"]
    how = model_signing.hashing.Config()
    if "shard" in job:
        how.use_shard_serialization(hashing_algorithm=job["hash"], shard_size=job["shard"])
    else:
        how.use_file_serialization(hashing_algorithm=job["hash"])
    how.set_ignored_paths(paths=[*job.get("ignore", []), out])
    config = model_signing.signing.Config()
    if "certificate" in job:
        config.use_certificate_signer(
            private_key=job["key"], signing_certificate=job["certificate"],
            certificate_chain=[Path(job["chain"])])
    else:
        config.use_elliptic_key_signer(private_key=job["key"])
    config.set_hashing_config(how).sign(model, out)
"""
VERIFY = """
import json, sys
import model_signing
answers = []
for job in json.loads(sys.argv[1]):
    config = model_signing.verifying.Config()
    if "ca" in job:
        config.use_certificate_verifier(certificate_chain=[job["ca"]])
    else:
        config.use_elliptic_key_verifier(public_key=job["key"])
    how = model_signing.hashing.Config().use_file_serialization(
        hashing_algorithm=job.get("hash", "sha256"))
    config.set_hashing_config(how.set_ignored_paths(paths=[job["signature"]]))
    try:
        config.verify(job["model"], job["signature"])
        answers.append("")
    except Exception as error:
        answers.append(f"{type(error).__name__}: {error}")
print(json.dumps(answers))
"""
NAMES = {
    **FILES,
    "a/b": b"1", "a-b": b"2", "a.b": b"3", "ä/é": b"4", "with space": b"5", "z:1:2": b"6",
}  # fmt: skip


def answers(jobs: list[dict[str, object]]) -> list[str]:
    found: list[str] = json.loads(reference(VERIFY, json.dumps(jobs, default=str)))
    return found


def test_the_reference_accepts_what_we_sign(tmp_path: Path) -> None:
    jobs: list[dict[str, object]] = []
    for curve in CURVES:
        key = make_key(tmp_path, curve, curve)
        model = make_model(
            tmp_path / f"model-{curve}", {**NAMES, ".gitignore": b"x", "logs/x": b""}
        )
        made = sign(model, key=key.private, ignore=["logs"])
        jobs.append({"model": model, "signature": made.out, "key": key.public})
    blake = sign(
        model, key=key.private, hash_type="blake3", ignore=["logs"], out=tmp_path / "b.sig"
    )
    jobs.append({"model": model, "signature": blake.out, "key": key.public, "hash": "blake3"})
    assert answers(jobs) == [""] * 4


def test_the_reference_refuses_what_was_changed_after_we_signed(tmp_path: Path, key: Keyed) -> None:
    model = make_model(tmp_path / "m")
    made = sign(model, key=key.private)
    (model / "config.json").write_bytes(b"{}")
    (answer,) = answers([{"model": model, "signature": made.out, "key": key.public}])
    assert "config.json" in answer


def test_we_accept_what_the_reference_signs(tmp_path: Path) -> None:
    """Files by each of its hashes, shards, ignored paths; each refused after a change."""
    jobs = []
    for number, (curve, hash_type, shard) in enumerate(
        [("P-256", "sha256", None), ("P-384", "blake3", None), ("P-521", "blake2", None),
         ("P-256", "sha256", 1000), ("P-384", "blake2", 1000)]
    ):  # fmt: skip
        key = make_key(tmp_path, f"k{number}", curve)
        files = {n: d for n, d in NAMES.items() if ":" not in n or not shard}
        model = make_model(tmp_path / f"m{number}", {**files, ".gitattributes": b"", "logs/x": b""})
        out = model / "model.sig" if number % 2 else tmp_path / f"{number}.sig"
        job = {
            "model": model,
            "out": out,
            "key": key.private,
            "hash": hash_type,
            "ignore": ["logs"],
        }
        jobs.append(job | ({"shard": shard} if shard else {}))
    reference(SIGN, json.dumps(jobs, default=str))
    for job in jobs:
        public = f"{job['key']}.pub"
        found = verify(job["model"], signature=job["out"], key=public)
        assert {".gitattributes", "logs"} <= set(found.unsigned)
        (Path(str(job["model"])) / "model.safetensors").write_bytes(
            FILES["model.safetensors"][::-1]
        )
        with pytest.raises(DataError, match=r"model\.safetensors: changed"):
            verify(job["model"], signature=job["out"], key=public)


def test_we_accept_a_single_file_the_reference_signs(tmp_path: Path, key: Keyed) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(b"0123456789" * 500)
    job = {"model": path, "key": key.private, "hash": "sha256"}
    jobs = [{**job, "out": tmp_path / "f.sig"}, {**job, "out": tmp_path / "s.sig", "shard": 1000}]
    reference(SIGN, json.dumps(jobs, default=str))
    for made in jobs:
        assert verify(path, signature=made["out"], key=key.public).files == 1
    path.write_bytes(b"9123456789" * 500)
    for made in jobs:
        with pytest.raises(DataError, match="changed"):
            verify(path, signature=made["out"], key=key.public)


def write(path: Path, *certificates: x509.Certificate) -> Path:
    path.write_bytes(b"".join(c.public_bytes(Encoding.PEM) for c in certificates))
    return path


def test_certificates_both_ways(tmp_path: Path) -> None:
    root = make_authority("root")
    middle: Authority = make_authority("middle", root)
    key = make_key(tmp_path, "signer", "P-384")
    certificate = write(tmp_path / "cert.pem", make_certificate(middle, key.signer))
    chain, ca = (
        write(tmp_path / "chain.pem", middle.certificate),
        write(tmp_path / "ca.pem", root.certificate),
    )
    ours, theirs = make_model(tmp_path / "ours"), make_model(tmp_path / "theirs")
    made = sign(ours, key=key.private, certificate=certificate, chain=chain, now=NOW)
    assert answers([{"model": ours, "signature": made.out, "ca": ca}]) == [""]
    job = {"model": theirs, "out": theirs / "model.sig", "key": key.private, "hash": "sha256",
           "certificate": certificate, "chain": chain}  # fmt: skip
    reference(SIGN, json.dumps([job], default=str))
    found = verify(theirs, ca=ca, identity="ana@example.org", now=NOW)
    assert found.by.identities == ("ana@example.org",)
