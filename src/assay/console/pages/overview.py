"""The first page: what waits, what was refused, and whether everything runs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from assay.console.log_state import log_state
from assay.console.seeing import Seen, counts, seen
from assay.console.visiting import Visit
from assay.core.decision import Outcome
from assay.core.errors import AssayError
from assay.log.sequencer import ROLE
from assay.releases import documents
from assay.releases.state import State
from assay.store import leases, overview
from assay.store.releases import Release

ROWS = 8
MOST_JOBS = 1000
REFUSING_STATES = frozenset({State.REJECTED, State.HELD, State.REVOKED})


def show(visit: Visit) -> Response:
    """Counts by state, what waits for approval, what was refused lately, log and worker."""
    inst = visit.inst
    with inst.store.read() as connection:
        places = seen(inst, connection, visit.me)
        waiting = _waiting(visit, connection, places)
        values = {
            "counts": counts(connection, places),
            "waiting": waiting,
            "waiting_total": _waiting_total(connection, places),
            "refused": refused_lately(visit, connection, places, limit=ROWS),
            "worker": _worker(visit, connection),
            "log": log_state(inst, connection),
            "works": bool(places.working) or visit.is_governor,
        }
    return visit.page("overview.html", {**values, "jobs": _jobs(visit)})


def refused_lately(
    visit: Visit, connection: sa.Connection, places: Seen, *, limit: int
) -> list[dict[str, Any]]:
    """Releases policy or people said no to, where the visitor does more than read."""
    denied = overview.lately(
        connection,
        places.working,
        states={State.EVALUATED},
        outcomes={Outcome.DENY},
        limit=limit,
    )
    moved = overview.lately(connection, places.working, states=REFUSING_STATES, limit=limit)
    newest = sorted([*denied, *moved], key=lambda row: (row.updated, row.id), reverse=True)
    return [_summary(visit, connection, row) for row in newest[:limit]]


def _waiting(visit: Visit, connection: sa.Connection, places: Seen) -> list[dict[str, Any]]:
    found = overview.lately(
        connection,
        places.working,
        states={State.EVALUATED},
        outcomes={Outcome.NEEDS_APPROVAL},
        limit=ROWS,
    )
    return [_summary(visit, connection, row) for row in found]


def _waiting_total(connection: sa.Connection, places: Seen) -> int:
    return overview.count_with_outcome(
        connection, places.working, state=State.EVALUATED, outcome=Outcome.NEEDS_APPROVAL
    )


def _summary(visit: Visit, connection: sa.Connection, release: Release) -> dict[str, Any]:
    document = documents.summary_document(visit.inst, connection, release)
    return {**document, "id": release.id, "updated": release.updated}


def _worker(visit: Visit, connection: sa.Connection) -> dict[str, Any]:
    """Whether a worker is at work: it alone holds the lease of the log's sequencer."""
    lease = leases.find(connection, ROLE)
    if lease is None:
        return {"alive": False, "pid": None, "expires": None}
    return {"alive": lease.expires > visit.now, "pid": lease.pid, "expires": lease.expires}


def _jobs(visit: Visit) -> int | None:
    """How many jobs wait or run; None where the jobs database does not answer."""
    try:
        return len(visit.queue.list_unfinished(limit=MOST_JOBS))
    except AssayError:
        return None
