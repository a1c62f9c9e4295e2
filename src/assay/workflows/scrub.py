"""Scrubbing: re-reading stored bytes at leisure, so that damage is found before it is asked for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from assay.core.errors import NotFoundError, TamperedError
from assay.core.limits import MIB
from assay.releases.installation import Installation
from assay.releases.moving import hold_for_damage
from assay.store import blobs
from assay.store.blobs import Blob

SCRUB_DAYS = 30
"""How long bytes are trusted without having been read, days."""

SCRUB_BYTES = 64 * MIB
"""Most bytes read per turn."""

_CHUNK_BYTES = 4 * MIB
_ROWS = 200
LOGGER = logging.getLogger("assay.workflows")


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What one turn did."""

    bytes: int
    verified: int
    damaged: int


class Scrubber:
    """Reads blobs that were not verified for a while, a part of a large one per turn.

    Args:
        inst: The installation.
        days: How long a blob counts as verified, days.
    """

    def __init__(self, inst: Installation, *, days: float = SCRUB_DAYS) -> None:
        self._inst = inst
        self._age = timedelta(days=days)
        self._begun: tuple[Blob, int] | None = None

    def turn(self, *, limit: int = SCRUB_BYTES) -> Scrubbed:
        """Read up to `limit` bytes, one chunk at least where there is anything to read.

        A blob with a damaged chunk, or one that is gone, is barred from being served and its
        releases are held.

        Raises:
            UnavailableError: database or disk did not answer; what was read before counts.
        """
        read = verified = damaged = 0
        waiting = self._waiting()
        while read < limit:
            blob, start = self._begun or (next(waiting, None), 0)
            if blob is None:
                break
            end = min(blob.size, start + max(_whole_chunks(limit - read), _CHUNK_BYTES))
            self._begun = None
            if not self._is_right(blob, start, end):
                damaged += 1
            elif end < blob.size:
                self._begun = (blob, end)
            else:
                self._note(blob)
                verified += 1
            read += max(end - start, 1)
        return Scrubbed(read, verified, damaged)

    def _waiting(self) -> Iterator[Blob]:
        before = self._inst.clock.now() - self._age
        with self._inst.store.read() as connection:
            rows = blobs.longest_unverified(connection, before=before, limit=_ROWS)
        begun = None if self._begun is None else self._begun[0].digest
        # A barred one is read when a person resumes its release.
        return iter([row for row in rows if row.state != blobs.HELD and row.digest != begun])

    def _is_right(self, blob: Blob, start: int, end: int) -> bool:
        """Whether these bytes are those taken in; what has them is held if not."""
        try:
            pieces = self._inst.blobs.read(
                blob.digest, start, end, size=blob.size, chunks=blob.chunks
            )
            for _ in pieces:
                pass
        except (TamperedError, NotFoundError) as error:
            cause = "the file is gone" if isinstance(error, NotFoundError) else str(error)
            held = hold_for_damage(self._inst, blob.digest, cause)
            LOGGER.warning("scrubbing: %s: %d releases held", cause, len(held))
            return False
        return True

    def _note(self, blob: Blob) -> None:
        now = self._inst.clock.now()
        self._inst.store.transact(
            lambda connection: blobs.note_verified(connection, blob.digest, now=now)
        )


def _whole_chunks(size: int) -> int:
    return size - size % _CHUNK_BYTES
