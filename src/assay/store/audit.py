"""The audit trail: who did what, each row bound to the one before by its hash. Append-only.

A row's hash is the SHA-256 of the RFC 8785 form of `{schema, seq, at, principal, action, subject,
detail, prev}`, `prev` being the hash of the row before. Whoever can write the database can make
a new chain, so the head is to be logged elsewhere and given to `verify` as an anchor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assay.core.canonical import canonical_json
from assay.core.clock import rfc3339
from assay.core.digest import Digest
from assay.core.errors import TamperedError
from assay.store import rows
from assay.store.tables import audit as table

SCHEMA = "assay.audit/1"
START = Digest.of(SCHEMA.encode())
"""What the first row has for the hash of the row before."""

_COUNTER = "audit"
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One act.

    Attributes:
        seq: Its number, from 1 without gaps.
        principal_id: Who did it; None for the program itself.
        action: What, for instance `release.approve`.
        subject: To what.
        detail: More, as a JSON object.
    """

    seq: int
    at: datetime
    principal_id: str | None
    action: str
    subject: str
    detail: Any
    prev_hash: Digest
    hash: Digest


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The end of the chain, or a point on it: the number of a row and its hash."""

    seq: int
    hash: Digest


def append(
    connection: sa.Connection,
    *,
    action: str,
    subject: str,
    now: datetime,
    principal_id: str | None = None,
    detail: Any = None,
) -> AuditRow:
    """Add a row. Others wait for their turn until this transaction ends: do it last.

    Raises:
        DataError: the detail is not JSON.
    """
    seq = rows.next_value(connection, _COUNTER)
    before = sa.select(table.c.hash).where(table.c.seq == seq - 1)
    prev = connection.execute(before).scalar() if seq > 1 else START
    if prev is None:
        raise TamperedError(f"row {seq - 1} is gone", subject="audit")
    document = {} if detail is None else detail
    row = AuditRow(seq, now, principal_id, action, subject, document, prev, hash=prev)
    row = replace(row, hash=_hash(row))
    connection.execute(sa.insert(table).values(**rows.values(row)))
    return row


def head(connection: sa.Connection) -> AuditHead:
    """The last row's number and hash; number 0 and `START` if there is none."""
    query = sa.select(table.c.seq, table.c.hash).order_by(table.c.seq.desc()).limit(1)
    row = connection.execute(query).first()
    return AuditHead(0, START) if row is None else AuditHead(row.seq, row.hash)


def listed(
    connection: sa.Connection,
    *,
    after: int = 0,
    limit: int = 100,
    subject: str | None = None,
    principal_id: str | None = None,
) -> list[AuditRow]:
    """Rows after a number, in order, about one subject or by one principal where given."""
    query = rows.select(table, AuditRow).where(table.c.seq > after)
    if subject is not None:
        query = query.where(table.c.subject == subject)
    if principal_id is not None:
        query = query.where(table.c.principal_id == principal_id)
    return rows.many(connection, AuditRow, query.order_by(table.c.seq).limit(limit))


def newest(connection: sa.Connection, *, limit: int = 100) -> list[AuditRow]:
    """The last rows, newest first."""
    query = rows.select(table, AuditRow).order_by(table.c.seq.desc()).limit(limit)
    return rows.many(connection, AuditRow, query)


def verify(connection: sa.Connection, *, anchors: Iterable[AuditHead] = ()) -> AuditHead:
    """Check every row, and that each anchor is a point on the chain; returns the head.

    Raises:
        TamperedError: a row was changed, removed, added or moved; the first one is named.
    """
    wanted = {anchor.seq: anchor.hash for anchor in anchors if anchor.seq}
    seq, prev = 0, START
    for row in _all(connection):
        seq += 1
        if row.seq != seq:
            raise TamperedError(f"row {seq} is gone", subject="audit")
        if row.prev_hash != prev or row.hash != _hash(row):
            raise TamperedError(f"row {seq} was changed", subject="audit")
        if wanted.pop(seq, row.hash) != row.hash:
            raise TamperedError(f"the chain up to row {seq} was made anew", subject="audit")
        prev = row.hash
    if wanted or seq != rows.last_value(connection, _COUNTER):
        raise TamperedError(f"rows after {seq} are gone", subject="audit")
    return AuditHead(seq, prev)


def _all(connection: sa.Connection) -> Iterator[AuditRow]:
    page = listed(connection, limit=_PAGE)
    while page:
        yield from page
        page = listed(connection, after=page[-1].seq, limit=_PAGE)


def _hash(row: AuditRow) -> Digest:
    """What a row's hash must be."""
    document = {
        "schema": SCHEMA,
        "seq": row.seq,
        "at": rfc3339(row.at),
        "principal": row.principal_id,
        "action": row.action,
        "subject": row.subject,
        "detail": row.detail,
        "prev": str(row.prev_hash),
    }
    return Digest.of(canonical_json(document))
