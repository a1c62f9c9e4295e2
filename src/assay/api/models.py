"""Addresses about models: the list, one with its releases, its aliases."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from assay.api.auth import Caller, ContextOf
from assay.api.documents import MAX_NUMBER, AliasMove, Models
from assay.api.naming import ModelOf, document, found_id
from assay.releases import aliasing, documents, lookup
from assay.store import aliases
from assay.store import releases as release_rows

MAX_PAGE = 1000

router = APIRouter(tags=["models"])
_one = APIRouter(prefix="/models/{namespace}/{name}")

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Most rows of the page.")]


@router.get("/models", summary="List the models you may read", response_model=Models)
def listed(
    context: ContextOf,
    caller: Caller,
    search: Annotated[str, Query(max_length=200, description="Text the name holds.")] = "",
    namespace: Annotated[str | None, Query(max_length=80)] = None,
    after: Annotated[str, Query(max_length=200, description="`after` of the page before.")] = "",
    limit: Limit = 100,
) -> dict[str, Any]:
    """Models by name, each with the newest release you see."""
    inst = context.inst
    with inst.store.read() as connection:
        rows = lookup.models(
            inst,
            connection,
            caller,
            search=search,
            namespace=namespace,
            after=after,
            limit=limit,
        )
        found = []
        for model in rows:
            newest = lookup.newest(inst, connection, caller, model)
            found.append(
                {
                    "model": str(model.full_name),
                    "newest": None
                    if newest is None
                    else documents.summary_document(inst, connection, newest),
                }
            )
    more = rows[-1].folded if len(rows) == limit else None
    return {"models": found, "after": more}


@_one.get("", summary="Show a model and its releases")
def shown(
    context: ContextOf,
    caller: Caller,
    name: ModelOf,
    before: Annotated[
        int | None,
        Query(ge=1, le=MAX_NUMBER, description="`before` of the page before this one."),
    ] = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Its releases, newest first, and where its aliases point."""
    inst = context.inst
    with inst.store.read() as connection:
        model = lookup.model_named(inst, connection, caller, name)
        rows = lookup.releases(inst, connection, caller, model, before=before, limit=limit)
        pointers = {
            row.name: release_rows.get(connection, row.release_id).version
            for row in aliases.of_model(connection, model.id)
        }
        summaries = [documents.summary_document(inst, connection, row) for row in rows]
    return {
        "model": str(model.full_name),
        "aliases": pointers,
        "releases": summaries,
        "before": rows[-1].seq if len(rows) == limit else None,
    }


@_one.put("/aliases/{alias}", summary="Point an alias at a release")
def promoted(
    context: ContextOf, caller: Caller, name: ModelOf, alias: str, body: AliasMove
) -> dict[str, Any]:
    """Needs the right to review. An alias only names a release that is served."""
    inst = context.inst
    release_id = found_id(inst, caller, name, body.revision)
    moved = aliasing.promote(inst, caller, name, alias, release_id, reason=body.reason)
    return document(inst, caller, name, moved.version)


@_one.delete("/aliases/{alias}", summary="Take an alias away", status_code=204)
def withdrawn(
    context: ContextOf,
    caller: Caller,
    name: ModelOf,
    alias: str,
    reason: Annotated[str, Query(min_length=1, max_length=2000)],
) -> None:
    """Needs the right to review. The release stays as it is."""
    aliasing.withdraw(context.inst, caller, name, alias, reason=reason)


router.include_router(_one)
