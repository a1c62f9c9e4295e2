"""Anchoring the audit trail: the hash of its last row goes into the transparency log.

Whoever can write the database can make a new chain of rows; they cannot take back what the log
has published. A head is logged every minute or 1,000 rows.
"""

from __future__ import annotations

import time
from pathlib import Path

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.errors import TamperedError
from assay.log.entries import LogEntry
from assay.log.read import LogFolder
from assay.releases.installation import Installation
from assay.releases.recording import queue
from assay.store import audit
from assay.store.audit import AuditHead

AUDIT_HEAD = "audit-head"
ANCHOR_SECONDS = 60.0
ANCHOR_ROWS = 1000
_PAGE = 1000


class Anchor:
    """Queues the audit trail's head for the log when it is due. Belongs to one worker.

    Args:
        inst: The installation.
    """

    def __init__(self, inst: Installation) -> None:
        self._inst = inst
        self._last: AuditHead | None = None
        self._at = 0.0

    def turn(self) -> AuditHead | None:
        """Queue the head if a minute or 1,000 rows went by since the last; returns it if so.

        The first turn of a worker queues the head there is.

        Raises:
            UnavailableError: the database did not answer.
        """
        with self._inst.store.read() as connection:
            head = audit.head(connection)
        if not self._is_due(head):
            return None
        now = self._inst.clock.now()
        self._inst.store.transact(
            lambda connection: queue(connection, AUDIT_HEAD, head.hash, tree=None, now=now)
        )
        self._last, self._at = head, time.monotonic()
        return head

    def _is_due(self, head: AuditHead) -> bool:
        if head.seq == 0 or head == self._last:
            return False
        if self._last is None or head.seq - self._last.seq >= ANCHOR_ROWS:
            return True
        return time.monotonic() - self._at >= ANCHOR_SECONDS


def anchors(connection: sa.Connection, folder: Path) -> list[AuditHead]:
    """The heads the log holds, for `store.audit.verify`.

    The log itself is verified elsewhere (`assay.log.verify`).

    Raises:
        TamperedError: the log holds a head that is no row of the trail: it was made anew or cut.
        DataError: a file of the log is missing or broken.
        UsageError: there is no log yet.
    """
    wanted = _logged(folder)
    found: list[AuditHead] = []
    after = 0
    while wanted and (page := audit.listed(connection, after=after, limit=_PAGE)):
        found += [AuditHead(row.seq, row.hash) for row in page if row.hash in wanted]
        wanted -= {row.hash for row in page}
        after = page[-1].seq
    if wanted:
        raise TamperedError(
            f"the log holds {len(wanted)} heads of the trail that it does not lead to",
            subject="audit",
            remedy="restore the database together with the log; find out who changed it",
        )
    return found


def _logged(folder: Path) -> set[Digest]:
    log = LogFolder(folder)
    entries = (LogEntry.parse(data) for data in log.entries(log.checkpoint().size))
    return {entry.statement for entry in entries if entry.type == AUDIT_HEAD}
