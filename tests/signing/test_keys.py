"""Keys, envelopes, a server's keys and its trust root."""

from __future__ import annotations

import dataclasses
import hashlib
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from assay.core.attestation import Envelope, Signature, Statement, Subject
from assay.core.canonical import canonical_json, strict_json
from assay.core.errors import ConflictError, DataError, UnavailableError, UsageError
from assay.log.checkpoint import LogSigner, verify_checkpoint
from assay.signing.dsse import sign_envelope, sign_payload, verify_envelope
from assay.signing.keys import CURVES, generate, load_public, load_signer, new_signer, parse_public
from assay.signing.server_keys import load_server_keys, make_server_keys
from assay.signing.trust import TRUST_TYPE, TrustRoot, check_vkey, same_fingerprint
from signing.signing_making import NOW

STATEMENT = Statement((Subject("m", {"sha256": "0" * 64}),), "https://example.org/p/v1", {"a": 1})
URL = "http://127.0.0.1:8470"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("passphrase", [None, b"correct horse"])
def test_a_generated_key_signs_and_its_public_half_verifies(
    tmp_path: Path, curve: str, passphrase: bytes | None
) -> None:
    path = tmp_path / "release.key"
    made = generate(path, curve=curve, passphrase=passphrase)
    signer, public = load_signer(path, passphrase), load_public(tmp_path / "release.key.pub")
    assert public == made.public == signer.public
    assert public.key_id == hashlib.sha256((tmp_path / "release.key.pub").read_bytes()).hexdigest()
    public.verify(signer.sign(b"data"), b"data")
    with pytest.raises(DataError, match="signature is wrong"):
        public.verify(signer.sign(b"data"), b"other")
    with pytest.raises(DataError):
        public.verify(b"not DER", b"data")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (b"ENCRYPTED" in path.read_bytes()) is (passphrase is not None)
    assert "private" not in repr(signer)


def test_keys_are_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "k"
    generate(path)
    before = path.read_bytes()
    with pytest.raises(ConflictError):
        generate(path)
    path.rename(tmp_path / "moved")
    with pytest.raises(ConflictError, match=r"k\.pub"):
        generate(path)
    assert not path.exists()
    assert (tmp_path / "moved").read_bytes() == before
    with pytest.raises(UnavailableError):
        generate(tmp_path / "no" / "folder")
    assert names_in(tmp_path) == ["k.pub", "moved"]


