"""Signing with certificates: chain, time, purpose, identity."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from assay.core.errors import DataError, UsageError
from assay.signing.interface import sign, verify
from assay.signing.keys import new_signer
from assay.signing.verify import Verified
from signing.signing_making import (
    CODE,
    NOW,
    SERVER,
    Authority,
    Keyed,
    chain_material,
    forge,
    make_authority,
    make_certificate,
    make_key,
    statement,
)


@pytest.fixture(scope="module")
def root() -> Authority:
    return make_authority("root")


@pytest.fixture(scope="module")
def middle(root: Authority) -> Authority:
    return make_authority("middle", root)


def check(
    model: Path, key: Keyed, trusted: Authority, *chain: x509.Certificate, **options: object
) -> Verified:
    """Verify a bundle signed by the key that carries this chain."""
    path, ca = model.parent / "c.sig", model.parent / "ca.pem"
    path.write_bytes(forge(statement(), key.signer, material=chain_material(*chain)))
    ca.write_bytes(trusted.pem())
    return verify(model, signature=path, ca=ca, **{"now": NOW, **options})


@pytest.mark.parametrize("curve", ["P-256", "P-384", "P-521"])
def test_a_certificate_signs_and_verifies_by_its_chain(
    tmp_path: Path, model: Path, root: Authority, middle: Authority, curve: str
) -> None:
    key = make_key(tmp_path, "signer", curve)
    files = {"cert.pem": make_certificate(middle, key.signer).public_bytes(Encoding.PEM),
             "chain.pem": middle.pem() + root.pem(), "ca.pem": root.pem()}  # fmt: skip
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    made = sign(
        model, key=key.private, certificate=tmp_path / "cert.pem", chain=tmp_path / "chain.pem",
        now=NOW,
    )  # fmt: skip
    found = verify(model, ca=tmp_path / "ca.pem", identity="ana@example.org", strict=True, now=NOW)
    assert found.by.method == "certificate"
    assert found.by.identities == ("ana@example.org",)
    assert found.by.key == key.signer.public
    assert made.statement.resources == found.statement.resources
    with pytest.raises(DataError, match="not with a key"):
        verify(model, key=key.public)


def test_a_chain_to_another_root(model: Path, key: Keyed, root: Authority) -> None:
    """The other root has the same name: only its key differs."""
    with pytest.raises(DataError, match="does not lead to"):
        check(model, key, make_authority("root"), make_certificate(root, key.signer))


def test_a_chain_without_its_middle(
    model: Path, key: Keyed, root: Authority, middle: Authority
) -> None:
    signer = make_certificate(middle, key.signer)
    with pytest.raises(DataError, match="does not lead to"):
        check(model, key, root, signer)
    assert check(model, key, root, signer, middle.certificate)


def test_a_signer_that_issued_itself(model: Path, key: Keyed, root: Authority) -> None:
    itself = Authority(root.certificate, key.signer.private)
    with pytest.raises(DataError, match="does not lead to"):
        check(model, key, root, make_certificate(itself, key.signer))


@pytest.mark.parametrize(
    ("moved", "reason"),
    [(timedelta(days=31), "expired on 2026-12-24"), (timedelta(days=-2), "is not valid before")],
)
def test_expired_and_not_yet_valid_certificates(
    model: Path, key: Keyed, root: Authority, moved: timedelta, reason: str
) -> None:
    with pytest.raises(DataError, match=reason):
        check(model, key, root, make_certificate(root, key.signer), now=NOW + moved)


def test_an_issuer_that_has_expired(model: Path, key: Keyed, root: Authority) -> None:
    signer = make_certificate(root, key.signer, after=timedelta(days=3_000))
    assert check(model, key, root, signer)
    with pytest.raises(DataError, match="does not lead to"):
        check(model, key, root, signer, now=NOW + timedelta(days=400))


def test_certificates_of_web_servers_and_without_purpose(
    model: Path, key: Keyed, root: Authority
) -> None:
    for purposes in ([SERVER], [], [x509.oid.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]):
        signer = make_certificate(root, key.signer, purposes=purposes)
        with pytest.raises(DataError, match="not for signing code"):
            check(model, key, root, signer)
    assert check(model, key, root, make_certificate(root, key.signer, purposes=[SERVER, CODE]))


@pytest.mark.parametrize("usage", [False, None])
def test_certificates_that_are_not_for_digital_signatures(
    model: Path, key: Keyed, root: Authority, usage: bool | None
) -> None:
    signer = make_certificate(root, key.signer, digital_signature=usage)
    with pytest.raises(DataError, match="not for digital signatures"):
        check(model, key, root, signer)


def test_an_issuer_for_web_servers_only(model: Path, key: Keyed, root: Authority) -> None:
    limited = make_authority("web", root, purposes=[SERVER])
    with pytest.raises(DataError, match="does not lead to"):
        check(model, key, root, make_certificate(limited, key.signer), limited.certificate)
    fit = make_authority("code", root, purposes=[CODE])
    assert check(model, key, root, make_certificate(fit, key.signer), fit.certificate)


def test_an_issuer_that_is_no_authority(model: Path, key: Keyed, root: Authority) -> None:
    """A signer's certificate must not issue another."""
    private = new_signer("P-384")
    leaf = make_certificate(root, private)
    issuer = Authority(leaf, private.private)
    with pytest.raises(DataError, match="does not lead to"):
        check(model, key, root, make_certificate(issuer, key.signer), leaf)


