"""Tokens: scoped, expiring, kept as a hash only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.ids import new_ulid
from assay.store import rows
from assay.store.tables import token as table


@dataclass(frozen=True, slots=True)
class Token:
    """A token. What it may do is the part of its owner's roles that these scopes leave.

    Attributes:
        hash: SHA-256 of the secret.
        roles: Roles it may use.
        namespaces: Namespaces it may use them in, folded; `*` for all.
    """

    id: str
    principal_id: str
    name: str
    hash: Digest
    roles: tuple[str, ...]
    namespaces: tuple[str, ...]
    created: datetime
    expires: datetime
    last_used: datetime | None
    revoked_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        """Whether it is neither expired nor revoked."""
        return self.revoked_at is None and now < self.expires


def create(
    connection: sa.Connection,
    *,
    principal_id: str,
    name: str,
    hash: Digest,  # noqa: A002 - the column's name
    roles: tuple[str, ...],
    namespaces: tuple[str, ...],
    now: datetime,
    expires: datetime,
) -> Token:
    """Add a token.

    Raises:
        ConflictError: the hash is in use.
        NotFoundError: there is no such principal.
    """
    folded = tuple(namespace.lower() for namespace in namespaces)
    row = Token(new_ulid(), principal_id, name, hash, roles, folded, now, expires, None, None)
    return rows.insert(connection, table, row, taken="the token exists already", subject=name)


def get(connection: sa.Connection, token_id: str) -> Token:
    """The token with this id.

    Raises:
        NotFoundError: there is none.
    """
    query = rows.select(table, Token).where(table.c.id == token_id)
    return rows.required(connection, Token, query, subject=token_id)


def by_hash(connection: sa.Connection, hash: Digest) -> Token | None:  # noqa: A002 - the column
    """The token whose secret has this hash, dead ones included: ask `is_live`."""
    return rows.first(connection, Token, rows.select(table, Token).where(table.c.hash == hash))


def of_principal(connection: sa.Connection, principal_id: str) -> list[Token]:
    """Every token of a principal, oldest first, dead ones included."""
    query = rows.select(table, Token).where(table.c.principal_id == principal_id)
    return rows.many(connection, Token, query.order_by(table.c.id))


def touch(connection: sa.Connection, token_id: str, *, now: datetime) -> None:
    """Note that it was used. Callers do so rarely: it is a write."""
    connection.execute(sa.update(table).where(table.c.id == token_id).values(last_used=now))


def revoke(connection: sa.Connection, token_id: str, *, now: datetime) -> None:
    """End it.

    Raises:
        ConflictError: there is no such token, or it is revoked already.
    """
    statement = (
        sa.update(table)
        .where(table.c.id == token_id, table.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    rows.update_one(connection, statement, missing="is revoked already", subject=token_id)
