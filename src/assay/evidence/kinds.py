"""What each kind of evidence is: its predicate type, and the key that must have signed it."""

from __future__ import annotations

from dataclasses import dataclass

from assay.core.errors import DataError
from assay.signing.keys import PublicKey
from assay.signing.trust import TrustRoot

DECISION = "decision"
SCAN = "scan"
SIGNATURE = "signature"
APPROVAL = "approval"
STATE = "state"
ALIAS = "alias"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of evidence.

    Attributes:
        predicate: The only predicate type its statements have.
        key: Which key of the trust root signs it: `decision`, `approval` or `release_index`.
        of_release: Whether it speaks of one release, not of every release of the same tree.
    """

    predicate: str
    key: str
    of_release: bool

    def key_in(self, trust: TrustRoot) -> PublicKey:
        """The key of a server that must have signed it."""
        keys = {
            "decision": trust.decision,
            "approval": trust.approval,
            "release_index": trust.release_index,
        }
        return keys[self.key]


KINDS = {
    DECISION: Kind("https://slsa.dev/verification_summary/v1", "decision", of_release=True),
    SCAN: Kind("https://assay.dev/predicate/scan/v1", "decision", of_release=False),
    SIGNATURE: Kind("https://assay.dev/predicate/signature-check/v1", "decision", of_release=True),
    APPROVAL: Kind("https://assay.dev/predicate/approval/v1", "approval", of_release=True),
    STATE: Kind("https://assay.dev/predicate/release-state/v1", "approval", of_release=True),
    ALIAS: Kind("https://assay.dev/predicate/alias/v1", "release_index", of_release=True),
}


def kind_named(name: str) -> Kind:
    """The kind of this name.

    Raises:
        DataError: there is none; what is not known is not evidence.
    """
    found = KINDS.get(name)
    if found is None:
        raise DataError(f"not a kind of evidence: {name[:80]!r}")
    return found
