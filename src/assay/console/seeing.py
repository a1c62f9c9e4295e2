"""What of the installation a visitor sees, by namespace: the domain says, this only sorts."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from assay.access.principals import Identity
from assay.releases import lookup
from assay.releases.installation import Installation
from assay.releases.state import SERVABLE, State
from assay.store import namespaces, overview

READERS_STATES = SERVABLE | {State.HELD, State.REVOKED}
"""What is counted for those who only read: what is, or once was, served."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Namespaces, folded.

    Attributes:
        working: Where the visitor does more than read.
        reading: Where the visitor only reads.
    """

    working: frozenset[str]
    reading: frozenset[str]


def seen(inst: Installation, connection: sa.Connection, who: Identity) -> Seen:
    """The namespaces a visitor sees."""
    working, reading = set(), set()
    for row in namespaces.listed(connection):
        if lookup.may_see_unserved(inst, who, row.folded):
            working.add(row.folded)
        elif lookup.may_read(inst, who, row.folded):
            reading.add(row.folded)
    return Seen(frozenset(working), frozenset(reading))


def counts(connection: sa.Connection, places: Seen) -> dict[str, int]:
    """Releases by state, in the order of a release's life."""
    worked = overview.count_by_state(connection, places.working)
    read = overview.count_by_state(connection, places.reading)
    return {
        state.value: worked.get(state, 0) + (read.get(state, 0) if state in READERS_STATES else 0)
        for state in State
    }
