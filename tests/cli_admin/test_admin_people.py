"""`assay admin user|role|token|namespace|audit|keys`: answers, refusals, what is left behind."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from assay.access.login import authenticate_token
from assay.cli.admin_host import place_of
from assay.config import Config
from assay.core.clock import SystemClock
from assay.signing.keys import generate
from assay.store.engine import open_store


def identity(secret):
    store = open_store(place_of(Config.load()).database)
    try:
        return authenticate_token(store, secret, now=SystemClock().now())
    finally:
        store.close()


def actions(assay):
    return [row["action"] for row in assay.json("admin", "audit", "list")["rows"]]


class TestOnEachEngine:
    def test_a_person_gets_roles_and_a_token_the_way_the_tour_does_it(self, anywhere):
        anywhere.yes("admin", "init", "--if-missing")
        anywhere.yes("admin", "upgrade")
        space = "tour-01JDF0000000000000000000AA"
        anywhere.yes("admin", "user", "add", "ana-0000aa")
        for role in ("publisher", "reviewer"):
            anywhere.yes("admin", "role", "add", "ana-0000aa", role, "--namespace", space)
        made = anywhere.yes(
            *("admin", "token", "add", "ana-0000aa", "--name", "tour", "--format", "json"),
            *("--role", "publisher", "--role", "reviewer", "--namespace", space),
        ).json()
        found = identity(made["token"])
        assert found.name == "ana-0000aa"
        assert {(one.role, one.namespace) for one in found.grants} == {
            ("publisher", space.lower()),
            ("reviewer", space.lower()),
        }
        assert anywhere.json("admin", "audit", "verify")["rows"] == 6
        assert anywhere.json("admin", "token", "list")["tokens"][0]["live"] is True
        anywhere.yes("admin", "user", "disable", "ana-0000aa")
        anywhere.no(1, "admin", "user", "disable", "ana-0000aa")


class TestUsers:
    def test_are_listed_with_roles_and_owners(self, people):
        rows = people.json("admin", "user", "list")["users"]
        assert [(row["name"], row["kind"], row["owner"]) for row in rows] == [
            ("ana", "person", None),
            ("ci", "robot", "ana"),
        ]
        assert {one["role"] for one in rows[0]["roles"]} == {"publisher", "reviewer"}
        assert "publisher in acme" in people.yes("admin", "user", "list").out

    def test_beyond_a_page_are_all_listed(self, assay):
        from assay.access import people
        from assay.cli.admin_host import writing

        with writing() as (connection, now):
            for number in range(230):
                people.add(connection, name=f"p{number}", now=now, by=None)
        assert len(assay.json("admin", "user", "list")["users"]) == 230

    def test_are_disabled_and_enabled(self, people):
        assert people.json("admin", "user", "disable", "ana")["disabled"] is not None
        assert people.json("admin", "user", "enable", "ANA")["disabled"] is None

    @pytest.mark.parametrize(
        ("code", "words", "arguments"),
        [
            (1, "the name is taken", ("user", "add", "ANA")),
            (1, "is not a name", ("user", "add", "no such name")),
            (1, "a person must answer", ("user", "add", "bot", "--kind", "robot")),
            (1, "no such principal", ("user", "add", "bot", "--kind", "robot", "--owner", "eve")),
            (1, "no such principal", ("user", "disable", "eve")),
            (1, "is not disabled", ("user", "enable", "ana")),
            (2, "Invalid value for '--kind'", ("user", "add", "eve", "--kind", "group")),
            (2, "Missing argument", ("user", "add")),
        ],
    )
    def test_bad_input_is_named_and_nothing_is_changed(self, people, code, words, arguments):
        before = actions(people)
        assert words in people.no(code, "admin", *arguments)
        assert actions(people) == before


class TestRoles:
    def test_are_listed_given_and_taken(self, people):
        rows = people.json("admin", "role", "list", "ana")["roles"]
        assert [(row["role"], row["namespace"]) for row in rows] == [
            ("publisher", "acme"),
            ("reviewer", "acme"),
        ]
        people.yes("admin", "role", "remove", "ana", "reviewer", "--namespace", "acme")
        assert len(people.json("admin", "role", "list")["roles"]) == 1

    @pytest.mark.parametrize(
        ("code", "words", "arguments"),
        [
            (1, "is not a role", ("add", "ana", "owner", "--namespace", "acme")),
            (1, "is not a namespace", ("add", "ana", "reader", "--namespace", "a/b")),
            (1, "reserved", ("add", "ana", "reader", "--namespace", "api")),
            (1, "no such principal", ("add", "eve", "reader", "--namespace", "acme")),
            (1, "already", ("add", "ana", "publisher", "--namespace", "ACME")),
            (1, "does not have the role", ("remove", "ana", "admin", "--namespace", "*")),
            (1, "no such principal", ("list", "eve")),
            (2, "Missing option '--namespace'", ("add", "ana", "reader")),
        ],
    )
    def test_bad_input_is_named_and_nothing_is_changed(self, people, code, words, arguments):
        before = actions(people)
        assert words in people.no(code, "admin", "role", *arguments)
        assert actions(people) == before

    def test_the_last_administrator_stays(self, people):
        people.yes("admin", "role", "add", "ana", "admin", "--namespace", "*")
        err = people.no(1, "admin", "role", "remove", "ana", "admin", "--namespace", "*")
        assert "last administrator" in err
        assert "last administrator" in people.no(1, "admin", "user", "disable", "ana")


class TestTokens:
    def test_the_secret_alone_is_on_standard_output(self, people):
        answer = people.yes("admin", "token", "add", "ana", "--name", "laptop")
        assert identity(answer.out.strip()).name == "ana"
        assert "this once" in answer.err

    def test_are_listed_without_secrets_and_revoked_by_id(self, people):
        made = people.json("admin", "token", "add", "ana", "--name", "laptop", "--days", "7")
        listed = people.yes("admin", "token", "list", "ana", "--format", "json")
        assert made["token"] not in listed.out
        assert listed.json()["tokens"][0]["id"] == made["id"]
        assert made["id"] in people.yes("admin", "token", "list").out
        people.yes("admin", "token", "revoke", made["id"])
        assert people.json("admin", "token", "list", "ana")["tokens"][0]["live"] is False
        with pytest.raises(Exception, match="not valid"):
            identity(made["token"])
        people.no(1, "admin", "token", "revoke", made["id"])

    @pytest.mark.parametrize(
        ("code", "words", "arguments"),
        [
            (1, "1 to 90 days", ("add", "ana", "--name", "x", "--days", "91")),
            (1, "1 to 90 days", ("add", "ana", "--name", "x", "--days", "0")),
            (1, "more than there is to pass on", ("add", "ana", "--name", "x", "--role", "admin")),
            (1, "more than there is", ("add", "ana", "--name", "x", "--namespace", "other")),
            (1, "has no role", ("add", "ci", "--name", "x")),
            (1, "no such principal", ("add", "eve", "--name", "x")),
            (1, "printable", ("add", "ana", "--name", " ")),
            (1, "is not a role", ("add", "ana", "--name", "x", "--role", "owner")),
            (1, "no such token", ("revoke", "01JDF0000000000000000000AA")),
            (2, "Missing option '--name'", ("add", "ana")),
        ],
    )
    def test_bad_input_is_named_and_nothing_is_changed(self, people, code, words, arguments):
        before = actions(people)
        assert words in people.no(code, "admin", "token", *arguments)
        assert actions(people) == before


class TestNamespaces:
    def test_are_made_governed_and_listed(self, assay, tmp_path):
        signer = generate(tmp_path / "release.key")
        public = str(tmp_path / "release.key.pub")
        assert assay.json("admin", "namespace", "set", "Acme")["mode"] == "enforce"
        found = assay.json("admin", "namespace", "set", "acme", "--mode", "warn")
        assert (found["namespace"], found["mode"], found["trust_rule"]) == ("Acme", "warn", None)
        found = assay.json("admin", "namespace", "set", "acme", "--trust-key", public)
        assert found["trust_rule"] == {"keys": [signer.public.pem.decode()]}
        assert found["mode"] == "warn"
        assert "the trusted key" in assay.yes("admin", "namespace", "list").out
        found = assay.json("admin", "namespace", "set", "acme", "--no-trust")
        assert assay.json("admin", "namespace", "list")["namespaces"] == [
            {name: value for name, value in found.items() if name != "schema"}
        ]
        assert actions(assay).count("namespace.set") == 4

    def test_bad_input_is_named_and_nothing_is_changed(self, assay, tmp_path):
        junk, private = tmp_path / "junk", tmp_path / "release.key"
        junk.write_text("not a key")
        generate(private)
        before = actions(assay)
        for code, words, arguments in [
            (1, "junk", ("acme", "--trust-key", str(junk))),
            (1, "release.key", ("acme", "--trust-key", str(private))),
            (2, "does not exist", ("acme", "--trust-key", str(tmp_path / "absent"))),
            (2, "contradicts", ("acme", "--no-trust", "--trust-key", f"{private}.pub")),
            (2, "--mode", ("acme", "--mode", "block")),
            (1, "is not one namespace", ("*", "--mode", "warn")),
            (1, "reserved", ("api", "--mode", "warn")),
        ]:
            assert words in assay.no(code, "admin", "namespace", "set", *arguments)
        assert actions(assay) == before


class TestAudit:
    def test_lists_the_newest_rows_in_order_and_by_subject(self, people):
        rows = people.json("admin", "audit", "list", "--limit", "2")["rows"]
        assert [row["action"] for row in rows] == ["role.give", "role.give"]
        assert rows[0]["seq"] + 1 == rows[1]["seq"]
        ana = rows[0]["subject"]
        rows = people.json("admin", "audit", "list", "--subject", ana)["rows"]
        assert [row["action"] for row in rows] == ["user.add", "role.give", "role.give"]
        assert people.json("admin", "audit", "list", "--after", "3", "--limit", "1")["rows"]
        assert people.json("admin", "audit", "list", "--by", "ana")["rows"] == []
        assert "user.add" in people.yes("admin", "audit", "list").out
        assert "no such principal" in people.no(1, "admin", "audit", "list", "--by", "eve")

    def test_a_changed_row_is_named_and_exit_code_1(self, people):
        assert people.json("admin", "audit", "verify")["rows"] == 6
        with closing(sqlite3.connect(people.home / "assay.sqlite")) as file:
            name = "append_only_audit_update"
            query = "SELECT sql FROM sqlite_master WHERE name = ?"
            (trigger,) = file.execute(query, (name,)).fetchone()
            file.execute(f"DROP TRIGGER {name}")
            file.execute("UPDATE audit SET subject = 'somebody else' WHERE seq = 3")
            file.execute(trigger)
            file.commit()
        assert "row 3 was changed" in people.no(1, "admin", "audit", "verify")

    def test_a_removed_trigger_is_noticed_by_every_command(self, people):
        with closing(sqlite3.connect(people.home / "assay.sqlite")) as file:
            file.execute("DROP TRIGGER append_only_audit_update")
            file.commit()
        assert "protect audit" in people.no(1, "admin", "audit", "verify")
        assert "protect audit" in people.no(1, "admin", "user", "add", "eve")

    def test_a_head_noted_earlier_is_a_point_on_the_chain(self, people):
        head = people.json("admin", "audit", "verify")
        anchor = f"{head['rows']}:{head['head']}"
        people.yes("admin", "user", "add", "eve")
        assert people.json("admin", "audit", "verify", "--anchor", anchor)["anchors"] == 1
        wrong = f"{head['rows'] - 1}:{head['head']}"
        assert "made anew" in people.no(1, "admin", "audit", "verify", "--anchor", wrong)
        beyond = f"99:{head['head']}"
        assert "are gone" in people.no(1, "admin", "audit", "verify", "--anchor", beyond)
        assert "--anchor" in people.no(2, "admin", "audit", "verify", "--anchor", "7")


class TestAuditAgainstTheLog:
    def log_head(self):
        from assay.app import open_installation
        from assay.log.sequencer import Sequencer
        from assay.workflows.audit_anchor import Anchor

        with open_installation(Config.load()) as opened:
            inst = opened.installation
            assert Anchor(inst).turn() is not None
            with Sequencer(inst.store, inst.log_folder, opened.log_signer) as log:
                assert log.run_once() == 1

    def test_heads_in_the_log_are_points_on_the_chain(self, people):
        assert people.json("admin", "audit", "verify")["logged"] is None
        self.log_head()
        people.yes("admin", "user", "add", "eve")
        assert people.json("admin", "audit", "verify")["logged"] == 1
        assert "heads in the log: 1, all on it" in people.yes("admin", "audit", "verify").out

    def test_a_chain_made_anew_does_not_lead_to_them(self, people):
        self.log_head()
        with closing(sqlite3.connect(people.home / "assay.sqlite")) as file:
            kept = file.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
            ).fetchall()
            for name, _ in kept:
                file.execute(f"DROP TRIGGER {name}")
            file.execute("DELETE FROM audit")
            file.execute("DELETE FROM sequence WHERE name = 'audit'")
            for _, statement in kept:
                file.execute(statement)
            file.commit()
        for name in ("eve", "mallory"):
            people.yes("admin", "user", "add", name)
        assert "does not lead to" in people.no(1, "admin", "audit", "verify")


class TestKeys:
    def test_show_public_parts_and_the_fingerprint_only(self, assay):
        shown = assay.json("admin", "keys", "show")
        assert [key["use"] for key in shown["keys"]] == [
            "decision",
            "approval",
            "release index",
            "agent jobs",
        ]
        assert all(key["pem"].startswith("-----BEGIN PUBLIC KEY-----") for key in shown["keys"])
        assert "PRIVATE" not in str(shown)
        text = assay.yes("admin", "keys", "show").out
        assert shown["fingerprint"] in text
        assert shown["log"] in text

    def test_damaged_are_said_to_be_damaged(self, assay):
        (assay.home / "keys" / "trust.json").write_text("{}")
        assert "is damaged" in assay.no(2, "admin", "keys", "show")


@pytest.mark.parametrize(
    "command",
    ["init", "upgrade", "first-link", "user add", "user list", "user disable", "user enable",
     "role add", "role remove", "role list", "token add", "token list", "token revoke",
     "namespace set", "namespace list", "audit verify", "audit list", "keys show"],
)  # fmt: skip
def test_every_command_has_help_with_two_examples(bare, command):
    text = bare.yes("admin", *command.split(), "--help").out
    name = f"admin {command}"
    assert text.count(f"assay {name}") >= 2
