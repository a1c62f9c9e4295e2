"""The audit trail: who did what, and whether its chain is whole."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from assay.console.rendering import shorter
from assay.console.visiting import Visit, number
from assay.core.errors import RefusedError, TamperedError
from assay.store import audit, principals

ROWS = 100
VERIFIED_AT_ONCE = 5_000
"""Up to this many rows the chain is verified with every view; beyond, when it is asked for."""


def show(visit: Visit) -> Response:
    """The newest rows, or those before a number, and the chain's state.

    Raises:
        RefusedError: the visitor neither administers nor secures the whole installation.
    """
    if not visit.is_governor:
        raise RefusedError(
            "the audit trail is for administration and security of the whole installation",
            remedy="ask an administrator",
        )
    query = visit.request.query_params
    with visit.inst.store.read() as connection:
        head = audit.head(connection)
        end = min(number(query.get("before", "")) or head.seq + 1, head.seq + 1)
        start = max(0, end - 1 - ROWS)
        found = audit.listed(connection, after=start, limit=end - 1 - start)[::-1]
        names = principals.names(
            connection,
            {row.principal_id for row in found if row.principal_id}
            | {row.subject for row in found},
        )
        values = {
            "head": head,
            "rows": [_row(row, names) for row in found],
            "older": found[-1].seq if found and found[-1].seq > 1 else None,
            "chain": _chain(connection, head, asked="verify" in query),
        }
    return visit.page("audit.html", values)


def _row(row: audit.AuditRow, names: dict[str, str]) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "at": row.at,
        "by": names.get(row.principal_id or "", ""),
        "action": row.action,
        "subject": row.subject,
        "about": names.get(row.subject) or shorter(row.subject),
        "detail": [(key, _plain(value)) for key, value in sorted(row.detail.items())],
        "hash": str(row.hash),
    }


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return "-" if value in (None, "") else str(value)


def _chain(connection: sa.Connection, head: audit.AuditHead, *, asked: bool) -> dict[str, Any]:
    """`{state, detail}`: whole, broken or not verified."""
    if head.seq > VERIFIED_AT_ONCE and not asked:
        return {"state": "not-verified", "detail": f"{head.seq} rows"}
    try:
        found = audit.verify(connection)
    except TamperedError as error:
        return {"state": "broken", "detail": error.message}
    return {"state": "whole", "detail": f"{found.seq} rows"}
