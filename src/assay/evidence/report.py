"""What a verified evidence bundle says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assay.core.clock import rfc3339
from assay.core.digest import Digest
from assay.evidence.decision import StatedDecision
from assay.log.checkpoint import Checkpoint

SCHEMA = "assay.evidence-report/1"


@dataclass(frozen=True, slots=True)
class VerifiedItem:
    """A statement that was verified.

    Attributes:
        statement: SHA-256 of the signed payload.
        key_id: The key that signed it.
        index: Its place in the log.
    """

    kind: str
    statement: Digest
    key_id: str
    index: int

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return {
            "kind": self.kind,
            "statement": str(self.statement),
            "key": self.key_id,
            "log_index": self.index,
        }


@dataclass(frozen=True, slots=True)
class EvidenceReport:
    """A bundle in which everything verified.

    Attributes:
        url: The server that vouches for it, as its trust root says.
        fingerprint: Of that trust root.
        files: Files in the manifest.
        folder_checked: Whether a folder was compared with the manifest.
        decision: The newest decision: it allows the release.
        decision_expired: Whether it may no longer be relied on: offline that means no.
        items: The statements, in the order of the log.
        bundles: How many publishers' signatures come with it.
    """

    release: str
    tree: Digest
    oms_root: Digest | None
    url: str
    fingerprint: str
    files: int
    folder_checked: bool
    decision: StatedDecision
    decision_expired: bool
    items: tuple[VerifiedItem, ...]
    checkpoint: Checkpoint
    bundles: int

    def to_json(self) -> dict[str, Any]:
        """`assay.evidence-report/1`."""
        decision = self.decision
        return {
            "schema": SCHEMA,
            "release": self.release,
            "tree": str(self.tree),
            "oms_root": None if self.oms_root is None else str(self.oms_root),
            "server": {"url": self.url, "fingerprint": self.fingerprint},
            "files": self.files,
            "folder_checked": self.folder_checked,
            "decision": {
                "outcome": decision.outcome.value,
                "issued": rfc3339(decision.issued),
                "not_after": rfc3339(decision.not_after),
                "expired": self.decision_expired,
                "policy": {"name": decision.policy, "digest": str(decision.policy_digest)},
                "verifier": decision.verifier,
            },
            "statements": [item.to_json() for item in self.items],
            "log": {
                "origin": self.checkpoint.origin,
                "size": self.checkpoint.size,
                "root": f"sha256:{self.checkpoint.root.hex()}",
            },
            "publisher_signatures": self.bundles,
        }
