"""The transparency log's queue, entries and checkpoints; counters and leases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assay.store import types
from assay.store.migrations import append_only

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "lease",
        sa.Column("role", types.Text(), nullable=False),
        sa.Column("holder", types.Text(), nullable=False),
        sa.Column("pid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("expires", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("role", name=op.f("pk_lease")),
    )
    op.create_table(
        "log_checkpoint",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", types.DigestText(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_log_checkpoint")),
    )
    op.create_table(
        "log_queue",
        sa.Column("id", types.BigKey, autoincrement=True, nullable=False),
        sa.Column("leaf_hash", types.DigestText(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.Column("sequenced_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_queue")),
        sa.UniqueConstraint("leaf_hash", name=op.f("uq_log_queue_leaf_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_log_queue_pending",
        "log_queue",
        ["id"],
        unique=False,
        sqlite_where=sa.text("sequenced_at IS NULL"),
        postgresql_where=sa.text("sequenced_at IS NULL"),
    )
    op.create_table(
        "sequence",
        sa.Column("name", types.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sequence")),
    )
    op.create_table(
        "log_entry",
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaf_hash", types.DigestText(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("queue_id", types.BigKey, nullable=False),
        sa.ForeignKeyConstraint(["queue_id"], ["log_queue.id"], name=op.f("fk_log_entry_queue_id")),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_log_entry")),
        sa.UniqueConstraint("leaf_hash", name=op.f("uq_log_entry_leaf_hash")),
        sa.UniqueConstraint("queue_id", name=op.f("uq_log_entry_queue_id")),
    )
    append_only.protect("log_checkpoint")
    append_only.protect("log_entry")
