"""Counting and listing across models, on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assay.core.finding import Severity
from assay.core.names import ModelName
from assay.releases import approving
from assay.releases.installation import Signers
from assay.signing.server_keys import make_server_keys
from assay.store import intakes, overview
from databases import (  # noqa: F401 - fixtures
    postgres_server,
    postgres_store,
    postgres_url,
    sqlite_store,
    sqlite_template,
    store,
)
from releases.house import URL, House, finding, installation


@pytest.fixture
def house(store, tmp_path, clock):  # noqa: F811 - the fixture above
    keys = make_server_keys(tmp_path / "keys", url=URL, passphrase=None, now=clock.now())
    signers = Signers(
        decision=keys.decision, approval=keys.approval, release_index=keys.release_index
    )
    return House.build(installation(store, tmp_path, signers, clock, keys.trust.document))


def test_releases_are_counted_and_listed_by_namespace_state_and_outcome(house, clock):
    waiting = house.evaluated({"m": b"1"})
    clock.advance(seconds=1)
    denied = house.evaluated(
        {"m": b"2"}, model=ModelName("acme", "two"), findings=[finding(Severity.CRITICAL)]
    )
    clock.advance(seconds=1)
    approved = house.evaluated({"m": b"3"}, model=ModelName("acme", "three"))
    approving.approve(house.inst, house.who("ben"), approved.id, reason="fine")
    house.push({"m": b"4"}, who="eve", model=ModelName("evil", "four"))
    with house.inst.store.read() as connection:
        assert overview.count_by_state(connection, {"acme"}) == {"evaluated": 2, "approved": 1}
        assert overview.count_by_state(connection, {"evil"}) == {"quarantined": 1}
        assert overview.count_by_state(connection, set()) == {}
        both = overview.lately(connection, {"acme", "evil"}, states={"evaluated"})
        assert [row.id for row in both] == [denied.id, waiting.id]
        assert [row.id for row in overview.lately(
            connection, {"acme"}, states={"evaluated"}, outcomes={"deny"}
        )] == [denied.id]  # fmt: skip
        assert overview.lately(connection, {"acme"}, states={"evaluated"}, limit=1) == both[:1]
        assert overview.count_with_outcome(
            connection, {"acme"}, state="evaluated", outcome="needs-approval"
        ) == 1  # fmt: skip


def test_intakes_that_failed_are_listed(house, clock):
    made = house.push({"m": b"1"})
    with house.inst.store.write() as connection:
        intakes.start(connection, made.intake.id, now=clock.now())
        intakes.finish(
            connection, made.intake.id, now=clock.now() + timedelta(1), error="disk is gone"
        )
    with house.inst.store.read() as connection:
        found = overview.failed_intakes(connection, {"acme"})
        assert [(row.version, row.error) for row in found] == [
            (made.release.version, "disk is gone")
        ]
        assert overview.failed_intakes(connection, {"evil"}) == []
