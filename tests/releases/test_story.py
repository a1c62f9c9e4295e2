"""A release's way from a push to the end, on both engines."""

from __future__ import annotations

import json

import pytest

from assay.core.attestation import Envelope
from assay.core.decision import Outcome
from assay.core.errors import ConflictError, DataError, NotFoundError, RefusedError
from assay.core.finding import Severity, Unread
from assay.policy.decision import read_decision
from assay.releases import aliasing, lookup, moving
from assay.releases.approving import approve, reject
from assay.releases.documents import release_document, summary_document
from assay.releases.refusal import FileNotInReleaseError, Refused
from assay.releases.revoking import revocation_feed
from assay.signing.dsse import verify_envelope
from assay.store import attestations, audit, log_queue
from releases.house import FILES, MODEL, finding


def test_a_release_is_served_once_somebody_else_approved(house):
    made = house.push(title="first")
    with pytest.raises(Refused) as caught:
        house.may(made.release.version)
    assert caught.value.reason == "quarantined"

    decided = house.take_in(made)
    assert (decided.release.state, decided.decision.outcome) == ("evaluated", "needs-approval")
    with pytest.raises(Refused) as caught:
        house.may(made.release.version)
    assert caught.value.reason == "not-approved"
    assert "0 approvals" in caught.value.message
    assert not caught.value.was_served

    decided = approve(house.inst, house.who("ben"), made.release.id, reason="fine")
    assert (decided.release.state, decided.decision.outcome) == ("approved", "allow")
    assert house.fetch("main", "model.bin") == FILES["model.bin"]
    assert house.may("main").warning is None

    moving.deprecate(house.inst, house.who("ana"), made.release.id, reason="old")
    assert "deprecated" in house.may("main").warning
    moving.undeprecate(house.inst, house.who("ben"), made.release.id, reason="not so old")
    assert house.may("main").warning is None

    moving.hold(house.inst, house.who("sam"), made.release.id, reason="a report came in")
    with pytest.raises(Refused) as caught:
        house.may("main", "model.bin")
    assert caught.value.reason == "held"
    assert "a report came in" in caught.value.message
    assert caught.value.was_served

    moving.resume(house.inst, house.who("sam"), made.release.id, reason="false alarm")
    assert house.fetch("main", "config.json") == b"{}"

    moving.revoke(house.inst, house.who("sam"), made.release.id, reason="a backdoor")
    with pytest.raises(Refused) as caught:
        house.may("main", "model.bin")
    assert caught.value.reason == "revoked"
    assert "a backdoor" in caught.value.message
    assert caught.value.was_served


def test_everything_that_happens_is_signed_logged_and_audited(house):
    release = house.approved()
    moving.hold(house.inst, house.who("sam"), release.id, reason="stop")
    with house.inst.store.read() as connection:
        evidence = attestations.evidence_of(connection, release.tree)
        waiting = log_queue.waiting(connection)
        acts = [row.action for row in audit.newest(connection)]
        envelopes = {
            row.kind: Envelope.parse(attestations.get(connection, row.attestation).envelope)
            for row in evidence
        }
        audit.verify(connection)
    kinds = [row.kind for row in evidence]
    assert kinds.count("state") == 4  # quarantined, evaluated, approved, held
    assert {"scan", "signature", "approval", "decision", "state"} == set(kinds)
    assert len(waiting) == len(evidence)
    assert acts[0] == "release.hold"
    assert {"release.publish", "release.decide", "release.approve"} <= set(acts)
    signers = house.inst.signers
    verify_envelope(envelopes["decision"], [signers.decision.public])
    verify_envelope(envelopes["approval"], [signers.approval.public])
    verify_envelope(envelopes["state"], [signers.approval.public])
    told = envelopes["approval"].statement().predicate
    assert told["approver"]["name"] == "ben"
    assert told["approver"]["how"] == "session"
    decision = read_decision(envelopes["decision"].statement())
    assert decision.outcome is Outcome.ALLOW


def test_only_other_persons_approve(house):
    release = house.evaluated()
    for name in ("ana", "rex", "sam", "eve"):
        with pytest.raises((RefusedError, NotFoundError)):
            approve(house.inst, house.who(name), release.id, reason="mine")
    house.give("ana", "reviewer", "acme")
    with pytest.raises(RefusedError, match="somebody else approves"):
        approve(house.inst, house.who("ana"), release.id, reason="mine")
    assert house.state(release) == "evaluated"


def test_a_robot_approves_nothing(house):
    release = house.evaluated(who="ben-bot")
    with pytest.raises(RefusedError, match="a person's word"):
        approve(house.inst, house.who("ana-bot"), release.id, reason="looks fine to a robot")


