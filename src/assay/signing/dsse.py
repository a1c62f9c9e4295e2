"""DSSE envelopes: signing a statement, and finding the key that verifies one."""

from __future__ import annotations

from collections.abc import Iterable

from assay.core.attestation import PAYLOAD_TYPE, Envelope, Signature, Statement, pae
from assay.core.errors import DataError
from assay.signing.keys import PublicKey, Signer

MAX_SIGNATURES = 16


def sign_envelope(statement: Statement, signer: Signer) -> Envelope:
    """The statement in an envelope with one signature, named by the key's id."""
    return sign_payload(statement.payload(), signer)


def sign_payload(payload: bytes, signer: Signer, *, payload_type: str = PAYLOAD_TYPE) -> Envelope:
    """Any payload in an envelope with one signature."""
    signature = Signature(signer.sign(pae(payload_type, payload)), signer.key_id)
    return Envelope(payload, (signature,), payload_type)


def verify_envelope(
    envelope: Envelope, keys: Iterable[PublicKey], *, payload_type: str = PAYLOAD_TYPE
) -> PublicKey:
    """The key, of those given, that signed the envelope.

    A signature's key id is a hint: a signature without one is tried with every key.

    Raises:
        DataError: another payload type, too many signatures, or none by a given key.
    """
    if envelope.payload_type != payload_type:
        raise DataError(f"payload type is {envelope.payload_type[:80]!r}, not {payload_type!r}")
    if len(envelope.signatures) > MAX_SIGNATURES:
        raise DataError(f"an envelope with over {MAX_SIGNATURES} signatures")
    known = list(keys)
    data = envelope.signed_bytes
    for signature in envelope.signatures:
        for key in known:
            if signature.keyid in ("", key.key_id) and _made(key, signature.sig, data):
                return key
    raise DataError("no signature of the envelope is by a key that was asked for")


def _made(key: PublicKey, signature: bytes, data: bytes) -> bool:
    try:
        key.verify(signature, data)
    except DataError:
        return False
    return True
