"""What the tables have in common: constraint names, columns, the list of append-only ones."""

from __future__ import annotations

import sqlalchemy as sa

from assay.store.types import DigestText, Text, UtcDateTime

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

APPEND_ONLY = (
    "approval",
    "attestation",
    "audit",
    "decision",
    "log_checkpoint",
    "log_entry",
    "revocation",
)
"""Tables whose rows triggers keep from being changed or removed, on both engines."""


def ulid() -> sa.Column[str]:
    """The key `id`, a ULID."""
    return sa.Column("id", Text, primary_key=True)


def text(name: str, *, null: bool = False, key: bool = False) -> sa.Column[str]:
    """A text column."""
    return sa.Column(name, Text, nullable=null, primary_key=key)


def digest(name: str, *, null: bool = False, key: bool = False) -> sa.Column[object]:
    """A digest column."""
    return sa.Column(name, DigestText, nullable=null, primary_key=key)


def moment(name: str, *, null: bool = False) -> sa.Column[object]:
    """A time column."""
    return sa.Column(name, UtcDateTime, nullable=null)


def number(name: str, *, key: bool = False) -> sa.Column[int]:
    """A 64-bit integer that the program sets."""
    return sa.Column(name, sa.BigInteger, nullable=False, primary_key=key, autoincrement=False)


def refers(name: str, target: str, *, null: bool = False, key: bool = False) -> sa.Column[str]:
    """A text column that names a row of another table."""
    return sa.Column(name, Text, sa.ForeignKey(target), nullable=null, primary_key=key)


def one_of(column: str, *values: str) -> sa.CheckConstraint:
    """A check that the column holds one of these words."""
    allowed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({allowed})", name=column)
