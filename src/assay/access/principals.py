"""Who is asking: a principal as a credential proved it, and what it may use of its roles."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from assay.access.errors import BadCredentialError
from assay.core.errors import DataError, NotFoundError
from assay.store import principals, roles
from assay.store.principals import Principal
from assay.store.roles import EVERYWHERE, RoleBinding

YOUNG = timedelta(days=7)
"""A principal younger than this is marked on what it approves."""

READER = "reader"
READING_ROLES = frozenset({"reader", "publisher", "reviewer", "security", "admin"})
"""Roles that read: a token that is to read only can be cut from any of them."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._@+-]{0,62}[A-Za-z0-9])?\Z")
_MAX_OWNERS = 8


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """A role in a namespace, folded, or in all of them (`*`)."""

    role: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is asking, as a credential proved it.

    Attributes:
        principal: The person, robot or agent.
        person_id: Id of the person who answers for it: itself, or the end of its owners.
        grants: What it may use now: its roles, cut down to the token's scopes.
        how: `token` or `session`.
        credential: Id of the token, or `session`; never a secret.
        young: Whether it, or the person, is younger than seven days.
    """

    principal: Principal
    person_id: str
    grants: tuple[Grant, ...]
    how: str
    credential: str
    young: bool

    @property
    def id(self) -> str:
        """The principal's id."""
        return self.principal.id

    @property
    def name(self) -> str:
        """The principal's name."""
        return self.principal.name

    def context(self) -> dict[str, Any]:
        """How it was authenticated, as an approval records it."""
        return {
            "principal": self.principal.id,
            "kind": self.principal.kind,
            "person": self.person_id,
            "how": self.how,
            "credential": self.credential,
            "young": self.young,
        }


def identify(
    connection: sa.Connection,
    principal_id: str,
    *,
    how: str,
    credential: str,
    now: datetime,
    scopes: Iterable[Grant] | None = None,
) -> Identity:
    """The identity a credential stands for, if it and everyone who answers for it is enabled.

    Args:
        connection: One that reads.
        principal_id: Whom the credential belongs to.
        how: `token` or `session`.
        credential: Id of the token, or `session`.
        now: The present moment.
        scopes: What the credential is cut down to; None for all of the principal's roles.

    Raises:
        BadCredentialError: it, or an owner of it, is disabled, or nobody answers for it.
    """
    try:
        chain = _owners(connection, principal_id)
    except (DataError, NotFoundError):
        raise BadCredentialError from None
    person = chain[-1]
    if person.kind != "person" or any(one.disabled_at is not None for one in chain):
        raise BadCredentialError
    held = grants_of(roles.of_principal(connection, principal_id))
    return Identity(
        principal=chain[0],
        person_id=person.id,
        grants=held if scopes is None else narrowed(held, scopes),
        how=how,
        credential=credential,
        young=any(now - one.created < YOUNG for one in (chain[0], person)),
    )


def grants_of(bindings: Iterable[RoleBinding]) -> tuple[Grant, ...]:
    """What role bindings grant, sorted."""
    return tuple(sorted({Grant(one.role, one.namespace) for one in bindings}))


def narrowed(held: Iterable[Grant], scopes: Iterable[Grant]) -> tuple[Grant, ...]:
    """What lies in both: each scope within each grant held, sorted."""
    wanted = tuple(scopes)
    found = {part for have in held for scope in wanted if (part := _common(have, scope))}
    return tuple(sorted(found))


def covers(held: Iterable[Grant], scope: Grant) -> bool:
    """Whether all of a scope is held."""
    return scope in narrowed(held, (scope,))


def check_name(name: str) -> str:
    """`name`, if a principal can be called so.

    Raises:
        DataError: it has other characters, which could pass for another name, or is too long.
    """
    if not _NAME.match(name):
        raise DataError(
            "is not a name for a principal",
            subject=name[:80],
            remedy="use 1 to 64 letters, digits, '.', '_', '@', '+' or '-', "
            "with a letter or digit at both ends",
        )
    return name


def _common(have: Grant, scope: Grant) -> Grant | None:
    if have.role != scope.role and not (scope.role == READER and have.role in READING_ROLES):
        return None
    if have.namespace in (EVERYWHERE, scope.namespace):
        return scope
    return Grant(scope.role, have.namespace) if scope.namespace == EVERYWHERE else None


def _owners(connection: sa.Connection, principal_id: str) -> list[Principal]:
    """The principal and its owners, up to the one nobody owns.

    Raises:
        NotFoundError: one of them does not exist.
        DataError: the chain does not end.
    """
    chain = [principals.get(connection, principal_id)]
    while (owner := chain[-1].owner_id) is not None:
        if len(chain) > _MAX_OWNERS:
            raise DataError("the chain of owners does not end", subject=principal_id)
        chain.append(principals.get(connection, owner))
    return chain
