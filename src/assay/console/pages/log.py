"""The transparency log: checkpoint, newest entries, what still waits."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from assay.access.roles import READ
from assay.console.log_state import log_state
from assay.console.visiting import Visit
from assay.core.errors import AssayError, RefusedError
from assay.log.entries import LogEntry
from assay.store import log_entries

ROWS = 50


def show(visit: Visit) -> Response:
    """Checkpoint, size, root, queue depth and the newest entries.

    Raises:
        RefusedError: the visitor may read nothing at all.
    """
    inst = visit.inst
    if not any(inst.authorizer.allows(visit.me, READ, row.namespace) for row in visit.me.grants):
        raise RefusedError("you may not read the log", remedy="ask an administrator for a role")
    with inst.store.read() as connection:
        state = log_state(inst, connection)
        values = {
            "log": state,
            "root": None if state.checkpoint is None else state.checkpoint.root.hex(),
            "entries": _newest(connection, state.sequenced),
        }
    return visit.page("log.html", values)


def _newest(connection: sa.Connection, length: int) -> list[dict[str, Any]]:
    found = log_entries.span(connection, max(0, length - ROWS), length)
    return [_entry(row) for row in reversed(found)]


def _entry(row: log_entries.LogEntry) -> dict[str, Any]:
    try:
        parsed = LogEntry.parse(row.entry)
    except AssayError:
        return {"index": row.idx, "leaf": str(row.leaf_hash), "type": "unreadable", "tree": None,
                "statement": "", "at": None}  # fmt: skip
    return {
        "index": row.idx,
        "leaf": str(row.leaf_hash),
        "type": parsed.type,
        "tree": None if parsed.tree is None else str(parsed.tree),
        "statement": str(parsed.statement),
        "at": parsed.at,
    }
