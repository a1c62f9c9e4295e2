"""A whole installation in a folder, with people, and the steps a release goes through."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from assay.access import granting, people
from assay.access.principals import Identity, identify
from assay.access.roles import Authorizer
from assay.blobs.local import LocalBlobs
from assay.core.digest import Digest
from assay.core.finding import Confidence, Finding, Location, Severity, Unread, verdict_of
from assay.core.manifest import Manifest, ManifestEntry
from assay.core.names import ModelName
from assay.releases import deciding, gathering, upload
from assay.releases.approving import approve
from assay.releases.committing import Committed
from assay.releases.deciding import Decided
from assay.releases.installation import Installation, Settings, Signers
from assay.releases.recording import keep, release_name
from assay.releases.serving import may_serve, permitted_bytes
from assay.releases.statements import about, scan_statement, signature_statement
from assay.store import intakes, models, releases, scans
from assay.store.engine import Store
from assay.store.releases import Release

URL = "http://127.0.0.1:8470"
MODEL = ModelName("acme", "tiny")
FILES = {"model.bin": b"weights" * 100, "config.json": b"{}"}
ROLES = {
    "root": ("admin", "*"),
    "ana": ("publisher", "acme"),
    "ben": ("reviewer", "acme"),
    "cyd": ("reviewer", "acme"),
    "sam": ("security", "*"),
    "rex": ("reader", "acme"),
    "eve": ("publisher", "evil"),
}


def manifest_of(files: dict[str, bytes]) -> Manifest:
    return Manifest.of(
        ManifestEntry(path, len(data), Digest.of(data)) for path, data in files.items()
    )


def finding(
    severity: Severity = Severity.MEDIUM, path: str = "model.bin", evidence: str = "os.system"
) -> Finding:
    return Finding(
        rule="pickle.unusual-import",
        title="Unusual import",
        severity=severity,
        confidence=Confidence.HIGH,
        path=path,
        location=Location(offset=1),
        evidence=evidence,
        explanation="why",
        remedy="what",
    )


def installation(store: Store, folder: Path, signers: Signers, clock, trust: bytes) -> Installation:
    return Installation(
        store=store,
        blobs=LocalBlobs(folder / "blobs"),
        signers=signers,
        authorizer=Authorizer(),
        clock=clock,
        settings=Settings(
            url=URL,
            version="0.1.0",
            decision_life=timedelta(hours=24),
            upload_bytes=64 * 1024 * 1024,
            upload_files=100,
        ),
        log_folder=folder / "log",
        trust=trust,
    )


@dataclass
class House:
    """Makes things happen with as little said as possible."""

    inst: Installation
    ids: dict[str, str]

    @classmethod
    def build(cls, inst: Installation) -> House:
        before = inst.clock.now() - timedelta(days=30)
        ids = {}
        with inst.store.write() as connection:
            for name, (role, namespace) in ROLES.items():
                person = people.add(connection, name=name, now=before, by=None)
                granting.give(
                    connection, person, role=role, namespace=namespace, now=before, by=None
                )
                ids[name] = person.id
            for name, owner, role in (
                ("ana-bot", "ana", "reviewer"),
                ("ben-bot", "ben", "publisher"),
            ):
                robot = people.add(
                    connection, name=name, kind="robot", owner=owner, now=before, by=None
                )
                granting.give(connection, robot, role=role, namespace="acme", now=before, by=None)
                ids[name] = robot.id
        return cls(inst, ids)

    def who(self, name: str) -> Identity:
        with self.inst.store.read() as connection:
            return identify(
                connection,
                self.ids[name],
                how="session",
                credential="session",
                now=self.inst.clock.now(),
            )

    def give(self, name: str, role: str, namespace: str) -> None:
        with self.inst.store.write() as connection:
            person = people.principal_named(connection, name)
            granting.give(
                connection,
                person,
                role=role,
                namespace=namespace,
                now=self.inst.clock.now(),
                by=None,
            )

    def send(
        self, files: dict[str, bytes], who: str = "ana", model: ModelName = MODEL
    ) -> upload.Upload:
        """Everything but the commit."""
        identity = self.who(who)
        begun = upload.begin(self.inst, identity, model, manifest_of(files))
        by_digest = {Digest.of(data): data for data in files.values()}
        for digest in begun.missing:
            upload.receive(self.inst, identity, begun.id, digest, [by_digest[digest]])
        return begun

    def push(
        self,
        files: dict[str, bytes] | None = None,
        who: str = "ana",
        model: ModelName = MODEL,
        **options,
    ) -> Committed:
        begun = self.send(files or FILES, who, model)
        return upload.commit(self.inst, self.who(who), begun.id, **options)

    def take_in(
        self,
        committed: Committed,
        findings: Iterable[Finding] = (),
        unread: Iterable[Unread] = (),
        *,
        signature: str = "none",
    ) -> Decided:
        """What the intake job does: scan, signature check, first decision."""
        release, found, left = committed.release, tuple(findings), tuple(unread)
        now = self.inst.clock.now()
        with self.inst.store.write() as connection:
            model = models.get(connection, release.model_id)
            subject = about(release_name(model, release), release.tree)
            verdict = verdict_of(found, left)
            scans.record(
                connection,
                tree=release.tree,
                ruleset="test/1",
                verdict=verdict,
                findings=found,
                unread=left,
                now=now,
            )
            statements = {
                gathering.SCAN: scan_statement(
                    subject,
                    ruleset="test/1",
                    verdict=verdict,
                    findings=[row.to_json() for row in found],
                    unread=[row.to_json() for row in left],
                    at=now,
                ),
                gathering.SIGNATURE: signature_statement(
                    subject, status=signature, signers=(), bundle=None, at=now
                ),
            }
            notes = {
                gathering.SCAN: {},
                gathering.SIGNATURE: {"status": signature, "signers": [], "release": release.id},
            }
            for kind, statement in statements.items():
                keep(
                    connection,
                    statement,
                    tree=release.tree,
                    kind=kind,
                    signer=self.inst.signers.decision,
                    now=now,
                    verification=notes[kind],
                )
            intakes.start(connection, committed.intake.id, now=now)
            decided = deciding.evaluate(self.inst, connection, release.id)
            intakes.finish(connection, committed.intake.id, now=now)
        self.inst.cache.look_again()
        return decided

    def evaluated(self, files: dict[str, bytes] | None = None, **options) -> Release:
        findings = options.pop("findings", ())
        unread = options.pop("unread", ())
        return self.take_in(self.push(files, **options), findings, unread).release

    def approved(self, files: dict[str, bytes] | None = None, **options) -> Release:
        release = self.evaluated(files, **options)
        return approve(self.inst, self.who("ben"), release.id, reason="fine").release

    def state(self, release: Release) -> str:
        with self.inst.store.read() as connection:
            return releases.get(connection, release.id).state

    def may(self, revision: str, path: str = "", who: str = "rex", model: ModelName = MODEL):
        return may_serve(self.inst, self.who(who), model, revision, path)

    def fetch(self, revision: str, path: str, who: str = "rex") -> bytes:
        permit = self.may(revision, path, who)
        return b"".join(permitted_bytes(self.inst, permit, 0, permit.file.size))

    def damage(self, data: bytes) -> Path:
        """Change one bit of a stored file; returns the file."""
        name = Digest.of(data).hex
        path = next(p for p in (self.inst.blobs.folder).rglob(name) if p.is_file())
        path.chmod(0o600)
        stored = bytearray(path.read_bytes())
        stored[len(stored) // 2] ^= 1
        path.write_bytes(stored)
        return path
