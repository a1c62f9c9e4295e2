"""The decision document: what is written is what is read, and a contradiction is refused."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest

from assay.core.attestation import Statement
from assay.core.decision import Outcome
from assay.core.digest import Digest
from assay.core.errors import DataError
from assay.policy.building import build_facts
from assay.policy.bundle import default_policy
from assay.policy.decision import (
    Decision,
    Epoch,
    EvidenceRef,
    PolicyRef,
    Verifier,
    read_decision,
)  # fmt: skip
from assay.policy.engine import judge
from assay.policy.replay import compare, replay
from assay.policy.waiver import Waiver
from policy.policy_making import NOW, TREE, approval, inputs, policy, record, waiver

URL = "http://127.0.0.1:8470"


def decision(**changes) -> Decision:
    facts = build_facts(inputs(approvals=changes.pop("approvals", (approval(),))))
    chosen = default_policy()
    given = {
        "tree": TREE,
        "oms_root": Digest("c" * 64),
        "release": "acme/sentiment@" + "1" * 40,
        "policy": PolicyRef(chosen.name, chosen.version, chosen.digest, f"{URL}/api/v1/policy"),
        "facts": facts.digest,
        "epoch": Epoch(3, 1),
        "issued": NOW,
        "not_after": NOW + timedelta(hours=24),
        "judgement": judge(chosen, facts),
        "evidence": (EvidenceRef("scan", Digest("d" * 64), f"{URL}/api/v1/evidence/{TREE}"),),
        "verifier": Verifier(URL, {"assay": "0.1.0"}),
        "resource_uri": f"{URL}/acme/sentiment",
    }
    return Decision(**(given | changes))


def test_what_is_written_is_what_is_read():
    made = decision()
    assert read_decision(Statement.parse(made.statement().payload())) == made


def test_only_allow_passes_for_one_who_knows_slsa_alone():
    assert decision().statement().predicate["verificationResult"] == "PASSED"
    waiting = decision(approvals=())
    assert waiting.outcome is Outcome.NEEDS_APPROVAL
    assert waiting.statement().predicate["verificationResult"] == "FAILED"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("verificationResult",), "FAILED"),
        (("assay", "tree"), f"sha256:{'e' * 64}"),
        (("assay", "outcome"), "deny"),
        (("assay", "epoch", "global"), -1),
        (("assay", "epoch", "global"), True),
        (("assay", "not_after"), "2027-01-01T00:00:00Z"),
        (("assay", "reasons", 0, "result"), "fail"),
        (("assay", "reasons", 0, "effect"), "allow"),
        (("assay", "reasons"), []),
        (("assay", "evidence"), []),
        (("policy", "digest", "sha256"), "0" * 64),
        (("assay", "extra"), 1),
        (("timeVerified",), "2026-11-24T12:00:00+00:00"),
    ],
)
def test_a_document_that_contradicts_itself_is_refused(path, value):
    document = copy.deepcopy(decision().statement().to_json())
    place = document["predicate"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    subjects = decision().statement().subjects
    with pytest.raises(DataError):
        read_decision(Statement(subjects, document["predicateType"], document["predicate"]))


def test_a_decision_ends_and_is_overtaken():
    made = decision()
    assert made.holds_at(NOW, Epoch(3, 1))
    assert not made.holds_at(NOW + timedelta(hours=24, seconds=1), Epoch(3, 1))
    assert not made.holds_at(NOW - timedelta(seconds=1), Epoch(3, 1))
    assert not made.holds_at(NOW, Epoch(4, 1))
    assert not made.holds_at(NOW, Epoch(3, 2))


def test_a_decision_may_not_outlive_a_day():
    with pytest.raises(DataError):
        decision(not_after=NOW + timedelta(hours=25))


def test_a_waiver_is_granted_by_another_and_ends_within_ninety_days():
    assert Waiver.from_json(waiver().to_json()) == waiver()
    for wrong in (
        {"approver": "carol"},
        {"until": NOW + timedelta(days=91)},
        {"tree": None},
        {"reason": "  "},
    ):
        with pytest.raises(DataError):
            waiver(**wrong)


def test_replay_tells_what_another_policy_would_newly_deny_and_allow():
    strict = policy("approvals >= 2")
    records = [
        record(),
        record(approvals=2, approvers=["a", "b"]),
        record(approvals=0, approvers=[]),
    ]
    lax = policy("approvals >= 0")
    answer = replay(strict, records, active=default_policy())
    assert answer.records == 3
    assert [change.after for change in answer.newly_denied] == [Outcome.DENY, Outcome.DENY]
    allowed = replay(lax, records, active=default_policy()).newly_allowed
    assert [change.before for change in allowed] == [Outcome.NEEDS_APPROVAL]


def test_two_policies_are_compared_rule_by_rule():
    strict, lax = policy("approvals >= 2"), policy("approvals >= 0")
    assert compare(strict, strict) == ()
    assert [(one.rule, one.kind) for one in compare(strict, lax)] == [("only", "changed")]
    kinds = {one.kind for one in compare(default_policy(), lax)}
    assert kinds == {"removed", "added"}
