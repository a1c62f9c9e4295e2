"""Deciding again: new policies, scans, trust, waivers and time change what was admitted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assay.core.finding import Severity
from assay.core.names import ModelName
from assay.policy.bundle import default_policy
from assay.releases.approving import approve
from assay.releases.governing import activate_policy, set_namespace
from assay.releases.refusal import Refused
from assay.releases.state import SERVABLE
from assay.scanning import interface as scanning
from assay.store import decisions, epochs, outdated, waivers
from assay.workflows.recall import WAITING, redecide
from assay.workflows.rescan import rescan_workflow
from assay.workflows.scanning import scan_tree
from assay.workflows.sweep import Sweeper
from releases.house import House, finding
from workflows.intake_making import clean, tensors

OTHER = ModelName("acme", "other")


def two_approvals() -> str:
    """The built-in policy, but with two approvals."""
    head, _, _ = default_policy().source.partition("[[tests]]")
    return (
        head.replace('version = "1"', 'version = "2"').replace("approvals >= 1", "approvals >= 2")
        + '[[tests]]\nname = "one approval is too few"\noutcome = "needs-approval"\n'
    )


def latest(house: House, release):
    with house.inst.store.read() as connection:
        return decisions.latest(connection, release.id)


def stale(house: House, *, hours: float = 6):
    now = house.inst.clock.now()
    with house.inst.store.read() as connection:
        return outdated.undecided(
            connection,
            served=SERVABLE,
            waiting=WAITING,
            now=now,
            renew_before=now + timedelta(hours=hours),
            limit=10,
        )


def test_nothing_is_decided_again_without_a_cause(house):
    house.approved()
    house.evaluated(clean("other"))
    assert stale(house) == []


@pytest.fixture(autouse=True)
def rules(monkeypatch):
    """The rules the house's scans were made by are the present ones."""
    monkeypatch.setattr(scanning, "RULESET", "test/1")


def test_a_stricter_policy_holds_what_it_no_longer_allows(house):
    served = house.approved()
    waits = house.evaluated(clean("other"))
    activate_policy(house.inst, house.who("root"), two_approvals())
    with pytest.raises(Refused, match="no longer in force"):
        house.may(served.version)
    assert stale(house) == sorted({served.tree, waits.tree})
    changed = redecide(house.inst, None, cause="policy", by=house.ids["root"])
    assert [(one.release.id, one.release.state) for one in changed] == [(served.id, "held")]
    assert latest(house, waits).policy == latest(house, served).policy
    assert stale(house) == []
    with pytest.raises(Refused, match="policy"):
        house.may(served.version)


def test_a_milder_policy_approves_what_waited(house):
    activate_policy(house.inst, house.who("root"), two_approvals())
    waits = house.evaluated()
    approve(house.inst, house.who("ben"), waits.id, reason="fine")
    assert house.state(waits) == "evaluated"
    activate_policy(house.inst, house.who("root"), default_policy().source)
    assert Sweeper(house.inst, None).renew() == 1
    assert house.state(waits) == "approved"
    assert house.fetch(waits.version, "config.json") == b"{}"


def test_only_the_trees_named_are_judged(one_house):
    first, second = one_house.approved(), one_house.approved(clean("other"), model=OTHER)
    before = latest(one_house, second)
    assert redecide(one_house.inst, [first.tree], cause="waiver", by=None) == []
    assert latest(one_house, first).id != before.id
    assert latest(one_house, second) == before


def test_releases_of_one_tree_that_wait_do_not_outdate_each_other(house):
    for model in (OTHER, ModelName("acme", "third")):
        house.evaluated(model=model)
    house.approved()
    with house.inst.store.write() as connection:
        epochs.bump_global(connection)
    assert len(stale(house)) == 1
    redecide(house.inst, stale(house), cause="trust", by=None)
    assert stale(house) == []


def test_a_decision_is_renewed_in_the_last_quarter_of_its_life(house):
    release = house.approved()
    waits = house.evaluated(clean("other"))
    house.inst.clock.advance(hours=17)
    assert stale(house) == []
    house.inst.clock.advance(hours=2)
    assert stale(house) == [release.tree]
    sweeper = Sweeper(house.inst, None)
    assert sweeper.renew() == 1
    assert sweeper.renew() == 0
    assert latest(house, release).not_after == house.inst.clock.now() + timedelta(hours=24)
    assert latest(house, waits).created < house.inst.clock.now()
    house.inst.clock.advance(hours=20)
    assert house.fetch(release.version, "config.json") == b"{}"


def test_without_renewal_serving_ends(one_house):
    release = one_house.approved()
    one_house.inst.clock.advance(hours=25)
    with pytest.raises(Refused, match="expired"):
        one_house.may(release.version)
    Sweeper(one_house.inst, None).renew()
    assert one_house.may(release.version).release.id == release.id


