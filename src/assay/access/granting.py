"""Roles given to principals and taken back, each with its row in the audit trail."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from assay.access.naming import check_namespace, check_role
from assay.access.people import ADMIN, keep_an_administrator
from assay.core.errors import NotFoundError
from assay.store import audit, roles
from assay.store.principals import Principal
from assay.store.roles import EVERYWHERE, RoleBinding


def give(
    connection: sa.Connection,
    principal: Principal,
    *,
    role: str,
    namespace: str,
    now: datetime,
    by: str | None,
) -> RoleBinding:
    """Give a principal a role in a namespace, or in all of them (`*`).

    The namespace need not exist: it is made by the first push into it.

    Args:
        connection: One that writes.
        principal: To whom.
        role: Which.
        namespace: Where, in any case.
        now: The present moment.
        by: Id of the administrator; None for the host's.

    Raises:
        DataError: not a role, not a namespace.
        ConflictError: it has that role there already.
    """
    made = roles.grant(
        connection,
        principal_id=principal.id,
        role=check_role(role),
        namespace=check_namespace(namespace),
        now=now,
        created_by=by,
    )
    _note(connection, "role.give", principal, made, now=now, by=by)
    return made


def take(
    connection: sa.Connection,
    principal: Principal,
    *,
    role: str,
    namespace: str,
    now: datetime,
    by: str | None,
) -> RoleBinding:
    """Take a role back, at once: tokens and sessions that use it lose it with their next request.

    Raises:
        DataError: not a role, not a namespace.
        NotFoundError: it does not have that role there.
        ConflictError: it is the last administrator.
    """
    role, namespace = check_role(role), check_namespace(namespace)
    roles.lock(connection)
    found = roles.find(connection, principal_id=principal.id, role=role, namespace=namespace)
    if found is None:
        raise NotFoundError(
            f"does not have the role {role} in {namespace}",
            subject=principal.name,
            remedy=f"see: assay admin role list {principal.name}",
        )
    if (role, namespace) == (ADMIN, EVERYWHERE):
        keep_an_administrator(connection, without=principal.id)
    roles.withdraw(connection, found.id)
    _note(connection, "role.take", principal, found, now=now, by=by)
    return found


def _note(
    connection: sa.Connection,
    action: str,
    principal: Principal,
    binding: RoleBinding,
    *,
    now: datetime,
    by: str | None,
) -> None:
    detail = {"name": principal.name, "role": binding.role, "namespace": binding.namespace}
    audit.append(
        connection, action=action, subject=principal.id, now=now, principal_id=by, detail=detail
    )
