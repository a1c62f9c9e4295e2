"""Tokens: what they may carry, how they are told good from bad, how they end."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from access_making import NOW, identity, person, token_of
from assay.access import granting, people, sessions
from assay.access.errors import BadCredentialError
from assay.access.login import authenticate_session, authenticate_token
from assay.access.principals import Grant, covers, narrowed
from assay.access.roles import Authorizer
from assay.access.tokens import revoke
from assay.core.digest import Digest
from assay.core.errors import ConflictError, DataError, NotFoundError, RefusedError
from assay.store import audit, tokens
from assay.store.tables import metadata
from assay.store.tables.people import ROLES

LATER = NOW + timedelta(days=8)


def audited(store):
    with store.read() as connection:
        return [row.action for row in audit.listed(connection)]


class TestATokenThatIsGood:
    def test_stands_for_its_owner_with_the_scopes_it_was_given(self, store):
        ada = person(store, "ada", "publisher@acme", "reviewer@acme", "reader@other")
        secret, row = token_of(store, ada, roles=["publisher"], namespaces=["Acme"])
        found = authenticate_token(store, secret, now=NOW)
        assert found.principal == ada
        assert (found.id, found.name, found.person_id) == (ada.id, "ada", ada.id)
        assert found.grants == (Grant("publisher", "acme"),)
        assert (found.how, found.credential) == ("token", row.id)

    def test_is_256_random_bits_kept_as_a_hash_only(self, store):
        ada = person(store, "ada", "reader@acme")
        secret, row = token_of(store, ada)
        assert secret.startswith("assay_")
        assert len(secret) == len("assay_") + 43
        assert row.hash == Digest.of(secret.encode())
        assert token_of(store, ada)[0] != secret
        with store.read() as connection:
            for table in metadata.sorted_tables:
                for found in connection.execute(sa.select(table)):
                    assert secret not in repr(found)
                    assert secret[6:] not in repr(found)

    def test_carries_all_of_its_owner_when_nothing_is_named(self, store):
        ada = person(store, "ada", "publisher@acme", "reviewer@acme")
        found = authenticate_token(store, token_of(store, ada)[0], now=NOW)
        assert found.grants == (Grant("publisher", "acme"), Grant("reviewer", "acme"))

    def test_reads_only_although_its_owner_does_more(self, store):
        ada = person(store, "ada", "admin@*")
        secret, _ = token_of(store, ada, roles=["reader"], namespaces=["acme"])
        found = authenticate_token(store, secret, now=NOW)
        authorizer = Authorizer()
        assert found.grants == (Grant("reader", "acme"),)
        assert authorizer.allows(found, "read", "acme")
        assert not authorizer.allows(found, "administer", "acme")
        assert not authorizer.allows(found, "read", "other")

    def test_loses_what_its_owner_loses_at_once_and_does_not_gain_beyond_its_scopes(self, store):
        ada = person(store, "ada", "publisher@acme", "reviewer@acme")
        secret, _ = token_of(store, ada)
        with store.write() as connection:
            more = {"now": NOW, "by": None}
            granting.take(connection, ada, role="reviewer", namespace="acme", **more)
            granting.give(connection, ada, role="admin", namespace="*", **more)
        found = authenticate_token(store, secret, now=NOW)
        assert found.grants == (Grant("publisher", "acme"),)

    def test_is_young_for_seven_days(self, store):
        secret, _ = token_of(store, person(store, "ada", "reader@acme"))
        week = timedelta(days=7)
        assert authenticate_token(store, secret, now=NOW + week - timedelta(seconds=1)).young
        assert not authenticate_token(store, secret, now=NOW + week).young

    def test_context_names_everything_but_a_secret(self, store):
        ada = person(store, "ada", "publisher@acme")
        robot = person(store, "ci", "publisher@acme", kind="robot", owner="ada", now=LATER)
        secret, row = token_of(store, robot, now=LATER)
        found = authenticate_token(store, secret, now=LATER)
        assert found.context() == {
            "principal": robot.id,
            "kind": "robot",
            "person": ada.id,
            "how": "token",
            "credential": row.id,
            "young": True,
        }
        assert secret not in repr(found)

    def test_notes_its_use_at_most_once_a_minute(self, store):
        secret, row = token_of(store, person(store, "ada", "reader@acme"))

        def used_after(seconds):
            authenticate_token(store, secret, now=NOW + timedelta(seconds=seconds))
            with store.read() as connection:
                return (tokens.get(connection, row.id).last_used - NOW).total_seconds()

        assert [used_after(seconds) for seconds in (0, 59, 60, 61, 200)] == [0, 0, 60, 60, 200]

    def test_is_good_while_the_database_is_busy_with_another_change(self, sqlite_store):
        from assay.store.engine import open_store

        secret, _ = token_of(sqlite_store, person(sqlite_store, "ada", "reader@acme"))
        impatient = open_store(f"sqlite:///{sqlite_store.path}", busy_seconds=0.05)
        with sqlite_store.write():
            assert authenticate_token(impatient, secret, now=NOW).name == "ada"
        impatient.close()

    def test_does_not_wait_for_another_change_to_note_its_use(self, store):
        from assay.store.engine import open_store

        secret, row = token_of(store, person(store, "ada", "reader@acme"))
        address = store.engine.url.render_as_string(hide_password=False)
        other = open_store(f"sqlite:///{store.path}" if store.path else address)
        began = time.monotonic()
        with store.write() as connection:
            tokens.touch(connection, row.id, now=NOW - timedelta(hours=1))
            assert authenticate_token(other, secret, now=NOW).name == "ada"
        assert time.monotonic() - began < 2
        assert authenticate_token(other, secret, now=NOW).name == "ada"
        with store.read() as connection:
            assert tokens.get(connection, row.id).last_used == NOW
        other.close()


class TestATokenThatIsNotGood:
    @pytest.mark.parametrize(
        "secret",
        ["", "assay_", "assay_" + "A" * 43, "A" * 43, "assay_" + "A" * 4000, "assay_ä" + "A" * 42],
    )
    def test_is_refused_when_unknown(self, store, secret):
        token_of(store, person(store, "ada", "reader@acme"))
        with pytest.raises(BadCredentialError):
            authenticate_token(store, secret, now=NOW)

    def test_is_refused_from_the_moment_it_expires(self, store):
        secret, _ = token_of(store, person(store, "ada", "reader@acme"), days=1)
        end = NOW + timedelta(days=1)
        assert authenticate_token(store, secret, now=end - timedelta(microseconds=1))
        with pytest.raises(BadCredentialError):
            authenticate_token(store, secret, now=end)

    def test_is_refused_once_revoked_and_revoking_twice_is_a_conflict(self, store):
        secret, row = token_of(store, person(store, "ada", "reader@acme"))
        with store.write() as connection:
            assert revoke(connection, row.id, by=None, now=NOW).revoked_at == NOW
        with pytest.raises(BadCredentialError):
            authenticate_token(store, secret, now=NOW)
        with pytest.raises(ConflictError), store.write() as connection:
            revoke(connection, row.id, by=None, now=NOW)
        with pytest.raises(NotFoundError), store.write() as connection:
            revoke(connection, "01NONE", by=None, now=NOW)
        assert audited(store)[-1] == "token.revoke"

    def test_is_refused_while_its_owner_is_disabled_and_good_again_after(self, store):
        secret, _ = token_of(store, person(store, "ada", "reader@acme"))
        with store.write() as connection:
            people.disable(connection, "ADA", now=NOW, by=None)
        with pytest.raises(BadCredentialError):
            authenticate_token(store, secret, now=NOW)
        with store.write() as connection:
            people.enable(connection, "ada", now=NOW, by=None)
        assert authenticate_token(store, secret, now=NOW).name == "ada"

    def test_a_robots_token_is_refused_while_its_owner_is_disabled(self, store):
        person(store, "ada")
        robot = person(store, "ci", "publisher@acme", kind="robot", owner="ada")
        secret, _ = token_of(store, robot)
        assert authenticate_token(store, secret, now=NOW).principal == robot
        with store.write() as connection:
            people.disable(connection, "ada", now=NOW, by=None)
        with pytest.raises(BadCredentialError):
            authenticate_token(store, secret, now=NOW)

    def test_a_robot_nobody_owns_is_refused(self, store):
        person(store, "ada")
        robot = person(store, "ci", "publisher@acme", kind="robot", owner="ada")
        secret, _ = token_of(store, robot)
        table = metadata.tables["principal"]
        with store.write() as connection:
            connection.execute(sa.update(table).where(table.c.name == "ci").values(owner_id=None))
        with pytest.raises(BadCredentialError):
            authenticate_token(store, secret, now=NOW)

    def test_owners_in_a_circle_are_refused(self, store):
        ada = person(store, "ada")
        robot = person(store, "ci", "publisher@acme", kind="robot", owner="ada")
        secret, _ = token_of(store, robot)
        table = metadata.tables["principal"]
        with store.write() as connection:
            change = sa.update(table).where(table.c.id == ada.id)
            connection.execute(change.values(owner_id=robot.id))
        with pytest.raises(BadCredentialError):
            authenticate_token(store, secret, now=NOW)

    def test_every_refusal_reads_the_same(self, store):
        ada = person(store, "ada", "reader@acme")
        expired, _ = token_of(store, ada, days=1)
        revoked, row = token_of(store, ada, days=90)
        with store.write() as connection:
            revoke(connection, row.id, by=None, now=NOW)
        texts = set()
        for secret in (expired, revoked, "assay_" + "A" * 43, "nonsense"):
            with pytest.raises(BadCredentialError) as caught:
                authenticate_token(store, secret, now=NOW + timedelta(days=2))
            texts.add((str(caught.value), caught.value.remedy, caught.value.code))
        assert len(texts) == 1
        assert texts.pop()[2] == "unauthenticated"


class TestMakingATokenIsRefused:
    @pytest.mark.parametrize("days", [0, -1, 91, 10_000])
    def test_for_more_than_ninety_days(self, store, days):
        ada = person(store, "ada", "reader@acme")
        with pytest.raises(DataError, match="1 to 90 days"):
            token_of(store, ada, days=days)

    @pytest.mark.parametrize(
        ("roles", "namespaces"),
        [
            (["reviewer"], ["acme"]),
            (["publisher"], ["other"]),
            (["publisher"], ["acme", "other"]),
            (["publisher"], ["*"]),
            (["publisher", "admin"], ["acme"]),
            (["reader"], ["third"]),
        ],
    )
    def test_with_more_than_its_owner_has(self, store, roles, namespaces):
        ada = person(store, "ada", "publisher@acme", "reviewer@other")
        with pytest.raises(RefusedError, match="more than there is to pass on"):
            token_of(store, ada, roles=roles, namespaces=namespaces)
        assert "token.add" not in audited(store)

    def test_with_roles_that_are_held_in_different_places(self, store):
        ada = person(store, "ada", "publisher@acme", "reviewer@other")
        with pytest.raises(RefusedError, match="cannot carry"):
            token_of(store, ada)

    def test_for_an_owner_without_roles(self, store):
        with pytest.raises(RefusedError, match="no role"):
            token_of(store, person(store, "ada"))

    def test_for_a_disabled_owner(self, store):
        person(store, "ada", "reader@acme")
        with store.write() as connection:
            gone = people.disable(connection, "ada", now=NOW, by=None)
        with pytest.raises(ConflictError, match="disabled"):
            token_of(store, gone)

    def test_beyond_what_its_maker_may_pass_on(self, store):
        ada = person(store, "ada", "publisher@acme", "reviewer@acme")
        narrow = identity("reader@acme").grants
        secret, _ = token_of(store, ada, roles=["reader"], namespaces=["acme"], within=narrow)
        assert authenticate_token(store, secret, now=NOW).grants == narrow
        with pytest.raises(RefusedError, match="more than there is to pass on"):
            token_of(store, ada, roles=["publisher"], namespaces=["acme"], within=narrow)
        with pytest.raises(RefusedError, match="more than there is to pass on"):
            token_of(store, ada, within=narrow)

    @pytest.mark.parametrize(
        "more",
        [{"roles": ["owner"]}, {"namespaces": ["a.b"]}, {"namespaces": ["api"]}],
    )
    def test_with_names_that_are_none(self, store, more):
        with pytest.raises(DataError):
            token_of(store, person(store, "ada", "reader@acme"), **more)


GRANTS = st.sets(
    st.tuples(st.sampled_from(ROLES), st.sampled_from(["a", "b", "*"])), max_size=6
).map(lambda pairs: tuple(Grant(*pair) for pair in sorted(pairs)))


@given(held=GRANTS, scopes=GRANTS)
def test_what_is_narrowed_is_never_more_than_either(held, scopes):
    authorizer = Authorizer()
    found = narrowed(held, scopes)

    def may(grants, action, place):
        texts = [f"{one.role}@{one.namespace}" for one in grants]
        return authorizer.allows(identity(*texts), action, place)

    for action in ("read", "publish", "review", "secure", "administer"):
        for place in ("a", "b", "c", "*"):
            if may(found, action, place):
                assert may(held, action, place)
                assert may(scopes, action, place)
    assert all(covers(held, one) for one in held)


class TestSessions:
    def begin(self, store, principal, now=NOW, **more):
        with store.write() as connection:
            return sessions.begin(connection, principal, now=now, **more)

    def test_stands_for_a_person_with_all_its_roles(self, store):
        ada = person(store, "ada", "publisher@acme", "reviewer@other")
        cookie, csrf = self.begin(store, ada)
        found, session = authenticate_session(store, cookie, now=NOW)
        assert found.principal == ada
        assert found.grants == (Grant("publisher", "acme"), Grant("reviewer", "other"))
        assert (found.how, found.credential) == ("session", "session")
        assert session.csrf == csrf
        assert session.hash == Digest.of(cookie.encode())
        assert cookie not in repr(session)

    def test_ends_after_twelve_hours(self, store):
        cookie, _ = self.begin(store, person(store, "ada"))
        end = NOW + timedelta(hours=12)
        assert authenticate_session(store, cookie, now=end - timedelta(seconds=1))
        with pytest.raises(BadCredentialError):
            authenticate_session(store, cookie, now=end)

    @pytest.mark.parametrize("cookie", ["", "A" * 43, "A" * 42, "ä" * 43])
    def test_unknown_cookies_are_refused(self, store, cookie):
        self.begin(store, person(store, "ada"))
        with pytest.raises(BadCredentialError):
            authenticate_session(store, cookie, now=NOW)

    def test_ends_when_its_person_is_disabled_and_stays_ended(self, store):
        cookie, _ = self.begin(store, person(store, "ada"))
        with store.write() as connection:
            people.disable(connection, "ada", now=NOW, by=None)
            people.enable(connection, "ada", now=NOW, by=None)
        with pytest.raises(BadCredentialError):
            authenticate_session(store, cookie, now=NOW)

    def test_ends_on_request_and_twice_is_nothing(self, store):
        cookie, _ = self.begin(store, person(store, "ada"))
        for _ in range(2):
            with store.write() as connection:
                sessions.end(connection, cookie)
        with pytest.raises(BadCredentialError):
            authenticate_session(store, cookie, now=NOW)

    def test_is_for_persons_only(self, store):
        person(store, "ada")
        robot = person(store, "ci", kind="robot", owner="ada")
        with pytest.raises(RefusedError, match="only a person"):
            self.begin(store, robot)

    def test_a_form_must_carry_the_sessions_secret(self, store):
        cookie, csrf = self.begin(store, person(store, "ada"))
        _, session = authenticate_session(store, cookie, now=NOW)
        sessions.check_csrf(session, csrf)
        for given_csrf in ("", csrf[:-1], csrf + "A", cookie, "\udcff"):
            with pytest.raises(RefusedError, match="does not belong"):
                sessions.check_csrf(session, given_csrf)

    def test_a_token_with_all_roles_begins_one_that_ends_with_it(self, store):
        ada = person(store, "ada", "publisher@acme")
        secret, row = token_of(store, ada, days=1)
        late = row.expires - timedelta(hours=1)
        shown = authenticate_token(store, secret, now=late)
        with store.write() as connection:
            cookie, _ = sessions.begin_with_token(connection, shown, now=late)
        _, session = authenticate_session(store, cookie, now=late)
        assert session.expires == row.expires

    def test_a_token_with_fewer_roles_does_not_begin_one(self, store):
        ada = person(store, "ada", "publisher@acme", "reviewer@acme")
        secret, _ = token_of(store, ada, roles=["reader"], namespaces=["acme"])
        shown = authenticate_token(store, secret, now=NOW)
        with (
            pytest.raises(RefusedError, match="less than its owner's roles"),
            store.write() as connection,
        ):
            sessions.begin_with_token(connection, shown, now=NOW)

    def test_revoking_a_token_ends_the_sessions_of_its_owner(self, store):
        ada = person(store, "ada", "publisher@acme")
        secret, row = token_of(store, ada)
        shown = authenticate_token(store, secret, now=NOW)
        with store.write() as connection:
            cookie, _ = sessions.begin_with_token(connection, shown, now=NOW)
        with store.write() as connection:
            revoke(connection, row.id, by=None, now=NOW)
        with pytest.raises(BadCredentialError):
            authenticate_session(store, cookie, now=NOW)
