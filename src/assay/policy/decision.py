"""The decision document: an in-toto statement that says what policy decided about a tree.

Sources: SLSA v1.1, Verification Summary Attestation (predicate fields, `SlsaResult` values) and,
for the field `assay`, docs/policy.md. Anything but `allow` is FAILED: a consumer that knows only
SLSA must not take "needs approval" for yes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from assay.core.attestation import Statement, Subject
from assay.core.clock import parse_rfc3339, rfc3339
from assay.core.decision import Judgement, Outcome, Reason, RuleResult
from assay.core.digest import Digest
from assay.core.errors import DataError
from assay.policy.engine import combine
from assay.policy.types import check_names

PREDICATE = "https://slsa.dev/verification_summary/v1"
SLSA_VERSION = "1.1"
LONGEST = timedelta(hours=24)
_LEVELS = {True: ["SLSA_BUILD_LEVEL_UNEVALUATED"], False: ["FAILED"]}
_RESULT = {True: "PASSED", False: "FAILED"}


@dataclass(frozen=True, slots=True)
class Epoch:
    """Counters a decision is bound to: of policy, trust and revocation, and of its tree."""

    everywhere: int
    tree: int

    def to_json(self) -> dict[str, int]:
        """`{global, tree}`."""
        return {"global": self.everywhere, "tree": self.tree}


@dataclass(frozen=True, slots=True)
class EvidenceRef:
    """A statement the decision rests on: its kind, its digest and where it can be had."""

    kind: str
    digest: Digest
    uri: str

    def to_json(self) -> dict[str, str]:
        """`{kind, digest}`; the address stands in `inputAttestations`."""
        return {"kind": self.kind, "digest": str(self.digest)}


@dataclass(frozen=True, slots=True)
class PolicyRef:
    """The policy that was applied."""

    name: str
    version: str
    digest: Digest
    uri: str

    def to_json(self) -> dict[str, str]:
        """`{name, version, digest}`."""
        return {"name": self.name, "version": self.version, "digest": str(self.digest)}


@dataclass(frozen=True, slots=True)
class Verifier:
    """Who decided: an address that names the installation, and its software's versions."""

    id: str
    version: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Decision:
    """What policy decided about one release, until when, and why.

    Attributes:
        oms_root: The OpenSSF Model Signing root of the tree, for exchange; None if not taken.
        release: `namespace/name@version`.
        facts: Digest of the facts record.
        issued: When it was decided.
        not_after: Last moment it may be relied on, at most 24 hours later.

    Raises:
        DataError: a time without a zone, a period that is empty or too long, an outcome that
            is not what the reasons make for.
    """

    tree: Digest
    oms_root: Digest | None
    release: str
    policy: PolicyRef
    facts: Digest
    epoch: Epoch
    issued: datetime
    not_after: datetime
    judgement: Judgement
    evidence: tuple[EvidenceRef, ...]
    verifier: Verifier
    resource_uri: str

    def __post_init__(self) -> None:
        if self.issued.tzinfo is None or self.not_after.tzinfo is None:
            raise DataError("a time without a zone", subject="decision")
        if not self.issued < self.not_after <= self.issued + LONGEST:
            raise DataError("a decision holds for more than 0 and at most 24 hours")
        if combine(self.judgement.reasons) is not self.judgement.outcome:
            raise DataError("the outcome is not what the reasons make for", subject="decision")
        if self.epoch.everywhere < 0 or self.epoch.tree < 0:
            raise DataError("an epoch is not negative", subject="decision")

    @property
    def outcome(self) -> Outcome:
        """Allow, deny or needs-approval."""
        return self.judgement.outcome

    def holds_at(self, now: datetime, epoch: Epoch) -> bool:
        """Whether it may be relied on: neither expired, nor from the future, nor overtaken."""
        return self.issued <= now <= self.not_after and self.epoch == epoch

    def statement(self) -> Statement:
        """The statement to be signed. Its only subject is the tree, by its own digest."""
        passed = self.outcome is Outcome.ALLOW
        predicate = {
            "verifier": {"id": self.verifier.id, "version": dict(self.verifier.version)},
            "timeVerified": rfc3339(self.issued),
            "resourceUri": self.resource_uri,
            "policy": {"uri": self.policy.uri, "digest": {"sha256": self.policy.digest.hex}},
            "inputAttestations": [
                {"uri": row.uri, "digest": {"sha256": row.digest.hex}} for row in self.evidence
            ],
            "verificationResult": _RESULT[passed],
            "verifiedLevels": list(_LEVELS[passed]),
            "dependencyLevels": {},
            "slsaVersion": SLSA_VERSION,
            "assay": self.to_json(),
        }
        return Statement((Subject(self.release, {"sha256": self.tree.hex}),), PREDICATE, predicate)

    def to_json(self) -> dict[str, Any]:
        """The part that SLSA has no field for."""
        return {
            "tree": str(self.tree),
            "oms_root": None if self.oms_root is None else str(self.oms_root),
            "release": self.release,
            "policy": self.policy.to_json(),
            "facts": str(self.facts),
            "epoch": self.epoch.to_json(),
            "not_after": rfc3339(self.not_after),
            "outcome": self.outcome.value,
            "reasons": [reason.to_json() for reason in self.judgement.reasons],
            "evidence": [row.to_json() for row in self.evidence],
        }

    @classmethod
    def read(cls, statement: Statement, *, subject: str = "decision") -> Self:
        """Read a decision from a statement whose signature has been verified.

        Every field that says something twice must agree with itself: subject and tree, result
        and outcome, reasons and outcome, policy, evidence and input attestations.

        Raises:
            DataError: not a decision, or one that contradicts itself.
        """
        if statement.predicate_type != PREDICATE:
            raise DataError(f"predicate type is not {PREDICATE}", subject=subject)
        try:
            found = cls._of(statement.predicate)
            same = found.statement().to_json() == statement.to_json()
        except DataError as error:
            where = f"{subject}: {error.subject}" if error.subject else subject
            raise DataError(error.message, subject=where) from None
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DataError(f"not a decision: {error!r:.200}", subject=subject) from None
        if not same:
            raise DataError("contradicts itself or holds unheard-of fields", subject=subject)
        return found

    @classmethod
    def _of(cls, predicate: Mapping[str, Any]) -> Self:
        own = predicate["assay"]
        check_names(own, dict.fromkeys(_OWN_KEYS), "assay")
        issued = _time(predicate["timeVerified"])
        reasons = tuple(_reason(row) for row in own["reasons"])
        return cls(
            tree=Digest.parse(own["tree"]),
            oms_root=None if own["oms_root"] is None else Digest.parse(own["oms_root"]),
            release=_text(own["release"]),
            policy=_policy(own["policy"], predicate["policy"]),
            facts=Digest.parse(own["facts"]),
            epoch=Epoch(_count(own["epoch"]["global"]), _count(own["epoch"]["tree"])),
            issued=issued,
            not_after=_time(own["not_after"]),
            judgement=Judgement(Outcome(own["outcome"]), reasons),
            evidence=_evidence(own["evidence"], predicate["inputAttestations"]),
            verifier=_verifier(predicate["verifier"]),
            resource_uri=_text(predicate["resourceUri"]),
        )


