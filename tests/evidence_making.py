"""Evidence of a release, made as a server makes it: real keys, statements, log and decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from assay.core.attestation import Envelope, Statement, Subject
from assay.core.decision import Judgement, Outcome, Reason, RuleResult
from assay.core.digest import Digest
from assay.core.folder import read_folder
from assay.evidence.bundle import EvidenceBundle, EvidenceItem, logged_item
from assay.evidence.kinds import KINDS
from assay.log.checkpoint import LogSigner
from assay.log.entries import LogEntry
from assay.log.read import LogFolder
from assay.log.tiles import Growth
from assay.policy.decision import Decision, Epoch, EvidenceRef, PolicyRef, Verifier
from assay.releases import statements
from assay.signing.dsse import sign_envelope
from assay.signing.oms import oms_root
from assay.signing.server_keys import ServerKeys, make_server_keys
from log_making import grow

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
URL = "https://assay.example.org"
RELEASE = "acme/tiny@" + "1" * 40


@dataclass
class Server:
    """A server's keys and log; states things about one tree."""

    keys: ServerKeys
    folder: Path
    tree: Digest
    root: Digest
    growth: Growth = field(default_factory=Growth)
    made: list[tuple[str, Envelope, datetime]] = field(default_factory=list)

    @property
    def signer(self) -> LogSigner:
        return LogSigner(self.keys.log_name, self.keys.log)

    def state(self, kind: str, statement: Statement, at: datetime = NOW) -> Digest:
        """Sign a statement with the key for its kind, and log it."""
        envelope = sign_envelope(statement, getattr(self.keys, KINDS[kind].key))
        self.made.append((kind, envelope, at))
        self.log(LogEntry(kind, envelope.digest, self.tree, at))
        return envelope.digest

    def log(self, *entries: LogEntry) -> None:
        grow(self.folder, self.growth, [entry.to_bytes() for entry in entries], self.signer)

    def about(self, release: str = RELEASE) -> Subject:
        return statements.about(release, self.tree)

    def scan(self, verdict: str = "clean") -> Digest:
        made = statements.scan_statement(
            self.about(), ruleset="test/1", verdict=verdict, findings=[], unread=[], at=NOW
        )
        return self.state("scan", made)

    def signature(self, bundle: bytes) -> Digest:
        made = statements.signature_statement(
            self.about(), status="valid", signers=["key"], bundle=Digest.of(bundle), at=NOW
        )
        return self.state("signature", made)

    def approve(self, release: str = RELEASE) -> Digest:
        made = statements.approval_statement(
            self.about(release),
            verdict="approve",
            approver={"name": "ben"},
            acknowledged=[],
            reason="fine",
            at=NOW,
        )
        return self.state("approval", made)

    def move(self, new: str, at: datetime = NOW) -> Digest:
        made = statements.state_statement(
            self.about(), old="evaluated", new=new, by="assay", reason="test", at=at
        )
        return self.state("state", made, at)

    def decide(
        self,
        evidence: dict[str, list[Digest]],
        *,
        outcome: Outcome = Outcome.ALLOW,
        at: datetime = NOW,
        release: str = RELEASE,
        change: Any = None,
    ) -> Digest:
        result = RuleResult.PASS if outcome is Outcome.ALLOW else RuleResult.FAIL
        effect = Outcome.DENY if outcome is Outcome.ALLOW else outcome
        decision = Decision(
            tree=self.tree,
            oms_root=self.root,
            release=release,
            policy=PolicyRef("default", "1", Digest.of(b"policy"), f"{URL}/api/v1/policy"),
            facts=Digest.of(b"facts"),
            epoch=Epoch(1, 1),
            issued=at,
            not_after=at + timedelta(hours=24),
            judgement=Judgement(outcome, (Reason("scan", result, effect, "the scan says no"),)),
            evidence=tuple(
                EvidenceRef(kind, digest, URL)
                for kind, digests in sorted(evidence.items())
                for digest in digests
            ),
            verifier=Verifier(URL, {"assay": "0.1.0"}),
            resource_uri=f"{URL}/{release}",
        )
        statement = decision.statement()
        if change is not None:
            statement = change(statement)
        return self.state("decision", statement, at)

    def items(self) -> tuple[EvidenceItem, ...]:
        log = LogFolder(self.folder)
        note = log.note()
        return tuple(
            logged_item(kind, envelope, tree=self.tree, at=at, log=log, note=note)
            for kind, envelope, at in self.made
        )


@dataclass
class Made:
    """A model's folder and a server that let it pass."""

    model: Path
    server: Server
    publisher: bytes = b"a publisher's bundle"

    def bundle(self, **changes: Any) -> EvidenceBundle:
        """The bundle as the server exports it, or with other fields."""
        manifest = read_folder(self.model).manifest
        fields: dict[str, Any] = {
            "release": RELEASE,
            "oms_root": oms_root(manifest),
            "manifest": manifest,
            "trust": self.server.keys.trust.document,
            "checkpoint": LogFolder(self.server.folder).note(),
            "items": self.server.items(),
            "bundles": (self.publisher,),
        }
        return EvidenceBundle(**{**fields, **changes})


def make_model(folder: Path, text: bytes = b"weights") -> Path:
    (folder / "sub").mkdir(parents=True)
    (folder / "model.bin").write_bytes(text)
    (folder / "sub" / "config.json").write_bytes(b"{}")
    return folder


def make_server(folder: Path, model: Path) -> Server:
    manifest = read_folder(model).manifest
    keys = make_server_keys(folder / "keys", url=URL, passphrase=None, now=NOW)
    return Server(keys, folder / "log", manifest.tree_digest, oms_root(manifest))


def make_evidence(folder: Path) -> Made:
    """A scanned, signed, approved and admitted release."""
    made = Made(make_model(folder / "model"), make_server(folder, folder / "model"))
    server = made.server
    server.log(*(LogEntry("audit", Digest.of(b"%d" % n), None, NOW) for n in range(300)))
    scan, signature = server.scan(), server.signature(made.publisher)
    rests_on = {"scan": [scan], "signature": [signature]}
    server.decide(rests_on, outcome=Outcome.NEEDS_APPROVAL)
    server.move("evaluated")
    server.decide({**rests_on, "approval": [server.approve()]})
    server.move("approved")
    return made
