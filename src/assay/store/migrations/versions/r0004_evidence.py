"""Scans, attestations, policies, decisions, approvals and waivers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from assay.store import types
from assay.store.migrations import append_only

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "attestation",
        sa.Column("digest", types.DigestText(), nullable=False),
        sa.Column("statement", types.DigestText(), nullable=False),
        sa.Column("predicate_type", types.Text(), nullable=False),
        sa.Column("tree", types.DigestText(), nullable=True),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("signer", types.Text(), nullable=False),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_attestation")),
    )
    op.create_index(op.f("ix_attestation_statement"), "attestation", ["statement"], unique=False)
    op.create_index(
        op.f("ix_attestation_tree_predicate_type"),
        "attestation",
        ["tree", "predicate_type"],
        unique=False,
    )
    op.create_table(
        "epoch",
        sa.Column("scope", types.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_epoch")),
    )
    op.create_table(
        "scan",
        sa.Column("id", types.Text(), nullable=False),
        sa.Column("tree", types.DigestText(), nullable=False),
        sa.Column("ruleset", types.Text(), nullable=False),
        sa.Column("verdict", types.Text(), nullable=False),
        sa.Column("unread", types.Json(), nullable=False),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('clean', 'suspicious', 'malicious', 'unknown')",
            name=op.f("ck_scan_verdict"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan")),
    )
    op.create_index(op.f("ix_scan_tree_id"), "scan", ["tree", "id"], unique=False)
    op.create_table(
        "evidence",
        sa.Column("id", types.Text(), nullable=False),
        sa.Column("tree", types.DigestText(), nullable=False),
        sa.Column("attestation", types.DigestText(), nullable=False),
        sa.Column("kind", types.Text(), nullable=False),
        sa.Column("verification", types.Json(), nullable=False),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attestation"], ["attestation.digest"], name=op.f("fk_evidence_attestation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    op.create_index(op.f("ix_evidence_attestation"), "evidence", ["attestation"], unique=False)
    op.create_index(op.f("ix_evidence_tree_id"), "evidence", ["tree", "id"], unique=False)
    op.create_table(
        "finding",
        sa.Column("scan_id", types.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rule", types.Text(), nullable=False),
        sa.Column("severity", types.Text(), nullable=False),
        sa.Column("confidence", types.Text(), nullable=False),
        sa.Column("path", types.Text(), nullable=False),
        sa.Column("document", types.Json(), nullable=False),
        sa.CheckConstraint(
            "confidence IN ('low', 'medium', 'high')", name=op.f("ck_finding_confidence")
        ),
        sa.CheckConstraint(
            "severity IN ('info', 'low', 'medium', 'high', 'critical')",
            name=op.f("ck_finding_severity"),
        ),
        sa.ForeignKeyConstraint(["scan_id"], ["scan.id"], name=op.f("fk_finding_scan_id")),
        sa.PrimaryKeyConstraint("scan_id", "ordinal", name=op.f("pk_finding")),
    )
    op.create_index(op.f("ix_finding_rule"), "finding", ["rule"], unique=False)
    op.create_table(
        "policy",
        sa.Column("digest", types.DigestText(), nullable=False),
        sa.Column("name", types.Text(), nullable=False),
        sa.Column("version", types.Text(), nullable=False),
        sa.Column("source", types.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.Column("created_by", types.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by"], ["principal.id"], name=op.f("fk_policy_created_by")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_policy")),
    )
    op.create_index(
        "uq_policy_active",
        "policy",
        ["active"],
        unique=True,
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    )
    op.create_table(
        "revocation",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", types.Text(), nullable=False),
        sa.Column("subject", types.Text(), nullable=False),
        sa.Column("reason", types.Text(), nullable=False),
        sa.Column("by", types.Text(), nullable=True),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('release', 'digest')", name=op.f("ck_revocation_kind")),
        sa.ForeignKeyConstraint(["by"], ["principal.id"], name=op.f("fk_revocation_by")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_revocation")),
    )
    op.create_index(op.f("ix_revocation_subject"), "revocation", ["subject"], unique=False)
    op.create_table(
        "waiver",
        sa.Column("id", types.Text(), nullable=False),
        sa.Column("tree", types.DigestText(), nullable=True),
        sa.Column("model_id", types.Text(), nullable=True),
        sa.Column("rule", types.Text(), nullable=False),
        sa.Column("finding", types.Text(), nullable=True),
        sa.Column("reason", types.Text(), nullable=False),
        sa.Column("created_by", types.Text(), nullable=False),
        sa.Column("not_before", types.UtcDateTime(), nullable=False),
        sa.Column("until", types.UtcDateTime(), nullable=False),
        sa.Column("envelope", types.DigestText(), nullable=True),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint("(tree IS NULL) <> (model_id IS NULL)", name=op.f("ck_waiver_scope")),
        sa.CheckConstraint("not_before < until", name=op.f("ck_waiver_period")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["principal.id"], name=op.f("fk_waiver_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["envelope"], ["attestation.digest"], name=op.f("fk_waiver_envelope")
        ),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_waiver_model_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver")),
    )
    op.create_index(op.f("ix_waiver_model_id"), "waiver", ["model_id"], unique=False)
    op.create_index(op.f("ix_waiver_tree"), "waiver", ["tree"], unique=False)
    op.create_table(
        "approval",
        sa.Column("id", types.Text(), nullable=False),
        sa.Column("release_id", types.Text(), nullable=False),
        sa.Column("tree", types.DigestText(), nullable=False),
        sa.Column("principal_id", types.Text(), nullable=False),
        sa.Column("owner_id", types.Text(), nullable=False),
        sa.Column("verdict", types.Text(), nullable=False),
        sa.Column("acknowledged", types.Strings(), nullable=False),
        sa.Column("reason", types.Text(), nullable=False),
        sa.Column("young", sa.Boolean(), nullable=False),
        sa.Column("context", types.Json(), nullable=False),
        sa.Column("envelope", types.DigestText(), nullable=True),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint("verdict IN ('approve', 'reject')", name=op.f("ck_approval_verdict")),
        sa.ForeignKeyConstraint(
            ["envelope"], ["attestation.digest"], name=op.f("fk_approval_envelope")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["principal.id"], name=op.f("fk_approval_owner_id")),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principal.id"], name=op.f("fk_approval_principal_id")
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_approval_release_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    op.create_index(op.f("ix_approval_release_id"), "approval", ["release_id"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", types.Text(), nullable=False),
        sa.Column("release_id", types.Text(), nullable=False),
        sa.Column("tree", types.DigestText(), nullable=False),
        sa.Column("policy", types.DigestText(), nullable=False),
        sa.Column("facts_digest", types.DigestText(), nullable=False),
        sa.Column("facts", types.Json(), nullable=False),
        sa.Column("outcome", types.Text(), nullable=False),
        sa.Column("reasons", types.Json(), nullable=False),
        sa.Column("epoch_global", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("epoch_tree", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("not_after", types.UtcDateTime(), nullable=False),
        sa.Column("attestation", types.DigestText(), nullable=True),
        sa.Column("created", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('allow', 'deny', 'needs-approval')", name=op.f("ck_decision_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["attestation"], ["attestation.digest"], name=op.f("fk_decision_attestation")
        ),
        sa.ForeignKeyConstraint(["policy"], ["policy.digest"], name=op.f("fk_decision_policy")),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_decision_release_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(
        op.f("ix_decision_release_id_id"), "decision", ["release_id", "id"], unique=False
    )
    op.create_index(op.f("ix_decision_tree_id"), "decision", ["tree", "id"], unique=False)
    append_only.protect("approval")
    append_only.protect("attestation")
    append_only.protect("decision")
    append_only.protect("revocation")