def test_a_robots_release_is_not_approved_by_its_owner(house):
    release = house.evaluated(who="ben-bot")
    with pytest.raises(RefusedError, match="robot you answer for"):
        approve(house.inst, house.who("ben"), release.id, reason="my robot made it")
    decided = approve(house.inst, house.who("cyd"), release.id, reason="looked at it")
    assert decided.release.state == "approved"


def test_every_finding_is_acknowledged_by_its_id(house):
    row = finding()
    release = house.evaluated(findings=[row])
    ben = house.who("ben")
    decided = approve(house.inst, ben, release.id, reason="looks fine")
    assert decided.release.state == "evaluated"
    with pytest.raises(DataError, match="not the id of a finding"):
        approve(house.inst, ben, release.id, reason="fine", acknowledged=["0" * 12])
    decided = approve(house.inst, ben, release.id, reason="known", acknowledged=[row.id])
    assert decided.release.state == "approved"


@pytest.mark.parametrize(
    ("found", "unread"),
    [([finding(Severity.CRITICAL)], []), ([], [Unread("model.bin", "not a known format")])],
)
def test_what_policy_denies_cannot_be_approved(house, found, unread):
    release = house.evaluated(findings=found, unread=unread)
    named = [row.id for row in found]
    with pytest.raises(Refused, match="policy denies it") as caught:
        approve(house.inst, house.who("ben"), release.id, reason="trust me", acknowledged=named)
    assert caught.value.reason == "denied"
    with house.inst.store.read() as connection:
        assert release_document(house.inst, connection, release)["approvals"] == []


def test_a_rejection_ends_the_way(house):
    release = house.evaluated()
    decided = reject(house.inst, house.who("ben"), release.id, reason="no model card")
    assert decided.release.state == "rejected"
    with pytest.raises(Refused, match="no model card") as caught:
        house.may(release.version)
    assert caught.value.reason == "rejected"
    with pytest.raises(ConflictError):
        approve(house.inst, house.who("cyd"), release.id, reason="why not")


def test_a_reason_is_needed(house):
    release = house.approved()
    with pytest.raises(DataError, match="a reason is needed"):
        moving.hold(house.inst, house.who("sam"), release.id, reason=" ")
    assert house.state(release) == "approved"


@pytest.mark.parametrize(
    ("action", "names"),
    [
        (moving.hold, ("rex", "ana", "ben", "eve")),
        (moving.revoke, ("rex", "ana", "ben", "eve")),
        (moving.deprecate, ("rex", "sam", "eve")),
    ],
)
def test_moves_need_the_right(house, action, names):
    release = house.approved()
    for name in names:
        with pytest.raises((RefusedError, NotFoundError)):
            action(house.inst, house.who(name), release.id, reason="because")
    assert house.state(release) == "approved"


def test_what_is_held_is_not_freed_by_deprecating_it(house):
    release = house.approved()
    moving.hold(house.inst, house.who("sam"), release.id, reason="stop")
    for action in (moving.deprecate, moving.undeprecate):
        with pytest.raises(ConflictError):
            action(house.inst, house.who("ben"), release.id, reason="go")
    assert house.state(release) == "held"


def test_an_alias_names_only_what_is_served(house):
    release = house.evaluated()
    ben, inst = house.who("ben"), house.inst
    with pytest.raises(Refused) as caught:
        aliasing.promote(inst, ben, MODEL, "production", release.id, reason="ship it")
    assert caught.value.reason == "not-approved"
    approve(inst, ben, release.id, reason="fine")
    for name in ("ana", "rex", "sam"):
        with pytest.raises(RefusedError):
            aliasing.promote(inst, house.who(name), MODEL, "production", release.id, reason="x")
    aliasing.promote(inst, ben, MODEL, "production", release.id, reason="ship it")
    assert house.may("production", "config.json").release.id == release.id
    newer = house.approved({"model.bin": b"other"})
    assert house.may("main").release.id == newer.id
    assert house.may("production").release.id == release.id
    moving.revoke(inst, house.who("sam"), release.id, reason="bad")
    with pytest.raises(Refused) as caught:
        house.may("production")
    assert caught.value.reason == "revoked"
    aliasing.withdraw(inst, ben, MODEL, "production", reason="gone")
    with pytest.raises(NotFoundError):
        house.may("production")


def test_an_alias_does_not_cross_models(house):
    from assay.core.names import ModelName

    other = house.approved(model=ModelName("acme", "other"))
    house.approved()
    with pytest.raises(DataError, match="not a release of this model"):
        aliasing.promote(house.inst, house.who("ben"), MODEL, "production", other.id, reason="mix")


