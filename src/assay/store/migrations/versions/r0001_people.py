"""Principals, roles, tokens, sessions and the audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assay.store import types
from assay.store.migrations import append_only

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.Column("principal_id", types.Text(), nullable=True),
        sa.Column("action", types.Text(), nullable=False),
        sa.Column("subject", types.Text(), nullable=False),
        sa.Column("detail", types.Json(), nullable=False),
        sa.Column("prev_hash", types.DigestText(), nullable=False),
        sa.Column("hash", types.DigestText(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    op.create_index(
        op.f("ix_audit_principal_id_seq"), "audit", ["principal_id", "seq"], unique=False
    )
    op.create_index(op.f("ix_audit_subject_seq"), "audit", ["subject", "seq"], unique=False)
    op.create_table(
        "first_admin",
        sa.Column("hash", types.DigestText(), nullable=False),
        sa.Column("expires", types.UtcDateTime(), nullable=False),
        sa.Column("spent_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_first_admin")),
    )
    op.create_table(
        "principal",
        sa.Column("id", types.Text(), nullable=False),
        sa.Column("kind", types.Text(), nullable=False),
        sa.Column("name", types.Text(), nullable=False),
        sa.Column("folded", types.Text(), nullable=False),
        sa.Column("owner_id", types.Text(), nullable=True),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.Column("disabled_at", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('person', 'robot', 'agent')", name=op.f("ck_principal_kind")),
        sa.ForeignKeyConstraint(["owner_id"], ["principal.id"], name=op.f("fk_principal_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_principal")),
        sa.UniqueConstraint("folded", name=op.f("uq_principal_folded")),
    )
    op.create_index(op.f("ix_principal_owner_id"), "principal", ["owner_id"], unique=False)
    op.create_table(
        "role_binding",
        sa.Column("id", types.Text(), nullable=False),
        sa.Column("principal_id", types.Text(), nullable=False),
        sa.Column("role", types.Text(), nullable=False),
        sa.Column("namespace", types.Text(), nullable=False),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.Column("created_by", types.Text(), nullable=True),
        sa.CheckConstraint(
            "role IN ('reader', 'publisher', 'reviewer', 'security', 'admin', 'endpoint')",
            name=op.f("ck_role_binding_role"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["principal.id"], name=op.f("fk_role_binding_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principal.id"], name=op.f("fk_role_binding_principal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_binding")),
        sa.UniqueConstraint(
            "principal_id",
            "role",
            "namespace",
            name=op.f("uq_role_binding_principal_id_role_namespace"),
        ),
    )
    op.create_table(
        "session",
        sa.Column("hash", types.DigestText(), nullable=False),
        sa.Column("principal_id", types.Text(), nullable=False),
        sa.Column("csrf", types.Text(), nullable=False),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.Column("expires", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principal.id"], name=op.f("fk_session_principal_id")
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_expires"), "session", ["expires"], unique=False)
    op.create_index(op.f("ix_session_principal_id"), "session", ["principal_id"], unique=False)
    op.create_table(
        "token",
        sa.Column("id", types.Text(), nullable=False),
        sa.Column("principal_id", types.Text(), nullable=False),
        sa.Column("name", types.Text(), nullable=False),
        sa.Column("hash", types.DigestText(), nullable=False),
        sa.Column("roles", types.Strings(), nullable=False),
        sa.Column("namespaces", types.Strings(), nullable=False),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.Column("expires", types.UtcDateTime(), nullable=False),
        sa.Column("last_used", types.UtcDateTime(), nullable=True),
        sa.Column("revoked_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principal.id"], name=op.f("fk_token_principal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("hash", name=op.f("uq_token_hash")),
    )
    op.create_index(op.f("ix_token_principal_id"), "token", ["principal_id"], unique=False)
    append_only.create_function()
    append_only.protect("audit")
