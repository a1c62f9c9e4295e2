"""Addresses about who may do what: the caller, principals, roles, tokens, namespaces, audit."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from assay.access.naming import principal_named
from assay.access.roles import ADMINISTER
from assay.api.auth import Caller, Context, ContextOf
from assay.api.documents import MAX_NUMBER, NamespaceSettings, PrincipalNew, RoleBinding, TokenNew
from assay.core.clock import rfc3339
from assay.releases import governing, staffing
from assay.store import audit, namespaces, principals, roles, tokens
from assay.store.namespaces import Namespace
from assay.store.principals import Principal
from assay.store.roles import EVERYWHERE
from assay.store.tokens import Token
from assay.workflows import recall

MAX_PAGE = 1000

router = APIRouter(tags=["people"])

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Most rows of the page.")]


@router.get("/whoami", summary="Who your token says you are")
def whoami(context: ContextOf, caller: Caller) -> dict[str, Any]:
    """Name, kind, what the token may use of its owner's roles, and until when it lives."""
    with context.inst.store.read() as connection:
        token = tokens.get(connection, caller.credential)
    return {
        "name": caller.name,
        "id": caller.id,
        "kind": caller.principal.kind,
        "young": caller.young,
        "token": {"id": token.id, "name": token.name, "expires": rfc3339(token.expires)},
        "grants": [{"role": row.role, "namespace": row.namespace} for row in caller.grants],
    }


@router.get("/principals", summary="List people, robots and agents")
def listed_principals(
    context: ContextOf,
    caller: Caller,
    after: Annotated[str, Query(max_length=200)] = "",
    limit: Limit = 100,
) -> dict[str, Any]:
    """Needs the right to administer the installation."""
    _administrator(context, caller, "principals")
    with context.inst.store.read() as connection:
        found = principals.listed(connection, after=after, limit=limit)
        owners = principals.names(connection, {one.owner_id for one in found if one.owner_id})
    more = found[-1].name if len(found) == limit else None
    return {"principals": [_principal(one, owners) for one in found], "after": more}


@router.post("/principals", summary="Add a person, robot or agent", status_code=201)
def added_principal(context: ContextOf, caller: Caller, body: PrincipalNew) -> dict[str, Any]:
    """It has no role and no token yet."""
    made = staffing.add_principal(
        context.inst, caller, name=body.name, kind=body.kind, owner=body.owner
    )
    return _shown(context, made)


@router.post("/principals/{name}/disable", summary="Take all access away")
def disabled(context: ContextOf, caller: Caller, name: str) -> dict[str, Any]:
    """At once: its tokens and sessions, and its robots' tokens, are refused."""
    made = staffing.disable_principal(context.inst, caller, name)
    context.authenticator.forget()
    return _shown(context, made)


@router.post("/principals/{name}/enable", summary="Give access back")
def enabled(context: ContextOf, caller: Caller, name: str) -> dict[str, Any]:
    """With the roles and live tokens it had."""
    made = staffing.enable_principal(context.inst, caller, name)
    context.authenticator.forget()
    return _shown(context, made)


@router.get("/roles", summary="List role bindings")
def listed_roles(
    context: ContextOf,
    caller: Caller,
    after: Annotated[str, Query(max_length=64, description="Id of the last one.")] = "",
    limit: Limit = 1000,
) -> dict[str, Any]:
    """Those in the namespaces you administer."""
    inst = context.inst
    with inst.store.read() as connection:
        page = roles.listed(connection, after=after, limit=limit)
        found = [one for one in page if inst.authorizer.allows(caller, ADMINISTER, one.namespace)]
        names = principals.names(connection, {one.principal_id for one in found})
    rows = [
        {
            "principal": names.get(one.principal_id, ""),
            "role": one.role,
            "namespace": one.namespace,
            "created": rfc3339(one.created),
        }
        for one in found
    ]
    return {"roles": rows, "after": page[-1].id if len(page) == limit else None}


@router.put("/roles", summary="Give a role", status_code=204)
def given(context: ContextOf, caller: Caller, body: RoleBinding) -> None:
    """Needs the right to administer the namespace."""
    staffing.give_role(
        context.inst, caller, principal=body.principal, role=body.role, namespace=body.namespace
    )
    context.authenticator.forget()


@router.delete("/roles", summary="Take a role back", status_code=204)
def taken(
    context: ContextOf,
    caller: Caller,
    principal: Annotated[str, Query(max_length=200)],
    role: Annotated[str, Query(max_length=40)],
    namespace: Annotated[str, Query(max_length=80)],
) -> None:
    """At once: tokens and sessions that use it lose it with their next request."""
    staffing.take_role(context.inst, caller, principal=principal, role=role, namespace=namespace)
    context.authenticator.forget()


