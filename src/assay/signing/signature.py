"""Whose signature a bundle carries: by a key, or by a certificate that leads to a given root."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from assay.core.attestation import Envelope
from assay.core.companions import read_small
from assay.core.errors import DataError
from assay.core.listing import shown
from assay.signing.bundle import MAX_BUNDLE_BYTES, Bundle, ChainMaterial, KeyMaterial
from assay.signing.keys import PublicKey, verify_sha256
from assay.signing.oms import PREDICATE_V02, ModelStatement, parse_statement, read_payload

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_KEYLESS = "was signed keyless, with a Sigstore certificate, which cannot be verified here"


@dataclass(frozen=True, slots=True)
class Signed:
    """Whose signature it is.

    Attributes:
        method: `key` or `certificate`.
        key: The key that verified.
        identities: Who the certificate is for; empty for a key.
    """

    method: str
    key: PublicKey
    identities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trusted:
    """Whom the verifier trusts: one key, or certificates with an optional identity."""

    key: PublicKey | None = None
    roots: tuple[Certificate, ...] = ()
    identity: str | None = None


def read_bundle(path: Path) -> Bundle:
    """Read a signature's file.

    Raises:
        DataError: not a bundle; see `Bundle.parse`.
        UsageError: there is no such file.
        UnavailableError: it cannot be read.
    """
    return Bundle.parse(read_small(path, MAX_BUNDLE_BYTES), subject=shown(str(path)))


def verify_signature(
    bundle: Bundle, trusted: Trusted, *, at: datetime
) -> tuple[Signed, ModelStatement]:
    """Who signed, and what.

    Raises:
        DataError: another method than trusted, a wrong signature, an untrusted or unfit
            certificate, another identity, or a statement that is not one.
    """
    value = read_payload(bundle.envelope.payload)
    match bundle.material:
        case KeyMaterial():
            by = _by_key(bundle.material, trusted)
        case ChainMaterial(certificates=chain):
            by = _by_certificate(chain, trusted, at)
        case _:
            raise DataError(_KEYLESS, remedy="ask the publisher for a key's or certificate's")
    historical = value["predicateType"] == PREDICATE_V02
    verify_envelope_by(by.key, bundle.envelope, historical=historical)
    return by, parse_statement(value)


def _by_key(material: KeyMaterial, trusted: Trusted) -> Signed:
    if trusted.key is None:
        raise DataError("was signed with a key, not with a certificate")
    if not names_key(material, trusted.key):
        raise DataError(f"was signed with another key: {material.hint[:16] or 'unnamed'}")
    return Signed("key", trusted.key)


def names_key(material: KeyMaterial, key: PublicKey) -> bool:
    """Whether a bundle may be of this key. A hint rules keys out; only the signature decides."""
    return material.hint in ("", key.key_id)


def _by_certificate(chain: tuple[bytes, ...], trusted: Trusted, at: datetime) -> Signed:
    from assay.signing.x509 import check_identity, verify_chain

    if not trusted.roots:
        raise DataError("was signed with a certificate, not with a key")
    signer = verify_chain(chain, list(trusted.roots), at=at)
    if trusted.identity is not None:
        check_identity(signer, trusted.identity)
    return Signed("certificate", signer.key, signer.identities)


def verify_envelope_by(key: PublicKey, envelope: Envelope, *, historical: bool) -> None:
    """Return if the key made the envelope's one signature.

    Args:
        key: The key.
        envelope: With exactly one signature.
        historical: Whether the statement is of v0.2, the only form whose broken encoding, and
            SHA-256 with any curve, are accepted.

    Raises:
        DataError: it did not.
    """
    signature = envelope.signatures[0].sig
    try:
        key.verify(signature, envelope.signed_bytes)
    except DataError:
        if not historical:
            raise
    else:
        return
    broken = broken_pae(envelope)
    try:
        key.verify(signature, broken)
    except DataError:
        verify_sha256(key, signature, broken)


def broken_pae(envelope: Envelope) -> bytes:
    """What v0.2 signed: `DSSEV1`, and the payload as Python shows bytes."""
    kind, payload = envelope.payload_type, envelope.payload
    return f"DSSEV1 {len(kind)} {kind} {len(payload)} {payload!r}".encode()
