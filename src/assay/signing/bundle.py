"""Sigstore bundles with a DSSE envelope: the file a model's signature is kept in.

Source: OpenSSF Model Signing v1.0 section 4 and its JSON schemas; Sigstore bundle v0.3.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from typing import Any

from assay.core.attestation import PAYLOAD_TYPE, Envelope
from assay.core.canonical import strict_json
from assay.core.errors import DataError

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
MAX_BUNDLE_BYTES = 1024 * 1024 * 1024
MAX_CERTIFICATES = 16
_MEDIA_TYPES = re.compile(
    r"application/vnd\.dev\.sigstore\.bundle(?:\.v0\.3\+json|\+json;version=0\.[123])\Z"
)
_BUNDLE_KEYS = {"mediaType", "verificationMaterial", "dsseEnvelope"}
_ENVELOPE_KEYS = {"payload", "payloadType", "signatures"}
_SIGNATURE_KEYS = {"sig", "keyid"}
_MATERIALS = ("publicKey", "x509CertificateChain", "certificate")


@dataclass(frozen=True, slots=True)
class KeyMaterial:
    """Signed with a key: its id, or in bundles of the past the key itself. Neither is trusted."""

    hint: str = ""
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class ChainMaterial:
    """Signed with a certificate: DER, the signer's first."""

    certificates: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeylessMaterial:
    """Signed with a short-lived Sigstore certificate and entries of a transparency log."""

    certificate: bytes = field(repr=False)
    entries: int


Material = KeyMaterial | ChainMaterial | KeylessMaterial


@dataclass(frozen=True, slots=True)
class Bundle:
    """A signature with what is needed to verify it, and what was signed."""

    material: Material
    envelope: Envelope

    def to_bytes(self) -> bytes:
        """The JSON form, v0.3."""
        match self.material:
            case KeyMaterial(hint=hint):
                material: dict[str, Any] = {"publicKey": {"hint": hint}, "tlogEntries": []}
            case ChainMaterial(certificates=chain):
                rows = [{"rawBytes": base64.b64encode(der).decode()} for der in chain]
                material = {"x509CertificateChain": {"certificates": rows}, "tlogEntries": []}
            case _:
                raise DataError("keyless bundles are read, not written")
        envelope = self.envelope.to_json()
        envelope["signatures"] = [{**row, "keyid": ""} for row in envelope["signatures"]]
        value = {
            "mediaType": MEDIA_TYPE,
            "verificationMaterial": material,
            "dsseEnvelope": envelope,
        }
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8")

    @classmethod
    def parse(cls, data: bytes, *, subject: str = "signature") -> Bundle:
        """Read a bundle strictly. Nothing is verified yet.

        Raises:
            DataError: not a bundle the specification allows; more than one signature; more
                than one kind of verification material; duplicate JSON keys.
        """
        value = strict_json(data, subject=subject)
        if not isinstance(value, dict) or value.keys() != _BUNDLE_KEYS:
            raise DataError(
                "is not exactly a media type, verification material and an envelope",
                subject=subject,
            )
        kind = value["mediaType"]
        if not isinstance(kind, str) or not _MEDIA_TYPES.match(kind):
            raise DataError(f"media type {str(kind)[:80]!r} is not known", subject=subject)
        try:
            return cls(_material(value["verificationMaterial"]), _envelope(value["dsseEnvelope"]))
        except DataError as error:
            raise DataError(error.message, subject=subject) from None
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(f"not a signature bundle: {error!r}", subject=subject) from None


def _envelope(value: Any) -> Envelope:
    if not isinstance(value, dict) or value.keys() != _ENVELOPE_KEYS:
        raise DataError("the envelope is not exactly payload, payload type and signatures")
    rows = value["signatures"]
    if not isinstance(rows, list) or len(rows) != 1:
        raise DataError("the envelope does not have exactly one signature")
    row = rows[0]
    if not isinstance(row, dict) or not row.keys() <= _SIGNATURE_KEYS:
        raise DataError("the signature has fields that are not in the specification")
    if not isinstance(row.get("keyid"), str | None):
        raise DataError("the signature's key id is not text")
    envelope = Envelope.from_json(value)
    if envelope.payload_type != PAYLOAD_TYPE:
        raise DataError(f"payload type is not {PAYLOAD_TYPE}")
    if not envelope.payload or not envelope.signatures[0].sig:
        raise DataError("the envelope's payload or signature is empty")
    return envelope


def _material(value: Any) -> Material:
    if not isinstance(value, dict):
        raise DataError("verification material is not an object")
    kinds = [kind for kind in _MATERIALS if kind in value]
    if len(kinds) != 1:
        raise DataError("verification material is not exactly one of a key and certificates")
    entries = value.get("tlogEntries", [])
    if not isinstance(entries, list) or not all(isinstance(row, dict) for row in entries):
        raise DataError("log entries are not a list of objects")
    given = value[kinds[0]]
    if not isinstance(given, dict):
        raise DataError(f"{kinds[0]} is not an object")
    match kinds[0]:
        case "publicKey":
            return _key_material(given)
        case "certificate":
            if not entries:
                raise DataError("a keyless signature without an entry in a transparency log")
            return KeylessMaterial(_raw(given), len(entries))
        case _:
            rows = given["certificates"]
            if not isinstance(rows, list) or not 0 < len(rows) <= MAX_CERTIFICATES:
                raise DataError(f"not between 1 and {MAX_CERTIFICATES} certificates")
            return ChainMaterial(tuple(_raw(row) for row in rows))


def _key_material(value: dict[str, Any]) -> KeyMaterial:
    hint, raw = value.get("hint"), value.get("rawBytes")
    if hint is not None and not isinstance(hint, str):
        raise DataError("the key's hint is not text")
    if hint is None and raw is None:
        raise DataError("neither the key's hint nor the key")
    return KeyMaterial(hint or "", b"" if raw is None else _base64(raw))


def _raw(value: Any) -> bytes:
    if not isinstance(value, dict):
        raise DataError("a certificate is not an object")
    return _base64(value["rawBytes"])


def _base64(text: Any) -> bytes:
    if not isinstance(text, str) or not text:
        raise DataError("a base64 field is empty or not text")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise DataError("bad base64") from None
