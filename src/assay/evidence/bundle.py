"""The evidence bundle, `assay.evidence/1`: everything about a release in one file.

```
{schema, release, tree, oms_root, manifest, trust, checkpoint,
 envelopes: [{kind, envelope, log_proof}], bundles: [base64]}
```
Reading it checks its form, and that the manifest has the tree digest. Nothing in it is believed
before `assay.evidence.verify` has verified it.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from assay.core.attestation import Envelope
from assay.core.canonical import canonical_json, strict_json
from assay.core.digest import Digest
from assay.core.errors import DataError
from assay.core.manifest import Manifest
from assay.log.checkpoint import read_unverified
from assay.log.entries import LogEntry
from assay.log.read import LogFolder

SCHEMA = "assay.evidence/1"
MAX_BYTES = 256 * 1024 * 1024
MAX_ITEMS = 10_000
_FIELDS = {
    *("schema", "release", "tree", "oms_root", "manifest"),
    *("trust", "checkpoint", "envelopes", "bundles"),
}


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """A signed statement and the proof that it was logged.

    Attributes:
        kind: See `assay.evidence.kinds`.
        proof: A tlog-proof that carries the log entry; None where there is none yet.
    """

    kind: str
    envelope: Envelope
    proof: str | None

    @property
    def shown(self) -> str:
        """Names it in messages: its kind and the beginning of its statement's digest."""
        return f"{self.kind} {self.envelope.digest.short}"

    def to_json(self) -> dict[str, Any]:
        """`{kind, envelope, log_proof}`."""
        return {"kind": self.kind, "envelope": self.envelope.to_json(), "log_proof": self.proof}


@dataclass(frozen=True, slots=True)
class EvidenceBundle:
    """What is known of one release.

    Attributes:
        release: `namespace/name@version`.
        oms_root: The OpenSSF Model Signing root of the manifest; None if it was not taken.
        trust: The server's signed `trust.json`.
        checkpoint: The signed note all proofs lead to; None where nothing was logged yet.
        items: Statements of the server, oldest first.
        bundles: Publishers' signature bundles, as they came.
    """

    release: str
    oms_root: Digest | None
    manifest: Manifest
    trust: bytes
    checkpoint: bytes | None
    items: tuple[EvidenceItem, ...]
    bundles: tuple[bytes, ...] = ()

    @property
    def tree(self) -> Digest:
        """The tree digest it is about."""
        return self.manifest.tree_digest

    def of_kind(self, kind: str) -> tuple[EvidenceItem, ...]:
        """The items of one kind, in order."""
        return tuple(item for item in self.items if item.kind == kind)

    def to_bytes(self) -> bytes:
        """The file's bytes: RFC 8785."""
        return canonical_json(
            {
                "schema": SCHEMA,
                "release": self.release,
                "tree": str(self.tree),
                "oms_root": None if self.oms_root is None else str(self.oms_root),
                "manifest": self.manifest.to_json(),
                "trust": strict_json(self.trust, subject="trust"),
                "checkpoint": None if self.checkpoint is None else self.checkpoint.decode(),
                "envelopes": [item.to_json() for item in self.items],
                "bundles": [base64.b64encode(data).decode() for data in self.bundles],
            }
        )

    @classmethod
    def parse(cls, data: bytes, *, subject: str = "evidence") -> Self:
        """Read a bundle.

        Raises:
            DataError: not such a document, or its manifest is not of its tree.
        """
        if len(data) > MAX_BYTES:
            raise DataError(f"is over {MAX_BYTES} bytes", subject=subject)
        value = strict_json(data, subject=subject)
        if not isinstance(value, dict) or value.get("schema") != SCHEMA or set(value) != _FIELDS:
            raise DataError(f"is not {SCHEMA} with exactly its fields", subject=subject)
        try:
            found = cls._read(value)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"not an evidence bundle: {error!r:.200}", subject=subject) from None
        if str(found.tree) != value["tree"]:
            raise DataError(
                f"the manifest is of {found.tree}, not of {value['tree']!s:.80}", subject=subject
            )
        if strict_json(found.to_bytes()) != value:
            raise DataError("holds unheard-of fields, or one in another form", subject=subject)
        return found

    @classmethod
    def _read(cls, value: dict[str, Any]) -> Self:
        checkpoint, root = value["checkpoint"], value["oms_root"]
        envelopes, bundles = _listed(value["envelopes"]), _listed(value["bundles"])
        return cls(
            release=_text(value["release"]),
            oms_root=None if root is None else Digest.parse(_text(root)),
            manifest=Manifest.from_json(value["manifest"]),
            trust=canonical_json(value["trust"]),
            checkpoint=None if checkpoint is None else _text(checkpoint).encode(),
            items=tuple(_item(row, number) for number, row in enumerate(envelopes, start=1)),
            bundles=tuple(_decoded(row) for row in bundles),
        )


def logged_item(
    kind: str,
    envelope: Envelope,
    *,
    tree: Digest,
    at: datetime,
    log: LogFolder,
    note: bytes,
    index: int | None = None,
) -> EvidenceItem:
    """A statement with its proof under a checkpoint, made from the log's tiles.

    Args:
        kind: Its kind, which is the type of its log entry.
        envelope: The signed statement.
        tree: The tree its log entry carries.
        at: The time its log entry carries.
        log: The log.
        note: The checkpoint, the same for every item of a bundle.
        index: The entry's place where it is known, for the log is searched otherwise.

    Returns:
        The item; without a proof where the entry is not under this checkpoint yet.

    Raises:
        DataError: the log's files are broken, or another entry is at `index`.
    """
    entry = LogEntry(kind, envelope.digest, tree, at)
    size = read_unverified(note).size
    place = log.find(entry.leaf_hash, size) if index is None else index
    if place is None or place >= size:
        return EvidenceItem(kind, envelope, None)
    proof = log.proof(place, note=note)
    if proof.extra != entry.to_bytes():
        raise DataError("another entry is there", subject=f"log entry {place}")
    return EvidenceItem(kind, envelope, proof.to_text())


def _item(row: Any, number: int) -> EvidenceItem:
    if not isinstance(row, dict) or set(row) != {"kind", "envelope", "log_proof"}:
        raise TypeError(f"envelope {number} does not have exactly its fields")
    proof = row["log_proof"]
    return EvidenceItem(
        _text(row["kind"]),
        Envelope.from_json(row["envelope"], subject=f"envelope {number}"),
        None if proof is None else _text(proof),
    )


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) > MAX_ITEMS:
        raise TypeError(f"not a list of at most {MAX_ITEMS}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not text: {value!r:.80}")
    return value


def _decoded(value: Any) -> bytes:
    try:
        data = base64.b64decode(_text(value), validate=True)
    except binascii.Error:
        raise ValueError("bad base64") from None
    if base64.b64encode(data).decode() != value:
        raise ValueError("bad base64")
    return data
