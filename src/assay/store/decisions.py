"""Decisions: what policy said about a release, on which facts. Append-only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.ids import new_ulid
from assay.store import releases, rows
from assay.store.tables import decision as table


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision.

    Attributes:
        policy: Digest of the policy.
        facts_digest: SHA-256 of the facts' canonical form.
        outcome: `allow`, `deny` or `needs-approval`.
        epoch_global: Global epoch it was made in.
        epoch_tree: The tree's epoch it was made in.
        not_after: From when on it must not be relied upon.
        attestation: Attestation that carries it signed.
    """

    id: str
    release_id: str
    tree: Digest
    policy: Digest
    facts_digest: Digest
    facts: Any
    outcome: str
    reasons: Any
    epoch_global: int
    epoch_tree: int
    not_after: datetime
    attestation: Digest | None
    created: datetime


def record(
    connection: sa.Connection,
    *,
    release_id: str,
    tree: Digest,
    policy: Digest,
    facts_digest: Digest,
    facts: Any,
    outcome: str,
    reasons: Any,
    epoch_global: int,
    epoch_tree: int,
    not_after: datetime,
    attestation: Digest | None,
    now: datetime,
) -> Decision:
    """Add a decision; the last one added about a release counts.

    Raises:
        NotFoundError: there is no such release, policy or attestation.
        DataError: not one of the outcomes.
    """
    releases.lock(connection, release_id)  # ids ascend in the order of decisions
    row = Decision(
        id=new_ulid(),
        release_id=release_id,
        tree=tree,
        policy=policy,
        facts_digest=facts_digest,
        facts=facts,
        outcome=outcome,
        reasons=reasons,
        epoch_global=epoch_global,
        epoch_tree=epoch_tree,
        not_after=not_after,
        attestation=attestation,
        created=now,
    )
    return rows.insert(connection, table, row, taken="the id is taken", subject=release_id)


def latest(connection: sa.Connection, release_id: str) -> Decision | None:
    """The decision that counts for a release."""
    query = (
        rows.select(table, Decision)
        .where(table.c.release_id == release_id)
        .order_by(table.c.id.desc())
        .limit(1)
    )
    return rows.first(connection, Decision, query)


def of_tree(connection: sa.Connection, tree: Digest, *, limit: int = 100) -> list[Decision]:
    """The decisions about a tree, newest first."""
    query = rows.select(table, Decision).where(table.c.tree == tree)
    return rows.many(connection, Decision, query.order_by(table.c.id.desc()).limit(limit))


def listed(connection: sa.Connection, *, after: str = "", limit: int = 1000) -> list[Decision]:
    """Every decision, oldest first, those after the id `after`: history to replay."""
    query = rows.select(table, Decision).where(table.c.id > after).order_by(table.c.id)
    return rows.many(connection, Decision, query.limit(limit))
