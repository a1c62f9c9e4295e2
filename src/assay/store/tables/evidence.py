"""What was found, signed and decided: scans, attestations, evidence, policies, decisions."""

from __future__ import annotations

import sqlalchemy as sa

from assay.store.tables.metadata import digest, metadata, moment, number, one_of, refers, text, ulid
from assay.store.types import DigestText, Json

VERDICTS = ("clean", "suspicious", "malicious", "unknown")
SEVERITIES = ("info", "low", "medium", "high", "critical")
CONFIDENCES = ("low", "medium", "high")
OUTCOMES = ("allow", "deny", "needs-approval")

scan = sa.Table(
    "scan",
    metadata,
    ulid(),
    digest("tree"),
    text("ruleset"),
    text("verdict"),
    sa.Column("unread", Json, nullable=False),
    moment("created"),
    sa.Index(None, "tree", "id"),
    one_of("verdict", *VERDICTS),
)

finding = sa.Table(
    "finding",
    metadata,
    refers("scan_id", "scan.id", key=True),
    number("ordinal", key=True),
    text("rule"),
    text("severity"),
    text("confidence"),
    text("path"),
    sa.Column("document", Json, nullable=False),
    sa.Index(None, "rule"),
    one_of("severity", *SEVERITIES),
    one_of("confidence", *CONFIDENCES),
)

attestation = sa.Table(
    "attestation",
    metadata,
    digest("digest", key=True),
    digest("statement"),
    text("predicate_type"),
    digest("tree", null=True),
    sa.Column("envelope", sa.LargeBinary, nullable=False),
    text("signer"),
    moment("created"),
    sa.Index(None, "tree", "predicate_type"),
    sa.Index(None, "statement"),
)

evidence = sa.Table(
    "evidence",
    metadata,
    ulid(),
    digest("tree"),
    sa.Column("attestation", DigestText, sa.ForeignKey("attestation.digest"), nullable=False),
    text("kind"),
    sa.Column("verification", Json, nullable=False),
    moment("created"),
    sa.Index(None, "tree", "id"),
    sa.Index(None, "attestation"),
)

policy = sa.Table(
    "policy",
    metadata,
    digest("digest", key=True),
    text("name"),
    text("version"),
    text("source"),
    sa.Column("active", sa.Boolean, nullable=False),
    moment("created"),
    refers("created_by", "principal.id", null=True),
    sa.Index(
        "uq_policy_active",
        "active",
        unique=True,
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    ),
)

decision = sa.Table(
    "decision",
    metadata,
    ulid(),
    refers("release_id", "release.id"),
    digest("tree"),
    sa.Column("policy", DigestText, sa.ForeignKey("policy.digest"), nullable=False),
    digest("facts_digest"),
    sa.Column("facts", Json, nullable=False),
    text("outcome"),
    sa.Column("reasons", Json, nullable=False),
    number("epoch_global"),
    number("epoch_tree"),
    moment("not_after"),
    sa.Column("attestation", DigestText, sa.ForeignKey("attestation.digest"), nullable=True),
    moment("created"),
    sa.Index(None, "release_id", "id"),
    sa.Index(None, "tree", "id"),
    one_of("outcome", *OUTCOMES),
)

epoch = sa.Table(
    "epoch",
    metadata,
    text("scope", key=True),
    number("value"),
)

revocation = sa.Table(
    "revocation",
    metadata,
    number("seq", key=True),
    text("kind"),
    text("subject"),
    text("reason"),
    refers("by", "principal.id", null=True),
    moment("created"),
    sa.Index(None, "subject"),
    one_of("kind", "release", "digest"),
)
