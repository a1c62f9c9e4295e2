"""`assay doctor`: every kind of damage is named, with what mends it, and nothing is changed."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from assay.core.digest import Digest
from assay.doctor import files, machine, network
from assay.doctor.examination import CHECKS, examine
from assay.doctor.interface import Check, Status, ok
from assay.doctor.processes import lock_holder, port_holder
from assay.log.checkpoint import LogSigner
from assay.log.sequencer import ROLE, Sequencer
from assay.signing.server_keys import load_server_keys
from assay.store import audit, leases
from assay.store.engine import open_store
from assay.store.locks import RoleLock
from log_making import put_entries

DOCS = Path(__file__).resolve().parents[2] / "docs"


class Now:
    """The system's clock, moved."""

    def __init__(self, **by: float) -> None:
        self.by = timedelta(**by)

    def now(self):
        return datetime.now(UTC) + self.by


def found(config, name: str):
    """The lines of one check."""
    return [line for check in CHECKS if check.name == name for line in check.lines(config)]


def worst(config, name: str) -> Status:
    order = list(Status)
    return max((line.status for line in found(config, name)), key=order.index)


def said(config, name: str) -> str:
    return "\n".join(f"{line.message} | {line.remedy}" for line in found(config, name))


def publish(config, entries: int = 3) -> None:
    """Log some entries as the worker does."""
    keys = load_server_keys(config.keys_folder, None)
    with closing(open_store(config.database)) as store:
        put_entries(store, 0, entries)
        signer = LogSigner(keys.log_name, keys.log)
        with closing(Sequencer(store, config.log_folder, signer, Now())) as sequencer:
            while sequencer.run_once():
                pass


def test_a_new_installation_is_well(config):
    examined = examine(config)
    assert [line for line in examined.lines if line.status is Status.FAIL] == []
    assert examined.exit_code == 0
    assert {line.check for line in examined.lines} >= {
        "python", "platform", "libraries", "sandbox", "data folder", "free space", "keys",
        "database", "jobs", "worker", "intakes", "log", "log queue", "blobs", "port", "clock",
    }  # fmt: skip
    assert any("neither server nor worker runs" in line.message for line in examined.lines)


def test_every_line_that_asks_for_something_says_what(config):
    config.home.chmod(0o755)
    (config.keys_folder / "decision.key").unlink()
    for line in examine(config).lines:
        assert line.message
        assert bool(line.remedy) or line.status is Status.OK


def test_nothing_is_changed(embedded):
    def snapshot():
        return {
            str(path): (path.stat().st_mode, path.stat().st_mtime_ns if path.is_file() else 0)
            for path in embedded.home.rglob("*")
            if not path.name.endswith(("-wal", "-shm"))
        }

    before = snapshot()
    examine(embedded)
    assert snapshot() == before


def test_where_nothing_is_set_up(tmp_path, embedded):
    absent = examine(replace(embedded, home=tmp_path / "nowhere"))
    assert absent.exit_code == 2
    assert "assay admin init" in absent.lines[-1].remedy
    (tmp_path / "empty").mkdir()
    assert examine(replace(embedded, home=tmp_path / "empty")).exit_code == 2
    assert not (tmp_path / "nowhere").exists()


def test_folders_and_keys_open_to_others(embedded):
    embedded.home.chmod(0o750)
    assert "chmod 700" in said(embedded, "data folder")
    assert worst(embedded, "data folder") is Status.FAIL
    key = next(embedded.keys_folder.glob("*.key"))
    key.chmod(0o644)
    assert f"chmod 600 {key}" in said(embedded, "keys")
    assert worst(embedded, "keys") is Status.FAIL
    assert examine(embedded).exit_code == 1


def test_keys_that_are_gone_damaged_or_links(embedded, tmp_path):
    key = embedded.keys_folder / "decision.key"
    kept = key.read_bytes()
    key.unlink()
    assert worst(embedded, "keys") is Status.FAIL
    (tmp_path / "elsewhere").write_bytes(kept)
    (tmp_path / "elsewhere").chmod(0o600)
    key.symlink_to(tmp_path / "elsewhere")
    assert "is a link" in said(embedded, "keys")
    key.unlink()
    key.write_bytes(b"damaged")
    key.chmod(0o600)
    assert worst(embedded, "keys") is Status.FAIL


def test_an_address_the_trust_root_was_not_made_for(embedded):
    moved = replace(embedded, public_url="https://assay.example.org")
    assert "was made for" in said(moved, "keys")
    assert worst(moved, "keys") is Status.WARN


def test_a_passphrase_others_can_read(embedded, tmp_path):
    file = tmp_path / "passphrase"
    file.write_text("secret")
    file.chmod(0o644)
    open_ = replace(embedded, passphrase_file=str(file))
    assert worst(open_, "configuration") is Status.FAIL
    assert "secret" not in said(open_, "configuration").replace("passphrase", "")
    file.write_text("")
    assert "empty" in said(open_, "configuration")


