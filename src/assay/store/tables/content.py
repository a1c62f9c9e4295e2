"""Bytes and what names them: blobs, artifacts, manifests, what came from what."""

from __future__ import annotations

import sqlalchemy as sa

from assay.store.tables.metadata import digest, metadata, moment, number, one_of, text
from assay.store.types import DigestText

ARTIFACT_KINDS = ("model", "dataset", "environment", "source", "image")
BLOB_STATES = ("quarantined", "stored", "held")

blob = sa.Table(
    "blob",
    metadata,
    digest("digest", key=True),
    number("size"),
    sa.Column("chunks", sa.LargeBinary, nullable=False),
    text("git_oid"),
    text("state"),
    moment("created"),
    moment("verified_at"),
    sa.Index(None, "verified_at"),
    one_of("state", *BLOB_STATES),
    sa.CheckConstraint("size >= 0", name="size"),
)

blocked_digest = sa.Table(
    "blocked_digest",
    metadata,
    digest("digest", key=True),
    text("reason"),
    moment("created"),
)

artifact = sa.Table(
    "artifact",
    metadata,
    digest("tree", key=True),
    text("kind"),
    number("size"),
    number("files"),
    digest("manifest_blob", null=True),
    digest("oms_root", null=True),
    moment("created"),
    sa.Index(None, "oms_root"),
    one_of("kind", *ARTIFACT_KINDS),
)

manifest_entry = sa.Table(
    "manifest_entry",
    metadata,
    sa.Column("tree", DigestText, sa.ForeignKey("artifact.tree"), primary_key=True),
    text("path", key=True),
    number("size"),
    digest("digest"),
    text("git_oid", null=True),
    sa.Index(None, "digest"),
)

lineage_edge = sa.Table(
    "lineage_edge",
    metadata,
    digest("child", key=True),
    text("relation", key=True),
    digest("parent", key=True),
    digest("evidence", null=True),
    sa.Index(None, "parent"),
)
