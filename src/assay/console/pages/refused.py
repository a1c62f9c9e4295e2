"""What was refused, why, and what would make it pass."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from assay.console.pages.overview import refused_lately
from assay.console.seeing import Seen, seen
from assay.console.visiting import Visit
from assay.releases.standing import reasons_against
from assay.store import decisions, models, overview, releases

ROWS = 100


def show(visit: Visit) -> Response:
    """Denied, rejected, held and revoked releases, and intakes that failed; newest first."""
    inst = visit.inst
    with inst.store.read() as connection:
        places = seen(inst, connection, visit.me)
        rows = refused_lately(visit, connection, places, limit=ROWS)
        for row in rows:
            row["against"] = _against(connection, row["id"])
        values = {
            "refused": rows,
            "failed": _failed(connection, places),
            "works": bool(places.working) or visit.is_governor,
            "most": ROWS,
        }
    return visit.page("refused.html", values)


def _against(connection: sa.Connection, release_id: str) -> list[dict[str, Any]]:
    decision = decisions.latest(connection, release_id)
    return [] if decision is None else reasons_against(decision.reasons)


def _failed(connection: sa.Connection, places: Seen) -> list[dict[str, Any]]:
    rows = []
    for intake in overview.failed_intakes(connection, places.working, limit=ROWS):
        release = releases.find(connection, intake.model_id, intake.version)
        if release is None or release.state != releases.QUARANTINED:
            continue
        model = models.get(connection, intake.model_id)
        rows.append(
            {
                "model": str(model.full_name),
                "version": intake.version,
                "error": intake.error or "",
                "updated": intake.updated,
            }
        )
    return rows
