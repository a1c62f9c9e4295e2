"""Persons, robots and agents: added, disabled, enabled, each with its row in the audit trail."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from assay.access.naming import principal_named
from assay.access.principals import check_name
from assay.core.errors import ConflictError, DataError
from assay.store import audit, principals, roles, sessions
from assay.store.principals import Principal
from assay.store.roles import EVERYWHERE
from assay.store.tables.people import PRINCIPAL_KINDS

PERSON = "person"
ADMIN = "admin"


def add(
    connection: sa.Connection,
    *,
    name: str,
    now: datetime,
    by: str | None,
    kind: str = PERSON,
    owner: str | None = None,
) -> Principal:
    """Add a principal. It has no role and no token yet.

    Args:
        connection: One that writes.
        name: What it is called; unique without regard to case.
        now: The present moment.
        by: Id of the administrator; None for the host's.
        kind: `person`, `robot` or `agent`.
        owner: Name of the person who answers for a robot or agent.

    Raises:
        ConflictError: the name is taken.
        DataError: not a name or kind; a robot or agent without an owning person; a person with
            an owner; an owner that is disabled.
        NotFoundError: there is no such owner.
    """
    check_name(name)
    if kind not in PRINCIPAL_KINDS:
        raise DataError(
            "is not a kind of principal",
            subject=kind[:80],
            remedy=f"kinds are: {', '.join(PRINCIPAL_KINDS)}",
        )
    owning = _owner(connection, name, kind, owner)
    made = principals.create(
        connection, kind=kind, name=name, now=now, owner_id=None if owning is None else owning.id
    )
    detail = {"name": name, "kind": kind, "owner": None if owning is None else owning.name}
    audit.append(
        connection, action="user.add", subject=made.id, now=now, principal_id=by, detail=detail
    )
    return made


def disable(connection: sa.Connection, name: str, *, now: datetime, by: str | None) -> Principal:
    """Take all access away, at once: its sessions end, and its robots' tokens are refused too.

    Raises:
        NotFoundError: there is no such principal.
        ConflictError: it is disabled already, or is the last administrator.
    """
    roles.lock(connection)
    found = principal_named(connection, name)
    keep_an_administrator(connection, without=found.id)
    principals.disable(connection, found.id, now=now)
    sessions.end_all(connection, found.id)
    audit.append(
        connection,
        action="user.disable",
        subject=found.id,
        now=now,
        principal_id=by,
        detail={"name": found.name},
    )
    return principals.get(connection, found.id)


def enable(connection: sa.Connection, name: str, *, now: datetime, by: str | None) -> Principal:
    """Give access back, with the roles and live tokens it had.

    Raises:
        NotFoundError: there is no such principal.
        ConflictError: it is not disabled.
    """
    found = principal_named(connection, name)
    principals.enable(connection, found.id)
    audit.append(
        connection,
        action="user.enable",
        subject=found.id,
        now=now,
        principal_id=by,
        detail={"name": found.name},
    )
    return principals.get(connection, found.id)


def has_administrator(connection: sa.Connection) -> bool:
    """Whether an enabled person administers the whole installation."""
    return bool(roles.holders(connection, role=ADMIN, namespace=EVERYWHERE))


def keep_an_administrator(connection: sa.Connection, *, without: str) -> None:
    """Return unless taking this principal's access away leaves nobody to administer.

    Raises:
        ConflictError: it is the last administrator.
    """
    if roles.holders(connection, role=ADMIN, namespace=EVERYWHERE) == [without]:
        raise ConflictError(
            "is the last administrator",
            subject=principals.get(connection, without).name,
            remedy="give another person the role admin in the namespace '*' first",
        )


def _owner(connection: sa.Connection, name: str, kind: str, owner: str | None) -> Principal | None:
    if kind == PERSON:
        if owner is not None:
            raise DataError("a person answers for itself and has no owner", subject=name)
        return None
    if owner is None:
        raise DataError("a person must answer for it", subject=name, remedy="name one with --owner")
    found = principal_named(connection, owner)
    if found.kind != PERSON or found.disabled_at is not None:
        raise DataError("only an enabled person can answer for others", subject=found.name)
    return found