def test_a_disk_that_is_nearly_full(embedded, monkeypatch):
    monkeypatch.setattr(files, "LEAST_FREE", 1 << 62)
    assert "make room" in said(embedded, "data folder")
    assert worst(embedded, "data folder") is Status.FAIL
    monkeypatch.setattr(files, "LEAST_FREE", 0)
    monkeypatch.setattr(files, "LITTLE_FREE", 1 << 62)
    assert worst(embedded, "data folder") is Status.WARN


def test_a_database_of_another_version_or_without_its_triggers(config):
    with closing(open_store(config.database)) as store, store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    assert "admin upgrade" in said(config, "database")
    assert worst(config, "database") is Status.FAIL


def test_a_database_whose_protection_was_removed(embedded):
    with closing(sqlite3.connect(embedded.home / "assay.sqlite")) as connection:
        name = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
        ).fetchone()[0]
        connection.execute(f'DROP TRIGGER "{name}"')
        connection.commit()
    assert "triggers that protect audit" in said(embedded, "database")


def test_databases_that_are_gone_or_not_write_ahead(embedded):
    for name, check in (("assay.sqlite", "database"), ("jobs.sqlite", "jobs")):
        path = embedded.home / name
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
        assert "write-ahead" in said(embedded, check)
        assert path.read_bytes()[18:20] == b"\x01\x01"
        path.unlink()
        assert worst(embedded, check) is Status.FAIL
        assert not path.exists()


def test_a_database_that_does_not_answer(embedded):
    away = replace(embedded, database_url="postgresql://nobody@127.0.0.1:1/none")
    for check in ("database", "jobs", "worker", "log"):
        assert worst(away, check) is Status.FAIL
    assert examine(away).exit_code == 1


def test_the_worker_by_its_lease_and_the_servers_lock(config):
    assert worst(config, "worker") is Status.WARN
    with RoleLock(config.home, "server"):
        assert "no worker does" in said(config, "worker")
        assert worst(config, "worker") is Status.FAIL
    with RoleLock(config.home, "worker"):
        assert f"process {os.getpid()} runs" in said(config, "worker")
    with closing(open_store(config.database)) as store, store.write() as connection:
        leases.acquire(connection, ROLE, holder="me", pid=4711, now=datetime.now(UTC), seconds=60)
    assert "process 4711 is at work" in said(config, "worker")
    assert worst(config, "worker") is Status.OK


def test_looking_at_a_lock_does_not_take_it(embedded):
    path = embedded.home / "server.lock"
    assert lock_holder(path) is None
    with RoleLock(embedded.home, "server"):
        assert lock_holder(path) == os.getpid()
    assert lock_holder(path) is None


def test_a_log_that_is_the_databases_own(config):
    assert "nothing is published yet" in said(config, "log")
    publish(config)
    assert worst(config, "log") is Status.OK
    assert "3 entries" in said(config, "log")


def test_a_log_whose_checkpoint_is_gone_forged_or_old(config, tmp_path):
    publish(config)
    path = config.log_folder / "checkpoint"
    first = path.read_bytes()
    with closing(open_store(config.database)) as store:
        put_entries(store, 3, 5)
        keys = load_server_keys(config.keys_folder, None)
        signer = LogSigner(keys.log_name, keys.log)
        with closing(Sequencer(store, config.log_folder, signer, Now())) as sequencer:
            while sequencer.run_once():
                pass
    newest = path.read_bytes()
    path.write_bytes(first)
    assert "3 entries are published of 5" in said(config, "log")
    path.write_bytes(newest.replace(b"\n5\n", b"\n6\n"))
    assert worst(config, "log") is Status.FAIL
    path.write_bytes(signer.sign_checkpoint(5, Digest.of(b"other").raw))
    assert "not the database's" in said(config, "log")
    path.write_bytes(signer.sign_checkpoint(9, Digest.of(b"other").raw))
    assert "the database knows 5" in said(config, "log")
    path.unlink()
    assert "is gone" in said(config, "log")


def test_entries_that_wait_too_long(config):
    with closing(open_store(config.database)) as store:
        put_entries(store, 0, 2)  # dated long before now or after it
        with store.write() as connection:
            connection.exec_driver_sql("UPDATE log_queue SET created = '2026-01-01 00:00:00'")
    assert "2 entries wait" in said(config, "log")


def test_blobs_that_cannot_be_written(embedded, tmp_path):
    assert worst(embedded, "blobs") is Status.WARN
    embedded.blobs_folder.mkdir()
    assert worst(embedded, "blobs") is Status.OK
    assert list(embedded.blobs_folder.iterdir()) == []
    if os.geteuid() == 0:
        nowhere = replace(embedded, blobs_url="file:///proc/self")
        assert worst(nowhere, "blobs") is Status.FAIL
    else:
        embedded.blobs_folder.chmod(0o500)
        assert worst(embedded, "blobs") is Status.FAIL


