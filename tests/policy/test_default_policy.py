"""What the built-in policy says about releases, from inputs to outcome."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assay.core.decision import Outcome, RuleResult
from assay.core.finding import Confidence, Severity, Unread, Verdict
from assay.policy import selftest
from assay.policy.building import SignatureInput, build_facts
from assay.policy.bundle import default_policy
from assay.policy.engine import Serving, combine, effective, explain, judge
from assay.policy.facts import Facts
from policy.policy_making import (
    NOW,
    OTHER_TREE,
    approval,
    finding,
    inputs,
    policy,
    record,
    scan,
    waiver,
)  # fmt: skip


def outcome(**changes):
    judgement = judge(default_policy(), build_facts(inputs(**changes)))
    return judgement.outcome, {reason.rule for reason in judgement.against}


def test_a_clean_release_somebody_else_approved_is_allowed():
    assert outcome() == (Outcome.ALLOW, set())


def test_nobody_s_word_is_not_enough():
    assert outcome(approvals=()) == (Outcome.NEEDS_APPROVAL, {"approved"})


def test_the_publisher_s_own_word_does_not_count():
    assert outcome(approvals=(approval("alice"),)) == (Outcome.NEEDS_APPROVAL, {"approved"})


def test_an_unknown_publisher_lets_nobody_s_word_count():
    assert outcome(publisher=None)[0] is not Outcome.ALLOW


def test_malicious_is_denied_however_many_approve():
    found = finding(Severity.CRITICAL)
    words = tuple(approval(name, found.id) for name in ("bob", "carol", "dave"))
    assert outcome(scan=scan(found), approvals=words)[0] is Outcome.DENY


def test_a_scanner_s_mild_word_is_not_believed_against_its_findings():
    lie = scan(finding(Severity.CRITICAL), verdict=Verdict.CLEAN)
    assert outcome(scan=lie)[0] is Outcome.DENY


def test_unread_is_denied():
    got, against = outcome(scan=scan(unread=(Unread("a.onnx", "not supported"),)))
    assert (got, "scanned" in against) == (Outcome.DENY, True)


def test_no_scan_is_denied():
    assert outcome(scan=None)[0] is Outcome.DENY


def test_findings_that_were_not_kept_are_not_waived_through():
    assert outcome(scan=scan(omitted=3))[0] is Outcome.DENY


def test_suspicious_wants_every_finding_acknowledged_by_id():
    one, two = finding(evidence="a"), finding(evidence="b")
    assert outcome(scan=scan(one, two))[0] is Outcome.NEEDS_APPROVAL
    half = (approval("bob", one.id),)
    assert outcome(scan=scan(one, two), approvals=half)[0] is Outcome.NEEDS_APPROVAL
    both = (approval("bob", one.id, two.id),)
    assert outcome(scan=scan(one, two), approvals=both)[0] is Outcome.ALLOW


def test_the_publisher_cannot_acknowledge():
    one = finding()
    words = (approval("alice", one.id), approval("bob"))
    assert outcome(scan=scan(one), approvals=words)[0] is Outcome.NEEDS_APPROVAL


def test_a_person_s_last_word_counts():
    later = approval("bob", verdict="reject", at=NOW)
    assert outcome(approvals=(approval("bob"), later))[0] is Outcome.NEEDS_APPROVAL


def test_a_blocked_digest_and_one_that_could_not_be_looked_up_are_denied():
    assert outcome(digest_blocked=True)[0] is Outcome.DENY
    assert outcome(digest_blocked=None)[0] is Outcome.DENY


@pytest.mark.parametrize("status", ["none", "untrusted"])
def test_a_trust_rule_wants_a_trusted_signature(status):
    signature = SignatureInput(status)
    assert outcome(signature=signature, namespace_has_trust_rule=True)[0] is Outcome.DENY
    assert outcome(signature=signature)[0] is Outcome.ALLOW


def test_a_broken_signature_and_one_not_checked_are_denied():
    assert outcome(signature=SignatureInput("invalid"))[0] is Outcome.DENY
    assert outcome(signature=None)[0] is Outcome.DENY


def test_a_waiver_lifts_what_was_not_read_for_this_tree_only_while_it_lasts():
    unread = scan(unread=(Unread("a.onnx", "not supported"),))
    assert outcome(scan=unread, waivers=(waiver(),))[0] is Outcome.ALLOW
    assert outcome(scan=unread, waivers=(waiver(tree=OTHER_TREE),))[0] is Outcome.DENY
    ended = waiver(until=NOW)
    assert outcome(scan=unread, waivers=(ended,))[0] is Outcome.DENY
    early = waiver(not_before=NOW + timedelta(seconds=1))
    assert outcome(scan=unread, waivers=(early,))[0] is Outcome.DENY


def test_a_waiver_for_one_finding_does_not_lift_another():
    one, two = finding(Severity.CRITICAL, evidence="a"), finding(Severity.CRITICAL, evidence="b")
    lifted = waiver(rule="not-malicious", finding=one.id)
    accepted = waiver(id="w2", rule="findings-acknowledged", finding=one.id)
    assert outcome(scan=scan(one), waivers=(lifted, accepted))[0] is Outcome.ALLOW
    assert outcome(scan=scan(one, two), waivers=(lifted, accepted))[0] is Outcome.DENY


def test_a_rule_that_may_not_be_waived_is_not():
    lifted = waiver(rule="signature-valid")
    assert outcome(signature=SignatureInput("invalid"), waivers=(lifted,))[0] is Outcome.DENY


def test_low_confidence_does_not_block_but_is_reviewed():
    weak = finding(Severity.HIGH, Confidence.LOW)
    assert outcome(scan=scan(weak))[0] is Outcome.NEEDS_APPROVAL


def test_the_policy_s_own_tests_pass():
    results = selftest.run_tests(default_policy())
    assert len(results) >= 14
    assert [result for result in results if not result.passed] == []


def test_a_decision_explains_itself_and_says_what_would_make_it_pass():
    judgement = judge(default_policy(), build_facts(inputs(approvals=())))
    text = str(explain(judgement))
    assert text.startswith("outcome: needs-approval")
    assert "0 approvals by persons other than the publisher" in text
    assert "to pass: One person other than the publisher approves" in text


def test_every_rule_has_a_reason_whatever_the_outcome():
    judgement = judge(default_policy(), build_facts(inputs()))
    assert {reason.rule for reason in judgement.reasons} == {r.id for r in default_policy().rules}


def test_a_rule_without_an_answer_denies():
    strange = policy("1 / (approvals - 77) >= 0")
    judgement = judge(strange, record(approvals=77))
    assert judgement.reasons[0].result is RuleResult.ERROR
    assert judgement.outcome is Outcome.DENY


def test_no_reasons_at_all_deny():
    assert combine(()) is Outcome.DENY


def test_modes_lift_a_refusal_and_an_unheard_of_mode_does_not():
    assert effective(Outcome.DENY, "enforce") is Serving.REFUSE
    assert effective(Outcome.DENY, "warn") is Serving.WARN
    assert effective(Outcome.DENY, "observe") is Serving.SERVE
    assert effective(Outcome.DENY, "whatever") is Serving.REFUSE
    assert effective(Outcome.ALLOW, "enforce") is Serving.SERVE


def test_the_same_inputs_give_the_same_record_byte_for_byte():
    one, two = build_facts(inputs()), build_facts(inputs())
    assert one.digest == two.digest
    assert Facts.from_json(one.to_json()) == one
