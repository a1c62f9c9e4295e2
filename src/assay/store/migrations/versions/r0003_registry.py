"""Namespaces, models, uploads, intakes, releases and aliases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assay.store import types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "namespace",
        sa.Column("folded", types.Text(), nullable=False),
        sa.Column("name", types.Text(), nullable=False),
        sa.Column("mode", types.Text(), nullable=False),
        sa.Column("trust_rule", types.Json(), nullable=True),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "mode IN ('observe', 'warn', 'enforce')", name=op.f("ck_namespace_mode")
        ),
        sa.PrimaryKeyConstraint("folded", name=op.f("pk_namespace")),
    )
    op.create_table(
        "model",
        sa.Column("id", types.Text(), nullable=False),
        sa.Column("namespace", types.Text(), nullable=False),
        sa.Column("name", types.Text(), nullable=False),
        sa.Column("folded", types.Text(), nullable=False),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.Column("created_by", types.Text(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["principal.id"], name=op.f("fk_model_created_by")),
        sa.ForeignKeyConstraint(
            ["namespace"], ["namespace.folded"], name=op.f("fk_model_namespace")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model")),
        sa.UniqueConstraint("folded", name=op.f("uq_model_folded")),
    )
    op.create_index(op.f("ix_model_namespace"), "model", ["namespace"], unique=False)
    op.create_table(
        "received_blob",
        sa.Column("principal_id", types.Text(), nullable=False),
        sa.Column("digest", types.DigestText(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principal.id"], name=op.f("fk_received_blob_principal_id")
        ),
        sa.PrimaryKeyConstraint("principal_id", "digest", name=op.f("pk_received_blob")),
    )
    op.create_index(op.f("ix_received_blob_created"), "received_blob", ["created"], unique=False)
    op.create_table(
        "intake",
        sa.Column("id", types.Text(), nullable=False),
        sa.Column("model_id", types.Text(), nullable=False),
        sa.Column("version", types.Text(), nullable=False),
        sa.Column("tree", types.DigestText(), nullable=True),
        sa.Column("state", types.Text(), nullable=False),
        sa.Column("principal_id", types.Text(), nullable=False),
        sa.Column("error", types.Text(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.Column("updated", types.UtcDateTime(), nullable=False),
        sa.Column("heartbeat", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'running', 'done', 'failed')", name=op.f("ck_intake_state")
        ),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_intake_model_id")),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principal.id"], name=op.f("fk_intake_principal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake")),
    )
    op.create_index(
        op.f("ix_intake_model_id_version"), "intake", ["model_id", "version"], unique=False
    )
    op.create_index(op.f("ix_intake_state_updated"), "intake", ["state", "updated"], unique=False)
    op.create_table(
        "release",
        sa.Column("id", types.Text(), nullable=False),
        sa.Column("model_id", types.Text(), nullable=False),
        sa.Column("version", types.Text(), nullable=False),
        sa.Column("tree", types.DigestText(), nullable=False),
        sa.Column("state", types.Text(), nullable=False),
        sa.Column("held_from", types.Text(), nullable=True),
        sa.Column("publisher_id", types.Text(), nullable=False),
        sa.Column("title", types.Text(), nullable=False),
        sa.Column("message", types.Text(), nullable=False),
        sa.Column("parent", types.Text(), nullable=True),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.Column("updated", types.UtcDateTime(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint(
            "(state = 'held') = (held_from IS NOT NULL)", name=op.f("ck_release_held_from")
        ),
        sa.CheckConstraint(
            "state IN ('quarantined', 'evaluated', 'approved', 'rejected', 'deprecated', 'held', 'revoked')",
            name=op.f("ck_release_state"),
        ),
        sa.CheckConstraint("length(version) = 40", name=op.f("ck_release_version")),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_release_model_id")),
        sa.ForeignKeyConstraint(
            ["publisher_id"], ["principal.id"], name=op.f("fk_release_publisher_id")
        ),
        sa.ForeignKeyConstraint(["tree"], ["artifact.tree"], name=op.f("fk_release_tree")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint("model_id", "seq", name=op.f("uq_release_model_id_seq")),
        sa.UniqueConstraint("model_id", "version", name=op.f("uq_release_model_id_version")),
    )
    op.create_index(op.f("ix_release_state"), "release", ["state"], unique=False)
    op.create_index(op.f("ix_release_tree"), "release", ["tree"], unique=False)
    op.create_table(
        "upload",
        sa.Column("id", types.Text(), nullable=False),
        sa.Column("principal_id", types.Text(), nullable=False),
        sa.Column("model_id", types.Text(), nullable=False),
        sa.Column("digest", types.DigestText(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", types.Text(), nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=True),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.Column("expires", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'committed', 'abandoned')", name=op.f("ck_upload_state")
        ),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_upload_model_id")),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principal.id"], name=op.f("fk_upload_principal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_index(op.f("ix_upload_state_expires"), "upload", ["state", "expires"], unique=False)
    op.create_table(
        "alias",
        sa.Column("model_id", types.Text(), nullable=False),
        sa.Column("name", types.Text(), nullable=False),
        sa.Column("release_id", types.Text(), nullable=False),
        sa.Column("updated", types.UtcDateTime(), nullable=False),
        sa.Column("updated_by", types.Text(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_alias_model_id")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_alias_release_id")),
        sa.ForeignKeyConstraint(["updated_by"], ["principal.id"], name=op.f("fk_alias_updated_by")),
        sa.PrimaryKeyConstraint("model_id", "name", name=op.f("pk_alias")),
    )
    op.create_index(op.f("ix_alias_release_id"), "alias", ["release_id"], unique=False)
