"""The worker process: one per folder, ends in order, and its log follows within two seconds."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assay.app import open_installation
from assay.log.read import LogFolder
from assay.store import intakes, log_entries, log_queue
from assay.store.locks import RoleLock
from assay.workflows.intake import submit
from jobs.jobs_databases import wait_until
from releases.house import House
from served import config_for, make_installation
from workflows.intake_making import clean


@contextmanager
def program(home: Path, *options: str, **streams) -> Iterator[subprocess.Popen[bytes]]:
    """`assay worker` on a folder; killed at the end if it still runs."""
    with subprocess.Popen(
        [sys.executable, "-m", "assay", "worker", *options],
        env={"ASSAY_HOME": str(home), "PATH": "/usr/bin:/bin"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **streams,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture
def opened(tmp_path):
    config = config_for(tmp_path / "home")
    make_installation(config)
    with open_installation(config) as found:
        yield found


def state(opened, made) -> str:
    with opened.installation.store.read() as connection:
        return intakes.get(connection, made.intake.id).state


def test_a_worker_takes_in_logs_and_ends_in_order(opened):
    inst = opened.installation
    made = House.build(inst).push(clean())
    submit(opened.queue, made.intake)
    with program(opened.config.home) as worker:
        wait_until(lambda: state(opened, made) == "done", seconds=30)
        decided = time.monotonic()
        wait_until(lambda: waiting(inst) == 0, seconds=10)
        assert time.monotonic() - decided < 2
        # A second one on the same folder names the first.
        with program(opened.config.home) as second:
            _, stderr = second.communicate(timeout=30)
        assert second.returncode == 2
        assert f"another worker (pid {worker.pid})" in stderr.decode()
        assert str(opened.config.home) in stderr.decode()
        worker.send_signal(signal.SIGTERM)
        stdout, stderr = worker.communicate(timeout=30)
    assert (worker.returncode, stdout) == (0, b"")
    assert b"Traceback" not in stderr
    with inst.store.read() as connection:
        assert LogFolder(inst.log_folder).checkpoint().size == log_entries.length(connection) > 4


def waiting(inst) -> int:
    with inst.store.read() as connection:
        return log_queue.depth(connection)


def test_it_ends_when_the_process_that_started_it_does(opened):
    with program(opened.config.home, "--while-stdin-open") as worker:
        wait_until((opened.config.home / "worker.lock").exists, seconds=30)
        time.sleep(0.3)
        assert worker.poll() is None
        worker.stdin.close()
        worker.stdin = None
        worker.wait(timeout=30)
    assert worker.returncode == 0


def test_what_was_written_last_is_logged_before_it_ends(opened):
    """Even where SIGTERM comes right after the decision."""
    inst = opened.installation
    made = House.build(inst).push(clean())
    submit(opened.queue, made.intake)
    with program(opened.config.home) as worker:
        wait_until(lambda: state(opened, made) == "done", seconds=30)
        worker.send_signal(signal.SIGINT)
        worker.communicate(timeout=30)
    assert worker.returncode == 0
    assert waiting(inst) == 0


def test_a_log_that_was_changed_ends_it_with_an_error(opened):
    inst = opened.installation
    made = House.build(inst).push(clean())
    submit(opened.queue, made.intake)
    with program(opened.config.home) as worker:
        wait_until(lambda: state(opened, made) == "done", seconds=30)
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=30)
    for path in (inst.log_folder / "tile").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(bytes(len(path.read_bytes())))
    with program(opened.config.home) as worker:
        _, stderr = worker.communicate(timeout=30)
    assert worker.returncode == 1
    assert b"Traceback" not in stderr


def test_a_folder_without_an_installation_is_named(tmp_path):
    with program(tmp_path / "nothing") as worker:
        _, stderr = worker.communicate(timeout=30)
    assert worker.returncode == 2
    assert b"assay admin init" in stderr


def test_a_thread_that_dies_ends_the_worker(opened, monkeypatch):
    """In this process, with a sweep that is broken."""
    from assay.workflows import worker

    def broken(self, *, stopping):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(worker.Sweeper, "once", broken)
    with pytest.raises(ZeroDivisionError):
        worker.run(
            opened.installation,
            jobs_url=opened.config.jobs_database,
            log_signer=opened.log_signer,
            home=opened.config.home,
            options=worker.Options(sweep_seconds=0.01),
        )
    with RoleLock(opened.config.home, "worker"):
        pass  # it was given back
