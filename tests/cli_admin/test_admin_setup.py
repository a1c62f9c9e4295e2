"""`assay admin init`, `upgrade`, `first-link`: on both engines, repeated, interrupted, refused."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from assay.access import first, setting_up
from assay.cli.admin_host import place_of
from assay.config import Config
from assay.core.clock import SystemClock
from assay.core.errors import UnavailableError
from assay.signing.server_keys import load_server_keys
from assay.store import audit
from assay.store.engine import open_store
from assay.store.locks import RoleLock

FINGERPRINT = re.compile(r"root fingerprint  ([0-9a-f]{64})\n")
LINK = re.compile(r"http://127\.0\.0\.1:8470/console/first/([A-Za-z0-9_-]{43})\n")

LOG_TABLES = ("log_entry", "log_queue", "log_checkpoint", "lease", "sequence")
"""What the last migration makes."""


def opened():
    return setting_up.opened(place_of(Config.load()))


def remove_tables(assay):
    """As a disk that was swapped, or a database that was made anew."""
    store = open_store(Config.load().database)
    if store.embedded:
        for path in assay.home.glob("assay.sqlite*"):
            path.unlink()
    else:
        with store.engine.begin() as connection:
            connection.execute(sa.schema.DropSchema("assay", cascade=True))
    store.close()


def spend(secret):
    with opened() as store, store.write() as connection:
        return first.spend(connection, secret, "root", SystemClock().now())


class TestInit:
    def test_makes_everything_and_says_what_to_pin_and_where_to_begin(self, anywhere):
        out = anywhere.yes("admin", "init").out
        fingerprint, secret = FINGERPRINT.search(out)[1], LINK.search(out)[1]
        keys = load_server_keys(anywhere.home / "keys", None)
        assert keys.fingerprint == fingerprint
        with opened() as store, store.read() as connection:
            rows = audit.listed(connection)
        assert [row.action for row in rows] == ["admin.init", "admin.first-link"]
        assert rows[0].detail == {"fingerprint": fingerprint, "url": "http://127.0.0.1:8470"}
        assert spend(secret).name == "root"

    def test_only_the_owner_can_look_into_what_it_makes(self, assay):
        for path in [assay.home, *assay.home.rglob("*")]:
            if path.name != "trust.json":
                assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path

    def test_twice_is_refused_and_changes_nothing(self, assay):
        before = (assay.home / "keys" / "trust.json").read_bytes()
        assert "is set up already" in assay.no(2, "admin", "init")
        assert (assay.home / "keys" / "trust.json").read_bytes() == before

    def test_if_missing_makes_it_once_and_leaves_it_then(self, anywhere):
        made = anywhere.json("admin", "init", "--if-missing")
        again = anywhere.json("admin", "init", "--if-missing")
        assert made["schema"] == "assay.admin-init/1"
        assert made["first_link"].startswith("http://127.0.0.1:8470/console/first/")
        assert again == {**made, "first_link": None}

    def test_goes_on_where_it_was_interrupted(self, anywhere, monkeypatch):
        def full(*_arguments, **_more):
            raise UnavailableError("no space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("assay.signing.server_keys.make_server_keys", full)
            anywhere.no(3, "admin", "init")
        assert FINGERPRINT.search(anywhere.yes("admin", "init").out)

    def test_does_not_make_new_keys_beside_the_rows_of_an_old_installation(self, assay):
        (assay.home / "keys").rename(assay.home / "lost")
        assert "whose keys are not here" in assay.no(2, "admin", "init", "--if-missing")
        assert not (assay.home / "keys").exists()

    def test_does_not_write_over_half_a_set_of_keys(self, assay):
        (assay.home / "keys" / "trust.json").unlink()
        (assay.home / "assay.sqlite").unlink()
        assert "something else than a whole set" in assay.no(2, "admin", "init")

    def test_encrypts_keys_with_the_passphrase_of_a_file(self, bare, tmp_path):
        secret = tmp_path / "passphrase"
        secret.write_text("correct horse\n")
        bare.setenv(ASSAY_KEY_PASSPHRASE_FILE=str(secret))
        bare.yes("admin", "init")
        assert b"ENCRYPTED" in (bare.home / "keys" / "root.key").read_bytes()
        assert load_server_keys(bare.home / "keys", b"correct horse")

    def test_keeps_the_address_it_is_given(self, bare):
        made = bare.json("admin", "init", "--url", "https://assay.example.org/")
        assert made["url"] == "https://assay.example.org"
        assert made["first_link"].startswith("https://assay.example.org/console/first/")
        assert Config.load().url == "https://assay.example.org"
        assert bare.json("admin", "keys", "show")["url"] == "https://assay.example.org"

    def test_does_not_contradict_the_configuration(self, bare):
        bare.setenv(ASSAY_PUBLIC_URL="https://one.example.org")
        assert "--url" in bare.no(2, "admin", "init", "--url", "https://two.example.org")
        assert not bare.home.exists()
        assert "address" in bare.no(2, "admin", "init", "--url", "ftp://one.example.org")

    def test_refuses_a_folder_others_can_look_into(self, bare):
        bare.home.mkdir(mode=0o700)
        (bare.home / "something").write_text("")
        bare.home.chmod(0o755)
        assert "chmod 700" in bare.no(2, "admin", "init")
        assert sorted(path.name for path in bare.home.iterdir()) == ["something"]

    def test_closes_an_empty_folder_to_others(self, bare):
        bare.home.mkdir()
        bare.home.chmod(0o755)
        bare.yes("admin", "init")
        assert stat.S_IMODE(bare.home.stat().st_mode) == 0o700

    def test_refuses_a_file_where_the_folder_should_be(self, bare):
        bare.home.write_text("")
        assert "cannot be made" in bare.no(2, "admin", "init")


class TestUpgrade:
    def test_repeated_changes_nothing(self, anywhere):
        anywhere.yes("admin", "init")
        first_answer = anywhere.json("admin", "upgrade")
        assert first_answer["before"] == first_answer["after"]
        assert anywhere.json("admin", "upgrade") == first_answer
        assert "up to date" in anywhere.yes("admin", "upgrade").out

    def test_brings_an_older_database_up_to_date(self, assay):
        set_version(assay, "0004", drop=LOG_TABLES)
        assert "older than this program" in assay.no(2, "admin", "user", "list")
        assert assay.json("admin", "upgrade") == {
            "schema": "assay.admin-upgrade/1",
            "before": "0004",
            "after": "0005",
        }
        assay.yes("admin", "user", "list")

    def test_waits_for_nobody_that_uses_an_older_database(self, assay):
        set_version(assay, "0004", drop=LOG_TABLES)
        with RoleLock(assay.home, "server"):
            assert f"pid {os.getpid()}" in assay.no(2, "admin", "upgrade")
        assay.yes("admin", "upgrade")

    def test_a_running_server_does_not_matter_where_nothing_is_to_be_done(self, assay):
        with RoleLock(assay.home, "server"):
            assay.yes("admin", "upgrade")

    def test_refuses_a_newer_database(self, assay):
        set_version(assay, "9999")
        assert "newer than this program" in assay.no(2, "admin", "upgrade")
        assert "newer than this program" in assay.no(2, "admin", "user", "list")

    def test_does_not_make_an_empty_database_for_one_that_is_gone(self, anywhere):
        anywhere.yes("admin", "init")
        remove_tables(anywhere)
        assert "is gone" in anywhere.no(2, "admin", "upgrade")
        assert "not set up" in anywhere.no(2, "admin", "user", "list")

    def test_where_nothing_is_set_up_makes_nothing(self, bare):
        assert "assay admin init" in bare.no(2, "admin", "upgrade")
        assert not bare.home.exists()


class TestFirstLink:
    def test_prints_a_link_and_nothing_else_and_ends_the_one_before(self, assay):
        old, new = (LINK.fullmatch(assay.yes("admin", "first-link").out)[1] for _ in range(2))
        with pytest.raises(Exception, match="not valid, has expired or was used"):
            spend(old)
        assert spend(new).name == "root"

    def test_prints_nothing_where_there_is_an_administrator(self, assay):
        assay.yes("admin", "user", "add", "ana")
        assay.yes("admin", "role", "add", "ana", "admin", "--namespace", "*")
        answer = assay.yes("admin", "first-link")
        assert (answer.out, answer.err) == ("", "")

    def test_an_administrator_of_one_namespace_is_not_one_of_the_installation(self, assay):
        assay.yes("admin", "user", "add", "ana")
        assay.yes("admin", "role", "add", "ana", "admin", "--namespace", "acme")
        assert assay.yes("admin", "first-link").out


COMMANDS = [
    ("user", "list"),
    ("user", "add", "ana"),
    ("role", "list"),
    ("role", "add", "ana", "reader", "--namespace", "acme"),
    ("token", "list"),
    ("token", "add", "ana", "--name", "x"),
    ("token", "revoke", "01"),
    ("namespace", "list"),
    ("namespace", "set", "acme"),
    ("audit", "verify"),
    ("audit", "list"),
    ("keys", "show"),
    ("first-link",),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_where_nothing_is_set_up_every_command_says_so(bare, command):
    assert "assay admin init" in bare.no(2, "admin", *command)
    assert not bare.home.exists()


def test_a_database_that_is_stopped_is_exit_code_3(bare):
    bare.setenv(ASSAY_DATABASE_URL="postgresql://postgres@127.0.0.1:1/assay")
    err = bare.no(3, "admin", "user", "list")
    assert "did not answer" in err
    bare.home.mkdir(mode=0o700)
    assert "did not answer" in bare.no(3, "admin", "init")


def test_the_installed_command_does_the_same(bare):
    done = subprocess.run(
        [sys.executable, "-m", "assay", "admin", "init", "--format", "json"],
        env={**os.environ, "PYTHONPATH": str(Path(setting_up.__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"schema": "assay.admin-init/1"' in done.stdout
    assert done.stderr == ""


def set_version(assay, revision, *, drop=()):
    store = open_store(f"sqlite:///{assay.home / 'assay.sqlite'}")
    with store.engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        for table in drop:
            connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
    store.close()
