"""The transparency log's queue, entries and checkpoints, counters without gaps, leases."""

from __future__ import annotations

import sqlalchemy as sa

from assay.store.tables.metadata import digest, metadata, moment, number, text
from assay.store.types import BigKey

sequence = sa.Table(
    "sequence",
    metadata,
    text("name", key=True),
    number("value"),
)

log_queue = sa.Table(
    "log_queue",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    digest("leaf_hash"),
    sa.Column("entry", sa.LargeBinary, nullable=False),
    moment("created"),
    moment("sequenced_at", null=True),
    sa.UniqueConstraint("leaf_hash"),
    sa.Index(
        "ix_log_queue_pending",
        "id",
        sqlite_where=sa.text("sequenced_at IS NULL"),
        postgresql_where=sa.text("sequenced_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)

log_entry = sa.Table(
    "log_entry",
    metadata,
    number("idx", key=True),
    digest("leaf_hash"),
    sa.Column("entry", sa.LargeBinary, nullable=False),
    sa.Column("queue_id", BigKey, sa.ForeignKey("log_queue.id"), nullable=False),
    sa.UniqueConstraint("leaf_hash"),
    sa.UniqueConstraint("queue_id"),
)

log_checkpoint = sa.Table(
    "log_checkpoint",
    metadata,
    number("size", key=True),
    digest("root"),
    sa.Column("note", sa.LargeBinary, nullable=False),
    moment("created"),
)

lease = sa.Table(
    "lease",
    metadata,
    text("role", key=True),
    text("holder"),
    number("pid"),
    number("fence"),
    moment("expires"),
)
