"""What time and change have left behind: stale decisions, trees without a scan, unused bytes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.store.blobs import QUARANTINED
from assay.store.epochs import GLOBAL
from assay.store.tables import (
    blob,
    decision,
    epoch,
    manifest_entry,
    policy,
    received_blob,
    release,
    scan,
    waiver,
)


def undecided(
    connection: sa.Connection,
    *,
    served: Collection[str],
    waiting: Collection[str],
    now: datetime,
    renew_before: datetime,
    limit: int,
) -> list[Digest]:
    """The trees of releases whose newest decision rests on what is no longer so.

    That is one by another policy or in another global epoch; one a waiver ended or began after;
    for a served release also one in another epoch of its tree, or that ends soon; for one that
    waits, one older than its tree's newest scan.

    Args:
        connection: Any.
        served: States whose bytes leave.
        waiting: States that wait for a decision to change.
        now: The present moment.
        renew_before: Served ones whose decision ends before this are among them.
        limit: Most trees.
    """
    newest = (
        sa.select(sa.func.max(decision.c.id))
        .where(decision.c.release_id == release.c.id)
        .correlate(release)
        .scalar_subquery()
    )
    stale = sa.or_(
        decision.c.id.is_(None),
        decision.c.policy != _active_policy(),
        decision.c.epoch_global != _epoch(GLOBAL),
        _waiver_changed(now),
        sa.and_(
            release.c.state.in_(sorted(served)),
            sa.or_(
                decision.c.epoch_tree != _epoch(release.c.tree),
                decision.c.not_after < renew_before,
            ),
        ),
        sa.and_(release.c.state.in_(sorted(waiting)), _scanned_since()),
    )
    query = (
        sa.select(release.c.tree)
        .distinct()
        .select_from(release.outerjoin(decision, decision.c.id == newest))
        .where(release.c.state.in_(sorted({*served, *waiting})), stale)
        .order_by(release.c.tree)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def unscanned(
    connection: sa.Connection, *, states: Collection[str], ruleset: str, limit: int
) -> list[Digest]:
    """The trees of releases in these states that have no scan by a set of rules."""
    done = sa.select(scan.c.id).where(scan.c.tree == release.c.tree, scan.c.ruleset == ruleset)
    query = (
        sa.select(release.c.tree)
        .distinct()
        .where(release.c.state.in_(sorted(states)), ~done.exists())
        .order_by(release.c.tree)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def unused(connection: sa.Connection, *, before: datetime, limit: int) -> list[Digest]:
    """Quarantined blobs from before a moment that no manifest names and nobody sent lately."""
    named = sa.select(manifest_entry.c.digest).where(manifest_entry.c.digest == blob.c.digest)
    sent = sa.select(received_blob.c.digest).where(received_blob.c.digest == blob.c.digest)
    query = (
        sa.select(blob.c.digest)
        .where(
            blob.c.state == QUARANTINED,
            blob.c.created < before,
            ~named.exists(),
            ~sent.exists(),
        )
        .order_by(blob.c.created)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def _active_policy() -> sa.ScalarSelect[Digest]:
    return sa.select(policy.c.digest).where(policy.c.active).scalar_subquery()


def _epoch(scope: str | sa.ColumnElement[Digest]) -> sa.ColumnElement[int]:
    """An epoch's number; 0 where nothing ever changed."""
    value = sa.select(epoch.c.value).where(epoch.c.scope == scope)
    if not isinstance(scope, str):
        value = value.correlate(release)
    return sa.func.coalesce(value.scalar_subquery(), 0)


def _waiver_changed(now: datetime) -> sa.ColumnElement[bool]:
    """Whether a waiver for the tree or its model began or ended since the decision."""
    since = [
        sa.and_(moment > decision.c.created, moment <= now)
        for moment in (waiver.c.not_before, waiver.c.until)
    ]
    about = sa.or_(waiver.c.tree == release.c.tree, waiver.c.model_id == release.c.model_id)
    return sa.select(waiver.c.id).where(about, sa.or_(*since)).exists()


def _scanned_since() -> sa.ColumnElement[bool]:
    newer = scan.c.created > decision.c.created
    return sa.select(scan.c.id).where(scan.c.tree == release.c.tree, newer).exists()
