"""Attestations, which are append-only, and the evidence they make for a tree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.ids import new_ulid
from assay.store import rows
from assay.store.tables import attestation as table
from assay.store.tables import evidence as evidence_table


@dataclass(frozen=True, slots=True)
class Attestation:
    """A signed statement as it was received.

    Attributes:
        digest: SHA-256 of the document's bytes, signatures included: statements that differ in
            their signatures only are two attestations.
        statement: SHA-256 of the signed payload.
        tree: The tree it is about; None where it is about something else.
        envelope: The document: a DSSE envelope or a Sigstore bundle.
        signer: Id of the key it claims; whether that is so is the evidence's business.
    """

    digest: Digest
    statement: Digest
    predicate_type: str
    tree: Digest | None
    envelope: bytes
    signer: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """An attestation about a tree together with how it verified.

    Attributes:
        kind: What it is evidence of, for instance `signature`, `scan` or `provenance`.
        verification: Result, by whom and under which trust.
    """

    id: str
    tree: Digest
    attestation: Digest
    kind: str
    verification: Any
    created: datetime


def record(
    connection: sa.Connection,
    *,
    envelope: bytes,
    statement: Digest,
    predicate_type: str,
    tree: Digest | None,
    signer: str,
    now: datetime,
) -> Attestation:
    """Keep a document. The same bytes again change nothing; the row there is returned."""
    digest = Digest.of(envelope)
    row = Attestation(digest, statement, predicate_type, tree, envelope, signer, now)
    connection.execute(
        rows.upsert(connection, table).values(**rows.values(row)).on_conflict_do_nothing()
    )
    return get(connection, digest)


def get(connection: sa.Connection, digest: Digest) -> Attestation:
    """The attestation of this digest.

    Raises:
        NotFoundError: there is none.
    """
    query = rows.select(table, Attestation).where(table.c.digest == digest)
    return rows.required(connection, Attestation, query, subject=str(digest))


def of_tree(
    connection: sa.Connection, tree: Digest, *, predicate_type: str | None = None
) -> list[Attestation]:
    """The attestations about a tree, oldest first, of one type where given."""
    query = rows.select(table, Attestation).where(table.c.tree == tree)
    if predicate_type is not None:
        query = query.where(table.c.predicate_type == predicate_type)
    return rows.many(connection, Attestation, query.order_by(table.c.created, table.c.digest))


def of_statement(connection: sa.Connection, statement: Digest) -> list[Attestation]:
    """The attestations that carry this statement, oldest first."""
    query = rows.select(table, Attestation).where(table.c.statement == statement)
    return rows.many(connection, Attestation, query.order_by(table.c.created, table.c.digest))


def record_evidence(
    connection: sa.Connection,
    *,
    tree: Digest,
    attestation: Digest,
    kind: str,
    verification: Any,
    now: datetime,
) -> Evidence:
    """Add how an attestation verified. Later evidence about the same one counts.

    Raises:
        NotFoundError: there is no such attestation.
    """
    row = Evidence(new_ulid(), tree, attestation, kind, verification, now)
    return rows.insert(connection, evidence_table, row, taken="the id is taken", subject=row.id)


def evidence_of(connection: sa.Connection, tree: Digest) -> list[Evidence]:
    """The evidence about a tree, oldest first, superseded rows included."""
    query = rows.select(evidence_table, Evidence).where(evidence_table.c.tree == tree)
    return rows.many(connection, Evidence, query.order_by(evidence_table.c.id))


def standing_evidence(connection: sa.Connection, tree: Digest) -> list[Evidence]:
    """The newest evidence about a tree per attestation and kind, oldest first."""
    found = {(row.attestation, row.kind): row for row in evidence_of(connection, tree)}
    return sorted(found.values(), key=lambda row: row.id)
