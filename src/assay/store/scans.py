"""Scans of trees and what they found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.finding import Finding, Unread, Verdict
from assay.core.ids import new_ulid
from assay.store import rows
from assay.store.tables import finding as finding_table
from assay.store.tables import scan as table


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan of a tree with one set of rules.

    Attributes:
        ruleset: Names the rules and their version.
        verdict: What the tree is, all findings taken together.
        unread: What could not be read, and why.
    """

    id: str
    tree: Digest
    ruleset: str
    verdict: Verdict
    unread: tuple[Unread, ...]
    created: datetime


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    tree: Digest
    ruleset: str
    verdict: str
    unread: Any
    created: datetime


def record(
    connection: sa.Connection,
    *,
    tree: Digest,
    ruleset: str,
    verdict: Verdict,
    findings: Iterable[Finding],
    unread: Iterable[Unread],
    now: datetime,
) -> Scan:
    """Add a scan and its findings, in the order given."""
    scan = Scan(new_ulid(), tree, ruleset, verdict, tuple(unread), now)
    document = [item.to_json() for item in scan.unread]
    row = _Row(scan.id, tree, ruleset, verdict.value, document, now)
    connection.execute(sa.insert(table).values(**rows.values(row)))
    found = [_finding_row(scan.id, place, item) for place, item in enumerate(findings)]
    if found:
        connection.execute(sa.insert(finding_table), found)
    return scan


def latest(connection: sa.Connection, tree: Digest, *, ruleset: str | None = None) -> Scan | None:
    """The newest scan of a tree, with this set of rules where given."""
    query = rows.select(table, _Row).where(table.c.tree == tree)
    if ruleset is not None:
        query = query.where(table.c.ruleset == ruleset)
    row = rows.first(connection, _Row, query.order_by(table.c.id.desc()).limit(1))
    return None if row is None else _scan(row)


def get(connection: sa.Connection, scan_id: str) -> Scan:
    """The scan with this id.

    Raises:
        NotFoundError: there is none.
    """
    query = rows.select(table, _Row).where(table.c.id == scan_id)
    return _scan(rows.required(connection, _Row, query, subject=scan_id))


def findings(connection: sa.Connection, scan_id: str) -> list[Finding]:
    """What a scan found, in its order."""
    query = (
        sa.select(finding_table.c.document)
        .where(finding_table.c.scan_id == scan_id)
        .order_by(finding_table.c.ordinal)
    )
    return [Finding.from_json(document) for document in connection.execute(query).scalars()]


def trees_without(connection: sa.Connection, *, ruleset: str, limit: int = 100) -> list[Digest]:
    """Scanned trees that have no scan with this set of rules yet: what new rules must look at."""
    done = sa.select(table.c.tree).where(table.c.ruleset == ruleset)
    query = sa.select(table.c.tree).where(table.c.tree.not_in(done)).distinct()
    return list(connection.execute(query.order_by(table.c.tree).limit(limit)).scalars())


def _scan(row: _Row) -> Scan:
    unread = tuple(Unread(item["path"], item["reason"]) for item in row.unread)
    return Scan(row.id, row.tree, row.ruleset, Verdict(row.verdict), unread, row.created)


def _finding_row(scan_id: str, ordinal: int, item: Finding) -> dict[str, Any]:
    return {
        "scan_id": scan_id,
        "ordinal": ordinal,
        "rule": item.rule,
        "severity": item.severity.value,
        "confidence": item.confidence.value,
        "path": item.path,
        "document": item.to_json(),
    }
