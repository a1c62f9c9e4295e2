"""Blobs, artifacts, manifests and lineage."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assay.store import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "artifact",
        sa.Column("tree", types.DigestText(), nullable=False),
        sa.Column("kind", types.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("files", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("manifest_blob", types.DigestText(), nullable=True),
        sa.Column("oms_root", types.DigestText(), nullable=True),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('model', 'dataset', 'environment', 'source', 'image')",
            name=op.f("ck_artifact_kind"),
        ),
        sa.PrimaryKeyConstraint("tree", name=op.f("pk_artifact")),
    )
    op.create_index(op.f("ix_artifact_oms_root"), "artifact", ["oms_root"], unique=False)
    op.create_table(
        "blob",
        sa.Column("digest", types.DigestText(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chunks", sa.LargeBinary(), nullable=False),
        sa.Column("git_oid", types.Text(), nullable=False),
        sa.Column("state", types.Text(), nullable=False),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.Column("verified_at", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('quarantined', 'stored', 'held')", name=op.f("ck_blob_state")
        ),
        sa.CheckConstraint("size >= 0", name=op.f("ck_blob_size")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_blob")),
    )
    op.create_index(op.f("ix_blob_verified_at"), "blob", ["verified_at"], unique=False)
    op.create_table(
        "blocked_digest",
        sa.Column("digest", types.DigestText(), nullable=False),
        sa.Column("reason", types.Text(), nullable=False),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_blocked_digest")),
    )
    op.create_table(
        "lineage_edge",
        sa.Column("child", types.DigestText(), nullable=False),
        sa.Column("relation", types.Text(), nullable=False),
        sa.Column("parent", types.DigestText(), nullable=False),
        sa.Column("evidence", types.DigestText(), nullable=True),
        sa.PrimaryKeyConstraint("child", "relation", "parent", name=op.f("pk_lineage_edge")),
    )
    op.create_index(op.f("ix_lineage_edge_parent"), "lineage_edge", ["parent"], unique=False)
    op.create_table(
        "manifest_entry",
        sa.Column("tree", types.DigestText(), nullable=False),
        sa.Column("path", types.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", types.DigestText(), nullable=False),
        sa.Column("git_oid", types.Text(), nullable=True),
        sa.ForeignKeyConstraint(["tree"], ["artifact.tree"], name=op.f("fk_manifest_entry_tree")),
        sa.PrimaryKeyConstraint("tree", "path", name=op.f("pk_manifest_entry")),
    )
    op.create_index(op.f("ix_manifest_entry_digest"), "manifest_entry", ["digest"], unique=False)
