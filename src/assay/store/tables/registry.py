"""Names and the releases under them: namespaces, models, uploads, intakes, releases, aliases."""

from __future__ import annotations

import sqlalchemy as sa

from assay.store.tables.metadata import digest, metadata, moment, number, one_of, refers, text, ulid
from assay.store.types import DigestText, Json, Strings, Text

MODES = ("observe", "warn", "enforce")
INTAKE_STATES = ("pending", "running", "done", "failed")
UPLOAD_STATES = ("open", "committed", "abandoned")
RELEASE_STATES = (
    "quarantined",
    "evaluated",
    "approved",
    "rejected",
    "deprecated",
    "held",
    "revoked",
)

namespace = sa.Table(
    "namespace",
    metadata,
    text("folded", key=True),
    text("name"),
    text("mode"),
    sa.Column("trust_rule", Json, nullable=True),
    moment("created"),
    one_of("mode", *MODES),
)

model = sa.Table(
    "model",
    metadata,
    ulid(),
    refers("namespace", "namespace.folded"),
    text("name"),
    text("folded"),
    moment("created"),
    refers("created_by", "principal.id"),
    sa.UniqueConstraint("folded"),
    sa.Index(None, "namespace"),
)

upload = sa.Table(
    "upload",
    metadata,
    ulid(),
    refers("principal_id", "principal.id"),
    refers("model_id", "model.id"),
    digest("digest"),
    number("size"),
    text("state"),
    sa.Column("manifest", sa.LargeBinary, nullable=True),
    moment("created"),
    moment("expires"),
    sa.Index(None, "state", "expires"),
    one_of("state", *UPLOAD_STATES),
)

received_blob = sa.Table(
    "received_blob",
    metadata,
    refers("principal_id", "principal.id", key=True),
    digest("digest", key=True),
    number("size"),
    moment("created"),
    sa.Index(None, "created"),
)

intake = sa.Table(
    "intake",
    metadata,
    ulid(),
    refers("model_id", "model.id"),
    text("version"),
    digest("tree", null=True),
    text("state"),
    refers("principal_id", "principal.id"),
    text("error", null=True),
    number("attempts"),
    moment("created"),
    moment("updated"),
    moment("heartbeat", null=True),
    sa.Index(None, "model_id", "version"),
    sa.Index(None, "state", "updated"),
    one_of("state", *INTAKE_STATES),
)

release = sa.Table(
    "release",
    metadata,
    ulid(),
    refers("model_id", "model.id"),
    text("version"),
    sa.Column("tree", DigestText, sa.ForeignKey("artifact.tree"), nullable=False),
    text("state"),
    text("held_from", null=True),
    refers("publisher_id", "principal.id"),
    text("title"),
    text("message"),
    text("parent", null=True),
    moment("created"),
    moment("updated"),
    number("seq"),
    sa.UniqueConstraint("model_id", "version"),
    sa.UniqueConstraint("model_id", "seq"),
    sa.Index(None, "tree"),
    sa.Index(None, "state"),
    one_of("state", *RELEASE_STATES),
    sa.CheckConstraint("length(version) = 40", name="version"),
    sa.CheckConstraint("(state = 'held') = (held_from IS NOT NULL)", name="held_from"),
)

alias = sa.Table(
    "alias",
    metadata,
    refers("model_id", "model.id", key=True),
    text("name", key=True),
    refers("release_id", "release.id"),
    moment("updated"),
    refers("updated_by", "principal.id"),
    sa.Index(None, "release_id"),
)

approval = sa.Table(
    "approval",
    metadata,
    ulid(),
    refers("release_id", "release.id"),
    digest("tree"),
    refers("principal_id", "principal.id"),
    refers("owner_id", "principal.id"),
    text("verdict"),
    sa.Column("acknowledged", Strings, nullable=False),
    text("reason"),
    sa.Column("young", sa.Boolean, nullable=False),
    sa.Column("context", Json, nullable=False),
    sa.Column("envelope", DigestText, sa.ForeignKey("attestation.digest"), nullable=True),
    moment("created"),
    sa.Index(None, "release_id"),
    one_of("verdict", "approve", "reject"),
)

waiver = sa.Table(
    "waiver",
    metadata,
    ulid(),
    digest("tree", null=True),
    sa.Column("model_id", Text, sa.ForeignKey("model.id"), nullable=True),
    text("rule"),
    text("finding", null=True),
    text("reason"),
    refers("created_by", "principal.id"),
    moment("not_before"),
    moment("until"),
    sa.Column("envelope", DigestText, sa.ForeignKey("attestation.digest"), nullable=True),
    moment("created"),
    sa.Index(None, "tree"),
    sa.Index(None, "model_id"),
    sa.CheckConstraint("(tree IS NULL) <> (model_id IS NULL)", name="scope"),
    sa.CheckConstraint("not_before < until", name="period"),
)
