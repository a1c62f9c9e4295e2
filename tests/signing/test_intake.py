"""A bundle against the manifest of an upload, without the bytes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from assay.core.digest import Digest
from assay.core.manifest import Manifest, ManifestEntry
from assay.signing.intake import verify_bundle_against_manifest as check
from assay.signing.interface import sign
from assay.signing.keys import new_signer
from signing.signing_making import (
    FILES,
    Keyed,
    chain_material,
    forge,
    how,
    make_authority,
    make_certificate,
    make_model,
    statement,
)


def manifest(files: Mapping[str, bytes] = FILES) -> Manifest:
    return Manifest.of(ManifestEntry(n, len(d), Digest.of(d)) for n, d in files.items())


def bundle(model: Path, key: Keyed, **options: object) -> bytes:
    return sign(model, key=key.private, **options).out.read_bytes()


def test_a_trusted_signature_over_all_of_the_upload_is_valid(model: Path, key: Keyed) -> None:
    other = new_signer()
    found = check(bundle(model, key), manifest(), [other.public, key.signer.public])
    assert (found.status, found.signers, found.unsigned) == ("valid", (key.signer.key_id,), ())


def test_a_signature_by_nobody_who_is_trusted(model: Path, key: Keyed) -> None:
    found = check(bundle(model, key), manifest(), [new_signer().public])
    assert (found.status, found.signers) == ("untrusted", ())
    assert check(bundle(model, key), manifest(), []).status == "untrusted"


@pytest.mark.parametrize(
    "files",
    [{**FILES, "config.json": b"{}"}, {**FILES, "extra": b""},
     {n: d for n, d in FILES.items() if n != "config.json"},
     {("x" if n == "empty" else n): d for n, d in FILES.items()}],
    ids=["changed", "extra", "missing", "renamed"],
)  # fmt: skip
@pytest.mark.parametrize("trusted", [True, False])
def test_a_signature_over_other_files_is_invalid(
    model: Path, key: Keyed, files: dict[str, bytes], trusted: bool
) -> None:
    keys = [key.signer.public] if trusted else []
    found = check(bundle(model, key), manifest(files), keys)
    assert (found.status, found.signers) == ("invalid", ())
    assert found.reason


def test_a_broken_bundle_or_wrong_signature_is_invalid(model: Path, key: Keyed) -> None:
    good = bundle(model, key)
    forged = forge(statement(), new_signer(), material={"publicKey": {"hint": key.signer.key_id}})
    for data in (b"", b"{}", good[:-1], forged):
        assert check(data, manifest(), [key.signer.public]).status == "invalid"


def test_uploaded_files_that_a_signature_ignores_are_not_covered_by_it(
    model: Path, key: Keyed
) -> None:
    data = bundle(model, key, ignore=["runs"])
    found = check(data, manifest({**FILES, "runs/evil.pkl": b"x"}), [key.signer.public])
    assert (found.status, found.unsigned) == ("untrusted", ("runs/evil.pkl",))
    assert found.signers == (key.signer.key_id,)
    github = check(data, manifest({**FILES, ".github/a": b""}), [key.signer.public])
    assert github.unsigned == (".github/a",)
    attributes = manifest({**FILES, ".gitattributes": b"*.bin -text"})
    assert check(data, attributes, [key.signer.public]).status == "valid"


def test_shards_and_other_hashes_need_the_bytes_unless_a_shard_is_a_file(
    model: Path, key: Keyed
) -> None:
    trusted = [key.signer.public]
    assert check(bundle(model, key, method="shards"), manifest(), trusted).status == "valid"
    small = bundle(model, key, method="shards", shard_size=1000)
    found = check(small, manifest(), trusted)
    assert found.status == "untrusted"
    assert "need the bytes" in found.reason
    by_digest = {Digest.of(data): data for data in FILES.values()}

    def read(digest: Digest, kind: str, start: int, end: int) -> bytes:
        return hashlib.new(
            kind.replace("blake2b", "blake2b512"), by_digest[digest][start:end]
        ).digest()

    assert check(small, manifest(), trusted, hashers=read).status == "valid"
    blake = bundle(model, key, hash_type="blake2b")
    assert check(blake, manifest(), trusted).status == "untrusted"
    assert check(blake, manifest(), trusted, hashers=read).status == "valid"
    changed = manifest({**FILES, "config.json": b"[]"})
    by_digest[Digest.of(b"[]")] = b"[]"
    assert check(blake, changed, trusted, hashers=read).status == "invalid"


def test_a_certificate_proves_a_key_nobody_trusts(key: Keyed) -> None:
    material = chain_material(make_certificate(make_authority(), key.signer))
    found = check(forge(statement(), key.signer, material=material), manifest(), [])
    assert (found.status, found.signers) == ("untrusted", ())
    wrong = forge(statement(), new_signer(), material=material)
    assert check(wrong, manifest(), []).status == "invalid"


def test_a_single_file_named_dot_is_the_only_file_of_the_upload(tmp_path: Path, key: Keyed) -> None:
    make_model(tmp_path / "m", {"w": b"1"})
    row = {"name": ".", "algorithm": "sha256", "digest": hashlib.sha256(b"1").hexdigest()}
    data = forge(statement(resources=[row], serialization=how()), key.signer)
    trusted = [key.signer.public]
    assert check(data, manifest({"w": b"1"}), trusted).status == "valid"
    assert check(data, manifest({"w": b"1", "x": b"2"}), trusted).status == "invalid"


def test_shards_of_one_byte_are_counted_before_they_are_read(key: Keyed) -> None:
    row = {"name": "w:0:1", "algorithm": "sha256", "digest": "0" * 64}
    one = statement(resources=[row], serialization=how(method="shards", shard_size=1))
    large = Manifest.of([ManifestEntry("w", 2**40, Digest.of(b"w"))])

    def read(*_: object) -> bytes:
        raise AssertionError("nothing has to be read")

    found = check(forge(one, key.signer), large, [key.signer.public], hashers=read)
    assert found.status == "invalid"
    assert "number of shards" in found.reason


def test_what_cannot_be_looked_up_is_invalid_not_a_crash(key: Keyed) -> None:
    good = statement()["predicate"]["resources"]
    for predicate in (
        {"resources": [{**good[0], "algorithm": []}]},
        {"resources": [{**good[0], "algorithm": {}}]},
        {"serialization": how(hash_type=[])},
        {"serialization": how(hash_type={})},
    ):
        value = statement()
        value["predicate"].update(predicate)
        for trusted in ([], [key.signer.public]):
            assert check(forge(value, key.signer), manifest(), trusted).status == "invalid"


@pytest.mark.parametrize(
    "oid", [b"\x2a\x86\x48\xce\x3d\x02\x01", b"\x2a\x86\x48\xce\x3d\x03\x01\x07"]
)
def test_a_certificate_of_an_unknown_kind_of_key_is_invalid_not_a_crash(
    key: Keyed, oid: bytes
) -> None:
    der = make_certificate(make_authority(), key.signer).public_bytes(Encoding.DER)
    place = der.index(oid)
    strange = der[:place] + oid[:-1] + b"\x7e" + der[place + len(oid) :]
    rows = [{"rawBytes": base64.b64encode(strange).decode()}]
    material = {"x509CertificateChain": {"certificates": rows}}
    found = check(forge(statement(), key.signer, material=material), manifest(), [])
    assert found.status == "invalid"
