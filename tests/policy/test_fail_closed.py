"""Mutations of a policy and of facts: whatever is missing or misspelt, the answer is never yes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.decision import Outcome
from assay.core.errors import DataError
from assay.policy.bundle import default_policy
from assay.policy.engine import judge
from assay.policy.facts import FACTS, Facts
from assay.policy.samples import clean_values, sample_value
from policy.policy_making import policy, record

NAMES = sorted({name for rule in default_policy().rules for name in rule.expression.names})
SOURCES = {rule.id: rule.expression.source for rule in default_policy().rules}


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_fact_never_allows_where_a_rule_needs_it(name):
    judgement = judge(default_policy(), record(unknown=(name,)))
    needing = [r for r in default_policy().rules if name in r.expression.names]
    answered = {r.rule for r in judgement.reasons if r.result in ("pass", "waived")}
    unanswered = [rule.id for rule in needing if rule.id not in answered]
    if unanswered:
        assert judgement.outcome is not Outcome.ALLOW
    # CEL may answer without the fact only where the answer does not depend on it.
    for rule in needing:
        if rule.id in answered and name != "findings":
            kind = FACTS[name].kind
            for turn in range(4):
                changed = record(**{name: sample_value(kind, turn, rows=2)}) if turn else record()
                again = judge(default_policy(), changed)
                assert next(r.result for r in again.reasons if r.rule == rule.id) == "pass"


def misspelt():
    """Every word of every rule with a letter changed, added or missing."""
    for rule, source in SOURCES.items():
        for found in re.finditer(r"[a-z_]{3,}", source):
            word = found.group()
            for wrong in (word[:-1], word + "x", word[1:], word.replace(word[1], "q", 1)):
                changed = source[: found.start()] + wrong + source[found.end() :]
                if changed != source:
                    yield pytest.param(changed, id=f"{rule}-{word}-{wrong}")


@pytest.mark.parametrize("source", list(misspelt()))
def test_a_misspelt_word_is_refused_when_the_policy_is_loaded(source):
    with pytest.raises(DataError):
        policy(source)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
@pytest.mark.parametrize(
    "form", ["has({0})", "{0} || true || verdct == 'a'", "false && verdct == 'a' || {0}"]
)
def test_what_would_mask_a_mistake_is_refused(source, form):
    with pytest.raises(DataError):
        policy(form.format(source))


@pytest.mark.parametrize("name", sorted(FACTS))
def test_a_record_without_a_fact_is_refused(name):
    values = clean_values()
    del values[name]
    with pytest.raises(DataError):
        Facts.checked(values, unknown=frozenset())


@settings(max_examples=150)
@given(data=st.data())
def test_no_record_that_is_malicious_unread_or_blocked_is_ever_allowed(data):
    bad = data.draw(st.sampled_from([
        {"verdict": "malicious", "worst_severity": "critical"},
        {"verdict": "unknown", "scan_state": "unknown", "scan_complete": False},
        {"digest_blocked": True},
        {"approvals": 0, "approvers": []},
        {"rejections": 1},
        {"signature_status": "invalid", "signed_trusted": False},
        {"signed_trusted": False, "signature_status": "untrusted", "namespace_has_trust_rule": True},
    ]))  # fmt: skip
    free = data.draw(st.sets(st.sampled_from(["formats", "ruleset", "scan_age_days", "publisher"])))
    others = {
        name: sample_value(FACTS[name].kind, data.draw(st.integers(0, 5)), rows=2) for name in free
    }
    assert judge(default_policy(), record(**(others | bad))).outcome is not Outcome.ALLOW
