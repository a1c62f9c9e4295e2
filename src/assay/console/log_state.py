"""Where the transparency log stands: what is published, and what still waits for its place."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from assay.core.errors import AssayError
from assay.log.checkpoint import Checkpoint
from assay.log.read import LogFolder
from assay.releases.installation import Installation
from assay.store import log_entries, log_queue


@dataclass(frozen=True, slots=True)
class LogState:
    """The published log beside the rows.

    Attributes:
        checkpoint: What is published; None where nothing is, or it cannot be read.
        note: The checkpoint as it was signed.
        trouble: What keeps the published log from being right; None where nothing does.
        waiting: Entries without a place yet.
        sequenced: Entries that have one in the rows.
    """

    checkpoint: Checkpoint | None
    note: str
    trouble: str | None
    waiting: int
    sequenced: int


def log_state(inst: Installation, connection: sa.Connection) -> LogState:
    """The log's state, as far as a glance tells: `assay log verify` recomputes all of it."""
    sequenced = log_entries.length(connection)
    waiting = log_queue.depth(connection)
    newest = log_entries.latest_checkpoint(connection)
    folder = LogFolder(inst.log_folder)
    try:
        checkpoint = folder.checkpoint()
        note = folder.note().decode("utf-8", "replace")
    except AssayError as error:
        trouble = error.message if newest is not None else None
        return LogState(None, "", trouble, waiting, sequenced)
    trouble = None
    if newest is None or checkpoint.size > newest.size:
        trouble = "the published log has more entries than the database: it may be restored"
    elif checkpoint.size == newest.size and checkpoint.root != newest.root.raw:
        trouble = "the published root is not the one the database has for this size"
    return LogState(checkpoint, note, trouble, waiting, sequenced)
