"""Role bindings: a principal has a role in a namespace, or in all of them (`*`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from assay.core.errors import NotFoundError
from assay.core.ids import new_ulid
from assay.store import rows
from assay.store.tables import principal
from assay.store.tables import role_binding as table

EVERYWHERE = "*"
_LOCK = "role_binding"


@dataclass(frozen=True, slots=True)
class RoleBinding:
    """One role of one principal. `namespace` is folded, or `*`."""

    id: str
    principal_id: str
    role: str
    namespace: str
    created: datetime
    created_by: str | None


def grant(
    connection: sa.Connection,
    *,
    principal_id: str,
    role: str,
    namespace: str,
    now: datetime,
    created_by: str | None,
) -> RoleBinding:
    """Bind a role.

    Raises:
        ConflictError: the principal has it there already.
        NotFoundError: there is no such principal.
        DataError: not one of the roles.
    """
    row = RoleBinding(new_ulid(), principal_id, role, namespace.lower(), now, created_by)
    return rows.insert(
        connection, table, row, taken=f"has the role {role} already", subject=principal_id
    )


def withdraw(connection: sa.Connection, binding_id: str) -> RoleBinding:
    """Remove a binding and return what it was.

    Raises:
        NotFoundError: there is none of this id.
    """
    statement = (
        sa.delete(table)
        .where(table.c.id == binding_id)
        .returning(*rows.select(table, RoleBinding).selected_columns)
    )
    found = rows.first(connection, RoleBinding, statement)
    if found is None:
        raise NotFoundError("there is no such role binding", subject=binding_id)
    return found


def find(
    connection: sa.Connection, *, principal_id: str, role: str, namespace: str
) -> RoleBinding | None:
    """The binding of exactly this role in exactly this namespace."""
    query = rows.select(table, RoleBinding).where(
        table.c.principal_id == principal_id,
        table.c.role == role,
        table.c.namespace == namespace.lower(),
    )
    return rows.first(connection, RoleBinding, query)


def of_principal(connection: sa.Connection, principal_id: str) -> list[RoleBinding]:
    """Every binding of a principal."""
    query = rows.select(table, RoleBinding).where(table.c.principal_id == principal_id)
    return rows.many(connection, RoleBinding, query.order_by(table.c.id))


def listed(connection: sa.Connection, *, after: str = "", limit: int = 1000) -> list[RoleBinding]:
    """Every binding, oldest first, those after the id `after`."""
    query = rows.select(table, RoleBinding).where(table.c.id > after)
    return rows.many(connection, RoleBinding, query.order_by(table.c.id).limit(limit))


def holders(connection: sa.Connection, *, role: str, namespace: str) -> list[str]:
    """Ids of the enabled persons that have exactly this role in exactly this namespace."""
    query = (
        sa.select(table.c.principal_id)
        .join(principal, principal.c.id == table.c.principal_id)
        .where(
            table.c.role == role,
            table.c.namespace == namespace.lower(),
            principal.c.kind == "person",
            principal.c.disabled_at.is_(None),
        )
        .order_by(table.c.principal_id)
    )
    return list(connection.execute(query).scalars())


def lock(connection: sa.Connection) -> None:
    """Keep others that call this waiting until this transaction ends.

    For what looks at the bindings and then changes them: without it two that remove one of the
    last two administrators each would both go through.
    """
    rows.next_value(connection, _LOCK)
