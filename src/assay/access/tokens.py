"""Tokens: part of a principal's roles, for 90 days at most, shown once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from assay.access.login import TOKEN_PREFIX
from assay.access.naming import check_label, check_namespace, check_role
from assay.access.principals import Grant, covers, grants_of
from assay.access.secrets import new_secret
from assay.core.errors import ConflictError, DataError, RefusedError
from assay.store import audit, sessions, tokens
from assay.store import roles as bindings
from assay.store.principals import Principal
from assay.store.tokens import Token

MAX_DAYS = 90
DEFAULT_DAYS = 30


def make_token(
    connection: sa.Connection,
    *,
    owner: Principal,
    name: str,
    roles: Sequence[str],
    namespaces: Sequence[str],
    days: int,
    by: str | None,
    now: datetime,
    within: Iterable[Grant] | None = None,
    not_after: datetime | None = None,
) -> tuple[str, Token]:
    """Make a token; the secret is nowhere afterwards but in the answer.

    Args:
        connection: One that writes.
        owner: Whose it is.
        name: What it is for, in a word or two.
        roles: Roles it carries; all the owner has if empty.
        namespaces: Namespaces it carries them in, or `*`; all the owner has roles in if empty.
        days: Until it expires, 1 to 90.
        by: Id of whoever makes it; None for the host's administrator.
        now: The present moment.
        within: What whoever makes it may pass on, where that is less than all of the owner's
            roles: the grants of the token in use, or it would be a way out of its scopes.
        not_after: When the token in use expires, which the new one does not outlive.

    Raises:
        DataError: days out of range, not a name, role or namespace.
        RefusedError: the owner does not have one of the roles in one of the namespaces, or
            `within` does not.
        ConflictError: the owner is disabled.
    """
    check_label(name)
    if not 1 <= days <= MAX_DAYS:
        raise DataError(f"a token lives 1 to {MAX_DAYS} days, not {days}", subject=name)
    if owner.disabled_at is not None:
        raise ConflictError("is disabled", subject=owner.name)
    held = grants_of(bindings.of_principal(connection, owner.id))
    wanted_roles = tuple(dict.fromkeys(map(check_role, roles))) or _distinct(
        grant.role for grant in held
    )
    wanted_places = tuple(dict.fromkeys(map(check_namespace, namespaces))) or _distinct(
        grant.namespace for grant in held
    )
    _check_scopes(owner, wanted_roles, wanted_places, held)
    if within is not None:
        _check_scopes(owner, wanted_roles, wanted_places, tuple(within))
    secret, digest = new_secret(TOKEN_PREFIX)
    made = tokens.create(
        connection,
        principal_id=owner.id,
        name=name,
        hash=digest,
        roles=wanted_roles,
        namespaces=wanted_places,
        now=now,
        expires=min(now + timedelta(days=days), not_after or datetime.max.replace(tzinfo=UTC)),
    )
    detail = {
        "principal": owner.name,
        "name": name,
        "roles": list(made.roles),
        "namespaces": list(made.namespaces),
        "days": days,
    }
    audit.append(
        connection, action="token.add", subject=made.id, now=now, principal_id=by, detail=detail
    )
    return secret, made


def revoke(connection: sa.Connection, token_id: str, *, by: str | None, now: datetime) -> Token:
    """End a token at once, and its owner's console sessions, which it may have begun.

    Raises:
        NotFoundError: there is no such token.
        ConflictError: it is revoked already.
    """
    found = tokens.get(connection, token_id)
    tokens.revoke(connection, token_id, now=now)
    sessions.end_all(connection, found.principal_id)
    audit.append(
        connection,
        action="token.revoke",
        subject=token_id,
        now=now,
        principal_id=by,
        detail={"name": found.name, "owner": found.principal_id},
    )
    return tokens.get(connection, token_id)


def _distinct(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(items)))


def _check_scopes(
    owner: Principal, roles: Sequence[str], namespaces: Sequence[str], held: tuple[Grant, ...]
) -> None:
    if not roles or not namespaces:
        raise RefusedError(
            "has no role a token could carry",
            subject=owner.name,
            remedy=f"give it one: assay admin role add {owner.name} ROLE --namespace NS",
        )
    for role in roles:
        for namespace in namespaces:
            if not covers(held, Grant(role, namespace)):
                raise RefusedError(
                    f"a token cannot carry the role {role} in {namespace}: more than there is "
                    "to pass on",
                    subject=owner.name,
                    remedy="name roles with --role and namespaces with --namespace",
                )