def test_what_is_wrong_with_a_key_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "k"
    generate(path, passphrase=b"secret")
    with pytest.raises(UsageError, match="encrypted"):
        load_signer(path)
    with pytest.raises(DataError, match="wrong passphrase"):
        load_signer(path, b"guess")
    with pytest.raises(UsageError, match="does not exist"):
        load_signer(tmp_path / "absent")
    with pytest.raises(DataError, match="not a public key"):
        load_public(path)
    with pytest.raises(DataError, match="not a private key"):
        load_signer(tmp_path / "k.pub")
    with pytest.raises(UsageError, match="curve"):
        generate(tmp_path / "x", curve="P-192")
    with pytest.raises(UsageError, match="empty"):
        generate(tmp_path / "x", passphrase=b"")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "other",
    [ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256K1()),
     rsa.generate_private_key(65537, 2048)],
    ids=["ed25519", "secp256k1", "rsa"],
)  # fmt: skip
def test_keys_that_may_not_sign_models_are_refused(tmp_path: Path, other: object) -> None:
    private, public = tmp_path / "k", tmp_path / "k.pub"
    private.write_bytes(
        other.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    public.write_bytes(
        other.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    for load, path in ((load_signer, private), (load_public, public)):
        with pytest.raises(DataError, match="may sign models"):
            load(path)


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_a_public_key_fail_otherwise(data: bytes) -> None:
    with pytest.raises(DataError):
        parse_public(data)


def test_an_envelope_verifies_under_the_key_that_signed_it_alone() -> None:
    one, other = new_signer(), new_signer("P-384")
    envelope = sign_envelope(STATEMENT, one)
    assert verify_envelope(envelope, [other.public, one.public]) == one.public
    assert Envelope.parse(envelope.to_bytes()).statement() == STATEMENT
    with pytest.raises(DataError):
        verify_envelope(envelope, [other.public])
    with pytest.raises(DataError):
        verify_envelope(envelope, [])


def test_an_envelope_changed_in_any_part_does_not_verify() -> None:
    signer = new_signer()
    envelope = sign_envelope(STATEMENT, signer)
    signature = envelope.signatures[0]
    changed = [
        dataclasses.replace(envelope, payload=envelope.payload + b" "),
        dataclasses.replace(envelope, payload_type="application/json"),
        dataclasses.replace(envelope, signatures=(Signature(signature.sig[:-1], signature.keyid),)),
        dataclasses.replace(envelope, signatures=(Signature(signature.sig, "0" * 64),)),
        dataclasses.replace(envelope, signatures=(signature,) * 17),
    ]
    for one in changed:
        with pytest.raises(DataError):
            verify_envelope(one, [signer.public])
    unnamed = dataclasses.replace(envelope, signatures=(Signature(signature.sig),))
    assert verify_envelope(unnamed, [signer.public]) == signer.public


@pytest.mark.parametrize("passphrase", [None, b"a passphrase"])
def test_server_keys_are_private_files_and_come_back_the_same(
    tmp_path: Path, passphrase: bytes | None
) -> None:
    folder = tmp_path / "home" / "keys"
    made = make_server_keys(folder, url=URL, passphrase=passphrase, now=NOW)
    loaded = load_server_keys(folder, passphrase)
    assert loaded == made
    assert loaded.trust.document == (folder / "trust.json").read_bytes()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    keys = list(folder.glob("*.key"))
    assert len(keys) == 6
    for path in keys:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert (b"ENCRYPTED" in path.read_bytes()) is (passphrase is not None)
    ids = {s.key_id for s in (made.root, made.decision, made.approval, made.release_index)}
    assert len(ids | {made.agent_jobs.key_id}) == 5
    assert names_in(folder.parent) == ["keys"]


def test_the_servers_log_key_is_the_one_the_log_checks_with(tmp_path: Path) -> None:
    keys = make_server_keys(tmp_path / "keys", url="https://assay.example.org/a/", passphrase=None)
    signer = LogSigner(keys.log_name, keys.log)
    assert keys.log_name == "assay.example.org/a/log"
    assert signer.vkey == keys.trust.log_vkey
    note = signer.sign_checkpoint(0, hashlib.sha256().digest())
    assert verify_checkpoint(note, keys.trust.log_vkey).origin == keys.log_name


def test_server_keys_refuse_what_would_lose_or_weaken_them(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    with pytest.raises(UsageError, match="no keys"):
        load_server_keys(folder, None)
    make_server_keys(folder, url=URL, passphrase=b"p")
    with pytest.raises(ConflictError):
        make_server_keys(folder, url=URL, passphrase=b"p")
    with pytest.raises(UsageError, match="encrypted"):
        load_server_keys(folder, None)
    with pytest.raises(DataError, match="wrong passphrase"):
        load_server_keys(folder, b"q")
    with pytest.raises(UsageError, match="empty"):
        make_server_keys(tmp_path / "other", url=URL, passphrase=b"")
    with pytest.raises(UsageError, match="named after"):
        make_server_keys(tmp_path / "other", url="http://a b", passphrase=None)
    assert names_in(tmp_path) == ["keys"]


def test_a_key_put_in_place_of_another_is_found(tmp_path: Path) -> None:
    make_server_keys(tmp_path / "a", url=URL, passphrase=None)
    make_server_keys(tmp_path / "b", url=URL, passphrase=None)
    for name in ("decision.key", "log.key"):
        kept = (tmp_path / "a" / name).read_bytes()
        (tmp_path / "a" / name).write_bytes((tmp_path / "b" / name).read_bytes())
        with pytest.raises(DataError, match="not the key the trust root names"):
            load_server_keys(tmp_path / "a", None)
        (tmp_path / "a" / name).write_bytes(kept)
    (tmp_path / "a" / "log.key").unlink()
    with pytest.raises(UsageError, match=r"log\.key"):
        load_server_keys(tmp_path / "a", None)


def test_a_trust_root_is_pinned_by_its_fingerprint(tmp_path: Path) -> None:
    keys = make_server_keys(tmp_path / "keys", url=URL, passphrase=None, now=NOW)
    document = keys.trust.document
    spki = keys.root.public.der
    assert keys.fingerprint == hashlib.sha256(spki).hexdigest()
    for spelt in (keys.fingerprint, f"SHA256:{keys.fingerprint.upper()}\n"):
        found = TrustRoot.parse(document, fingerprint=spelt)
        assert (found.url, found.issued) == (URL, NOW)
        assert found.decision == keys.decision.public
        assert found.agent_jobs == keys.agent_jobs.public
    for wrong in ("", "0" * 64, keys.fingerprint[:-1], "sha256:"):
        with pytest.raises(DataError, match="fingerprint"):
            TrustRoot.parse(document, fingerprint=wrong)


def test_a_changed_trust_root_is_refused(tmp_path: Path) -> None:
    keys = make_server_keys(tmp_path / "keys", url=URL, passphrase=None)
    payload = strict_json(Envelope.parse(keys.trust.document).payload)
    other = new_signer()

    def signed(value: dict, by=keys.root) -> bytes:
        return sign_payload(canonical_json(value), by, payload_type=TRUST_TYPE).to_bytes()

    moved = {**payload, "url": "http://127.0.0.2:8470"}
    envelope = Envelope.parse(keys.trust.document)
    swapped = dataclasses.replace(envelope, payload=canonical_json(moved)).to_bytes()
    one_key = {**payload, "keys": {**payload["keys"], "approval": payload["keys"]["decision"]}}
    statement = sign_payload(envelope.payload, keys.root).to_bytes()
    bad = [
        swapped, signed(payload, other), signed(one_key), statement, b"{}", b"\xff", b"",
        signed({**payload, "schema": "assay.trust/2"}), signed({**payload, "log": "x+y+z"}),
        signed({**payload, "issued": "yesterday"}), signed({**payload, "url": ""}),
        signed({"schema": "assay.trust/1"}), signed({**payload, "keys": {"root": 3}}),
    ]  # fmt: skip
    for document in bad:
        with pytest.raises(DataError):
            TrustRoot.parse(document, fingerprint=None)
    assert TrustRoot.parse(signed(payload), fingerprint=keys.fingerprint).url == URL


@given(st.text(max_size=80))
def test_no_text_is_a_log_key_by_chance(text: str) -> None:
    with pytest.raises(DataError):
        check_vkey(text)


def test_a_fingerprint_that_is_no_text_is_only_another_one() -> None:
    """What a shell hands over need not be UTF-8."""
    assert not same_fingerprint("\udcff", "0" * 64)
