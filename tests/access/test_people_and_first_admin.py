"""People, roles, namespaces and the first administrator, with what the audit trail says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from access_making import NOW, person
from assay.access import first, governing, granting, people
from assay.access.naming import check_namespace
from assay.access.principals import check_name
from assay.core.errors import ConflictError, DataError, NotFoundError, RefusedError
from assay.store import audit, epochs, namespaces, principals, roles
from store_world import run_at_once

LATE = NOW + timedelta(minutes=30)


def trail(store):
    with store.read() as connection:
        audit.verify(connection)
        return [(row.action, row.principal_id, row.detail) for row in audit.listed(connection)]


def offer(store, now=NOW):
    with store.write() as connection:
        return first.offer(connection, now)


def spend(store, secret, name="root", now=NOW):
    with store.write() as connection:
        return first.spend(connection, secret, name, now)


class TestPeople:
    def test_adding_is_audited_in_the_same_transaction(self, store):
        made = person(store, "Ada")
        assert (made.kind, made.owner_id, made.disabled_at) == ("person", None, None)
        assert trail(store) == [
            ("user.add", None, {"name": "Ada", "kind": "person", "owner": None})
        ]

    def test_a_name_is_taken_in_any_case_and_nothing_is_left(self, store):
        person(store, "Ada")
        with pytest.raises(ConflictError, match="the name is taken"):
            person(store, "ADA", "reader@acme")
        assert len(trail(store)) == 1

    def test_a_robot_has_an_owning_person(self, store):
        ada = person(store, "ada")
        assert person(store, "ci", kind="robot", owner="ADA").owner_id == ada.id
        assert person(store, "host", kind="agent", owner="ada").owner_id == ada.id
        with pytest.raises(DataError, match="a person must answer"):
            person(store, "ci2", kind="robot")
        with pytest.raises(DataError, match="enabled person"):
            person(store, "ci3", kind="robot", owner="ci")
        with pytest.raises(NotFoundError):
            person(store, "ci4", kind="robot", owner="nobody")
        with pytest.raises(DataError, match="answers for itself"):
            person(store, "bob", owner="ada")
        with pytest.raises(DataError, match="not a kind"):
            person(store, "bob", kind="group")

    def test_a_disabled_person_answers_for_nobody_new(self, store):
        person(store, "ada")
        with store.write() as connection:
            people.disable(connection, "ada", now=NOW, by=None)
        with pytest.raises(DataError, match="enabled person"):
            person(store, "ci", kind="robot", owner="ada")

    def test_disabling_and_enabling_are_audited_and_not_done_twice(self, store):
        ada = person(store, "ada")
        for change, word in ((people.disable, "disabled already"), (people.enable, "not disabled")):
            with store.write() as connection:
                change(connection, "ada", now=NOW, by=ada.id)
            with pytest.raises(ConflictError, match=word), store.write() as connection:
                change(connection, "ada", now=NOW, by=ada.id)
        assert [row[:2] for row in trail(store)[1:]] == [
            ("user.disable", ada.id),
            ("user.enable", ada.id),
        ]
        with pytest.raises(NotFoundError), store.write() as connection:
            people.disable(connection, "nobody", now=NOW, by=None)

    @pytest.mark.parametrize(
        "name",
        ["", " ", "a b", "-a", "a-", ".", "a" * 65, "\u0430da", "a\n", "a\0", "a/b", "[bold]", "*"],
    )
    def test_a_name_that_could_pass_for_another_is_refused(self, name):
        with pytest.raises(DataError, match="not a name"):
            check_name(name)

    @pytest.mark.parametrize("name", ["a", "ana-3f2a1c", "ana@example.org", "A_b.c+d", "a" * 64])
    def test_usual_names_are_taken(self, name):
        assert check_name(name) == name


class TestRoles:
    def test_are_given_and_taken_with_a_row_in_the_trail(self, store):
        ada = person(store, "ada", "publisher@Acme")
        with store.write() as connection:
            granting.take(connection, ada, role="publisher", namespace="ACME", now=NOW, by=ada.id)
            assert roles.of_principal(connection, ada.id) == []
        detail = {"name": "ada", "role": "publisher", "namespace": "acme"}
        assert trail(store)[1:] == [("role.give", None, detail), ("role.take", ada.id, detail)]

    def test_twice_is_a_conflict_and_taking_what_is_not_there_is_not_found(self, store):
        ada = person(store, "ada", "publisher@acme")
        more = {"namespace": "acme", "now": NOW, "by": None}
        with pytest.raises(ConflictError, match="already"), store.write() as connection:
            granting.give(connection, ada, role="publisher", **more)
        with pytest.raises(NotFoundError, match="does not have"), store.write() as connection:
            granting.take(connection, ada, role="reviewer", **more)

    @pytest.mark.parametrize(
        ("role", "namespace"),
        [("owner", "acme"), ("", "acme"), ("reader", "a/b"), ("reader", "a.b"), ("reader", "api"),
         ("reader", ""), ("reader", "a*"), ("reader", "a" * 64)],
    )  # fmt: skip
    def test_unknown_roles_and_impossible_namespaces_are_refused(self, store, role, namespace):
        ada = person(store, "ada")
        with pytest.raises(DataError), store.write() as connection:
            granting.give(connection, ada, role=role, namespace=namespace, now=NOW, by=None)
        assert len(trail(store)) == 1

    def test_namespaces_are_folded(self):
        assert check_namespace("AcMe-1") == "acme-1"
        assert check_namespace("*") == "*"


class TestTheLastAdministrator:
    def test_is_neither_disabled_nor_stripped(self, store):
        root = person(store, "root", "admin@*")
        person(store, "sub", "admin@acme")
        with pytest.raises(ConflictError, match="last administrator"):
            self.strip(store, root)
        with pytest.raises(ConflictError, match="last administrator"):
            self.disable(store, "root")
        other = person(store, "other", "admin@*")
        self.disable(store, "root")
        with pytest.raises(ConflictError, match="last administrator"):
            self.strip(store, other)

    def test_is_not_a_robot(self, store):
        root = person(store, "root", "admin@*")
        person(store, "ci", "admin@*", kind="robot", owner="root")
        with pytest.raises(ConflictError, match="last administrator"):
            self.strip(store, root)

    def test_of_two_removed_at_once_one_stays(self, store):
        names = ["one", "two"]
        for name in names:
            person(store, name, "admin@*")
        left, refused = list(names), []

        def go():
            name = left.pop()
            try:
                self.disable(store, name)
            except ConflictError:
                refused.append(name)

        run_at_once(go, 2)
        assert len(refused) == 1
        with store.read() as connection:
            assert people.has_administrator(connection)

    def strip(self, store, who):
        with store.write() as connection:
            granting.take(connection, who, role="admin", namespace="*", now=NOW, by=None)

    def disable(self, store, name):
        with store.write() as connection:
            people.disable(connection, name, now=NOW, by=None)


class TestTheFirstAdministrator:
    def test_is_made_by_the_link_once(self, store):
        secret = offer(store)
        root = spend(store, secret)
        with store.read() as connection:
            found = roles.of_principal(connection, root.id)
            assert [(one.role, one.namespace) for one in found] == [("admin", "*")]
        assert [row[0] for row in trail(store)] == [
            "admin.first-link",
            "user.add",
            "role.give",
            "admin.first",
        ]
        with pytest.raises(RefusedError):
            spend(store, secret, "second")

    def test_the_secret_is_256_bits_and_not_kept(self, store):
        secret = offer(store)
        assert len(secret) == 43
        assert secret not in repr(trail(store))
        assert first.link("http://h:1/", secret) == f"http://h:1/console/first/{secret}"

    @pytest.mark.parametrize("secret", ["", "A" * 43, "A" * 10_000, "ä" * 43])
    def test_another_secret_makes_none(self, store, secret):
        offer(store)
        with pytest.raises(RefusedError, match="not valid, has expired or was used"):
            spend(store, secret)

    def test_the_link_lives_thirty_minutes(self, store):
        secret = offer(store)
        with pytest.raises(RefusedError, match="expired"):
            spend(store, secret, now=LATE)
        assert spend(store, secret, now=LATE - timedelta(seconds=1)).name == "root"

    def test_a_new_link_ends_the_one_before(self, store):
        old, new = offer(store), offer(store)
        with pytest.raises(RefusedError):
            spend(store, old)
        assert spend(store, new)

    def test_there_is_no_link_while_there_is_an_administrator(self, store):
        secret = offer(store)
        person(store, "ada", "admin@*")
        with pytest.raises(RefusedError, match="administrator already"):
            offer(store)
        with pytest.raises(RefusedError, match="administrator already"):
            spend(store, secret)

    def test_a_failed_attempt_leaves_the_link_as_it_was(self, store):
        secret = offer(store)
        person(store, "ada")
        with pytest.raises(ConflictError, match="taken"):
            spend(store, secret, "ADA")
        with pytest.raises(DataError, match="not a name"):
            spend(store, secret, "no such name")
        assert spend(store, secret, "root").name == "root"

    def test_of_many_at_once_one_succeeds(self, store):
        secret = offer(store)
        names, refused = [f"root{number}" for number in range(4)], []

        def go():
            name = names.pop()
            try:
                spend(store, secret, name)
            except RefusedError:
                refused.append(name)

        run_at_once(go, 4)
        assert len(refused) == 3
        with store.read() as connection:
            assert principals.count(connection) == 1

    def test_one_administrator_comes_of_many_links_and_attempts(self, store):
        made, refused = [], []

        def go():
            try:
                made.append(spend(store, offer(store), f"root{len(made)}"))
            except (RefusedError, ConflictError):
                refused.append(1)

        run_at_once(go, 4)
        assert len(made) == 1


class TestGoverningANamespace:
    RULE = {"keys": ["-----BEGIN PUBLIC KEY-----"]}  # noqa: RUF012 - never changed

    def govern(self, store, name="Acme", **change):
        with store.write() as connection:
            return governing.govern(connection, name, now=NOW, by=None, **change)

    def epoch(self, store):
        with store.write() as connection:
            return epochs.bump_global(connection)

    def test_makes_it_and_changes_only_what_is_named(self, store):
        assert self.govern(store).mode == "enforce"
        assert self.govern(store, mode="warn").trust_rule is None
        found = self.govern(store, "ACME", trust_rule=self.RULE)
        assert (found.name, found.mode, found.trust_rule) == ("Acme", "warn", self.RULE)
        found = self.govern(store, mode="observe")
        assert (found.mode, found.trust_rule) == ("observe", self.RULE)
        assert self.govern(store, trust_rule=None).trust_rule is None
        with store.read() as connection:
            assert len(namespaces.listed(connection)) == 1
        assert {row[0] for row in trail(store)} == {"namespace.set"}

    def test_ends_cached_answers_when_something_changed(self, store):
        before = self.epoch(store)
        self.govern(store)
        assert self.epoch(store) == before + 1
        self.govern(store, mode="warn")
        assert self.epoch(store) == before + 3

    @pytest.mark.parametrize("name", ["*", "api", "a/b", ""])
    def test_refuses_what_is_no_namespace(self, store, name):
        with pytest.raises(DataError):
            self.govern(store, name)

    def test_refuses_an_unknown_mode(self, store):
        with pytest.raises(DataError, match="not a mode"):
            self.govern(store, mode="block")
