"""Who works here: principals, roles and tokens, set by those who may.

Thin over `assay.access`, which writes the rows and their audit rows; here it is said who may.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from assay.access import granting, people, tokens
from assay.access.naming import check_namespace, principal_named
from assay.access.principals import Identity
from assay.access.roles import ADMINISTER
from assay.core.errors import NotFoundError, RefusedError
from assay.releases.installation import Installation
from assay.store import principals
from assay.store import tokens as token_rows
from assay.store.principals import Principal
from assay.store.roles import EVERYWHERE, RoleBinding
from assay.store.tokens import Token


def add_principal(
    inst: Installation, who: Identity, *, name: str, kind: str = "person", owner: str | None = None
) -> Principal:
    """Add a person, robot or agent. Needs `administer` of the whole installation.

    Raises:
        RefusedError: the caller may not.
        ConflictError: the name is taken.
        DataError: see `access.people.add`.
    """
    inst.authorizer.require(who, ADMINISTER, EVERYWHERE, subject=name[:80])
    now = inst.clock.now()
    return inst.store.transact(
        lambda connection: people.add(
            connection, name=name, kind=kind, owner=owner, now=now, by=who.id
        )
    )


def disable_principal(inst: Installation, who: Identity, name: str) -> Principal:
    """Take all access away. Needs `administer` of the whole installation.

    Raises:
        RefusedError: the caller may not.
        NotFoundError: there is no such principal.
        ConflictError: it is disabled already, or is the last administrator.
    """
    inst.authorizer.require(who, ADMINISTER, EVERYWHERE, subject=name[:80])
    now = inst.clock.now()
    return inst.store.transact(
        lambda connection: people.disable(connection, name, now=now, by=who.id)
    )


def enable_principal(inst: Installation, who: Identity, name: str) -> Principal:
    """Give access back. Needs `administer` of the whole installation.

    Raises:
        RefusedError: the caller may not.
        NotFoundError: there is no such principal.
        ConflictError: it is not disabled.
    """
    inst.authorizer.require(who, ADMINISTER, EVERYWHERE, subject=name[:80])
    now = inst.clock.now()
    return inst.store.transact(
        lambda connection: people.enable(connection, name, now=now, by=who.id)
    )


def give_role(
    inst: Installation, who: Identity, *, principal: str, role: str, namespace: str
) -> RoleBinding:
    """Give a role in a namespace, or in all (`*`). Needs `administer` there.

    Raises:
        RefusedError: the caller may not.
        NotFoundError: there is no such principal.
        ConflictError: it has that role there already.
        DataError: not a role or namespace.
    """
    folded = check_namespace(namespace)
    inst.authorizer.require(who, ADMINISTER, folded, subject=namespace)
    now = inst.clock.now()

    def work(connection: sa.Connection) -> RoleBinding:
        found = principal_named(connection, principal)
        return granting.give(connection, found, role=role, namespace=folded, now=now, by=who.id)

    return inst.store.transact(work)


def take_role(
    inst: Installation, who: Identity, *, principal: str, role: str, namespace: str
) -> RoleBinding:
    """Take a role back. Needs `administer` there.

    Raises:
        RefusedError: the caller may not.
        NotFoundError: there is no such principal, or it does not have that role there.
        ConflictError: it is the last administrator.
        DataError: not a role or namespace.
    """
    folded = check_namespace(namespace)
    inst.authorizer.require(who, ADMINISTER, folded, subject=namespace)
    now = inst.clock.now()

    def work(connection: sa.Connection) -> RoleBinding:
        found = principal_named(connection, principal)
        return granting.take(connection, found, role=role, namespace=folded, now=now, by=who.id)

    return inst.store.transact(work)


def make_token(
    inst: Installation,
    who: Identity,
    *,
    name: str,
    roles: Sequence[str],
    namespaces: Sequence[str],
    days: int,
    principal: str | None = None,
) -> tuple[str, Token]:
    """Make a token: one's own, of a robot one answers for, or anybody's as an administrator.

    What an administrator of the whole installation does not make carries no more than the
    credential in use does.

    Returns:
        The secret, which is nowhere afterwards, and the token.

    Raises:
        RefusedError: the caller may not, or the owner does not have these roles there.
        NotFoundError: there is no such principal.
        DataError: days out of range, not a name, role or namespace.
    """
    now = inst.clock.now()

    def work(connection: sa.Connection) -> tuple[str, Token]:
        owner = _owner(inst, connection, who, principal)
        administers = inst.authorizer.allows(who, ADMINISTER, EVERYWHERE)
        own = owner.id == who.id or not administers
        return tokens.make_token(
            connection,
            owner=owner,
            name=name,
            roles=roles,
            namespaces=namespaces,
            days=days,
            by=who.id,
            now=now,
            within=who.grants if own else None,
            not_after=_expiry(connection, who) if own else None,
        )

    return inst.store.transact(work)


def revoke_token(inst: Installation, who: Identity, token_id: str) -> Token:
    """End a token: one's own, of a robot one answers for, or anybody's as an administrator.

    Raises:
        NotFoundError: there is no such token, or it is not the caller's to end.
        ConflictError: it is revoked already.
    """
    now = inst.clock.now()

    def work(connection: sa.Connection) -> Token:
        found = token_rows.get(connection, token_id)
        owner = principals.get(connection, found.principal_id)
        if not _answers_for(inst, connection, who, owner):
            raise NotFoundError("there is no such token", subject=token_id[:80])
        return tokens.revoke(connection, token_id, by=who.id, now=now)

    return inst.store.transact(work)


def _expiry(connection: sa.Connection, who: Identity) -> datetime | None:
    """When the credential in use ends; a console session is not passed on as a token's life."""
    return token_rows.get(connection, who.credential).expires if who.how == "token" else None


def _owner(
    inst: Installation, connection: sa.Connection, who: Identity, name: str | None
) -> Principal:
    if name is None:
        return principals.get(connection, who.id)
    found = principals.find(connection, name)
    if found is None or not _answers_for(inst, connection, who, found):
        raise RefusedError(
            "you may not make tokens for this principal",
            subject=name[:80],
            remedy="ask an administrator",
        )
    return found


def _answers_for(
    inst: Installation, connection: sa.Connection, who: Identity, other: Principal
) -> bool:
    if other.id == who.id or inst.authorizer.allows(who, ADMINISTER, EVERYWHERE):
        return True
    return who.id == who.person_id == principals.answerable(connection, other).id
