"""Addresses about trust: the signed trust root, which anyone may read, and the revocations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from assay.api.auth import Caller, ContextOf
from assay.api.documents import MAX_NUMBER
from assay.releases import revoking

JSON = "application/json"

router = APIRouter(tags=["trust"])


@router.get("/trust", summary="The signed trust root", response_class=Response)
def trust(context: ContextOf) -> Response:
    """Needs no token. Pin it by the fingerprint `assay admin init` printed: `assay trust add`."""
    return Response(context.inst.trust, media_type=JSON)


@router.get("/revocations", summary="What was revoked or blocked", response_class=Response)
def revocations(
    context: ContextOf,
    caller: Caller,
    since: Annotated[
        int, Query(ge=0, le=MAX_NUMBER, description="Number of the last one you have.")
    ] = 0,
) -> Response:
    """A DSSE envelope by the release index key: numbered without gaps, dated, 24 hours good."""
    del caller
    return Response(revoking.revocation_feed(context.inst, since), media_type=JSON)
