"""Addresses about one release: its document, manifest, bytes and changes of state."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from assay.access.principals import Identity
from assay.api.auth import Caller, ContextOf
from assay.api.documents import Move
from assay.api.naming import ModelOf, Revision, document, find, found_id
from assay.core.errors import DataError, NotFoundError
from assay.releases import approving, lookup, moving, serving
from assay.releases.installation import Installation
from assay.store import artifacts
from assay.web.byte_answer import byte_answer
from assay.web.headers import header_text

Action = Literal["approve", "reject", "hold", "resume", "deprecate", "undeprecate", "revoke"]

router = APIRouter(tags=["releases"], prefix="/models/{namespace}/{name}/releases/{revision}")

_MOVES: dict[str, Callable[..., Any]] = {
    "reject": approving.reject,
    "hold": moving.hold,
    "resume": moving.resume,
    "deprecate": moving.deprecate,
    "undeprecate": moving.undeprecate,
    "revoke": moving.revoke,
}


@router.get("", summary="Show a release")
def shown(context: ContextOf, caller: Caller, name: ModelOf, revision: Revision) -> dict[str, Any]:
    """State, scan, findings, approvals and decision; why it is not served, where it is not."""
    return document(context.inst, caller, name, revision)


@router.get("/manifest", summary="The manifest of a release")
def manifest(
    context: ContextOf, caller: Caller, name: ModelOf, revision: Revision
) -> dict[str, Any]:
    """An `assay.manifest/1` document. Mere readers get it of served releases only."""
    inst = context.inst
    with inst.store.read() as connection:
        found = find(inst, connection, caller, name, revision)
        heads = lookup.may_see_unserved(inst, caller, found.model.namespace)
        answer = artifacts.manifest(connection, found.release.tree)
    if not heads:
        serving.may_serve(inst, caller, name, found.release.version, "")
    return answer.to_json()


@router.head("/files/{path:path}", include_in_schema=False)
@router.get(
    "/files/{path:path}",
    summary="Download a file of a release",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {}}},
        206: {"description": "The range asked for", "content": {"application/octet-stream": {}}},
        416: {"description": "The range lies outside the file"},
    },
)
def file(
    request: Request,
    context: ContextOf,
    caller: Caller,
    name: ModelOf,
    revision: Revision,
    path: str,
) -> Response:
    """One range is understood. Every 4 MiB is compared with its digest before it is sent."""
    inst = context.inst
    permit = serving.may_serve(inst, caller, name, revision, path)
    if permit.file is None:
        raise NotFoundError("no file is named", subject=str(name))
    headers = {
        "X-Assay-Version": permit.release.version,
        "X-Assay-Tree": str(permit.tree),
        "Digest": f"sha-256={permit.file.digest.hex}",
    }
    if permit.warning is not None:
        headers["Warning"] = f'299 - "{header_text(permit.warning)}"'
    return byte_answer(
        request,
        path=path,
        size=permit.file.size,
        chunks=partial(serving.permitted_bytes, inst, permit),
        headers=headers,
        etag=permit.file.digest.hex,
    )


@router.post("/{action}", summary="Change a release's state")
def moved(
    context: ContextOf,
    caller: Caller,
    name: ModelOf,
    revision: Revision,
    action: Action,
    body: Move,
) -> dict[str, Any]:
    """What is possible from where: docs/releases.md. The reason is recorded for good."""
    inst = context.inst
    release_id = found_id(inst, caller, name, revision)
    version = _moved(inst, caller, release_id, action, body)
    return document(inst, caller, name, version)


def _moved(inst: Installation, who: Identity, release_id: str, action: Action, body: Move) -> str:
    """Do it; returns the release's version."""
    if action == "approve":
        done = approving.approve(
            inst,
            who,
            release_id,
            reason=body.reason,
            acknowledged=body.acknowledged,
            envelope=body.envelope,
        )
        return done.release.version
    if body.acknowledged or body.envelope is not None:
        raise DataError("only an approval acknowledges findings or carries an envelope")
    result = _MOVES[action](inst, who, release_id, reason=body.reason)
    return str(getattr(result, "release", result).version)
