"""Certificates that sign models: chain, time, purpose and identity.

A signer's certificate needs keyUsage digitalSignature and extendedKeyUsage codeSigning, must be
valid at the present moment, and must lead to a certificate the verifier was given. Nothing is
fetched, and no certificate of the system is trusted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from assay.core.companions import read_small
from assay.core.errors import AssayError, DataError, UsageError
from assay.signing.bundle import MAX_CERTIFICATES
from assay.signing.keys import PublicKey, public_of

MAX_PEM_BYTES = 4 * 1024 * 1024
SIGNER = "certificate of the signer"
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises for a certificate that anyone may have made."""

_FORMS = (
    (x509.RFC822Name, re.compile(r"[^@:]+@[^@:]+\Z")),
    (x509.UniformResourceIdentifier, re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")),
    (x509.DNSName, re.compile(r"[^@:]+\Z")),
)


@dataclass(frozen=True, slots=True)
class Certified:
    """A signer whose certificate has been verified.

    Attributes:
        key: The certified key.
        identities: E-mail addresses, URIs and DNS names of the certificate; the common name
            where it has none of these.
    """

    key: PublicKey
    identities: tuple[str, ...]


def load_certificates(path: Path) -> list[x509.Certificate]:
    """The certificates of a PEM file.

    Raises:
        DataError: it holds none, or one that cannot be read.
        UsageError: there is no such file.
        UnavailableError: it cannot be read.
    """
    try:
        return x509.load_pem_x509_certificates(read_small(path, MAX_PEM_BYTES))
    except _UNREADABLE:
        raise DataError("holds no certificate in PEM", subject=str(path)) from None


def parse_chain(chain: tuple[bytes, ...]) -> list[x509.Certificate]:
    """The certificates of a bundle, the signer's first.

    Raises:
        DataError: one is not a certificate.
    """
    try:
        return [x509.load_der_x509_certificate(der) for der in chain]
    except _UNREADABLE as error:
        raise DataError(f"a certificate cannot be read: {error}", subject="signature") from None


def verify_chain(
    chain: tuple[bytes, ...], roots: list[x509.Certificate], *, at: datetime
) -> Certified:
    """The signer of a chain that leads to one of `roots`.

    Raises:
        DataError: it does not, a certificate is not valid at that time or not made for signing
            code, or the key is of a kind that may not sign models.
    """
    signer, *others = parse_chain(chain)
    check_purpose(signer, at=at)
    try:
        store = verification.Store(roots)
        verifier = (
            verification.PolicyBuilder()
            .store(store)
            .time(at)
            .max_chain_depth(MAX_CERTIFICATES)
            .extension_policies(ca_policy=_issuer_policy(), ee_policy=_signer_policy())
            .build_client_verifier()
        )
        verifier.verify(signer, others)
    except (verification.VerificationError, *_UNREADABLE) as error:
        raise DataError(
            f"does not lead to a certificate that was given: {_short(error)}", subject=SIGNER
        ) from None
    constrained = any(_constrains(issuer) for issuer in (*others, *roots))
    return Certified(key_of(signer), identities_of(signer, by_common_name=not constrained))


def check_purpose(certificate: x509.Certificate, *, at: datetime) -> None:
    """Return if a certificate may sign models at that time.

    Raises:
        DataError: it is expired, not valid yet, or not made for signing code.
    """
    if at > certificate.not_valid_after_utc:
        raise DataError(f"expired on {certificate.not_valid_after_utc:%Y-%m-%d}", subject=SIGNER)
    if at < certificate.not_valid_before_utc:
        when = f"{certificate.not_valid_before_utc:%Y-%m-%d}"
        raise DataError(f"is not valid before {when}", subject=SIGNER)
    try:
        usage = _extension(certificate, x509.KeyUsage)
        purposes = _extension(certificate, x509.ExtendedKeyUsage)
    except _UNREADABLE as error:
        raise DataError(f"cannot be read: {error}", subject=SIGNER) from None
    key_of(certificate)
    if not isinstance(usage, x509.KeyUsage) or not usage.digital_signature:
        raise DataError("is not for digital signatures (keyUsage)", subject=SIGNER)
    if (
        not isinstance(purposes, x509.ExtendedKeyUsage)
        or ExtendedKeyUsageOID.CODE_SIGNING not in purposes
    ):
        raise DataError("is not for signing code (extendedKeyUsage)", subject=SIGNER)


def identities_of(certificate: x509.Certificate, *, by_common_name: bool = True) -> tuple[str, ...]:
    """Who a certificate is for: its alternative names, else its common name.

    A name counts only in the form of its kind, so that an issuer who may name some DNS names and
    any URI cannot write another DNS name as a URI. Constraints do not bind common names at all.

    Args:
        certificate: The signer's.
        by_common_name: Whether the common name counts; not below an issuer with constraints.

    Raises:
        DataError: its alternative names cannot be read.
    """
    try:
        names = _extension(certificate, x509.SubjectAlternativeName)
    except _UNREADABLE as error:
        raise DataError(f"cannot be read: {error}", subject=SIGNER) from None
    if isinstance(names, x509.SubjectAlternativeName):
        return tuple(
            str(name.value)
            for name in names
            if any(isinstance(name, kind) and form.match(name.value) for kind, form in _FORMS)
        )
    if not by_common_name:
        return ()
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return tuple(str(attribute.value) for attribute in common)


def check_identity(signer: Certified, identity: str) -> None:
    """Return if the certificate names exactly this identity.

    Raises:
        DataError: it does not.
    """
    if identity not in signer.identities:
        told = ", ".join(signer.identities)[:200] or "nobody"
        raise DataError(f"is for {told}, not for {identity[:200]}", subject=SIGNER)


def signing_chain(
    certificate: Path, chain: Path | None, key: PublicKey, *, at: datetime
) -> tuple[bytes, ...]:
    """What a bundle carries: the signer's certificate and those that lead to a root.

    Raises:
        DataError: the certificate is not the key's, or may not sign models now.
        UsageError: a file is not there, or there are too many certificates.
    """
    from cryptography.hazmat.primitives.serialization import Encoding

    signer, *rest = load_certificates(certificate)
    try:
        check_purpose(signer, at=at)
        if key_of(signer) != key:
            raise DataError("is not the certificate of this key")
    except AssayError as error:
        raise DataError(error.message, subject=str(certificate)) from None
    rest += load_certificates(chain) if chain is not None else []
    others = [row for row in rest if row != signer and row.subject != row.issuer]
    if len(others) >= MAX_CERTIFICATES:
        raise UsageError(f"over {MAX_CERTIFICATES} certificates", subject=str(chain))
    return tuple(row.public_bytes(Encoding.DER) for row in (signer, *others))


def key_of(certificate: x509.Certificate) -> PublicKey:
    """The key a certificate is for.

    Raises:
        DataError: it cannot be read, or may not sign models.
    """
    try:
        key = certificate.public_key()
    except _UNREADABLE as error:
        raise DataError(f"has a key that cannot be read: {error}", subject=SIGNER) from None
    return public_of(key, SIGNER)


def _constrains(issuer: x509.Certificate) -> bool:
    try:
        return _extension(issuer, x509.NameConstraints) is not None
    except _UNREADABLE:
        return True


def _extension(
    certificate: x509.Certificate, kind: type[x509.ExtensionType]
) -> x509.ExtensionType | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _signer_policy() -> verification.ExtensionPolicy:
    """Every extension is allowed; the two that say what the certificate is for are required."""
    any_form = verification.Criticality.AGNOSTIC
    return (
        verification.ExtensionPolicy.permit_all()
        .require_present(x509.KeyUsage, any_form, _signs)
        .require_present(x509.ExtendedKeyUsage, any_form, _signs_code)
    )


def _issuer_policy() -> verification.ExtensionPolicy:
    """The web's rules for issuers, without the purpose of the web.

    RFC 5280 section 6.1.4 (n) wants keyCertSign only where keyUsage is present, which home-made
    authorities often leave out; an issuer limited to some purposes must allow signing code.
    """
    any_form = verification.Criticality.AGNOSTIC
    return (
        verification.ExtensionPolicy.webpki_defaults_ca()
        .may_be_present(x509.KeyUsage, any_form, _issues)
        .may_be_present(x509.ExtendedKeyUsage, any_form, _issues_for_code)
    )


def _signs(_policy: object, _certificate: object, usage: x509.KeyUsage) -> None:
    if not usage.digital_signature:
        raise ValueError("not for digital signatures")


def _signs_code(_policy: object, _certificate: object, purposes: x509.ExtendedKeyUsage) -> None:
    if ExtendedKeyUsageOID.CODE_SIGNING not in purposes:
        raise ValueError("not for signing code")


def _issues(_policy: object, _certificate: object, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("an issuer that may not issue")


def _issues_for_code(
    _policy: object, _certificate: object, purposes: x509.ExtendedKeyUsage | None
) -> None:
    allowed = {ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if purposes is not None and not allowed.intersection(purposes):
        raise ValueError("an issuer that may not issue for signing code")


def _short(error: Exception) -> str:
    """The library's reason, without the dump of a certificate behind it."""
    return str(error).partition(" (encountered")[0][:200]
