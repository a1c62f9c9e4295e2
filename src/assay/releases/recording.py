"""Keeping a statement: signed, stored as evidence, and promised to the transparency log.

Everything here runs inside the transaction of the change the statement speaks of, so that the
change, its evidence and the promise to log it stand or fall together.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from assay.core.attestation import Envelope, Statement
from assay.core.digest import Digest
from assay.log.entries import LogEntry
from assay.log.tree import leaf_hash
from assay.releases.installation import Installation
from assay.signing.dsse import sign_envelope
from assay.signing.keys import Signer
from assay.store import attestations, audit, log_queue
from assay.store.models import Model
from assay.store.releases import Release


def release_name(model: Model, release: Release) -> str:
    """`namespace/name@version`."""
    return f"{model.full_name}@{release.version}"


def keep(
    connection: sa.Connection,
    statement: Statement,
    *,
    tree: Digest,
    kind: str,
    signer: Signer,
    now: datetime,
    verification: Mapping[str, object] | None = None,
) -> attestations.Attestation:
    """Sign a statement of ours and keep it as evidence about a tree; queue it for the log.

    Args:
        connection: One that writes.
        statement: What is stated.
        tree: What it is about.
        kind: What it is evidence of; the log's word for it too.
        signer: The key for this kind.
        now: When.
        verification: What to note beside the key, for instance the release it is about.

    Returns:
        The attestation's row; its `statement` is the digest the log entry carries.
    """
    envelope = sign_envelope(statement, signer)
    row = keep_envelope(connection, envelope, statement.predicate_type, tree=tree, now=now)
    attestations.record_evidence(
        connection,
        tree=tree,
        attestation=row.digest,
        kind=kind,
        verification={"result": "made-here", "key": signer.key_id, **(verification or {})},
        now=now,
    )
    queue(connection, kind, row.statement, tree=tree, now=now)
    return row


def keep_envelope(
    connection: sa.Connection,
    envelope: Envelope,
    predicate_type: str,
    *,
    tree: Digest,
    now: datetime,
) -> attestations.Attestation:
    """Store an envelope as it is."""
    return attestations.record(
        connection,
        envelope=envelope.to_bytes(),
        statement=envelope.digest,
        predicate_type=predicate_type,
        tree=tree,
        signer=envelope.signatures[0].keyid,
        now=now,
    )


def queue(
    connection: sa.Connection, kind: str, statement: Digest, *, tree: Digest | None, now: datetime
) -> None:
    """Promise to log that a statement exists. The entry carries digests, never names."""
    entry = LogEntry(type=kind, statement=statement, tree=tree, at=now).to_bytes()
    log_queue.put(connection, leaf_hash=Digest.from_raw(leaf_hash(entry)), entry=entry, now=now)


def note(
    inst: Installation,
    connection: sa.Connection,
    action: str,
    subject: str,
    *,
    by: str | None,
    detail: dict[str, object] | None = None,
) -> None:
    """Add a row to the audit trail. Others wait for it until the transaction ends: do it last."""
    audit.append(
        connection,
        action=action,
        subject=subject,
        principal_id=by,
        detail=detail or {},
        now=inst.clock.now(),
    )