def test_a_home_made_root_without_key_usage(model: Path, key: Keyed) -> None:
    plain = make_authority("home", key_usage=False)
    assert check(model, key, plain, make_certificate(plain, key.signer))


def test_the_certificate_of_another_key(model: Path, key: Keyed, root: Authority) -> None:
    with pytest.raises(DataError, match="signature is wrong"):
        check(model, key, root, make_certificate(root, new_signer()))


def test_identities_are_compared_exactly(model: Path, key: Keyed, root: Authority) -> None:
    signer = make_certificate(root, key.signer, emails=("ana@example.org", "ci@example.org"))
    for identity in ("ana@example.org", "ci@example.org"):
        assert check(model, key, root, signer, identity=identity, strict=True)
    for identity in ("example.org", "ANA@example.org", "ana@example.org.evil.net", "", "signer"):
        with pytest.raises(DataError, match=r"is for ana@example\.org, ci@example\.org"):
            check(model, key, root, signer, identity=identity)
    unnamed = make_certificate(root, key.signer, emails=())
    assert check(model, key, root, unnamed, identity="signer").by.identities == ("signer",)


def test_a_strict_verification_by_certificate_needs_an_identity(
    model: Path, key: Keyed, root: Authority
) -> None:
    with pytest.raises(UsageError, match="identity"):
        check(model, key, root, make_certificate(root, key.signer), strict=True)


def test_what_is_no_certificate(model: Path, key: Keyed, root: Authority) -> None:
    material = {"x509CertificateChain": {"certificates": [{"rawBytes": "AAAA"}]}}
    (model.parent / "c.sig").write_bytes(forge(statement(), key.signer, material=material))
    (model.parent / "ca.pem").write_bytes(root.pem())
    with pytest.raises(DataError, match="cannot be read"):
        verify(model, signature=model.parent / "c.sig", ca=model.parent / "ca.pem")
    with pytest.raises(DataError, match="no certificate"):
        verify(model, signature=model.parent / "c.sig", ca=key.public)


def test_an_unfit_certificate_does_not_sign(
    tmp_path: Path, model: Path, key: Keyed, root: Authority
) -> None:
    path = tmp_path / "cert.pem"
    for unfit, reason in (
        (make_certificate(root, key.signer, purposes=[SERVER]), "signing code"),
        (make_certificate(root, key.signer, after=timedelta(hours=-1)), "expired"),
        (make_certificate(root, new_signer()), "not the certificate of this key"),
    ):
        path.write_bytes(unfit.public_bytes(Encoding.PEM))
        with pytest.raises(DataError, match=reason):
            sign(model, key=key.private, certificate=path, now=NOW)
    assert not (model / "model.sig").exists()
    with pytest.raises(UsageError, match="certificate"):
        sign(model, key=key.private, chain=path)


def test_a_certificate_that_cannot_be_read_ends_in_a_typed_error(
    model: Path, key: Keyed, root: Authority
) -> None:
    """Anyone can put one into a bundle: an unknown kind of key, curve, version; extensions twice."""
    der = make_certificate(root, key.signer).public_bytes(Encoding.DER)
    changes = (
        (b"\x2a\x86\x48\xce\x3d\x02\x01", b"\x2a\x86\x48\xce\x3d\x02\x7e"),
        (b"\x2a\x86\x48\xce\x3d\x03\x01\x07", b"\x2a\x86\x48\xce\x3d\x03\x01\x7e"),
        (b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07"),
        (b"\x06\x03\x55\x1d\x11", b"\x06\x03\x55\x1d\x25"),
    )
    (model.parent / "ca.pem").write_bytes(root.pem())
    for old, new in changes:
        assert old in der
        rows = [{"rawBytes": base64.b64encode(der.replace(old, new)).decode()}]
        material = {"x509CertificateChain": {"certificates": rows}}
        (model.parent / "c.sig").write_bytes(forge(statement(), key.signer, material=material))
        with pytest.raises(DataError):
            verify(model, signature=model.parent / "c.sig", ca=model.parent / "ca.pem", now=NOW)


def test_an_issuer_s_constraints_cannot_be_gone_around(model: Path, key: Keyed) -> None:
    """Nothing constrains common names; a DNS name in the form of a URI is not a DNS name."""
    constraints = x509.NameConstraints([x509.DNSName("good.example")], None)
    root = make_authority("root")
    bound = make_authority("bound", root, constraints=constraints)
    spoken = make_certificate(bound, key.signer, emails=())
    assert check(model, key, root, spoken, bound.certificate).by.identities == ()
    with pytest.raises(DataError, match="is for nobody"):
        check(model, key, root, spoken, bound.certificate, identity="signer")
    for kind in (x509.UniformResourceIdentifier, x509.RFC822Name):
        disguised = make_certificate(bound, key.signer, names=[kind("ci.evil.example")])
        with pytest.raises(DataError, match="is for nobody"):
            check(model, key, root, disguised, bound.certificate, identity="ci.evil.example")
    honest = make_certificate(bound, key.signer, names=[x509.DNSName("ci.good.example")])
    assert check(model, key, root, honest, bound.certificate, identity="ci.good.example")
    uri = x509.UniformResourceIdentifier("https://ci.example/acme")
    free = make_certificate(root, key.signer, names=[uri])
    assert check(model, key, root, free, identity="https://ci.example/acme")
