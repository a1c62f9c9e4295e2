"""What serving remembers: standings by release while their epochs stand, revisions for a moment.

A standing is everything an answer about a release rests on, read in one transaction together
with the epochs. It is used again while the epochs are the same, and the epochs are read again
when they are older than 250 ms, or as soon as this process itself has changed something.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from assay.releases.standing import Standing, load
from assay.store import epochs
from assay.store.engine import Store

EPOCH_SECONDS = 0.25
"""How old an epoch, or what a moving name points to, may be, seconds."""

MAX_STANDINGS = 4096
MAX_NAMES = 65_536

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(slots=True)
class _Seen(Generic[V]):
    """A value and when its reading began."""

    value: V
    at: float


@dataclass(slots=True)
class _Lru(Generic[K, V]):
    """The values last used, at most `size`."""

    size: int
    rows: OrderedDict[K, _Seen[V]] = field(default_factory=OrderedDict)

    def get(self, key: K) -> _Seen[V] | None:
        found = self.rows.get(key)
        if found is not None:
            self.rows.move_to_end(key)
        return found

    def put(self, key: K, value: V, at: float) -> None:
        self.rows[key] = _Seen(value, at)
        self.rows.move_to_end(key)
        while len(self.rows) > self.size:
            self.rows.popitem(last=False)


class StandingCache:
    """Safe to use from any number of threads; belongs to one installation."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._standings: _Lru[str, Standing] = _Lru(MAX_STANDINGS)
        self._names: _Lru[tuple[str, str, bool], str] = _Lru(MAX_NAMES)
        self._fresh_after = 0.0

    def look_again(self) -> None:
        """Believe nothing read before now: this process has just changed something."""
        self._fresh_after = time.monotonic()

    def standing(self, store: Store, release_id: str) -> Standing:
        """The standing of a release, at most 250 ms old.

        Raises:
            NotFoundError: there is no such release.
            UnavailableError: the database did not answer.
        """
        now = time.monotonic()
        with self._lock:
            seen = self._standings.get(release_id)
        if seen is not None and self._is_fresh(seen.at, now):
            return seen.value
        with store.read() as connection:
            old = None if seen is None else seen.value
            if old is None or epochs.current(connection, old.release.tree) != old.epochs:
                old = load(connection, release_id)
        with self._lock:
            self._standings.put(release_id, old, now)
        return old

    def name(self, key: tuple[str, str, bool], *, moves: bool) -> str | None:
        """The release id a name stood for: (model, revision, whether heads are seen).

        Args:
            key: The name.
            moves: Whether it may come to stand for another release.
        """
        now = time.monotonic()
        with self._lock:
            seen = self._names.get(key)
        if seen is None or (moves and not self._is_fresh(seen.at, now)):
            return None
        return seen.value

    def keep_name(self, key: tuple[str, str, bool], release_id: str, *, read_at: float) -> None:
        """Remember what a name stood for when reading it began (`time.monotonic`)."""
        with self._lock:
            self._names.put(key, release_id, read_at)

    def _is_fresh(self, at: float, now: float) -> bool:
        return at > self._fresh_after and now - at <= EPOCH_SECONDS
