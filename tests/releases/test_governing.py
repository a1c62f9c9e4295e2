"""What administrators set, and that nobody else does."""

from __future__ import annotations

import pytest

from assay.access.login import authenticate_token
from assay.core.digest import Digest
from assay.core.errors import DataError, NotFoundError, RefusedError
from assay.policy.bundle import default_policy
from assay.releases import governing
from assay.releases.refusal import Refused
from assay.store import audit, namespaces, policies
from releases.house import MODEL


def test_only_administrators_govern(house):
    for name in ("ana", "ben", "sam", "rex"):
        who = house.who(name)
        for act in (
            lambda who=who: governing.set_namespace(house.inst, who, "acme", "warn", None),
            lambda who=who: governing.activate_policy(house.inst, who, default_policy().source),
            lambda who=who: governing.add_principal(house.inst, who, name="zed"),
            lambda who=who: governing.disable_principal(house.inst, who, "root"),
            lambda who=who: governing.enable_principal(house.inst, who, "root"),
            lambda who=who: governing.give_role(
                house.inst, who, principal=who.name, role="admin", namespace="acme"
            ),
            lambda who=who: governing.take_role(
                house.inst, who, principal="root", role="admin", namespace="*"
            ),
        ):
            with pytest.raises(RefusedError):
                act()
    with pytest.raises(RefusedError):
        governing.block_digest(house.inst, house.who("root"), Digest.of(b""), reason="x")


def test_an_administrator_of_a_namespace_governs_it_and_no_other(house):
    house.give("cyd", "admin", "acme")
    cyd = house.who("cyd")
    governing.set_namespace(house.inst, cyd, "acme", "warn", None)
    governing.give_role(house.inst, cyd, principal="rex", role="publisher", namespace="ACME")
    for act in (
        lambda: governing.set_namespace(house.inst, cyd, "other", "warn", None),
        lambda: governing.give_role(house.inst, cyd, principal="cyd", role="admin", namespace="*"),
        lambda: governing.activate_policy(house.inst, cyd, default_policy().source),
    ):
        with pytest.raises(RefusedError):
            act()


def test_a_namespace_is_set_and_audited(house, signers):
    rule = {"keys": [signers.decision.public.pem.decode()]}
    root = house.who("root")
    changed = governing.set_namespace(house.inst, root, "acme", "warn", rule)
    assert (changed.mode, changed.trust_rule) == ("warn", rule)
    with house.inst.store.read() as connection:
        assert namespaces.get(connection, "acme").trust_rule == rule
        act = audit.newest(connection, limit=1)[0]
    assert (act.action, act.principal_id) == ("namespace.set", root.id)


@pytest.mark.parametrize(
    ("mode", "rule"),
    [
        ("off", None),
        ("warn", {}),
        ("warn", {"keys": []}),
        ("warn", {"keys": ["not a key"]}),
        ("warn", {"keys": [1]}),
        ("warn", []),
        ("warn", {"keys": [], "more": 1}),
    ],
)
def test_what_a_namespace_cannot_be(one_house, mode, rule):
    with pytest.raises(DataError):
        governing.set_namespace(one_house.inst, one_house.who("root"), "acme", mode, rule)


def test_a_new_trust_rule_ends_what_was_decided(house, signers):
    release = house.approved()
    rule = {"keys": [signers.decision.public.pem.decode()]}
    governing.set_namespace(house.inst, house.who("root"), "acme", "enforce", rule)
    with pytest.raises(Refused) as caught:
        house.may("main")
    assert caught.value.reason == "expired"
    with house.inst.store.read() as connection:
        assert governing.trees_in(connection, "acme") == [release.tree]


def test_a_policy_whose_own_test_fails_is_not_activated(house):
    broken = default_policy().source.replace('outcome = "allow"', 'outcome = "deny"', 1)
    with pytest.raises(DataError, match="fails"):
        governing.activate_policy(house.inst, house.who("root"), broken)
    with house.inst.store.read() as connection:
        assert policies.active(connection) is None


def test_ones_own_token_carries_no_more_than_the_credential(house):
    house.give("ana", "reviewer", "acme")
    inst, ana = house.inst, house.who("ana")
    secret, _ = governing.make_token(
        inst, ana, name="ci", roles=["publisher"], namespaces=["acme"], days=7
    )
    narrow = authenticate_token(inst.store, secret, now=inst.clock.now())
    with pytest.raises(RefusedError):
        governing.make_token(
            inst, narrow, name="more", roles=["reviewer"], namespaces=["acme"], days=7
        )
    with pytest.raises(RefusedError):
        governing.make_token(inst, ana, name="x", roles=["admin"], namespaces=["acme"], days=7)


def test_a_token_does_not_outlive_the_one_it_was_made_with(house):
    inst = house.inst
    first, short = governing.make_token(
        inst, house.who("ana"), name="short", roles=["publisher"], namespaces=["acme"], days=2
    )
    using = authenticate_token(inst.store, first, now=inst.clock.now())
    _, second = governing.make_token(
        inst, using, name="longer", roles=["publisher"], namespaces=["acme"], days=90
    )
    assert second.expires == short.expires


def test_a_robots_owner_makes_and_ends_its_tokens(house):
    inst, ana = house.inst, house.who("ana")
    house.give("ana", "reviewer", "acme")
    _, token = governing.make_token(
        inst,
        house.who("ana"),
        name="bot",
        roles=["reviewer"],
        namespaces=["acme"],
        days=7,
        principal="ana-bot",
    )
    for name in ("ben", "rex", "ana-bot", "ben-bot"):
        if name != "ana-bot":
            with pytest.raises(NotFoundError):
                governing.revoke_token(inst, house.who(name), token.id)
        with pytest.raises(RefusedError):
            governing.make_token(
                inst,
                house.who(name),
                name="x",
                roles=["reader"],
                namespaces=["acme"],
                days=1,
                principal="ana",
            )
    assert governing.revoke_token(inst, ana, token.id).revoked_at is not None


def test_who_is_disabled_is_nobody(house):
    inst, root = house.inst, house.who("root")
    secret, _ = governing.make_token(
        inst, root, name="t", roles=["reader"], namespaces=["acme"], days=1, principal="rex"
    )
    authenticate_token(inst.store, secret, now=inst.clock.now())
    governing.disable_principal(inst, root, "rex")
    with pytest.raises(RefusedError):
        authenticate_token(inst.store, secret, now=inst.clock.now())
    governing.enable_principal(inst, root, "rex")
    assert authenticate_token(inst.store, secret, now=inst.clock.now()).name == "rex"


def test_roles_are_given_and_taken(house):
    inst, root = house.inst, house.who("root")
    governing.give_role(inst, root, principal="rex", role="publisher", namespace="acme")
    house.push(who="rex", model=MODEL)
    governing.take_role(inst, root, principal="rex", role="publisher", namespace="acme")
    with pytest.raises(RefusedError):
        house.push({"b": b"b"}, who="rex", model=MODEL)