_OWN_KEYS = "tree oms_root release policy facts epoch not_after outcome reasons evidence".split()


def read_decision(statement: Statement, *, subject: str = "decision") -> Decision:
    """See `Decision.read`."""
    return Decision.read(statement, subject=subject)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not text: {value!r:.80}")
    return value


def _count(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"not a whole number: {value!r:.80}")
    return value


def _time(value: Any) -> datetime:
    moment = parse_rfc3339(_text(value))
    if rfc3339(moment) != value:
        raise ValueError(f"not the usual form of a time: {value!r:.80}")
    return moment


def _reason(row: Mapping[str, Any]) -> Reason:
    effect = Outcome(row["effect"])
    if effect is Outcome.ALLOW:
        raise ValueError("a rule's effect is never allow")
    return Reason(
        rule=_text(row["rule"]),
        result=RuleResult(row["result"]),
        effect=effect,
        message=_text(row["message"]),
        remedy=_text(row["remedy"]),
        evidence=tuple(_text(name) for name in row["evidence"]),
    )


def _policy(own: Mapping[str, Any], descriptor: Mapping[str, Any]) -> PolicyRef:
    return PolicyRef(
        name=_text(own["name"]),
        version=_text(own["version"]),
        digest=Digest.parse(own["digest"]),
        uri=_text(descriptor["uri"]),
    )


def _evidence(own: Any, descriptors: Any) -> tuple[EvidenceRef, ...]:
    return tuple(
        EvidenceRef(_text(row["kind"]), Digest.parse(row["digest"]), _text(descriptor["uri"]))
        for row, descriptor in zip(own, descriptors, strict=True)
    )


def _verifier(value: Mapping[str, Any]) -> Verifier:
    versions = {_text(name): _text(version) for name, version in value["version"].items()}
    return Verifier(_text(value["id"]), versions)
