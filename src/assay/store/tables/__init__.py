"""Every table, by noun. Columns are defined here once; migrations keep their own, frozen copy."""

from assay.store.tables.content import (
    artifact,
    blob,
    blocked_digest,
    lineage_edge,
    manifest_entry,
)
from assay.store.tables.evidence import (
    attestation,
    decision,
    epoch,
    evidence,
    finding,
    policy,
    revocation,
    scan,
)
from assay.store.tables.log import lease, log_checkpoint, log_entry, log_queue, sequence
from assay.store.tables.metadata import APPEND_ONLY, metadata
from assay.store.tables.people import (
    audit,
    first_admin,
    principal,
    role_binding,
    session,
    token,
)
from assay.store.tables.registry import (
    alias,
    approval,
    intake,
    model,
    namespace,
    received_blob,
    release,
    upload,
    waiver,
)

__all__ = [
    "APPEND_ONLY",
    "alias",
    "approval",
    "artifact",
    "attestation",
    "audit",
    "blob",
    "blocked_digest",
    "decision",
    "epoch",
    "evidence",
    "finding",
    "first_admin",
    "intake",
    "lease",
    "lineage_edge",
    "log_checkpoint",
    "log_entry",
    "log_queue",
    "manifest_entry",
    "metadata",
    "model",
    "namespace",
    "policy",
    "principal",
    "received_blob",
    "release",
    "revocation",
    "role_binding",
    "scan",
    "sequence",
    "session",
    "token",
    "upload",
    "waiver",
]
