"""Principals, roles, tokens, sessions, namespaces."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assay.core.errors import ConflictError, DataError, NotFoundError, RefusedError
from assay.store import namespaces, principals, roles, sessions, tokens
from store_world import NOW, World, digest, run_at_once

LATER = NOW + timedelta(hours=1)


def robot(connection, owner, name="ci"):
    return principals.create(connection, kind="robot", name=name, now=NOW, owner_id=owner.id)


def grant(connection, who, role="reader", namespace="acme"):
    return roles.grant(
        connection,
        principal_id=who.id,
        role=role,
        namespace=namespace,
        now=NOW,
        created_by=None,
    )


def token(connection, who, text="secret", **more):
    values = {"roles": ("reader",), "namespaces": ("Acme",), "now": NOW, "expires": LATER, **more}
    return tokens.create(connection, principal_id=who.id, name="t", hash=digest(text), **values)


class TestPrincipals:
    def test_are_found_by_name_in_any_case_and_by_id(self, connection):
        made = principals.create(connection, kind="person", name="Ada", now=NOW)
        assert principals.find(connection, "aDA") == principals.get(connection, made.id) == made
        assert (made.name, made.created, made.disabled_at) == ("Ada", NOW, None)
        assert principals.find(connection, "bob") is None
        with pytest.raises(NotFoundError, match="no such principal"):
            principals.get(connection, "01NONE")

    def test_a_name_is_taken_in_any_case(self, connection, world):
        world.person("straße")
        with pytest.raises(ConflictError, match="the name is taken"):
            principals.create(connection, kind="person", name="STRASSE", now=NOW)
        assert principals.count(connection) == 1

    def test_an_owner_must_exist_and_a_kind_be_known(self, connection):
        with pytest.raises(NotFoundError):
            principals.create(connection, kind="robot", name="ci", now=NOW, owner_id="01NONE")
        with pytest.raises(DataError):
            principals.create(connection, kind="group", name="ci", now=NOW)

    def test_are_listed_by_name_in_pages(self, connection, world):
        for name in ("bob", "Ada", "Cy"):
            world.person(name)
        page = principals.listed(connection, limit=2)
        assert [one.name for one in page] == ["Ada", "bob"]
        assert [one.name for one in principals.listed(connection, after="BOB")] == ["Cy"]

    def test_names_of_many_ids_at_once(self, connection, world):
        ada, bob = world.person("ada"), world.person("bob")
        assert principals.names(connection, {ada.id, bob.id, "01NONE"}) == {
            ada.id: "ada",
            bob.id: "bob",
        }
        assert principals.names(connection, set()) == {}

    def test_the_end_of_the_owners_answers(self, connection, world):
        ada = world.person("ada")
        middle = robot(connection, ada)
        last = robot(connection, middle, "ci-2")
        assert principals.answerable(connection, ada) == ada
        assert principals.answerable(connection, last) == ada
        assert principals.owned(connection, ada.id) == [middle]

    def test_owners_without_an_end_are_refused(self, connection, world):
        one = world.person("p0")
        for number in range(1, 12):
            one = robot(connection, one, f"p{number}")
        with pytest.raises(DataError, match="does not end"):
            principals.answerable(connection, one)

    def test_are_disabled_and_enabled_once(self, connection, world):
        ada = world.person()
        principals.disable(connection, ada.id, now=LATER)
        assert principals.get(connection, ada.id).disabled_at == LATER
        with pytest.raises(ConflictError, match="disabled already"):
            principals.disable(connection, ada.id, now=LATER)
        principals.enable(connection, ada.id)
        assert principals.get(connection, ada.id) == ada
        with pytest.raises(ConflictError, match="not disabled"):
            principals.enable(connection, ada.id)


class TestRoles:
    def test_are_bound_in_a_folded_namespace(self, connection, world):
        ada = world.person()
        made = grant(connection, ada, namespace="AcMe")
        assert made.namespace == "acme"
        found = roles.find(connection, principal_id=ada.id, role="reader", namespace="ACME")
        assert found == made
        assert roles.of_principal(connection, ada.id) == [made]
        assert roles.listed(connection) == [made]
        assert roles.listed(connection, after=made.id) == []

    def test_the_same_twice_is_a_conflict_and_nobodys_is_not_found(self, connection, world):
        ada = world.person()
        grant(connection, ada)
        with pytest.raises(ConflictError, match="already"):
            grant(connection, ada, namespace="ACME")
        with pytest.raises(DataError):
            grant(connection, ada, role="owner")
        with pytest.raises(NotFoundError):
            roles.grant(
                connection,
                principal_id="01NONE",
                role="reader",
                namespace="acme",
                now=NOW,
                created_by=None,
            )

    def test_are_withdrawn_once(self, connection, world):
        made = grant(connection, world.person())
        assert roles.withdraw(connection, made.id) == made
        with pytest.raises(NotFoundError):
            roles.withdraw(connection, made.id)

    def test_holders_are_enabled_persons_with_exactly_this(self, connection, world):
        ada, bob, eve = (world.person(name) for name in ("ada", "bob", "eve"))
        for who in (ada, bob, eve, robot(connection, ada)):
            grant(connection, who, "admin", "*")
        grant(connection, world.person("sub"), "admin", "acme")
        principals.disable(connection, eve.id, now=NOW)
        found = roles.holders(connection, role="admin", namespace="*")
        assert found == sorted([ada.id, bob.id])

    def test_who_locks_them_waits_for_the_other(self, store):
        with store.write() as connection:
            ada = World(connection).person()
        seen = []

        def grow():
            with store.write() as connection:
                roles.lock(connection)
                place = len(roles.of_principal(connection, ada.id))
                seen.append(place)
                grant(connection, ada, namespace=f"n{place}")

        run_at_once(grow, 4)
        assert sorted(seen) == [0, 1, 2, 3]


class TestTokens:
    def test_are_found_by_hash_and_kept_as_given(self, connection, world):
        ada = world.person()
        made = token(connection, ada)
        assert tokens.by_hash(connection, digest("secret")) == made
        assert tokens.get(connection, made.id) == made
        assert tokens.of_principal(connection, ada.id) == [made]
        assert (made.roles, made.namespaces) == (("reader",), ("acme",))
        assert tokens.by_hash(connection, digest("other")) is None

    def test_live_from_their_making_to_their_end(self, connection, world):
        made = token(connection, world.person())
        assert made.is_live(NOW)
        assert made.is_live(LATER - timedelta(microseconds=1))
        assert not made.is_live(LATER)

    def test_end_when_revoked_once(self, connection, world):
        made = token(connection, world.person())
        tokens.revoke(connection, made.id, now=NOW)
        assert not tokens.get(connection, made.id).is_live(NOW)
        with pytest.raises(ConflictError, match="revoked already"):
            tokens.revoke(connection, made.id, now=NOW)

    def test_note_their_use(self, connection, world):
        made = token(connection, world.person())
        assert made.last_used is None
        tokens.touch(connection, made.id, now=LATER)
        assert tokens.get(connection, made.id).last_used == LATER

    def test_one_hash_is_one_token(self, connection, world):
        ada = world.person()
        token(connection, ada)
        with pytest.raises(ConflictError):
            token(connection, ada)
        with pytest.raises(DataError, match="not a list of strings"):
            token(connection, ada, "another", roles="reader")


class TestSessions:
    def begin(self, connection, who, text="cookie", expires=LATER):
        return sessions.begin(
            connection,
            hash=digest(text),
            principal_id=who.id,
            csrf="csrf",
            now=NOW,
            expires=expires,
        )

    def test_live_until_they_expire(self, connection, world):
        made = self.begin(connection, world.person())
        just_before = LATER - timedelta(microseconds=1)
        assert sessions.live(connection, digest("cookie"), now=just_before) == made
        assert sessions.live(connection, digest("cookie"), now=LATER) is None
        assert sessions.live(connection, digest("other"), now=NOW) is None

    def test_end_alone_together_or_in_time(self, connection, world):
        ada, bob = world.person("ada"), world.person("bob")
        for text in ("a", "b", "c"):
            self.begin(connection, ada, text)
        self.begin(connection, bob, "d", expires=NOW + timedelta(minutes=1))
        sessions.end(connection, digest("a"))
        sessions.end(connection, digest("a"))
        assert sessions.end_all(connection, ada.id) == 2
        assert sessions.purge(connection, now=NOW) == 0
        assert sessions.purge(connection, now=LATER) == 1

    def test_one_cookie_is_one_session(self, connection, world):
        self.begin(connection, world.person())
        with pytest.raises(ConflictError):
            self.begin(connection, world.person())


class TestTheFirstAdministratorsLink:
    def spend(self, connection, text="link", now=NOW):
        sessions.spend_first_admin(connection, digest(text), now=now)

    def test_is_spent_once_and_in_time(self, connection):
        sessions.offer_first_admin(connection, digest("link"), expires=LATER)
        with pytest.raises(RefusedError):
            self.spend(connection, "other")
        with pytest.raises(RefusedError):
            self.spend(connection, now=LATER)
        self.spend(connection)
        with pytest.raises(RefusedError):
            self.spend(connection)

    def test_a_new_one_ends_the_one_before(self, connection):
        sessions.offer_first_admin(connection, digest("link"), expires=LATER)
        sessions.offer_first_admin(connection, digest("new"), expires=LATER)
        with pytest.raises(RefusedError):
            self.spend(connection)
        self.spend(connection, "new")


class TestNamespaces:
    def test_are_made_once_and_named_as_first_written(self, connection):
        made = namespaces.ensure(connection, "Acme", now=NOW)
        assert (made.folded, made.name, made.mode) == ("acme", "Acme", "enforce")
        assert namespaces.ensure(connection, "ACME", now=LATER, mode="warn") == made
        assert namespaces.get(connection, "aCME") == made
        assert namespaces.listed(connection) == [made]

    def test_are_governed(self, connection):
        namespaces.ensure(connection, "acme", now=NOW)
        rule = {"keys": ["a", "b"]}
        found = namespaces.change(connection, "ACME", mode="observe", trust_rule=rule)
        assert (found.mode, found.trust_rule) == ("observe", rule)
        assert namespaces.change(connection, "acme", mode="warn", trust_rule=None).mode == "warn"

    def test_that_are_not_there_are_not_found(self, connection):
        with pytest.raises(NotFoundError, match="no such namespace"):
            namespaces.get(connection, "acme")
        with pytest.raises(NotFoundError, match="no such namespace"):
            namespaces.change(connection, "acme", mode="warn", trust_rule=None)

    def test_of_an_unknown_mode_are_bad_data(self, connection):
        namespaces.ensure(connection, "acme", now=NOW)
        with pytest.raises(DataError):
            namespaces.change(connection, "acme", mode="block", trust_rule=None)
