"""The evidence about a release as a list: what it says, how it verified, where it is logged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.errors import DataError, NotFoundError
from assay.log.entries import LogEntry
from assay.releases.gathering import SIGNATURE
from assay.store import attestations, log_entries, log_queue
from assay.store.attestations import Evidence
from assay.store.releases import Release

MAX_ROWS = 200


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One piece of evidence.

    Attributes:
        kind: What it is evidence of.
        attestation: Digest of the document.
        statement: Digest of what it states.
        predicate: Last parts of the predicate type.
        result: How it verified, in a word or two.
        index: Its place in the log; None where it has none.
        waits: Whether it waits for its place.
    """

    kind: str
    attestation: Digest
    statement: Digest
    predicate: str
    result: str
    signer: str
    index: int | None
    waits: bool
    created: datetime


def evidence_rows(connection: sa.Connection, release: Release) -> list[EvidenceRow]:
    """The standing evidence about a release's tree, newest first."""
    kept = {row.digest: row for row in attestations.of_tree(connection, release.tree)}
    standing = attestations.standing_evidence(connection, release.tree)
    rows = []
    for row in reversed(standing[-MAX_ROWS:]):
        document = kept[row.attestation]
        index, waits = _place(connection, row, document.statement)
        rows.append(
            EvidenceRow(
                kind=row.kind,
                attestation=row.attestation,
                statement=document.statement,
                predicate=document.predicate_type,
                result=_result(row.verification),
                signer=document.signer,
                index=index,
                waits=waits,
                created=row.created,
            )
        )
    return rows


def signature_checks(connection: sa.Connection, release: Release) -> list[dict[str, Any]]:
    """How each of the publisher's signatures verified, `{status, signers}`: the newest check."""
    newest = {
        row.verification.get("bundle"): row.verification
        for row in attestations.standing_evidence(connection, release.tree)
        if row.kind == SIGNATURE and row.verification.get("release") == release.id
    }
    return [
        {"status": said["status"], "signers": list(said["signers"])} for said in newest.values()
    ]


def _place(connection: sa.Connection, row: Evidence, statement: Digest) -> tuple[int | None, bool]:
    """Where it is in the log. Its entry was made in the same transaction, of the same moment."""
    try:
        entry = LogEntry(row.kind, statement, row.tree, row.created)
    except DataError:
        return None, False
    leaf = Digest.from_raw(entry.leaf_hash)
    found = log_entries.find(connection, leaf)
    if found is not None:
        return found.idx, False
    try:
        log_queue.get(connection, leaf)
    except NotFoundError:
        return None, False
    return None, True


def _result(verification: Any) -> str:
    """`made-here` in words, else the result or status as it is."""
    result = verification.get("result") or verification.get("status") or "unknown"
    return "signed by this server" if result == "made-here" else str(result)
