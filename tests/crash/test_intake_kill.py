"""A real worker on a real installation, really killed in the midst of intakes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from assay.app import Opened, open_installation
from assay.config import Config
from assay.core.names import ModelName
from assay.log.read import LogFolder
from assay.log.verify import verify_folder
from assay.store import audit, intakes, log_entries, log_queue, releases
from assay.store.tables import decision, evidence, intake, scan
from assay.workflows.audit_anchor import anchors
from assay.workflows.intake import submit
from databases import new_database, postgres_server  # noqa: F401 - a fixture
from jobs.jobs_databases import connection_to, wait_until
from releases.house import House
from served import config_for, make_installation
from workflows.intake_making import clean

WORKER = Path(__file__).with_name("intake_worker.py")
STEPS = ("scan", "signatures", "decide")


@contextmanager
def worker(config: Config, *arguments: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """The worker program; killed at the end if it still runs."""
    options = {"ASSAY_HOME": str(config.home), "ASSAY_DATABASE_URL": config.database_url}
    with (
        (config.home / "worker.log").open("a+") as log,
        subprocess.Popen(
            [sys.executable, str(WORKER), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={
                **os.environ,
                **{key: value for key, value in options.items() if value},
                **environ,
            },
        ) as process,
    ):
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()


def fork_worker(zygote: subprocess.Popen[str]) -> int:
    zygote.stdin.write("\n")
    zygote.stdin.flush()
    return int(zygote.stdout.readline())


def is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    config = config_for(tmp_path / "home")
    make_installation(config)
    with open_installation(config) as found:
        yield found


@pytest.fixture
def opened_postgres(tmp_path: Path, postgres_server: str) -> Iterator[Opened]:  # noqa: F811
    with new_database(postgres_server) as url:
        config = config_for(tmp_path / "home", database_url=url)
        make_installation(config)
        with open_installation(config) as found:
            yield found


def in_state(opened: Opened, *states: str) -> int:
    with opened.installation.store.read() as connection:
        query = sa.select(sa.func.count()).select_from(intake).where(intake.c.state.in_(states))
        return int(connection.execute(query).scalar_one())


def count(opened: Opened, *columns: sa.Column) -> Counter:
    with opened.installation.store.read() as connection:
        return Counter(tuple(row) for row in connection.execute(sa.select(*columns)))


def recorded(opened: Opened) -> Counter[tuple[str, str]]:
    """The steps on record, by job."""
    query = sa.text("SELECT workflow_uuid, function_name FROM operation_outputs")
    with connection_to(opened.config.jobs_database) as connection:
        return Counter(tuple(row) for row in connection.execute(query))


def kill_in_mid_intake(opened: Opened, kills: int, chance: random.Random) -> list:
    """Push, start the worker, kill it at a random moment of its work; again and again."""
    house, made = House.build(opened.installation), []
    with worker(opened.config, "zygote") as zygote:
        for kill in range(kills):
            for number in range(3):
                model = ModelName("acme", f"model-{kill}")
                made.append(house.push(clean(f"w{kill}-{number}"), model=model))
                if number:  # one in three is left to the sweep
                    submit(opened.queue, made[-1].intake)
            before = moved(opened)
            pid = fork_worker(zygote)
            wait_until(lambda seen=before: moved(opened) > seen, seconds=30)
            time.sleep(chance.uniform(0.0, 0.5))
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda one=pid: not is_running(one))
    return made


def moved(opened: Opened) -> int:
    """Grows as soon as an intake is begun or ended."""
    with opened.installation.store.read() as connection:
        query = sa.select(sa.func.sum(intake.c.attempts))
        return int(connection.execute(query).scalar() or 0) + in_state(opened, "done")


def check_everything(opened: Opened, made: list) -> None:
    inst = opened.installation
    with inst.store.read() as connection:
        for one in made:
            assert releases.get(connection, one.release.id).state == "evaluated"
            assert intakes.get(connection, one.intake.id).error is None
        assert log_queue.depth(connection) == 0
        assert audit.verify(connection, anchors=anchors(connection, inst.log_folder)).seq > 0
    ids, trees = {one.release.id for one in made}, {one.release.tree for one in made}
    # Whatever was committed before a kill was not done again after it.
    assert count(opened, scan.c.tree) == Counter((tree,) for tree in trees)
    assert count(opened, decision.c.release_id) == Counter((one,) for one in ids)
    kinds = Counter({kind: n for (kind,), n in count(opened, evidence.c.kind).items()})
    for kind in ("scan", "signature", "decision"):
        assert kinds[kind] == len(made), kind
    assert recorded(opened) == Counter((one.intake.id, step) for one in made for step in STEPS)
    state = verify_folder(inst.log_folder, opened.log_signer.vkey)
    with inst.store.read() as connection:
        assert state.size == log_entries.length(connection)
    # Published, scanned, signature checked, evaluated, decided: five each.
    assert len(set(LogFolder(inst.log_folder).entries(state.size))) >= 5 * len(made)


def finish(opened: Opened, made: list) -> None:
    with worker(opened.config) as process:
        wait_until(lambda: in_state(opened, "done") == len(made), seconds=60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    assert "Traceback" not in (opened.config.home / "worker.log").read_text()


@pytest.mark.slow
def test_killed_at_random_every_release_is_evaluated_once(opened):
    made = kill_in_mid_intake(opened, 10, random.Random(20261124))
    assert in_state(opened, "done") < len(made)
    finish(opened, made)
    check_everything(opened, made)


@pytest.mark.slow
def test_killed_at_random_on_postgresql(opened_postgres):
    made = kill_in_mid_intake(opened_postgres, 3, random.Random(7))
    finish(opened_postgres, made)
    check_everything(opened_postgres, made)


@pytest.mark.slow
def test_a_release_that_kills_the_worker_fails_with_the_reason_and_the_others_go_on(opened):
    house = House.build(opened.installation)
    bad = house.push({"deadly.bin": b"x"})
    good = [house.push(clean(f"w{n}"), model=ModelName("acme", f"m{n}")) for n in range(3)]
    for one in (bad, *good):
        submit(opened.queue, one.intake)
    deaths = 0
    while in_state(opened, "failed") == 0:
        assert deaths <= 2
        with worker(opened.config, DEADLY="deadly.bin", MAX_DEATHS="2") as process:
            wait_until(
                lambda one=process: one.poll() is not None or in_state(opened, "failed") > 0,
                seconds=30,
            )
            deaths += process.poll() is not None
            if process.poll() is None:
                wait_until(lambda: in_state(opened, "done") == 3, seconds=30)
    assert deaths == 2
    with opened.installation.store.read() as connection:
        row = intakes.get(connection, bad.intake.id)
    assert row.error == "scan: the worker died 2 times while this step ran"
    assert house.state(bad.release) == "quarantined"
    assert {house.state(one.release) for one in good} == {"evaluated"}
