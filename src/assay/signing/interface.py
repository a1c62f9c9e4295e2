"""The verbs: `assay.sign` and `assay.verify` for models on disk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from assay.core.clock import SystemClock
from assay.core.errors import UsageError
from assay.signing.keys import load_public, load_signer
from assay.signing.model import Begin, default_out, quietly
from assay.signing.signature import Trusted
from assay.signing.verify import Verified, verify_model

if TYPE_CHECKING:
    from assay.signing.sign import Made

PathLike = str | Path


def sign(
    path: PathLike,
    *,
    key: PathLike | None = None,
    passphrase: bytes | None = None,
    certificate: PathLike | None = None,
    chain: PathLike | None = None,
    out: PathLike | None = None,
    ignore: Iterable[str] = (),
    method: str = "files",
    hash_type: str = "sha256",
    shard_size: int | None = None,
    now: datetime | None = None,
    begin: Begin = quietly,
) -> Made:
    """Sign a model (OpenSSF Model Signing v1.0).

    Args:
        path: The model's folder or file.
        key: The private key's PEM file.
        passphrase: Of the key, if it is encrypted.
        certificate: The signer's certificate, PEM; it must be the key's.
        chain: Certificates that lead to a root, PEM.
        out: The bundle's file; by default `model.sig` in the folder, or FILE.sig beside the file.
        ignore: Relative paths that are not signed, with all below them.
        method: `files` or `shards`.
        hash_type: `sha256`, `blake2b` or `blake3`.
        shard_size: Bytes per shard.
        now: When the certificate must be valid; the present by default.
        begin: Told the bytes there are to read, gives what is told the bytes read.

    Returns:
        What was written; its `out` is the bundle's file.

    Raises:
        DataError: nothing to sign, or something that cannot be; the file is named. A key or
            certificate that may not sign models.
        ConflictError: `out` exists and is not a signature.
        UsageError: options that do not go together, a file that does not exist, or an encrypted
            key without its passphrase.
        UnavailableError: a file cannot be read or written.
    """
    from assay.signing.sign import serialization_of, sign_model

    if key is None:
        raise UsageError("nothing to sign with", remedy="give a private key: --key")
    if chain is not None and certificate is None:
        raise UsageError("a chain goes with a certificate", remedy="give it: --certificate")
    how = serialization_of(method, hash_type, shard_size)
    signer = load_signer(Path(key), passphrase)
    certificates: tuple[bytes, ...] = ()
    if certificate is not None:
        from assay.signing.x509 import signing_chain

        certificates = signing_chain(
            Path(certificate), Path(chain) if chain else None, signer.public, at=_moment(now)
        )
    return sign_model(
        Path(path),
        signer,
        chain=certificates,
        out=Path(out) if out is not None else None,
        ignore=ignore,
        serialization=how,
        begin=begin,
    )


def verify(
    path: PathLike,
    *,
    signature: PathLike | None = None,
    key: PathLike | None = None,
    ca: PathLike | None = None,
    identity: str | None = None,
    strict: bool = False,
    ignore: Iterable[str] = (),
    now: datetime | None = None,
    begin: Begin = quietly,
) -> Verified:
    """Verify a model against its signature: returns what was verified, or raises.

    Args:
        path: The model's folder or file.
        signature: The bundle; by default `model.sig` in the folder, or FILE.sig beside the file.
        key: The signer's public key, PEM.
        ca: Certificates the signer's must lead to, PEM.
        identity: E-mail address, URI or DNS name the certificate must be for.
        strict: Apply a gate's rules too, see docs/signing.md.
        ignore: More relative paths that may be there unsigned; not with `strict`.
        now: When certificates must be valid; the present by default.
        begin: Told the bytes there are to read, gives what is told the bytes read.

    Raises:
        ModelDiffersError: files differ from what was signed; it says which and how.
        DataError: the signature, the key, the certificate or the statement is bad.
        UsageError: options that do not go together, or a file that does not exist.
        UnavailableError: a file cannot be read, and nothing worse was found.
    """
    if (key is None) == (ca is None):
        raise UsageError(
            "give whom to trust", remedy="either a public key (--key) or certificates (--ca)"
        )
    if identity is not None and ca is None:
        raise UsageError("a key has no identity", remedy="an identity goes with --ca")
    return verify_model(
        Path(path),
        Path(signature) if signature is not None else default_out(Path(path)),
        _trusted(key, ca, identity),
        at=_moment(now),
        strict=strict,
        ignore=ignore,
        begin=begin,
    )


def _trusted(key: PathLike | None, ca: PathLike | None, identity: str | None) -> Trusted:
    if key is not None:
        return Trusted(key=load_public(Path(key)))
    from assay.signing.x509 import load_certificates

    return Trusted(roots=tuple(load_certificates(Path(str(ca)))), identity=identity)


def _moment(now: datetime | None) -> datetime:
    return SystemClock().now() if now is None else now
