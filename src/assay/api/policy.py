"""Addresses about the policy in force and the block list."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from assay.api.auth import Caller, ContextOf
from assay.api.documents import Block, PolicyText
from assay.core.clock import rfc3339
from assay.core.digest import Digest
from assay.policy.bundle import default_policy
from assay.releases import governing
from assay.store import policies
from assay.workflows import recall

router = APIRouter(tags=["policy"])


@router.get("/policy", summary="The policy in force")
def shown(context: ContextOf, caller: Caller) -> dict[str, Any]:
    """Its text, name, version and digest; the built-in one where none was ever set."""
    del caller
    with context.inst.store.read() as connection:
        row = policies.active(connection)
    if row is not None:
        return _policy(row)
    built_in = default_policy()
    return {
        "name": built_in.name,
        "version": built_in.version,
        "digest": str(built_in.digest),
        "source": built_in.source,
        "created": None,
    }


@router.put("/policy", summary="Put a policy in force")
def activated(context: ContextOf, caller: Caller, body: PolicyText) -> dict[str, Any]:
    """Its own tests must pass. Every release is judged again before the answer comes."""
    row = governing.activate_policy(context.inst, caller, body.source)
    decided = recall.redecide(context.inst, None, cause="policy", by=caller.id)
    return {**_policy(row), "decided": len(decided)}


@router.post("/blocks", summary="Refuse a file or a tree everywhere", status_code=201)
def blocked(context: ContextOf, caller: Caller, body: Block) -> dict[str, Any]:
    """Needs the right to secure the installation. Releases that hold it are judged again."""
    held = governing.block_digest(
        context.inst, caller, Digest.parse(body.digest), reason=body.reason
    )
    return {
        "digest": body.digest,
        "releases": [{"version": one.version, "state": one.state} for one in held],
    }


def _policy(row: policies.Policy) -> dict[str, Any]:
    return {
        "name": row.name,
        "version": row.version,
        "digest": str(row.digest),
        "source": row.source,
        "created": rfc3339(row.created),
    }