def test_a_changed_tree_epoch_is_decided_again(house):
    release = house.approved()
    with house.inst.store.write() as connection:
        epochs.bump_trees(connection, [release.tree])
    assert stale(house) == [release.tree]
    Sweeper(house.inst, None).renew()
    assert stale(house) == []
    assert house.state(release) == "approved"


@pytest.mark.parametrize("scope", ["tree", "model"])
def test_a_waiver_that_begins_or_ends_is_a_cause(house, scope):
    release = house.approved()
    now = house.inst.clock.now()
    about = {"tree": release.tree} if scope == "tree" else {"model_id": release.model_id}
    with house.inst.store.write() as connection:
        waivers.record(
            connection,
            rule="scanned",
            reason="known",
            created_by=house.ids["sam"],
            not_before=now + timedelta(hours=1),
            until=now + timedelta(hours=3),
            now=now,
            **about,
        )
    assert stale(house) == []
    for hours in (2, 2):
        house.inst.clock.advance(hours=hours)
        assert stale(house) == [release.tree]
        redecide(house.inst, stale(house), cause="waiver", by=None)
        assert stale(house) == []


def test_a_tree_that_cannot_be_decided_does_not_keep_the_others(one_house, monkeypatch):
    from assay.core.errors import DataError
    from assay.workflows import sweep

    bad, good = one_house.approved(), one_house.approved(clean("other"), model=OTHER)
    with one_house.inst.store.write() as connection:
        epochs.bump_global(connection)
    real = redecide

    def failing(inst, trees, **options):
        if trees == [bad.tree]:
            raise DataError("a trust rule that is not one")
        return real(inst, trees, **options)

    monkeypatch.setattr(sweep, "redecide", failing)
    sweeper = Sweeper(one_house.inst, None)
    assert sweeper.renew() == 2
    assert stale(one_house) == [bad.tree]
    assert latest(one_house, good).epoch_global == latest(one_house, bad).epoch_global + 1
    assert sweeper.renew() == 0  # later again, not at once


def worse(files, **options):
    """New rules that find something where the old ones did not."""
    row = finding(Severity.HIGH, "model.safetensors")
    return scanning.FilesScan((row,), (), scanning.RULESET, ())


def test_a_scan_by_new_rules_that_turns_worse_holds_the_release(house, monkeypatch):
    release = house.approved()
    monkeypatch.setattr(scanning, "RULESET", "assay-9/9")
    monkeypatch.setattr(scanning, "scan_files", worse)
    scan_tree(house.inst, release.tree)
    assert house.state(release) == "held"
    with pytest.raises(Refused, match="policy no longer allows it"):
        house.may(release.version)


def test_what_waits_is_judged_by_the_newer_scan(house, monkeypatch):
    waits = house.evaluated()
    house.inst.clock.advance(seconds=1)
    monkeypatch.setattr(scanning, "RULESET", "assay-9/9")
    monkeypatch.setattr(scanning, "scan_files", worse)
    scan_tree(house.inst, waits.tree)
    assert stale(house) == [waits.tree]
    Sweeper(house.inst, None).renew()
    assert latest(house, waits).outcome == "deny"
    assert stale(house) == []


def test_trees_without_a_scan_by_the_present_rules_get_a_job(house, queue, monkeypatch):
    from assay.workflows.rescan import enqueue_rescans, job_id

    release = house.approved(clean())
    quarantined = house.push(clean("other"))
    assert enqueue_rescans(house.inst, queue) == 0
    monkeypatch.setattr(scanning, "RULESET", "assay-9/9")
    assert enqueue_rescans(house.inst, queue) == 1
    assert enqueue_rescans(house.inst, queue) == 0
    job = queue.status(job_id(release.tree, "assay-9/9"))
    assert (job.workflow, job.args) == ("rescan", {"tree": str(release.tree)})
    assert queue.status(job_id(quarantined.release.tree, "assay-9/9")) is None
    run_rescan(house, job)
    assert enqueue_rescans(house.inst, queue) == 0
    assert house.fetch(release.version, "model.safetensors") == tensors()


def test_rescans_are_bounded(one_house, queue, monkeypatch):
    from assay.workflows.rescan import enqueue_rescans

    for number in range(4):
        one_house.approved(clean(f"w{number}"))
    monkeypatch.setattr(scanning, "RULESET", "assay-9/9")
    assert enqueue_rescans(one_house.inst, queue, limit=3) == 3
    assert enqueue_rescans(one_house.inst, queue, limit=3) == 0


def run_rescan(house, job):
    from assay.jobs import StepCall

    for step in rescan_workflow(house.inst).steps:
        step.run(StepCall(job.id, job.args, {}, 1, lambda: False))


def test_a_namespace_that_only_warns_holds_nothing(one_house):
    release = one_house.approved()
    set_namespace(one_house.inst, one_house.who("root"), "acme", "warn", None)
    activate_policy(one_house.inst, one_house.who("root"), two_approvals())
    assert redecide(one_house.inst, None, cause="policy", by=None) == []
    assert one_house.state(release) == "approved"
    assert "warn" in one_house.may(release.version).warning
