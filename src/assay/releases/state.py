"""The states of a release and the moves between them (docs/releases.md).

```
quarantined -> evaluated -> approved | rejected
approved <-> deprecated;  approved | deprecated <-> held;  any -> revoked (final)
```
"""

from __future__ import annotations

from enum import StrEnum

from assay.core.errors import ConflictError


class State(StrEnum):
    """Where a release stands."""

    QUARANTINED = "quarantined"
    EVALUATED = "evaluated"
    APPROVED = "approved"
    REJECTED = "rejected"
    DEPRECATED = "deprecated"
    HELD = "held"
    REVOKED = "revoked"


SERVABLE = frozenset({State.APPROVED, State.DEPRECATED})
"""The states whose bytes may leave, everything else permitting."""

_MOVES: dict[State, frozenset[State]] = {
    State.QUARANTINED: frozenset({State.EVALUATED, State.REVOKED}),
    State.EVALUATED: frozenset({State.APPROVED, State.REJECTED, State.REVOKED}),
    State.APPROVED: frozenset({State.DEPRECATED, State.HELD, State.REVOKED}),
    State.DEPRECATED: frozenset({State.APPROVED, State.HELD, State.REVOKED}),
    State.HELD: frozenset({State.APPROVED, State.DEPRECATED, State.REVOKED}),
    State.REJECTED: frozenset({State.REVOKED}),
    State.REVOKED: frozenset(),
}


def check_move(old: State, new: State, *, subject: str) -> None:
    """Return if a release may go from `old` to `new`.

    Raises:
        ConflictError: it may not; the message says where it can go.
    """
    if new in _MOVES[old]:
        return
    possible = ", ".join(sorted(_MOVES[old])) or "nothing: it is final"
    raise ConflictError(
        f"is {old} and cannot become {new}", subject=subject, remedy=f"from {old}: {possible}"
    )
