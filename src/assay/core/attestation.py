"""Attestations: in-toto Statement v1 in a DSSE envelope.

Sources: in-toto Attestation Framework, spec v1 (Statement, ResourceDescriptor);
DSSE protocol v1.0.2 (pre-authentication encoding, envelope).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from assay.core.canonical import canonical_json, strict_json
from assay.core.digest import Digest
from assay.core.errors import DataError

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE v1 pre-authentication encoding: the bytes a signature covers."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a statement is about: an informational name and its digests by algorithm, in hex."""

    name: str
    digest: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """`{name, digest}`."""
        return {"name": self.name, "digest": dict(self.digest)}


@dataclass(frozen=True, slots=True)
class Statement:
    """An in-toto statement: a predicate of a type about subjects."""

    subjects: tuple[Subject, ...]
    predicate_type: str
    predicate: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The Statement v1 object."""
        return {
            "_type": STATEMENT_TYPE,
            "subject": [subject.to_json() for subject in self.subjects],
            "predicateType": self.predicate_type,
            "predicate": dict(self.predicate),
        }

    def payload(self) -> bytes:
        """RFC 8785 bytes, so that the same statement always has the same digest."""
        return canonical_json(self.to_json())

    @classmethod
    def parse(cls, payload: bytes, *, subject: str = "statement") -> Self:
        """Read a payload strictly.

        Raises:
            DataError: not a Statement v1, no subject, a subject without digest.
        """
        value = strict_json(payload, subject=subject)
        try:
            if value["_type"] != STATEMENT_TYPE:
                raise DataError(f"_type is not {STATEMENT_TYPE}", subject=subject)
            subjects = tuple(_subject(row, subject) for row in value["subject"])
            kind, predicate = value["predicateType"], value.get("predicate", {})
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(f"not an in-toto statement: {error!r}", subject=subject) from None
        if not subjects or not isinstance(kind, str) or not isinstance(predicate, dict):
            raise DataError("a statement needs a subject, a type and a predicate", subject=subject)
        return cls(subjects, kind, predicate)


def _subject(row: Any, subject: str) -> Subject:
    digests = row["digest"]
    if not isinstance(digests, dict) or not digests:
        raise DataError("a subject without digest", subject=subject)
    if not all(isinstance(value, str) for value in digests.values()):
        raise DataError("a subject's digest is not text", subject=subject)
    return Subject(str(row.get("name", "")), digests)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of an envelope: raw bytes and an optional, unauthenticated key hint."""

    sig: bytes
    keyid: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A DSSE envelope. The payload is kept as the exact bytes that were signed."""

    payload: bytes
    signatures: tuple[Signature, ...]
    payload_type: str = PAYLOAD_TYPE

    @property
    def signed_bytes(self) -> bytes:
        """What each signature covers."""
        return pae(self.payload_type, self.payload)

    @property
    def digest(self) -> Digest:
        """SHA-256 of the payload: the digest of the statement."""
        return Digest.of(self.payload)

    def statement(self) -> Statement:
        """The statement inside. It says nothing about signatures: verify first."""
        return Statement.parse(self.payload)

    def to_json(self) -> dict[str, Any]:
        """The DSSE JSON form with standard base64."""
        return {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": self.payload_type,
            "signatures": [
                {"sig": base64.b64encode(s.sig).decode(), "keyid": s.keyid} for s in self.signatures
            ],
        }

    def to_bytes(self) -> bytes:
        """RFC 8785 form: how an envelope is stored."""
        return canonical_json(self.to_json())

    @classmethod
    def from_json(cls, value: Any, *, subject: str = "envelope") -> Self:
        """Read the JSON form.

        Raises:
            DataError: not a DSSE envelope, bad base64, or no signature.
        """
        try:
            payload = _base64(value["payload"], subject)
            kind = value["payloadType"]
            signatures = tuple(
                Signature(_base64(row["sig"], subject), row.get("keyid") or "")
                for row in value["signatures"]
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(f"not a DSSE envelope: {error!r}", subject=subject) from None
        if not signatures or not isinstance(kind, str):
            raise DataError("an envelope needs a payload type and a signature", subject=subject)
        return cls(payload, signatures, kind)

    @classmethod
    def parse(cls, data: bytes, *, subject: str = "envelope") -> Self:
        """Read JSON bytes; see `from_json`."""
        return cls.from_json(strict_json(data, subject=subject), subject=subject)


def _base64(text: Any, subject: str) -> bytes:
    if not isinstance(text, str):
        raise DataError("base64 field is not text", subject=subject)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise DataError("bad base64", subject=subject) from None
