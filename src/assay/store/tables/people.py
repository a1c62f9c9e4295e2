"""Who may do what, and what they did: principals, roles, tokens, sessions, audit."""

from __future__ import annotations

import sqlalchemy as sa

from assay.store.tables.metadata import (
    digest,
    metadata,
    moment,
    number,
    one_of,
    refers,
    text,
    ulid,
)
from assay.store.types import Json, Strings

ROLES = ("reader", "publisher", "reviewer", "security", "admin", "endpoint")
PRINCIPAL_KINDS = ("person", "robot", "agent")

principal = sa.Table(
    "principal",
    metadata,
    ulid(),
    text("kind"),
    text("name"),
    text("folded"),
    refers("owner_id", "principal.id", null=True),
    moment("created"),
    moment("disabled_at", null=True),
    sa.UniqueConstraint("folded"),
    sa.Index(None, "owner_id"),
    one_of("kind", *PRINCIPAL_KINDS),
)

role_binding = sa.Table(
    "role_binding",
    metadata,
    ulid(),
    refers("principal_id", "principal.id"),
    text("role"),
    text("namespace"),
    moment("created"),
    refers("created_by", "principal.id", null=True),
    sa.UniqueConstraint("principal_id", "role", "namespace"),
    one_of("role", *ROLES),
)

token = sa.Table(
    "token",
    metadata,
    ulid(),
    refers("principal_id", "principal.id"),
    text("name"),
    digest("hash"),
    sa.Column("roles", Strings, nullable=False),
    sa.Column("namespaces", Strings, nullable=False),
    moment("created"),
    moment("expires"),
    moment("last_used", null=True),
    moment("revoked_at", null=True),
    sa.UniqueConstraint("hash"),
    sa.Index(None, "principal_id"),
)

session = sa.Table(
    "session",
    metadata,
    digest("hash", key=True),
    refers("principal_id", "principal.id"),
    text("csrf"),
    moment("created"),
    moment("expires"),
    sa.Index(None, "principal_id"),
    sa.Index(None, "expires"),
)

first_admin = sa.Table(
    "first_admin",
    metadata,
    digest("hash", key=True),
    moment("expires"),
    moment("spent_at", null=True),
)

audit = sa.Table(
    "audit",
    metadata,
    number("seq", key=True),
    moment("at"),
    text("principal_id", null=True),
    text("action"),
    text("subject"),
    sa.Column("detail", Json, nullable=False),
    digest("prev_hash"),
    digest("hash"),
    sa.Index(None, "subject", "seq"),
    sa.Index(None, "principal_id", "seq"),
)
