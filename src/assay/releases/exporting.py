"""Exporting evidence: everything about a release in one file that needs no server to be checked.

What goes in: of the tree its scans; of this release its signature checks, approvals, states,
aliases and newest decision, each with the proof that it was logged; the publisher's bundles; the
manifest; the trust root. What was said about other releases of the tree stays out.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import sqlalchemy as sa

from assay.access.principals import Identity
from assay.core.attestation import Envelope
from assay.core.digest import Digest
from assay.core.errors import ConflictError, DataError, UnavailableError, UsageError
from assay.core.manifest import Manifest
from assay.evidence.bundle import EvidenceBundle, EvidenceItem, logged_item
from assay.evidence.kinds import DECISION, KINDS, SCAN
from assay.log.entries import LogEntry
from assay.log.read import LogFolder
from assay.releases import bundles, lookup
from assay.releases.installation import Installation
from assay.releases.recording import release_name
from assay.releases.serving import may_serve_release
from assay.store import artifacts, attestations, decisions, log_entries
from assay.store.attestations import Attestation
from assay.store.models import Model
from assay.store.releases import Release

WAIT_SECONDS = 3.0
"""How long what was just stated may take to be logged, seconds."""

_PAUSE_SECONDS = 0.05


def export_evidence(inst: Installation, who: Identity | None, release: Release) -> bytes:
    """The evidence bundle of a release, every statement with its log proof.

    Whoever only reads gets it for what is served; it holds the manifest.

    Raises:
        NotFoundError: there is no such release, or the caller may not read it.
        Refused: it is not served, and the caller only reads.
        ConflictError: it has not been judged yet.
        UnavailableError: a statement was not logged within three seconds.
    """
    with inst.store.read() as connection:
        model, found = lookup.release_named(inst, connection, who, release.id)
    if not lookup.may_see_unserved(inst, who, model.namespace):
        may_serve_release(inst, who, release.id)
    with inst.store.read() as connection:
        gathered = _gather(connection, model, found)
    return _logged(inst, gathered).to_bytes()


@dataclass(frozen=True, slots=True)
class _Gathered:
    """What the rows say, read at one moment."""

    release: str
    oms_root: Digest | None
    manifest: Manifest
    statements: tuple[tuple[str, Attestation], ...]
    bundles: tuple[bytes, ...]


def _gather(connection: sa.Connection, model: Model, release: Release) -> _Gathered:
    name = release_name(model, release)
    decision = decisions.latest(connection, release.id)
    if decision is None:
        raise ConflictError(
            "has not been judged yet", subject=name, remedy="wait for its intake: assay show"
        )
    rows = {
        row.attestation: row.kind
        for row in attestations.evidence_of(connection, release.tree)
        if row.kind in KINDS and (row.kind != DECISION or row.attestation == decision.attestation)
    }
    found = ((kind, attestations.get(connection, digest)) for digest, kind in rows.items())
    return _Gathered(
        release=name,
        oms_root=artifacts.get(connection, release.tree).oms_root,
        manifest=artifacts.manifest(connection, release.tree),
        statements=tuple(
            (kind, kept) for kind, kept in found if kind == SCAN or _speaks_of(kept, name)
        ),
        bundles=tuple(row.envelope for row in bundles.of_release(connection, release)),
    )


def _speaks_of(kept: Attestation, name: str) -> bool:
    subjects = _envelope(kept).statement().subjects
    return all(subject.name == name for subject in subjects)


def _envelope(kept: Attestation) -> Envelope:
    return Envelope.parse(kept.envelope, subject=f"attestation {kept.digest.short}")


def _logged(inst: Installation, gathered: _Gathered) -> EvidenceBundle:
    """The bundle once every statement is under the published checkpoint."""
    until = time.monotonic() + WAIT_SECONDS
    while (bundle := _bundle(inst, gathered)) is None:
        if time.monotonic() >= until:
            raise UnavailableError(
                f"a statement was not logged within {WAIT_SECONDS:g} seconds",
                subject=gathered.release,
                remedy="is the worker running? assay doctor; then export again",
            )
        time.sleep(_PAUSE_SECONDS)
    return bundle


def _bundle(inst: Installation, gathered: _Gathered) -> EvidenceBundle | None:
    """The bundle; None while a statement is not under the published checkpoint."""
    tree, log = gathered.manifest.tree_digest, LogFolder(inst.log_folder)
    try:
        note = log.note()
    except UsageError:
        return None
    with inst.store.read() as connection:
        places = [_place(connection, kind, kept) for kind, kept in gathered.statements]
    items: list[EvidenceItem] = []
    for (kind, kept), index in zip(gathered.statements, places, strict=True):
        if index is None:
            return None
        item = logged_item(
            kind, _envelope(kept), tree=tree, at=kept.created, log=log, note=note, index=index
        )
        if item.proof is None:
            return None
        items.append(item)
    return EvidenceBundle(
        release=gathered.release,
        oms_root=gathered.oms_root,
        manifest=gathered.manifest,
        trust=inst.trust,
        checkpoint=note,
        items=tuple(items),
        bundles=gathered.bundles,
    )


def _place(connection: sa.Connection, kind: str, kept: Attestation) -> int | None:
    """Where in the log a statement is; None while it waits."""
    if kept.tree is None:
        raise DataError("is about no tree", subject=f"attestation {kept.digest.short}")
    leaf = LogEntry(kind, kept.statement, kept.tree, kept.created).leaf_hash
    found = log_entries.find(connection, Digest.from_raw(leaf))
    return None if found is None else found.idx