def test_readers_see_what_is_served_and_writers_the_newest(house):
    first = house.approved()
    second = house.evaluated({"model.bin": b"newer"})
    assert house.may("main").release.id == first.id
    with pytest.raises(Refused):
        house.may("main", who="ana")
    with house.inst.store.read() as connection:
        model = lookup.model_named(house.inst, connection, house.who("rex"), MODEL)
        seen = {
            name: [
                row.id for row in lookup.releases(house.inst, connection, house.who(name), model)
            ]
            for name in ("rex", "ana")
        }
    assert seen == {"rex": [first.id], "ana": [second.id, first.id]}


def test_revisions(house):
    release = house.approved()
    assert house.may(release.version[:7]).release.id == release.id
    for revision in ("0" * 40, "abcdef0", release.version[:6], "no-such", "", "a\0b", "../x"):
        with pytest.raises(NotFoundError):
            house.may(revision)
    with pytest.raises(FileNotInReleaseError) as caught:
        house.may(release.version, "absent.bin")
    assert caught.value.release.version == release.version


def test_models_that_may_not_be_read_do_not_exist(house):
    release = house.approved()
    texts = set()
    for name in (str(MODEL), "acme/absent"):
        from assay.core.names import ModelName

        with pytest.raises(NotFoundError) as caught:
            house.may("main", who="eve", model=ModelName.parse(name))
        texts.add(caught.value.message)
    assert len(texts) == 1
    with pytest.raises(NotFoundError):
        moving.hold(house.inst, house.who("eve"), release.id, reason="x")
    with house.inst.store.read() as connection:
        assert lookup.models(house.inst, connection, house.who("eve")) == []
        assert lookup.models(house.inst, connection, None) == []
        assert len(lookup.models(house.inst, connection, house.who("rex"))) == 1


def test_the_document_tells_everything(house):
    row = finding()
    release = house.evaluated(findings=[row])
    approve(house.inst, house.who("ben"), release.id, reason="ok", acknowledged=[row.id])
    aliasing.promote(house.inst, house.who("ben"), MODEL, "production", release.id, reason="ship")
    with house.inst.store.read() as connection:
        _, now = lookup.release_named(house.inst, connection, house.who("rex"), release.id)
        document = release_document(house.inst, connection, now)
        summary = summary_document(house.inst, connection, now)
    assert json.loads(json.dumps(document)) == document
    assert document["findings"][0]["id"] == row.id
    assert document["aliases"] == ["production"]
    assert document["approvals"][0]["by"] == "ben"
    assert document["publisher"] == "ana"
    assert document["intake"] == {"state": "done", "error": None}
    assert document["may_serve"]
    assert document["decision"]["outcome"] == "allow"
    assert summary["verdict"] == "suspicious"
    assert summary["may_serve"]
    moving.hold(house.inst, house.who("sam"), release.id, reason="wait")
    with house.inst.store.read() as connection:
        held = release_document(house.inst, connection, now)
    assert held["refused"] == "is held: wait"
    assert held["refused_reason"] == "held"


def test_the_revocation_feed_is_signed_dated_and_gapless(house):
    releases = [house.approved({"model.bin": bytes([n])}) for n in range(3)]
    for release in releases:
        moving.revoke(house.inst, house.who("sam"), release.id, reason="bad")
    envelope = Envelope.parse(revocation_feed(house.inst, 0))
    verify_envelope(envelope, [house.inst.signers.release_index.public])
    told = envelope.statement().predicate
    assert [row["seq"] for row in told["revocations"]] == [1, 2, 3]
    assert [row["tree"] for row in told["revocations"]] == [str(row.tree) for row in releases]
    assert told["complete"]
    assert told["not_after"] > told["issued"]
    later = Envelope.parse(revocation_feed(house.inst, 2)).statement().predicate
    assert [row["seq"] for row in later["revocations"]] == [3]
    with pytest.raises(DataError, match="3 revocations"):
        revocation_feed(house.inst, 4)


def test_a_persons_own_envelope_is_kept_if_it_is_about_the_release(house, signers):
    from assay.core.attestation import Statement, Subject
    from assay.releases.approving import OWN_WORD
    from assay.signing.dsse import sign_envelope

    release = house.evaluated()

    def word(tree):
        statement = Statement((Subject("x", {"sha256": tree}),), "https://example.org/yes", {})
        return sign_envelope(statement, signers.decision).to_json()

    ben = house.who("ben")
    with pytest.raises(DataError, match="not about this release"):
        approve(house.inst, ben, release.id, reason="ok", envelope=word("a" * 64))
    decided = approve(house.inst, ben, release.id, reason="ok", envelope=word(release.tree.hex))
    assert decided.release.state == "approved"
    with house.inst.store.read() as connection:
        kinds = [row.kind for row in attestations.evidence_of(connection, release.tree)]
    assert OWN_WORD in kinds
