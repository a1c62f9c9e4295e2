"""What each role may do, and that nothing goes wrong towards yes."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_making import identity
from assay.access import roles
from assay.access.principals import READING_ROLES
from assay.access.roles import ACTIONS, Authorizer, CedarRules, delivered
from assay.core.errors import DataError, RefusedError
from assay.store.tables.people import PRINCIPAL_KINDS, ROLES

MAY = {
    "reader": {"read"},
    "publisher": {"read", "publish"},
    "reviewer": {"read", "review"},
    "security": {"read", "secure"},
    "admin": {"read", "administer"},
    "endpoint": set(),
}
NAMESPACES = ("acme", "other", "*")

OVERFLOW = """
@id("broken")
forbid (principal, action, resource) when { 9223372036854775807 + 1 > 0 };
"""


def text_of(name):
    folder = roles.resources.files("assay.access") / "policies"
    return (folder / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def authorizer():
    return Authorizer()


@pytest.mark.parametrize("role", ROLES)
class TestARole:
    def test_does_in_its_namespace_what_it_is_for_and_nothing_else(self, authorizer, role):
        who = identity(f"{role}@acme")
        assert {action for action in ACTIONS if authorizer.allows(who, action, "acme")} == MAY[role]

    def test_does_nothing_in_another_namespace_or_the_installation(self, authorizer, role):
        who = identity(f"{role}@acme")
        assert not any(authorizer.allows(who, action, "other") for action in ACTIONS)
        assert not any(authorizer.allows(who, action, "*") for action in ACTIONS)

    def test_everywhere_means_every_namespace_and_the_installation(self, authorizer, role):
        who = identity(f"{role}@*")
        for place in ("acme", "other", "*"):
            found = {action for action in ACTIONS if authorizer.allows(who, action, place)}
            assert found == MAY[role]

    def test_reads_as_tokens_think_it_does(self, authorizer, role):
        assert authorizer.allows(identity(f"{role}@acme"), "read", "acme") == (
            role in READING_ROLES
        )


@given(
    grants=st.sets(st.tuples(st.sampled_from(ROLES), st.sampled_from(NAMESPACES)), max_size=5),
    kind=st.sampled_from(PRINCIPAL_KINDS),
    action=st.sampled_from(ACTIONS),
    place=st.sampled_from(NAMESPACES),
)
def test_cedar_agrees_with_the_table_on_any_roles(grants, kind, action, place):
    who = identity(*(f"{role}@{namespace}" for role, namespace in sorted(grants)), kind=kind)
    wanted = any(
        action in MAY[role] and namespace in ("*", place) for role, namespace in grants
    ) and not (kind == "agent" and action != "read")
    assert Authorizer(delivered()).allows(who, action, place) == wanted


class TestDenial:
    def test_nobody_may_do_anything(self, authorizer):
        assert not any(authorizer.allows(None, action, "acme") for action in ACTIONS)
        assert not any(authorizer.allows(identity(), action, "acme") for action in ACTIONS)

    def test_an_agent_never_decides_whatever_roles_it_has(self, authorizer):
        who = identity(*(f"{role}@*" for role in ROLES), kind="agent")
        assert {action for action in ACTIONS if authorizer.allows(who, action, "acme")} == {"read"}

    def test_an_unknown_action_is_a_bug_and_not_a_permission(self, authorizer):
        with pytest.raises(ValueError, match="no such action"):
            authorizer.allows(identity("admin@*"), "delete", "acme")

    def test_an_unknown_role_permits_nothing(self, authorizer):
        assert not any(authorizer.allows(identity("owner@*"), each, "acme") for each in ACTIONS)

    @pytest.mark.parametrize("namespace", ['acme"', "acme\n", "", "acme\0", "\\", "ünï", "acm"])
    def test_a_strange_namespace_is_just_another_one(self, authorizer, namespace):
        assert not authorizer.allows(identity("reader@acme"), "read", namespace)
        assert authorizer.allows(identity("reader@*"), "read", namespace)

    def test_case_does_not_count(self, authorizer):
        assert authorizer.allows(identity("reader@acme"), "read", "ACME")

    def test_a_refusal_says_what_was_asked_and_nothing_about_what_exists(self, authorizer):
        with pytest.raises(RefusedError) as caught:
            authorizer.require(identity("reader@acme"), "publish", "acme", subject="acme/tiny")
        assert caught.value.message == "you may not publish in the namespace acme"
        with pytest.raises(RefusedError, match="in the whole installation"):
            authorizer.require(None, "administer", "*", subject="people")
        authorizer.require(identity("reader@acme"), "read", "acme", subject="acme/tiny")


class TestPolicies:
    def test_a_forbid_that_fails_is_a_denial_and_not_skipped(self):
        policies = text_of("reader.cedar")
        schema = text_of("schema.cedarschema")
        sound, broken = CedarRules(policies, schema), CedarRules(policies + OVERFLOW, schema)
        who = identity("reader@acme")
        assert Authorizer(sound).allows(who, "read", "acme")
        assert not Authorizer(broken).allows(who, "read", "acme")

    @pytest.mark.parametrize(
        "policy",
        [
            "permit (princi",
            'permit (principal, action == Assay::Action::"delete", resource);',
            "permit (principal, action, resource) when { principal.roles.contains(1) };",
            "permit (principal, action, resource) when { context.admin };",
            'permit (principal == User::"ada", action, resource);',
        ],
    )
    def test_what_the_schema_does_not_have_is_refused_when_loaded(self, policy):
        with pytest.raises(DataError, match="access policies"):
            CedarRules(policy, text_of("schema.cedarschema"))

    def test_a_broken_schema_is_refused(self):
        with pytest.raises(DataError, match="access policies"):
            CedarRules(text_of("reader.cedar"), "entity {")

    def test_no_policies_permit_nothing(self):
        rules = CedarRules("", text_of("schema.cedarschema"))
        assert not Authorizer(rules).allows(identity("admin@*"), "read", "acme")

    def test_attributes_of_another_shape_are_a_denial(self):
        assert not delivered().permit({"kind": "person"}, "read", "acme")
        assert not delivered().permit({"kind": "person", "grants": ["reader"]}, "read", "acme")


class Counting:
    def __init__(self):
        self.asked = 0

    def permit(self, principal, action, namespace):
        self.asked += 1
        return delivered().permit(principal, action, namespace)


class TestCache:
    def test_the_same_question_is_answered_once(self):
        rules = Counting()
        authorizer = Authorizer(rules)
        for _ in range(3):
            assert authorizer.allows(identity("reader@acme"), "read", "acme")
        assert rules.asked == 1
        assert not authorizer.allows(identity("reader@acme"), "publish", "acme")
        assert not authorizer.allows(identity("reader@acme", kind="robot"), "publish", "acme")
        assert rules.asked == 3

    def test_it_is_bounded(self, monkeypatch):
        monkeypatch.setattr(roles, "MAX_CACHED", 4)
        authorizer = Authorizer()
        for number in range(20):
            assert authorizer.allows(identity("reader@*"), "read", f"n{number}")
        assert len(authorizer._known) <= 4

    def test_threads_get_the_same_answers(self):
        authorizer, wrong = Authorizer(), []

        def ask():
            for number in range(100):
                place = f"n{number % 10}"
                if authorizer.allows(identity("reader@n1"), "read", place) != (place == "n1"):
                    wrong.append(place)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong
