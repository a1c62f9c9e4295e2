"""Moves follow the table, whatever is tried in whatever order."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.core.attestation import Envelope
from assay.core.errors import AssayError, ConflictError
from assay.releases import moving
from assay.releases.approving import approve, reject
from assay.releases.refusal import Refused
from assay.releases.state import SERVABLE, State, check_move
from assay.releases.transition import STATE
from assay.store import attestations
from assay.store.attestations import get
from releases.house import House

TABLE = {
    "quarantined": {"evaluated", "revoked"},
    "evaluated": {"approved", "rejected", "revoked"},
    "approved": {"deprecated", "held", "revoked"},
    "deprecated": {"approved", "held", "revoked"},
    "held": {"approved", "deprecated", "revoked"},
    "rejected": {"revoked"},
    "revoked": set(),
}


@pytest.mark.parametrize(("old", "new"), list(itertools.product(State, State)))
def test_the_table(old, new):
    if new in TABLE[old]:
        check_move(old, new, subject="x")
    else:
        with pytest.raises(ConflictError, match=f"is {old} and cannot become {new}"):
            check_move(old, new, subject="x")


ACTIONS = {
    "approve": lambda house, one: approve(house.inst, house.who("ben"), one.id, reason="r"),
    "reject": lambda house, one: reject(house.inst, house.who("cyd"), one.id, reason="r"),
    "hold": lambda house, one: moving.hold(house.inst, house.who("sam"), one.id, reason="r"),
    "resume": lambda house, one: moving.resume(house.inst, house.who("sam"), one.id, reason="r"),
    "deprecate": lambda house, one: moving.deprecate(
        house.inst, house.who("ana"), one.id, reason="r"
    ),
    "undeprecate": lambda house, one: moving.undeprecate(
        house.inst, house.who("ben"), one.id, reason="r"
    ),
    "revoke": lambda house, one: moving.revoke(house.inst, house.who("sam"), one.id, reason="r"),
}


NUMBERS = itertools.count()


@given(actions=st.lists(st.sampled_from(sorted(ACTIONS)), max_size=8))
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
def test_every_walk_stays_on_the_table(one_house: House, actions):
    house = one_house
    release = house.evaluated({"model.bin": b"%d" % next(NUMBERS)})
    for action in actions:
        old = house.state(release)
        try:
            ACTIONS[action](house, release)
        except AssayError:
            assert house.state(release) == old
        else:
            new = house.state(release)
            assert new in TABLE[old] or (new == old and action == "approve")
        _check_served(house, release)
    _check_told(house, release)


def _check_served(house: House, release) -> None:
    """Exactly the servable states are served."""
    if house.state(release) in SERVABLE:
        assert house.may(release.version).release.id == release.id
    else:
        with pytest.raises(Refused):
            house.may(release.version)


def _check_told(house: House, release) -> None:
    """The signed statements tell the same walk, without a gap."""
    with house.inst.store.read() as connection:
        rows = attestations.evidence_of(connection, release.tree)
        told = [
            Envelope.parse(get(connection, row.attestation).envelope).statement().predicate
            for row in rows
            if row.kind == STATE
        ]
    assert told[0]["from"] == ""
    assert all(a["to"] == b["from"] for a, b in itertools.pairwise(told))
    assert told[-1]["to"] == house.state(release)
