"""Deciding again: the only path by which what was admitted is judged anew.

New rules, policies, waivers, trust rules, revocations and blocks end here, and so does the
renewal of decisions that are about to expire.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.releases import deciding
from assay.releases.deciding import Decided
from assay.releases.installation import Installation
from assay.releases.state import SERVABLE, State
from assay.store import releases
from assay.store.releases import Release
from assay.workflows.signatures import check_signatures

LOGGER = logging.getLogger("assay.workflows")
WAITING = frozenset({State.EVALUATED})
JUDGED = SERVABLE | WAITING
"""States a decision can change: bytes leave, or may come to."""

_PAGE = 500


def redecide(
    inst: Installation,
    trees: Iterable[Digest] | None,
    *,
    cause: str,
    by: str | None,
) -> list[Decided]:
    """Judge releases that wait or are served again, and return those whose state changed.

    One that is no longer allowed is held with the cause, where its namespace blocks; one that
    waited and is allowed now is approved. Publishers' signatures are checked again first, since
    whom a namespace trusts may be what changed. Each tree is a transaction of its own: an
    interruption leaves some judged and some not, and the sweep goes on with the rest.

    Args:
        inst: The installation.
        trees: Which; None for every one.
        cause: Why: `policy`, `waiver`, `trust`, `rules`, `renewal`, ...
        by: Principal that caused it; None for the program itself.

    Returns:
        The decisions that changed a release's state.

    Raises:
        DataError: the policy in force is not one this program accepts, or a trust rule is not one.
        UnavailableError: the database did not answer; what was judged before stays so.
    """
    wanted = _every_tree(inst) if trees is None else iter(sorted(set(trees)))
    changed: list[Decided] = []
    for tree in wanted:
        changed += _redecide_tree(inst, tree, cause, by)
    for one in changed:
        LOGGER.info("%s: release %s is %s", cause, one.release.version, one.release.state)
    return changed


def _redecide_tree(inst: Installation, tree: Digest, cause: str, by: str | None) -> list[Decided]:
    with inst.store.read() as connection:
        before = {row.id: row.state for row in _judged(connection, tree)}
    if not before:
        return []
    for release_id in before:
        check_signatures(inst, release_id)

    def work(connection: sa.Connection) -> list[Decided]:
        waiting = [row.id for row in _judged(connection, tree) if row.state in WAITING]
        found = deciding.refresh(inst, connection, [tree], cause=cause, by=by)
        for release_id in waiting:
            found.append(deciding.decide(inst, connection, release_id, cause=cause, by=by))
        return found

    decided = inst.store.transact(work)
    inst.cache.look_again()
    return [one for one in decided if one.release.state != before.get(one.release.id)]


def _judged(connection: sa.Connection, tree: Digest) -> list[Release]:
    return [row for row in releases.of_trees(connection, [tree]) if row.state in JUDGED]


def _every_tree(inst: Installation) -> Iterator[Digest]:
    """Each tree with a release that is judged, once; read a page at a time."""
    seen: set[Digest] = set()
    for state in sorted(JUDGED):
        after = ""
        while page := _page(inst, state, after):
            after = page[-1].id
            fresh = {row.tree for row in page} - seen
            seen |= fresh
            yield from sorted(fresh)


def _page(inst: Installation, state: str, after: str) -> list[Release]:
    with inst.store.read() as connection:
        return releases.in_state(connection, state, after=after, limit=_PAGE)
