"""Publishers' signatures: Sigstore bundles kept as they came, found again by release.

A bundle is an attestation row with the bundle's exact bytes, and evidence of the kind
`publisher-signature` that names the release it came with. How it verified is evidence of its
own, the kind `signature`, added when the release is taken in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assay.core.attestation import Envelope
from assay.core.canonical import strict_json
from assay.core.digest import Digest
from assay.core.errors import DataError
from assay.store import attestations
from assay.store.releases import Release

PUBLISHER_SIGNATURE = "publisher-signature"
MAX_BUNDLE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose form was checked; nothing about its signature was.

    Attributes:
        data: Its exact bytes.
        statement: SHA-256 of the payload that is signed.
        signer: The key hint it carries; may be empty.
    """

    data: bytes
    statement: Digest
    predicate_type: str
    signer: str


def read_bundle(data: bytes, number: int = 1) -> Bundle:
    """Read a Sigstore bundle with a DSSE envelope around an in-toto statement.

    Args:
        data: The bundle.
        number: Which of those that were sent, for messages.

    Raises:
        DataError: it is something else, or over 64 MiB.
    """
    subject = f"signature {number}"
    if len(data) > MAX_BUNDLE_BYTES:
        raise DataError(f"is over {MAX_BUNDLE_BYTES} bytes", subject=subject)
    value = strict_json(data, subject=subject)
    if not isinstance(value, dict) or "dsseEnvelope" not in value:
        raise DataError(
            "is not a Sigstore bundle with a DSSE envelope",
            subject=subject,
            remedy="make one with: assay sign FOLDER --key KEY",
        )
    envelope = Envelope.from_json(value["dsseEnvelope"], subject=subject)
    kind = envelope.statement().predicate_type
    return Bundle(data, envelope.digest, kind, _hint(value))


def keep_bundle(
    connection: sa.Connection, release: Release, bundle: Bundle, *, now: datetime
) -> None:
    """Keep a bundle that came with a release."""
    row = attestations.record(
        connection,
        envelope=bundle.data,
        statement=bundle.statement,
        predicate_type=bundle.predicate_type,
        tree=release.tree,
        signer=bundle.signer,
        now=now,
    )
    attestations.record_evidence(
        connection,
        tree=release.tree,
        attestation=row.digest,
        kind=PUBLISHER_SIGNATURE,
        verification={"result": "unverified", "release": release.id},
        now=now,
    )


def of_release(connection: sa.Connection, release: Release) -> list[attestations.Attestation]:
    """The bundles that came with a release, in order; `envelope` is the bundle's bytes."""
    found = {
        row.attestation: None
        for row in attestations.evidence_of(connection, release.tree)
        if row.kind == PUBLISHER_SIGNATURE and row.verification.get("release") == release.id
    }
    return [attestations.get(connection, digest) for digest in found]


def _hint(value: Any) -> str:
    material = value.get("verificationMaterial")
    key = material.get("publicKey") if isinstance(material, dict) else None
    hint = key.get("hint") if isinstance(key, dict) else None
    return hint[:256] if isinstance(hint, str) and "\0" not in hint else ""
