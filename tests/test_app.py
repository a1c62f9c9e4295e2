"""Opening an installation, and the server as an operator starts and ends it."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import replace

import pytest

from assay.app import open_installation
from assay.core.errors import AssayError, TamperedError, UsageError
from assay.store import blobs
from assay.store.locks import RoleLock
from served import config_for, free_port, make_installation

START_SECONDS = 30


@pytest.fixture(scope="session")
def config(tmp_path_factory):
    """A set-up installation on SQLite."""
    found = config_for(tmp_path_factory.mktemp("app") / "home")
    make_installation(found)
    return found


def test_opening_gives_rows_bytes_keys_and_the_queue(config):
    with open_installation(config) as opened:
        inst = opened.installation
        with inst.store.read() as connection:
            assert connection is not None
        assert inst.settings.url == config.url
        assert inst.trust == (config.keys_folder / "trust.json").read_bytes()
        assert inst.signers.decision.key_id == opened.keys.decision.key_id
        assert opened.queue.list_unfinished() == []
        assert "PRIVATE" not in repr(opened)


def test_rows_without_the_folder_of_their_bytes_are_not_served(tmp_path):
    config = config_for(tmp_path / "home")
    make_installation(config)
    with open_installation(config) as opened:
        inst = opened.installation
        stored = inst.blobs.put([b"weights"])
        with inst.store.write() as connection:
            blobs.record(
                connection,
                digest=stored.digest,
                size=stored.size,
                chunks=stored.chunks,
                git_oid=stored.git_oid,
                now=inst.clock.now(),
            )
    config.blobs_folder.rename(tmp_path / "unmounted")
    config.blobs_folder.mkdir()
    for _ in range(2):
        with pytest.raises(UsageError, match="are not there"), open_installation(config):
            pass
    config.blobs_folder.rmdir()
    (tmp_path / "unmounted").rename(config.blobs_folder)
    with open_installation(config) as opened:
        assert opened.installation.blobs.has(stored.digest)


def test_opening_imports_no_web_framework():
    script = (
        "import sys, assay.app, assay.workflows.worker;"
        "print([n for n in ('fastapi', 'starlette', 'uvicorn') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_what_is_not_set_up_says_how_to(tmp_path):
    for home in (tmp_path / "absent", tmp_path):
        with (
            pytest.raises(UsageError) as raised,
            open_installation(config_for(home)),
        ):
            pass
        assert "assay admin init" in raised.value.remedy


def test_a_wrong_or_missing_passphrase_is_told(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("pass phrase\n")
    closed = config_for(tmp_path / "home")
    make_installation(closed, passphrase=b"pass phrase")
    with open_installation(replace(closed, passphrase_file=str(secret))):
        pass
    secret.write_text("other")
    for one in (closed, replace(closed, passphrase_file=str(secret))):
        with pytest.raises(AssayError, match=r"encrypted|passphrase"), open_installation(one):
            pass


def test_a_missing_trigger_stops_everything(tmp_path):
    config = config_for(tmp_path / "home")
    make_installation(config)
    connection = sqlite3.connect(config.home / "assay.sqlite")
    connection.execute("DROP TRIGGER append_only_audit_update")
    connection.commit()
    connection.close()
    with pytest.raises(TamperedError), open_installation(config):
        pass


def environment(config, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")}
    return kept | {"ASSAY_HOME": str(config.home), "ASSAY_PORT": str(config.port), **more}


@contextmanager
def serve(config, *options: str):
    process = subprocess.Popen(
        [sys.executable, "-m", "assay", "serve", *options],
        env=environment(config),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until_ready(process, config)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_until_ready(process, config) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, process.communicate()[1]
        try:
            if get(config, "/readyz")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the server did not become ready")


def get(config, path: str) -> tuple[int, str]:
    with urllib.request.urlopen(config.url + path, timeout=5) as answer:
        return answer.status, answer.read().decode()


def refused(config, *options: str) -> str:
    """What a server that must not start says; it ends with code 2."""
    done = subprocess.run(
        [sys.executable, "-m", "assay", "serve", *options],
        env=environment(config),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_server_serves_and_ends_with_code_0_and_a_second_one_is_refused(config):
    with serve(config, "--no-worker") as server:
        assert get(config, "/healthz") == (200, "ok\n")
        with pytest.raises(urllib.error.HTTPError) as raised:
            get(config, "/api/v1/whoami")
        assert raised.value.code == 401
        raised.value.close()
        told = refused(replace(config, port=free_port()), "--no-worker")
        assert f"pid {server.pid}" in told
        assert str(config.home) in told
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=30)
        assert server.returncode == 0
        assert config.url in said
    with RoleLock(config.home, "server"):
        pass


def test_on_sqlite_one_worker_comes_and_goes_with_the_server(tmp_path):
    config = config_for(tmp_path / "home")
    make_installation(config)
    with serve(config) as server:
        until = time.monotonic() + START_SECONDS
        while '"alive"' not in get(config, "/readyz")[1]:
            assert time.monotonic() < until, "no worker came"
            time.sleep(0.1)
        with pytest.raises(UsageError, match="another worker"):
            RoleLock(config.home, "worker").acquire()
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=60)
        assert server.returncode == 0
    with RoleLock(config.home, "worker"):
        pass


def test_an_address_others_can_reach_needs_tls_or_a_proxy(config, tmp_path):
    told = refused(config, "--host", "0.0.0.0")
    assert "--tls-certificate" in told
    assert "--behind-proxy" in told
    assert "ASSAY_PUBLIC_URL" in refused(
        config, "--host", "0.0.0.0", "--behind-proxy", "10.0.0.0/8"
    )
    assert "belong together" in refused(config, "--tls-key", str(tmp_path))
    assert "behind_proxy" in refused(config, "--behind-proxy", "nonsense")


def test_a_port_that_is_taken_is_named(config):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert f"port {port} is taken" in refused(config, "--port", str(port), "--no-worker")
