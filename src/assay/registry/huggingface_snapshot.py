"""One release as the Hub shows it, kept while nothing about it changes.

What a tree digest names never changes, so its folders are kept by it. What is said about a
release (state, findings) stands while its epochs do, so answers are kept by release and epochs.
Whether the release may be served at all is asked for every request, before anything is looked
up here.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from assay.core.digest import Digest
from assay.registry.huggingface_git import Folders, git_folders
from assay.registry.huggingface_rows import Commit
from assay.releases.installation import Installation
from assay.store import artifacts, principals, scans
from assay.store.epochs import Epochs
from assay.store.models import Model
from assay.store.releases import Release

MAX_FILES = 500_000
"""Files of all trees whose folders are kept."""

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Rendered answers kept, bytes of all."""

OVERHEAD_BYTES = 512
"""What keeping one answer costs beside its bytes."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(slots=True)
class Weighed(Generic[K, V]):
    """The values last used whose weights add up to at most `limit`; safe between threads."""

    limit: int
    weight: Callable[[V], int]
    _rows: OrderedDict[K, V] = field(default_factory=OrderedDict)
    _total: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: K) -> V | None:
        """The value, if it is still kept."""
        with self._lock:
            found = self._rows.get(key)
            if found is not None:
                self._rows.move_to_end(key)
            return found

    def put(self, key: K, value: V) -> None:
        """Keep a value; the ones longest unused make room."""
        with self._lock:
            old = self._rows.pop(key, None)
            if old is not None:
                self._total -= self.weight(old)
            self._rows[key] = value
            self._total += self.weight(value)
            while self._total > self.limit and self._rows:
                _, gone = self._rows.popitem(last=False)
                self._total -= self.weight(gone)


@dataclass(frozen=True, slots=True)
class _Tree:
    folders: Folders
    files: int


class Snapshots:
    """What was read and rendered before. One per server."""

    def __init__(self) -> None:
        self._trees: Weighed[Digest, _Tree] = Weighed(MAX_FILES, lambda one: one.files + 1)
        self._answers: Weighed[tuple[str, Epochs, str], bytes] = Weighed(
            MAX_ANSWER_BYTES, lambda one: len(one) + OVERHEAD_BYTES
        )

    def folders(self, inst: Installation, tree: Digest) -> Folders:
        """The folders of a tree.

        Raises:
            TamperedError: the rows no longer have this tree digest.
            UnavailableError: too many folders, or the database did not answer.
        """
        known = self._trees.get(tree)
        if known is None:
            with inst.store.read() as connection:
                manifest = artifacts.manifest(connection, tree)
            known = _Tree(git_folders(manifest), len(manifest.entries))
            self._trees.put(tree, known)
        return known.folders

    def answer(
        self, release: Release, epochs: Epochs, shape: str, make: Callable[[], bytes]
    ) -> bytes:
        """The rendered answer about a release in these epochs, made if it is not kept.

        Args:
            release: The release.
            epochs: When: they were read before what `make` reads.
            shape: Which answer: everything it depends on beside the release.
            make: Renders it.
        """
        key = (release.id, epochs, shape)
        known = self._answers.get(key)
        if known is None:
            known = make()
            self._answers.put(key, known)
        return known


def commit_of(inst: Installation, model: Model, release: Release) -> Commit:
    """A release as a Hub commit, with what its scan found."""
    with inst.store.read() as connection:
        scan = scans.latest(connection, release.tree)
        findings = None if scan is None else tuple(scans.findings(connection, scan.id))
        names = principals.names(connection, {release.publisher_id})
    return Commit(
        model=str(model.full_name),
        sha=release.version,
        state=release.state,
        title=release.title or f"Release {release.version[:12]}",
        author=names.get(release.publisher_id, ""),
        created=release.created,
        findings=findings,
        unread=() if scan is None else scan.unread,
    )
