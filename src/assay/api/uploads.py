"""Addresses that take bytes in: the manifest first, then what is missing, then one commit."""

from __future__ import annotations

import base64
import binascii
import logging
from functools import partial
from typing import Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request

from assay.access.principals import Identity
from assay.api.auth import Caller, Context, ContextOf
from assay.api.documents import UploadCommit, UploadStart, UploadStarted
from assay.core.digest import Digest
from assay.core.errors import DataError, UnavailableError
from assay.core.manifest import Manifest
from assay.core.names import ModelName
from assay.releases import documents, upload
from assay.store.intakes import Intake
from assay.web.body import body_pieces
from assay.workflows.intake import submit

MAX_SENDING = 32
"""Bodies received at once; more wait. They have threads of their own, so a slow sender never
keeps a reader waiting."""

LOGGER = logging.getLogger("assay.api")

router = APIRouter(tags=["uploads"], prefix="/uploads")


@router.post("", summary="Begin an upload", response_model=UploadStarted, status_code=201)
def begun(context: ContextOf, caller: Caller, body: UploadStart) -> dict[str, Any]:
    """Say what will be uploaded; the answer says which bytes are to be sent."""
    manifest = Manifest.from_json(body.manifest)
    made = upload.begin(context.inst, caller, ModelName.parse(body.model), manifest)
    return {
        "upload": made.id,
        "missing": [str(one) for one in made.missing],
        "expires": made.expires,
    }


@router.put(
    "/{upload_id}/blobs/{digest}",
    summary="Send the bytes of one file",
    status_code=204,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def received(
    request: Request, context: ContextOf, caller: Caller, upload_id: str, digest: str
) -> None:
    """They are hashed while they arrive, and kept only if they have the digest of the address."""
    work = partial(_receive, request, context, caller, upload_id, Digest.parse(digest))
    await run_sync(work, limiter=_limiter(request))


def _receive(
    request: Request, context: Context, who: Identity, upload_id: str, digest: Digest
) -> None:
    pieces = body_pieces(request, context.inst.settings.upload_bytes)
    upload.receive(context.inst, who, upload_id, digest, pieces)


def _limiter(request: Request) -> CapacityLimiter:
    # Made in the event loop that uses it.
    state = request.app.state
    if getattr(state, "sending", None) is None:
        state.sending = CapacityLimiter(MAX_SENDING)
    found: CapacityLimiter = state.sending
    return found


@router.post("/{upload_id}/commit", summary="Make a release of an upload", status_code=201)
def committed(
    context: ContextOf, caller: Caller, upload_id: str, body: UploadCommit
) -> dict[str, Any]:
    """The release is quarantined until its intake has ended. Repeating it changes nothing."""
    inst = context.inst
    made = upload.commit(
        inst,
        caller,
        upload_id,
        title=body.title,
        parent=body.parent,
        signatures=[_bundle(text) for text in body.signatures],
    )
    _enqueue(context, made.intake)
    with inst.store.read() as connection:
        return documents.release_document(inst, connection, made.release)


def _enqueue(context: Context, intake: Intake) -> None:
    """Put the job in the queue. The row is the truth: a sweep finds those that have no job."""
    try:
        submit(context.queue, intake)
    except UnavailableError as error:
        LOGGER.warning("intake %s waits for the next sweep: %s", intake.id, error)


def _bundle(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise DataError("a signature bundle is not base64", subject="signatures") from None
