"""Models: the list with its search, and one model with its releases."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from assay.console.cards import Card, card_of
from assay.console.visiting import Visit, number
from assay.core.errors import AssayError, NotFoundError
from assay.core.limits import KIB
from assay.core.names import ModelName
from assay.releases import documents, lookup, serving
from assay.store import aliases, namespaces, releases
from assay.store.models import Model

PAGE = 50
MAX_CARD_BYTES = 256 * KIB
CARD = "README.md"
MAX_SEARCH = 200


def listed(visit: Visit) -> Response:
    """The models the visitor may read, by name."""
    inst, query = visit.inst, visit.request.query_params
    search = query.get("q", "").strip().replace("\0", "")[:MAX_SEARCH]
    after = query.get("after", "").replace("\0", "")[:MAX_SEARCH]
    with inst.store.read() as connection:
        found = lookup.models(
            inst, connection, visit.me, search=search, after=after, limit=PAGE + 1
        )
        rows = [_row(visit, connection, model) for model in found[:PAGE]]
    more = found[PAGE - 1].folded if len(found) > PAGE else None
    return visit.page("models.html", {"models": rows, "q": search, "more": more, "after": after})


def show(visit: Visit) -> Response:
    """One model: aliases, releases newest first, and the card of what is served."""
    inst = visit.inst
    name = model_name(visit)
    with inst.store.read() as connection:
        model = lookup.model_named(inst, connection, visit.me, name)
        found = lookup.releases(
            inst,
            connection,
            visit.me,
            model,
            before=number(visit.request.query_params.get("before", "")),
            limit=PAGE + 1,
        )
        values = {
            "model": str(model.full_name),
            "mode": namespaces.get(connection, model.namespace).mode,
            "releases": [documents.summary_document(inst, connection, row) for row in found[:PAGE]],
            "more": found[PAGE - 1].seq if len(found) > PAGE else None,
            "aliases": _aliases(connection, model),
        }
    return visit.page("model.html", {**values, "card": _card(visit, name)})


def model_name(visit: Visit) -> ModelName:
    """The model the address names.

    Raises:
        NotFoundError: it cannot be a model's name.
    """
    parts = visit.request.path_params
    try:
        return ModelName.parse(f"{parts['namespace']}/{parts['name']}")
    except AssayError:
        raise NotFoundError("there is nothing at this address") from None


def _row(visit: Visit, connection: sa.Connection, model: Model) -> dict[str, Any]:
    newest = lookup.newest(visit.inst, connection, visit.me, model)
    summary = None if newest is None else documents.summary_document(visit.inst, connection, newest)
    return {
        "name": str(model.full_name),
        "newest": summary,
        "aliases": [row.name for row in aliases.of_model(connection, model.id)],
    }


def _aliases(connection: sa.Connection, model: Model) -> list[dict[str, Any]]:
    return [
        {
            "name": row.name,
            "version": releases.get(connection, row.release_id).version,
            "updated": row.updated,
        }
        for row in aliases.of_model(connection, model.id)
    ]


def _card(visit: Visit, name: ModelName) -> Card | None:
    """The card of what is served to the visitor, through the one way to bytes; None if none is."""
    try:
        permit = serving.may_serve(visit.inst, visit.me, name, lookup.MAIN, CARD)
        if permit.file is None:
            return None
        size = min(permit.file.size, MAX_CARD_BYTES)
        with closing(serving.permitted_bytes(visit.inst, permit, 0, size)) as pieces:  # type: ignore[type-var]
            return card_of(b"".join(pieces))
    except AssayError:
        return None
