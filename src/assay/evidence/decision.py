"""What a signed decision says, as far as somebody without a server relies on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from assay.core.attestation import Statement
from assay.core.clock import parse_rfc3339
from assay.core.decision import Outcome
from assay.core.digest import Digest
from assay.core.errors import DataError

LONGEST = timedelta(hours=24)
PASSED = "PASSED"


@dataclass(frozen=True, slots=True)
class StatedDecision:
    """A decision read from a statement whose signature was verified.

    Attributes:
        result: SLSA's word: `PASSED` or `FAILED`.
        evidence: Kind and statement digest of what it rests on.
        reasons: What kept it from being allowed, where something did.
    """

    tree: Digest
    oms_root: Digest | None
    release: str
    outcome: Outcome
    result: str
    policy: str
    policy_digest: Digest
    verifier: str
    issued: datetime
    not_after: datetime
    evidence: tuple[tuple[str, Digest], ...]
    reasons: tuple[str, ...]

    @classmethod
    def read(cls, statement: Statement, *, subject: str) -> Self:
        """Read it.

        Raises:
            DataError: not a decision, or one that holds for no time or for over 24 hours, or says
                its evidence or its result twice and differently.
        """
        try:
            found = cls._read(statement.predicate)
            named = [row["digest"]["sha256"] for row in statement.predicate["inputAttestations"]]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"not a decision: {error!r:.200}", subject=subject) from None
        if not timedelta(0) < found.not_after - found.issued <= LONGEST:
            raise DataError("holds for no time, or for over 24 hours", subject=subject)
        if [digest.hex for _, digest in found.evidence] != named:
            raise DataError("names its evidence twice and differently", subject=subject)
        if (found.outcome is Outcome.ALLOW) is not (found.result == PASSED):
            raise DataError("its result is not that of its outcome", subject=subject)
        return found

    @classmethod
    def _read(cls, predicate: Mapping[str, Any]) -> Self:
        own = predicate["assay"]
        root = own["oms_root"]
        return cls(
            tree=Digest.parse(own["tree"]),
            oms_root=None if root is None else Digest.parse(root),
            release=str(own["release"]),
            outcome=Outcome(own["outcome"]),
            result=str(predicate["verificationResult"]),
            policy=f"{own['policy']['name']} {own['policy']['version']}",
            policy_digest=Digest.parse(own["policy"]["digest"]),
            verifier=str(predicate["verifier"]["id"]),
            issued=parse_rfc3339(predicate["timeVerified"]),
            not_after=parse_rfc3339(own["not_after"]),
            evidence=tuple(
                (str(row["kind"]), Digest.parse(row["digest"])) for row in own["evidence"]
            ),
            reasons=tuple(
                str(row["message"])
                for row in own["reasons"]
                if row["result"] not in ("pass", "waived")
            ),
        )
