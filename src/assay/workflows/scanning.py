"""Scanning a tree held here: its files by descriptor, its result as rows and evidence."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.errors import NotFoundError, TamperedError
from assay.releases import deciding, gathering
from assay.releases.installation import Installation
from assay.releases.recording import keep
from assay.releases.statements import about, scan_statement
from assay.scanning import interface as scanning
from assay.store import artifacts, blobs, releases, scans
from assay.store.scans import Scan

BEAT_SECONDS = 3.0


def ruleset(inst: Installation) -> str:
    """Names the rules and the intelligence in use."""
    return inst.intelligence.current().named(scanning.RULESET)


def current_scan(
    inst: Installation, connection: sa.Connection, tree: Digest, *, since: datetime | None = None
) -> Scan | None:
    """The tree's scan by the rules in use, if there is one that settles it.

    Args:
        inst: The installation.
        connection: Any.
        tree: The tree.
        since: One that left something unread counts if it is not older than this; None: always.
    """
    found = scans.latest(connection, tree, ruleset=ruleset(inst))
    if found is None or since is None or not found.unread or found.created >= since:
        return found
    return None


def scan_tree(
    inst: Installation,
    tree: Digest,
    *,
    since: datetime | None = None,
    wall_seconds: int | None = None,
    beat: Callable[[], None] = lambda: None,
) -> Scan:
    """Scan every file of a tree and keep the result, unless that was done by these rules.

    Rows, signed evidence and the promise to log it are one transaction, and served releases of
    the tree are decided again in it: a scan that turned worse holds them.

    Args:
        inst: The installation.
        tree: The tree.
        since: As in `current_scan`: what was left unread before this is tried again.
        wall_seconds: Elapsed time one file may take, seconds; the scanner's own unless given.
        beat: Called every few seconds while files are read. What it raises ends the scan.

    Raises:
        NotFoundError: there is no such tree, or no release of it.
        TamperedError: stored bytes of it are known to be damaged.
        UnavailableError: the database or the disk did not answer.
    """
    with inst.store.read() as connection:
        found = current_scan(inst, connection, tree, since=since)
    if found is not None:
        return found
    result = scanning.scan_files(
        _input_files(inst, tree),
        wall_seconds=wall_seconds,
        outside=inst.intelligence.current(),
        results=inst.results,
        progress=_Pulse(beat),
    )
    scan = inst.store.transact(lambda connection: _keep(inst, connection, tree, since, result))
    inst.cache.look_again()
    return scan


def _input_files(inst: Installation, tree: Digest) -> list[scanning.InputFile]:
    with inst.store.read() as connection:
        artifacts.get(connection, tree)
        entries = artifacts.entries(connection, tree)
        rows = blobs.get_many(connection, {entry.digest for entry in entries})
    for entry in entries:
        if entry.digest in rows and rows[entry.digest].state == blobs.HELD:
            raise TamperedError(
                "its stored bytes are not those that were taken in",
                subject=entry.path,
                remedy="send the file again",
            )
    return [
        scanning.InputFile(entry.path, entry.size, _opener(inst, entry.digest), entry.digest)
        for entry in entries
    ]


def _opener(inst: Installation, digest: Digest) -> Callable[[], int]:
    return lambda: inst.blobs.open(digest)


def _keep(
    inst: Installation,
    connection: sa.Connection,
    tree: Digest,
    since: datetime | None,
    result: scanning.FilesScan,
) -> Scan:
    # The oldest release of the tree is the lock that keeps two scans of it apart.
    known = releases.of_trees(connection, [tree])
    if not known:
        raise NotFoundError("no release has this tree", subject=str(tree))
    releases.lock(connection, known[0].id)
    before = current_scan(inst, connection, tree, since=since)
    if before is not None:
        return before
    now = inst.clock.now()
    scan = scans.record(
        connection,
        tree=tree,
        ruleset=result.ruleset,
        verdict=result.verdict,
        findings=result.findings,
        unread=result.unread,
        now=now,
    )
    statement = scan_statement(
        about(str(tree), tree),  # no release's name: others may have the same tree
        ruleset=result.ruleset,
        verdict=result.verdict.value,
        findings=[finding.to_json() for finding in result.findings],
        unread=[row.to_json() for row in result.unread],
        at=now,
    )
    keep(
        connection,
        statement,
        tree=tree,
        kind=gathering.SCAN,
        signer=inst.signers.decision,
        now=now,
        verification={"scan": scan.id},
    )
    deciding.refresh(inst, connection, [tree], cause="scan", by=None)
    return scan


@dataclass(slots=True)
class _Pulse:
    """Progress turned into a beat every few seconds."""

    beat: Callable[[], None]
    last: float = field(default_factory=time.monotonic)

    def __call__(self, *_: object) -> None:
        now = time.monotonic()
        if now - self.last >= BEAT_SECONDS:
            self.last = now
            self.beat()
