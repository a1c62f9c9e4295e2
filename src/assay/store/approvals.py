"""Approvals: a principal's word on a release. Append-only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.ids import new_ulid
from assay.store import rows
from assay.store.tables import approval as table


@dataclass(frozen=True, slots=True)
class Approval:
    """One word on one release.

    Attributes:
        tree: What the release was when it was spoken.
        owner_id: The person that answers for the principal; itself for a person.
        verdict: `approve` or `reject`.
        acknowledged: Ids of the findings the principal has seen and accepts.
        young: Whether the principal was younger than seven days.
        context: How the principal had signed in.
        envelope: Attestation that records it under the approval key.
    """

    id: str
    release_id: str
    tree: Digest
    principal_id: str
    owner_id: str
    verdict: str
    acknowledged: tuple[str, ...]
    reason: str
    young: bool
    context: Any
    envelope: Digest | None
    created: datetime


def record(
    connection: sa.Connection,
    *,
    release_id: str,
    tree: Digest,
    principal_id: str,
    owner_id: str,
    verdict: str,
    reason: str,
    now: datetime,
    acknowledged: tuple[str, ...] = (),
    young: bool = False,
    context: Any = None,
    envelope: Digest | None = None,
) -> Approval:
    """Add an approval or a rejection.

    Raises:
        NotFoundError: there is no such release, principal or attestation.
        DataError: neither `approve` nor `reject`.
    """
    row = Approval(
        id=new_ulid(),
        release_id=release_id,
        tree=tree,
        principal_id=principal_id,
        owner_id=owner_id,
        verdict=verdict,
        acknowledged=acknowledged,
        reason=reason,
        young=young,
        context={} if context is None else context,
        envelope=envelope,
        created=now,
    )
    return rows.insert(connection, table, row, taken="the id is taken", subject=release_id)


def of_release(connection: sa.Connection, release_id: str) -> list[Approval]:
    """Everything said about a release, in order."""
    query = rows.select(table, Approval).where(table.c.release_id == release_id)
    return rows.many(connection, Approval, query.order_by(table.c.id))
