"""Models, keys, certificates and bundles made to measure, the forged ones included."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from assay.core.attestation import PAYLOAD_TYPE, STATEMENT_TYPE, pae
from assay.signing.bundle import MEDIA_TYPE
from assay.signing.keys import FileSigner, new_signer, private_pem
from assay.signing.oms import PREDICATE

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FILES = {
    "config.json": b'{"hidden_size": 8}',
    "model.safetensors": bytes(range(256)) * 40,
    "onnx/model.onnx": b"onnx" * 100,
    "onnx.txt": b"between the two by code point, not by segment",
    "empty": b"",
}


def make_model(folder: Path, files: Mapping[str, bytes] = FILES) -> Path:
    """Write a model's files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


@dataclass(frozen=True)
class Keyed:
    """A key with its two files."""

    signer: FileSigner
    private: Path
    public: Path


def make_key(folder: Path, name: str = "key", curve: str = "P-256") -> Keyed:
    signer = new_signer(curve)
    private, public = folder / name, folder / f"{name}.pub"
    private.write_bytes(private_pem(signer.private, None))
    public.write_bytes(signer.public.pem)
    return Keyed(signer, private, public)


def statement(files: Mapping[str, bytes] = FILES, **predicate: Any) -> dict[str, Any]:
    """A correct v1.0 statement over whole files, with fields of the predicate replaced."""
    rows = [
        {"name": name, "algorithm": "sha256", "digest": hashlib.sha256(data).hexdigest()}
        for name, data in sorted(files.items())
    ]
    how = {"method": "files", "hash_type": "sha256", "allow_symlinks": False}
    fields: dict[str, Any] = {"resources": rows, "serialization": how, **predicate}
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": "model", "digest": {"sha256": root(fields["resources"])}}],
        "predicateType": PREDICATE,
        "predicate": fields,
    }


def root(rows: list[dict[str, str]]) -> str:
    return hashlib.sha256(b"".join(bytes.fromhex(row["digest"]) for row in rows)).hexdigest()


def how(**fields: Any) -> dict[str, Any]:
    """A serialization with fields replaced."""
    return {"method": "files", "hash_type": "sha256", "allow_symlinks": False, **fields}


def forge(
    payload: dict[str, Any] | bytes,
    signer: FileSigner,
    *,
    signed: Callable[[bytes], bytes] = lambda payload: pae(PAYLOAD_TYPE, payload),
    material: dict[str, Any] | None = None,
    **fields: Any,
) -> bytes:
    """A bundle over any payload, truly signed by the key over what `signed` makes of it."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    envelope = {
        "payload": base64.b64encode(data).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"sig": base64.b64encode(signer.sign(signed(data))).decode()}],
    }
    bundle = {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": material or {"publicKey": {"hint": signer.key_id}},
        "dsseEnvelope": envelope,
        **fields,
    }
    return json.dumps(bundle).encode()


def chain_material(*certificates: x509.Certificate) -> dict[str, Any]:
    """A chain as verification material."""
    rows = [
        {"rawBytes": base64.b64encode(c.public_bytes(serialization.Encoding.DER)).decode()}
        for c in certificates
    ]
    return {"x509CertificateChain": {"certificates": rows}}


@dataclass(frozen=True)
class Authority:
    """A certificate that issues others, and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def make_authority(
    name: str = "root",
    issuer: Authority | None = None,
    *,
    key_usage: bool = True,
    purposes: list[x509.ObjectIdentifier] | None = None,
    constraints: x509.NameConstraints | None = None,
) -> Authority:
    key = ec.generate_private_key(ec.SECP384R1())
    builder = (
        _builder(name, key.public_key(), issuer, name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if key_usage:
        builder = builder.add_extension(_usage(key_cert_sign=True), critical=True)
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    if constraints:
        builder = builder.add_extension(constraints, critical=True)
    return Authority(builder.sign(issuer.key if issuer else key, hashes.SHA384()), key)


CODE = ExtendedKeyUsageOID.CODE_SIGNING
SERVER = ExtendedKeyUsageOID.SERVER_AUTH


def make_certificate(
    issuer: Authority,
    signer: FileSigner,
    *,
    purposes: list[x509.ObjectIdentifier] | None = None,
    digital_signature: bool | None = True,
    emails: tuple[str, ...] = ("ana@example.org",),
    names: Sequence[x509.GeneralName] = (),
    after: timedelta = timedelta(days=30),
    before: timedelta = timedelta(days=1),
) -> x509.Certificate:
    """A signer's certificate; `purposes=[]` and `digital_signature=None` leave extensions out."""
    purposes = [CODE] if purposes is None else purposes
    builder = _builder("signer", signer.public.key, issuer, "signer", before, after)
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    if digital_signature is not None:
        usage = _usage(digital_signature=digital_signature, key_agreement=not digital_signature)
        builder = builder.add_extension(usage, critical=True)
    names = names or [x509.RFC822Name(email) for email in emails]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(issuer.key, hashes.SHA384())


def _builder(
    name: str,
    key: ec.EllipticCurvePublicKey,
    issuer: Authority | None,
    own: str,
    before: timedelta = timedelta(days=365),
    after: timedelta = timedelta(days=365),
) -> x509.CertificateBuilder:
    issued_by = issuer.certificate.subject if issuer else _name(own)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issued_by)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - before)
        .not_valid_after(NOW + after)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(**given: bool) -> x509.KeyUsage:
    fields = dict.fromkeys(
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only".split(),
        False,
    )
    return x509.KeyUsage(**{**fields, **given})


def reference(script: str, *arguments: str) -> str:
    """Run a script with the reference implementation in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
