"""A server's trust root: `trust.json`, one signed document with the public half of every key.

It is a DSSE envelope signed by the root key it carries, so it proves nothing by itself: what
pins it is the root key's fingerprint, which travels another way.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from assay.core.attestation import Envelope
from assay.core.canonical import canonical_json, strict_json
from assay.core.clock import parse_rfc3339, rfc3339
from assay.core.errors import DataError
from assay.signing.dsse import sign_payload, verify_envelope
from assay.signing.keys import PublicKey, Signer, parse_public

SCHEMA = "assay.trust/1"
TRUST_TYPE = "application/vnd.assay.trust+json"
MAX_TRUST_BYTES = 256 * 1024
PURPOSES = ("root", "decision", "approval", "release_index", "agent_jobs")
_ED25519 = b"\x01"
_VKEY_BYTES = 33
_VKEY_ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class TrustRoot:
    """The keys a server signs with, one per purpose.

    Attributes:
        url: The server's address.
        fingerprint: SHA-256 of the root key's SubjectPublicKeyInfo (DER), hex.
        log_vkey: The transparency log's verifier key (C2SP signed-note, Ed25519).
        document: The signed `trust.json` it was read from.
    """

    url: str
    fingerprint: str
    root: PublicKey
    decision: PublicKey
    approval: PublicKey
    release_index: PublicKey
    agent_jobs: PublicKey
    log_vkey: str
    issued: datetime
    document: bytes = field(repr=False, compare=False)

    @classmethod
    def parse(
        cls, data: bytes, *, fingerprint: str | None, subject: str = "trust root"
    ) -> TrustRoot:
        """Read `trust.json`.

        Args:
            data: The file's bytes.
            fingerprint: What the root key must have; None only where the file itself comes from
                a trusted place.
            subject: What to name in errors.

        Raises:
            DataError: not a trust root, not signed by its own root key, another fingerprint,
                or one key for two purposes.
        """
        if len(data) > MAX_TRUST_BYTES:
            raise DataError(f"is over {MAX_TRUST_BYTES} bytes", subject=subject)
        envelope = Envelope.parse(data, subject=subject)
        try:
            value = strict_json(envelope.payload, subject=subject)
            if value["schema"] != SCHEMA:
                raise DataError(f"schema is not {SCHEMA}", subject=subject)
            keys = {
                purpose: parse_public(value["keys"][purpose].encode(), f"{subject}: {purpose} key")
                for purpose in PURPOSES
            }
            found = cls(
                url=_text(value["url"]),
                fingerprint=fingerprint_of(keys["root"]),
                log_vkey=check_vkey(_text(value["log"])),
                issued=parse_rfc3339(_text(value["issued"])),
                document=data,
                **keys,
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DataError(f"not a trust root: {error!r}", subject=subject) from None
        _check_signed(envelope, found, subject)
        if fingerprint is not None and not same_fingerprint(fingerprint, found.fingerprint):
            raise DataError(
                f"the root key's fingerprint is {found.fingerprint}, not {fingerprint[:80]}",
                subject=subject,
                remedy="this is not the server that was asked for, or its keys were replaced",
            )
        return found


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("a field that is not text")
    return value


def _check_signed(envelope: Envelope, found: TrustRoot, subject: str) -> None:
    try:
        verify_envelope(envelope, [found.root], payload_type=TRUST_TYPE)
    except DataError:
        raise DataError("is not signed by the root key it names", subject=subject) from None
    if len({getattr(found, purpose).key_id for purpose in PURPOSES}) != len(PURPOSES):
        raise DataError("has one key for two purposes", subject=subject)


def make_trust(
    *, url: str, root: Signer, keys: dict[str, PublicKey], log_vkey: str, issued: datetime
) -> bytes:
    """The signed `trust.json` of these keys (every purpose but `root` in `keys`)."""
    every = {**keys, "root": root.public}
    payload = canonical_json(
        {
            "schema": SCHEMA,
            "url": url,
            "keys": {purpose: every[purpose].pem.decode() for purpose in PURPOSES},
            "log": log_vkey,
            "issued": rfc3339(issued),
        }
    )
    return sign_payload(payload, root, payload_type=TRUST_TYPE).to_bytes()


def fingerprint_of(key: PublicKey) -> str:
    """SHA-256 of the key's SubjectPublicKeyInfo (DER), hex."""
    return hashlib.sha256(key.der).hexdigest()


def same_fingerprint(given: str, actual: str) -> bool:
    """Compare as people write them: any case, `sha256:` before it, colons within."""
    plain = given.strip().lower().removeprefix("sha256:").replace(":", "")
    return hmac.compare_digest(plain.encode("utf-8", "surrogatepass"), actual.encode())


def vkey_of(name: str, public: bytes) -> str:
    """A log's verifier key, `name+id+base64` (C2SP signed-note), of an Ed25519 public key."""
    data = _ED25519 + public
    key_id = hashlib.sha256(name.encode() + b"\n" + data).digest()[:_VKEY_ID_BYTES]
    return f"{name}+{key_id.hex()}+{base64.b64encode(data).decode()}"


def check_vkey(text: str) -> str:
    """Return `text` if it is an Ed25519 verifier key whose id is its own.

    Raises:
        DataError: it is not.
    """
    name, _, rest = text.partition("+")
    try:
        data = base64.b64decode(rest.partition("+")[2], validate=True)
    except ValueError:
        data = b""
    if not name or len(data) != _VKEY_BYTES or vkey_of(name, data[1:]) != text:
        raise DataError("not an Ed25519 verifier key of a log", subject=text[:80])
    return text
