"""Signing keys: elliptic curve P-256, P-384 and P-521 with ECDSA, in PEM files.

The hash follows the curve: SHA-256, SHA-384, SHA-512 (OpenSSF Model Signing v1.0, section 4).
A key's id is the SHA-256, in hex, of the PEM text of its public key, which is what bundles carry
as `publicKey.hint`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assay.core.companions import read_small
from assay.core.errors import ConflictError, DataError, UsageError
from assay.signing.files import write_new

MAX_KEY_BYTES = 64 * 1024
CURVES: dict[str, type[ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1,
    "P-384": ec.SECP384R1,
    "P-521": ec.SECP521R1,
}
_NAMES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "P-256": hashes.SHA256(),
    "P-384": hashes.SHA384(),
    "P-521": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key. Build it with `parse_public`, `load_public` or `public_of`.

    Attributes:
        pem: SubjectPublicKeyInfo as PEM text.
        key_id: SHA-256 of `pem`, hex.
        curve: `P-256`, `P-384` or `P-521`.
    """

    pem: bytes
    key_id: str
    curve: str
    key: ec.EllipticCurvePublicKey = field(repr=False, compare=False)

    @property
    def der(self) -> bytes:
        """SubjectPublicKeyInfo as DER."""
        return self.key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def verify(self, signature: bytes, data: bytes) -> None:
        """Return if this key made `signature` (ECDSA, DER) over `data`.

        Raises:
            DataError: it did not.
        """
        _verify(self, signature, data, _HASHES[self.curve])


def verify_sha256(key: PublicKey, signature: bytes, data: bytes) -> None:
    """`PublicKey.verify` with SHA-256 whatever the curve, for signatures of the past.

    Raises:
        DataError: the signature is not this key's.
    """
    _verify(key, signature, data, hashes.SHA256())


def _verify(key: PublicKey, signature: bytes, data: bytes, algorithm: hashes.HashAlgorithm) -> None:
    try:
        key.key.verify(signature, data, ec.ECDSA(algorithm))
    except (InvalidSignature, ValueError):
        raise DataError("the signature is wrong", subject=f"key {key.key_id[:16]}") from None


class Signer(Protocol):
    """Something that signs: a key file here, hardware or a service elsewhere."""

    @property
    def key_id(self) -> str:
        """The id of the public key."""
        ...

    @property
    def public(self) -> PublicKey:
        """The key that verifies."""
        ...

    def sign(self, data: bytes) -> bytes:
        """ECDSA in DER, with the hash of the curve."""
        ...


@dataclass(frozen=True, slots=True)
class FileSigner:
    """Signs with a private key read from a file. The key is kept out of `repr`."""

    public: PublicKey
    private: ec.EllipticCurvePrivateKey = field(repr=False, compare=False)

    @property
    def key_id(self) -> str:
        """The id of the public key."""
        return self.public.key_id

    def sign(self, data: bytes) -> bytes:
        """ECDSA in DER, with the hash of the curve."""
        return self.private.sign(data, ec.ECDSA(_HASHES[self.public.curve]))


def public_of(key: object, subject: str) -> PublicKey:
    """The public key, if it is of a curve that may sign models.

    Raises:
        DataError: another kind of key.
    """
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in _NAMES:
        raise DataError(
            "not an elliptic curve key that may sign models",
            subject=subject,
            remedy=f"models are signed with {', '.join(CURVES)}: assay keys generate",
        )
    pem = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return PublicKey(pem, hashlib.sha256(pem).hexdigest(), _NAMES[key.curve.name], key)


def parse_public(pem: bytes, subject: str = "public key") -> PublicKey:
    """Read a public key from PEM text.

    Raises:
        DataError: not PEM, not a public key, or of another kind.
    """
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        remedy = "this is a private key; give its .pub file" if b"PRIVATE KEY" in pem else None
        raise DataError("not a public key in PEM", subject=subject, remedy=remedy) from None
    return public_of(key, subject)


def load_public(path: Path) -> PublicKey:
    """Read a public key's file.

    Raises:
        DataError: not a public key that may sign models.
        UsageError: there is no such file.
        UnavailableError: it cannot be read.
    """
    return parse_public(read_small(path, MAX_KEY_BYTES), str(path))


def parse_signer(
    pem: bytes, passphrase: bytes | None = None, *, subject: str = "private key"
) -> FileSigner:
    """Read a private key from PEM text.

    Raises:
        DataError: not a private key, the wrong passphrase, or another kind of key.
        UsageError: it is encrypted and no passphrase was given.
    """
    key = parse_private(pem, passphrase, subject=subject)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise DataError("not an elliptic curve key that may sign models", subject=subject)
    return FileSigner(public_of(key.public_key(), subject), key)


def parse_private(pem: bytes, passphrase: bytes | None, *, subject: str) -> object:
    """Whatever private key the PEM text holds; see `parse_signer`.

    Raises:
        DataError: not a private key, or the wrong passphrase.
        UsageError: it is encrypted and no passphrase was given.
    """
    encrypted = b"ENCRYPTED" in pem
    if encrypted and passphrase is None:
        raise UsageError(
            "the key is encrypted",
            subject=subject,
            remedy="give the file that holds its passphrase: --passphrase-file",
        )
    try:
        return serialization.load_pem_private_key(pem, passphrase if encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        reason = "wrong passphrase, or not a private key" if encrypted else "not a private key"
        raise DataError(f"{reason} in PEM", subject=subject) from None


def load_signer(path: Path, passphrase: bytes | None = None) -> FileSigner:
    """Read a private key's file; see `parse_signer`.

    Raises:
        DataError: not a private key that may sign models, or the wrong passphrase.
        UsageError: there is no such file, or it is encrypted and no passphrase was given.
        UnavailableError: it cannot be read.
    """
    return parse_signer(read_small(path, MAX_KEY_BYTES), passphrase, subject=str(path))


def new_signer(curve: str = "P-256") -> FileSigner:
    """A new key, in memory only.

    Raises:
        UsageError: a curve models are not signed with.
    """
    if curve not in CURVES:
        raise UsageError(f"no such curve: {curve!r}", remedy=f"one of {', '.join(CURVES)}")
    private = ec.generate_private_key(CURVES[curve]())
    return FileSigner(public_of(private.public_key(), "new key"), private)


def private_pem(
    key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey, passphrase: bytes | None
) -> bytes:
    """A private key as PKCS #8, encrypted if there is a passphrase."""
    encryption = (
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption()
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )


def generate(path: Path, *, curve: str = "P-256", passphrase: bytes | None = None) -> FileSigner:
    """Make a key: the private part at `path` (0600), the public part at `path` + `.pub`.

    Raises:
        ConflictError: one of the two files exists; nothing is written over.
        UsageError: a curve models are not signed with, or an empty passphrase.
        UnavailableError: the folder cannot be written.
    """
    if passphrase is not None and not passphrase:
        raise UsageError("the passphrase is empty", subject=str(path))
    public_path = path.with_name(f"{path.name}.pub")
    for file in (path, public_path):
        if file.exists() or file.is_symlink():
            raise ConflictError(
                "exists already", subject=str(file), remedy="keys are never written over"
            )
    signer = new_signer(curve)
    write_new(path, private_pem(signer.private, passphrase), mode=0o600)
    write_new(public_path, signer.public.pem, mode=0o644)
    return signer
