"""Lineage: what was made from what, as edges between digests."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.store import rows
from assay.store.tables import lineage_edge as table

MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge.

    Attributes:
        child: What was made.
        relation: How, for instance `fine-tuned-from` or `trained-on`.
        parent: What it was made from.
        evidence: Attestation it rests on; None where it is only asserted.
    """

    child: Digest
    relation: str
    parent: Digest
    evidence: Digest | None


@dataclass(frozen=True, slots=True)
class Relative:
    """A digest reached over edges, and how many lie between."""

    digest: Digest
    distance: int


def link(
    connection: sa.Connection,
    *,
    child: Digest,
    relation: str,
    parent: Digest,
    evidence: Digest | None,
) -> None:
    """Add an edge. One that is there keeps its evidence, or gets it if it had none."""
    statement = rows.upsert(connection, table).values(
        **rows.values(Edge(child, relation, parent, evidence))
    )
    kept = sa.func.coalesce(table.c.evidence, statement.excluded.evidence)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[table.c.child, table.c.relation, table.c.parent],
            set_={"evidence": kept},
        )
    )


def parents(connection: sa.Connection, child: Digest) -> list[Edge]:
    """The edges to what a digest was made from."""
    query = rows.select(table, Edge).where(table.c.child == child)
    return rows.many(connection, Edge, query.order_by(table.c.relation, table.c.parent))


def children(connection: sa.Connection, parent: Digest) -> list[Edge]:
    """The edges to what was made from a digest."""
    query = rows.select(table, Edge).where(table.c.parent == parent)
    return rows.many(connection, Edge, query.order_by(table.c.relation, table.c.child))


def ancestors(connection: sa.Connection, digest: Digest) -> list[Relative]:
    """Everything a digest was made from, nearest first, up to 64 edges away."""
    return _reached(connection, digest, table.c.child, table.c.parent)


def descendants(connection: sa.Connection, digest: Digest) -> list[Relative]:
    """Everything made from a digest, nearest first, up to 64 edges away: the blast radius."""
    return _reached(connection, digest, table.c.parent, table.c.child)


def _reached(
    connection: sa.Connection,
    start: Digest,
    here: sa.Column[Digest],
    there: sa.Column[Digest],
) -> list[Relative]:
    """A breadth-first walk, one query per distance; edges in a circle are walked once."""
    seen, frontier, found = {start}, {start}, list[Relative]()
    for distance in range(1, MAX_DEPTH + 1):
        reached: set[Digest] = set()
        for batch in rows.batches(frontier):
            reached.update(connection.execute(sa.select(there).where(here.in_(batch))).scalars())
        frontier = reached - seen
        if not frontier:
            break
        seen |= frontier
        found += [Relative(digest, distance) for digest in sorted(frontier)]
    return found
