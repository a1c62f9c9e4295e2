"""Addresses that hand out evidence and decisions, by tree digest or by release."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter
from starlette.responses import Response

from assay.access.principals import Identity
from assay.api.auth import Caller, ContextOf
from assay.api.naming import Found, ModelOf, Revision, TreeOf, find
from assay.core.attestation import Envelope
from assay.core.clock import rfc3339
from assay.core.digest import Digest
from assay.core.errors import DataError, NotFoundError
from assay.releases import documents, exporting, lookup
from assay.releases.installation import Installation
from assay.store import attestations, decisions, models, releases
from assay.store.attestations import Attestation, Evidence

JSON_LINES = "application/jsonl"

router = APIRouter(tags=["evidence"])
_one = APIRouter(prefix="/models/{namespace}/{name}/releases/{revision}")


@router.get(
    "/evidence/{tree}",
    summary="Evidence about a tree",
    response_class=Response,
    responses={200: {"content": {JSON_LINES: {}}}},
)
def by_tree(context: ContextOf, caller: Caller, tree: TreeOf) -> Response:
    """JSON lines: each a signed document as it was received, with how it verified.

    What was said about releases you may not read is left out, though they hold the same files.
    """
    inst = context.inst
    with inst.store.read() as connection:
        known = _readable(inst, connection, caller, tree)
        lines = list(_lines(connection, tree, known))
    return Response("".join(lines), media_type=JSON_LINES)


@_one.get(
    "/evidence",
    summary="The evidence bundle of a release",
    response_class=Response,
    responses={200: {"content": {"application/json": {}}}},
)
def bundle(context: ContextOf, caller: Caller, name: ModelOf, revision: Revision) -> Response:
    """One file that `assay verify --evidence` checks with no server."""
    inst = context.inst
    with inst.store.read() as connection:
        found = find(inst, connection, caller, name, revision)
    data = exporting.export_evidence(inst, caller, found.release)
    return Response(data, media_type="application/json")


@router.get("/decisions/{tree}", summary="Decisions about a tree")
def decided(context: ContextOf, caller: Caller, tree: TreeOf) -> dict[str, Any]:
    """The newest decision for each release of the tree you may read, with its signed envelope."""
    inst = context.inst
    with inst.store.read() as connection:
        found = [
            row
            for one in _readable(inst, connection, caller, tree)
            if (row := _decision(connection, one)) is not None
        ]
    return {"tree": str(tree), "decisions": found}


def _decision(connection: sa.Connection, found: Found) -> dict[str, Any] | None:
    row = decisions.latest(connection, found.release.id)
    if row is None:
        return None
    envelope = documents.signed_decision(connection, row)
    return {
        "model": str(found.model.full_name),
        "version": found.release.version,
        **documents.decision_document(connection, row),
        "envelope": None if envelope is None else json.loads(envelope),
    }


def _readable(
    inst: Installation, connection: sa.Connection, who: Identity, tree: Digest
) -> list[Found]:
    """The releases of a tree the caller may read.

    Raises:
        NotFoundError: there are none.
    """
    found = []
    for release in releases.of_trees(connection, [tree]):
        model = models.get(connection, release.model_id)
        if lookup.may_read(inst, who, model.namespace):
            found.append(Found(model, release))
    if not found:
        raise NotFoundError("there is no release of this tree that you may read", subject=str(tree))
    return found


def _lines(connection: sa.Connection, tree: Digest, known: list[Found]) -> Iterator[str]:
    ids = {one.release.id for one in known}
    names = {f"{one.model.full_name}@{one.release.version}" for one in known}
    for row in attestations.standing_evidence(connection, tree):
        document = attestations.get(connection, row.attestation)
        if row.verification.get("release", None) in {None, *ids} and _is_of(document, names):
            yield json.dumps(_line(document, row), ensure_ascii=False) + "\n"


def _is_of(document: Attestation, names: set[str]) -> bool:
    """Whether a statement speaks of one of these releases, or of files alone."""
    try:
        subjects = Envelope.parse(document.envelope).statement().subjects
    except DataError:
        return (
            True  # a publisher's bundle: it names files, and came with the release it is kept for
        )
    named = {one.name for one in subjects if "@" in one.name}
    return not named or bool(named & names)


def _line(document: Attestation, row: Evidence) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "created": rfc3339(row.created),
        "verification": row.verification,
        "digest": str(document.digest),
        "statement": str(document.statement),
        "predicate_type": document.predicate_type,
        "signer": document.signer,
        "document": json.loads(document.envelope),
    }


router.include_router(_one)
