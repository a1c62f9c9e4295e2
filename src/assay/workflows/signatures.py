"""Checking publishers' signatures: against the files, and against whom the namespace trusts."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa

from assay.core.canonical import canonical_json
from assay.core.digest import Digest
from assay.core.errors import NotFoundError
from assay.core.manifest import Manifest
from assay.releases import bundles, gathering
from assay.releases.governing import KEYS
from assay.releases.installation import Installation
from assay.releases.recording import keep, release_name
from assay.releases.statements import about, signature_statement
from assay.signing.intake import HashRange, verify_bundle_against_manifest
from assay.signing.keys import PublicKey, parse_public
from assay.signing.model import hasher_of
from assay.store import artifacts, attestations, blobs, models, namespaces, releases
from assay.store.releases import Release

NONE = "none"
LOGGER = logging.getLogger("assay.workflows")


@dataclass(frozen=True, slots=True)
class Check:
    """How one bundle verified.

    Attributes:
        bundle: Its digest; None where the release came without any.
        status: `valid`, `invalid`, `untrusted` or `none`.
        signers: Ids of the trusted keys that signed.
        trust: Names the list of keys that were trusted.
    """

    bundle: Digest | None
    status: str
    signers: tuple[str, ...]
    trust: str


def check_signatures(inst: Installation, release_id: str) -> tuple[Check, ...]:
    """Check what signatures a release came with, and keep the results as signed evidence.

    What was checked against the keys the namespace trusts now is not checked again. Where it
    trusts others since, the newest check of a bundle counts.

    Raises:
        NotFoundError: there is no such release, or bytes a signature is over are gone.
        DataError: the namespace's trust rule is not one.
        TamperedError: the files recorded are not those of the tree.
        UnavailableError: the database or the disk did not answer.
    """
    with inst.store.read() as connection:
        release = releases.get(connection, release_id)
        keys = _trusted(connection, release)
        trust = str(Digest.of(canonical_json([key.key_id for key in keys])))
        given = bundles.of_release(connection, release)
        known = _known(connection, release)
        wanted: list[Digest | None] = [row.digest for row in given] or [None]
        if all(one in known and known[one].trust == trust for one in wanted):
            return tuple(known[one] for one in wanted)
        manifest = artifacts.manifest(connection, release.tree)
        rows = blobs.get_many(connection, {entry.digest for entry in manifest.entries})
    hashers = partial(_hash_range, inst, rows)
    found = tuple(_check(row, manifest, keys, trust, hashers) for row in given)
    found = found or (Check(None, NONE, (), trust),)
    inst.store.transact(lambda connection: _keep(inst, connection, release_id, found))
    inst.cache.look_again()
    return found


def _trusted(connection: sa.Connection, release: Release) -> list[PublicKey]:
    """The keys the namespace trusts, sorted."""
    namespace = models.get(connection, release.model_id).namespace
    rule = namespaces.get(connection, namespace).trust_rule or {KEYS: []}
    keys = [
        parse_public(text.encode(), f"trust rule of {namespace}: key {number}")
        for number, text in enumerate(rule[KEYS], 1)
    ]
    return sorted(keys, key=lambda key: key.key_id)


def _known(connection: sa.Connection, release: Release) -> dict[Digest | None, Check]:
    """The newest check of each bundle."""
    found: dict[Digest | None, Check] = {}
    for row in attestations.standing_evidence(connection, release.tree):
        said = row.verification
        if row.kind == gathering.SIGNATURE and said.get("release") == release.id:
            bundle = None if said.get("bundle") is None else Digest.parse(said["bundle"])
            trust = said.get("trust", "")
            found[bundle] = Check(bundle, said["status"], tuple(said["signers"]), trust)
    return found


def _check(
    row: attestations.Attestation,
    manifest: Manifest,
    keys: list[PublicKey],
    trust: str,
    hashers: HashRange,
) -> Check:
    found = verify_bundle_against_manifest(row.envelope, manifest, keys, hashers=hashers)
    if found.reason:
        LOGGER.info("signature %s is %s: %s", row.digest.short, found.status, found.reason)
    return Check(row.digest, found.status, tuple(sorted(found.signers)), trust)


def _hash_range(
    inst: Installation,
    rows: Mapping[Digest, blobs.Blob],
    digest: Digest,
    kind: str,
    start: int,
    end: int,
) -> bytes:
    """Hash a part of a stored file, its chunks compared with those taken in on the way."""
    row = rows.get(digest)
    if row is None:
        raise NotFoundError("its bytes are not here", subject=str(digest))
    hasher = hasher_of(kind)(end - start)
    for piece in inst.blobs.read(digest, start, end, size=row.size, chunks=row.chunks):
        hasher.update(memoryview(piece))
    return hasher.digest()


def _keep(
    inst: Installation, connection: sa.Connection, release_id: str, found: tuple[Check, ...]
) -> None:
    release = releases.lock(connection, release_id)
    name = release_name(models.get(connection, release.model_id), release)
    known = _known(connection, release)
    now = inst.clock.now()
    for check in found:
        if known.get(check.bundle) == check:
            continue
        statement = signature_statement(
            about(name, release.tree),
            status=check.status,
            signers=check.signers,
            bundle=check.bundle,
            at=now,
        )
        keep(
            connection,
            statement,
            tree=release.tree,
            kind=gathering.SIGNATURE,
            signer=inst.signers.decision,
            now=now,
            verification={
                "release": release.id,
                "status": check.status,
                "signers": list(check.signers),
                "bundle": None if check.bundle is None else str(check.bundle),
                "trust": check.trust,
            },
        )