@router.get("/tokens", summary="List tokens")
def listed_tokens(
    context: ContextOf,
    caller: Caller,
    principal: Annotated[
        str | None, Query(max_length=200, description="Whose; your own without.")
    ] = None,
) -> dict[str, Any]:
    """Dead ones included, secrets never. Another's need the right to administer everything."""
    if principal is not None:
        _administrator(context, caller, "tokens")
    with context.inst.store.read() as connection:
        owner = caller.id if principal is None else principal_named(connection, principal).id
        return {"tokens": [_token(one) for one in tokens.of_principal(connection, owner)]}


@router.post("/tokens", summary="Make a token", status_code=201)
def made_token(context: ContextOf, caller: Caller, body: TokenNew) -> dict[str, Any]:
    """The answer is the only place its secret is ever shown."""
    secret, made = staffing.make_token(
        context.inst,
        caller,
        name=body.name,
        roles=body.roles,
        namespaces=body.namespaces,
        days=body.days,
        principal=body.principal,
    )
    return {"token": secret, **_token(made)}


@router.delete("/tokens/{token_id}", summary="End a token", status_code=204)
def revoked_token(context: ContextOf, caller: Caller, token_id: str) -> None:
    """One's own, or anybody's with the right to administer."""
    staffing.revoke_token(context.inst, caller, token_id)
    context.authenticator.forget()


@router.get("/namespaces", summary="List namespaces")
def listed_namespaces(context: ContextOf, caller: Caller) -> dict[str, Any]:
    """Those you administer, with mode and trust rule."""
    inst = context.inst
    with inst.store.read() as connection:
        found = [
            one
            for one in namespaces.listed(connection)
            if inst.authorizer.allows(caller, ADMINISTER, one.folded)
        ]
    return {"namespaces": [_namespace(one) for one in found]}


@router.put("/namespaces/{namespace}", summary="Set how a namespace is governed")
def governed(
    context: ContextOf, caller: Caller, namespace: str, body: NamespaceSettings
) -> dict[str, Any]:
    """Its releases are judged again where the trust rule changed."""
    inst = context.inst
    changed = governing.set_namespace(inst, caller, namespace, body.mode, body.trust_rule)
    with inst.store.read() as connection:
        trees = governing.trees_in(connection, changed.folded)
    recall.redecide(inst, trees, cause="namespace", by=caller.id)
    return _namespace(changed)


@router.get("/audit", summary="Read the audit trail")
def trail(
    context: ContextOf,
    caller: Caller,
    after: Annotated[
        int, Query(ge=0, le=MAX_NUMBER, description="Number of the last row you have.")
    ] = 0,
    subject: Annotated[str | None, Query(max_length=400)] = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Rows in order, each bound to the one before by its hash. Needs administration of everything."""
    _administrator(context, caller, "audit")
    with context.inst.store.read() as connection:
        found = audit.listed(connection, after=after, limit=limit, subject=subject)
        head = audit.head(connection)
        names = principals.names(
            connection, {one.principal_id for one in found if one.principal_id}
        )
    rows = [
        {
            "seq": one.seq,
            "at": rfc3339(one.at),
            "by": None if one.principal_id is None else names.get(one.principal_id, ""),
            "principal": one.principal_id,
            "action": one.action,
            "subject": one.subject,
            "detail": one.detail,
            "hash": str(one.hash),
        }
        for one in found
    ]
    return {
        "rows": rows,
        "head": {"seq": head.seq, "hash": str(head.hash)},
        "after": found[-1].seq if len(found) == limit else None,
    }


def _administrator(context: Context, caller: Any, subject: str) -> None:
    """Return if the caller administers the whole installation.

    Raises:
        RefusedError: the caller does not.
    """
    context.inst.authorizer.require(caller, ADMINISTER, EVERYWHERE, subject=subject)


def _shown(context: Context, principal: Principal) -> dict[str, Any]:
    owner = set() if principal.owner_id is None else {principal.owner_id}
    with context.inst.store.read() as connection:
        return _principal(principal, principals.names(connection, owner))


def _principal(one: Principal, owners: dict[str, str]) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "kind": one.kind,
        "owner": None if one.owner_id is None else owners.get(one.owner_id, ""),
        "created": rfc3339(one.created),
        "disabled": None if one.disabled_at is None else rfc3339(one.disabled_at),
    }


def _token(one: Token) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "roles": list(one.roles),
        "namespaces": list(one.namespaces),
        "created": rfc3339(one.created),
        "expires": rfc3339(one.expires),
        "last_used": None if one.last_used is None else rfc3339(one.last_used),
        "revoked": None if one.revoked_at is None else rfc3339(one.revoked_at),
    }


def _namespace(one: Namespace) -> dict[str, Any]:
    return {"namespace": one.name, "mode": one.mode, "trust_rule": one.trust_rule}