def test_the_port_is_free_held_by_others_or_by_this_server(embedded):
    assert "is free" in said(embedded, "port")
    program = (
        "import socket, sys, time\n"
        f"s = socket.create_server(('127.0.0.1', {embedded.port}))\n"
        "print('listens', flush=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout.readline()
            assert f"process {other.pid}" in said(embedded, "port")
            assert worst(embedded, "port") is Status.FAIL
        finally:
            other.kill()
    with socket.create_server(("127.0.0.1", embedded.port)), RoleLock(embedded.home, "server"):
        assert "this installation's server" in said(embedded, "port")
        assert worst(embedded, "port") is Status.OK
        assert port_holder(embedded.port)[0] == os.getpid()
    with RoleLock(embedded.home, "server"):
        assert "nothing listens" in said(embedded, "port")


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({}, Status.OK),
        ({"host": "0.0.0.0"}, Status.WARN),
        ({"host": "0.0.0.0", "behind_proxy": "10.0.0.0/8"}, Status.OK),
        ({"host": "0.0.0.0", "public_url": "https://assay.example.org"}, Status.OK),
    ],
)
def test_tokens_that_would_cross_a_network_in_the_clear(embedded, options, status):
    [line] = network.exposure(replace(embedded, **options))
    assert line.status is status


def test_a_clock_that_is_behind_what_was_recorded(config):
    with closing(open_store(config.database)) as store, store.write() as connection:
        audit.append(
            connection, action="test.note", subject="x", now=datetime.now(UTC) + timedelta(hours=1)
        )
    assert "which is to come" in said(config, "times")
    assert worst(config, "times") is Status.FAIL


def test_a_clock_nobody_set(embedded, monkeypatch):
    monkeypatch.setattr(machine, "WRITTEN", datetime.now(UTC) + timedelta(days=1))
    assert "set the clock" in said(embedded, "clock")


def test_libraries_that_are_absent(embedded, monkeypatch):
    monkeypatch.setattr(machine, "SERVER_MODULES", ("sqlalchemy", "no_such_module"))
    [line] = machine.libraries(embedded)
    assert line.status is Status.FAIL
    assert "no_such_module" in line.message
    assert "pip install 'assay[server]'" in line.remedy


def test_locks_this_kernel_does_not_give(embedded, monkeypatch):
    from assay.scanning.isolation import sandbox

    monkeypatch.setattr(sandbox, "capabilities", lambda: {"starts": True, "seccomp": False})
    [line] = machine.sandbox(embedded)
    assert line.status is Status.WARN
    assert "seccomp" in line.message
    monkeypatch.setattr(sandbox, "capabilities", lambda: {"starts": "no: it ended"})
    [line] = machine.sandbox(embedded)
    assert line.status is Status.FAIL


@pytest.mark.parametrize(
    "error", [ImportError("No module named 'x'"), PermissionError(13, "Permission denied", "f")]
)
def test_what_cannot_be_looked_at_fails_and_the_rest_is_looked_at(embedded, error):
    def look(config):
        yield ok("a", "fine")
        raise error

    lines = Check("a", look, "mend it").lines(embedded)
    assert [line.status for line in lines] == [Status.OK, Status.FAIL]


def run(config, *arguments):
    environment = {
        **os.environ,
        "ASSAY_HOME": str(config.home),
        "ASSAY_PORT": str(config.port),
        "ASSAY_DATABASE_URL": config.database_url,
        "NO_COLOR": "1",
    }
    return subprocess.run(
        [sys.executable, "-m", "assay", "doctor", *arguments],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_command_prints_lines_and_one_document(config):
    told = run(config)
    assert told.returncode == 0, told.stderr
    assert "ok    keys" in told.stdout
    assert told.stderr == ""
    answer = run(config, "--format", "json")
    document = json.loads(answer.stdout)
    schema = json.loads((DOCS / "schemas" / "assay.doctor-1.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document["home"] == str(config.home)
    assert document["set_up"] is True
    assert document["summary"]["fail"] == 0


def test_the_command_exits_as_documented(embedded, tmp_path):
    embedded.home.chmod(0o755)
    broken = run(embedded)
    assert broken.returncode == 1
    assert "chmod 700" in broken.stdout
    absent = run(replace(embedded, home=tmp_path / "nowhere"), "--format", "json")
    assert absent.returncode == 2
    assert json.loads(absent.stdout)["set_up"] is False


def test_no_password_is_shown(embedded):
    away = replace(embedded, database_url="postgresql://u:hunter2@127.0.0.1:1/none")
    assert "hunter2" not in json.dumps(examine(away).to_json())
