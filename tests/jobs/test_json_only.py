"""Nothing that runs code when it is read is ever written to, or read from, the jobs database."""

from __future__ import annotations

import ast
import base64
import binascii
import logging
import pickle
import pickletools
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

import assay.jobs
from assay.core.errors import DataError, UnavailableError
from assay.jobs import JobState, Retry, Step, Workflow, engine
from jobs.jobs_databases import QUICK, connection_to, wait_until

SOURCE = Path(assay.jobs.__file__).parent


def is_pickle(data: bytes) -> bool:
    """Whether `data` is a pickle of any protocol, to its last byte."""
    try:
        *_, last = pickletools.genops(data)
    except Exception:  # noqa: BLE001 - whatever it says, it is no pickle
        return False
    return last[2] == len(data) - 1


def holds_pickle(value: object) -> bool:
    """Whether a column's value is a pickle, as bytes, text, base 64 or hexadecimal."""
    data = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else bytes(value)
    forms = [data]
    for decode in (base64.b64decode, binascii.unhexlify):
        try:
            forms.append(decode(data))
        except ValueError:
            continue
    # One digit or letter may be a complete pickle by accident of the opcode table: "." is None's.
    return any(len(form) > 2 and is_pickle(form) for form in forms)


def everything_in(url: str) -> Iterator[tuple[str, str, object]]:
    """Every text and blob of every table: table, column, value."""
    with connection_to(url) as connection:
        schema = "dbos" if connection.dialect.name == "postgresql" else None
        tables = sa.MetaData(schema=schema)
        tables.reflect(connection)
        for table in tables.tables.values():
            for row in connection.execute(sa.select(table)).mappings():
                for column, value in row.items():
                    if isinstance(value, str | bytes | memoryview):
                        yield table.name, column, value


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_the_search_would_find_a_pickle(protocol: int) -> None:
    data = pickle.dumps({"args": ({"a": 1},), "kwargs": {}}, protocol)
    assert holds_pickle(data)
    assert holds_pickle(base64.b64encode(data).decode())
    assert holds_pickle(data.hex())
    assert not holds_pickle('{"positionalArgs":[{"a":1}],"namedArgs":{}}')


def test_no_pickle_is_written_whatever_happens_to_a_job(url: str, started) -> None:
    def bad(call):
        raise DataError("bad", subject="f", remedy="mend")

    def bug(call):
        raise ValueError("bug")

    def away(call):
        raise UnavailableError("away")

    def fine(call):
        return {"text": "ok", "list": [1, 2.5, None, True], "args": dict(call.args)}

    ends = {"bad": bad, "bug": bug, "away": away, "fine": fine}
    runner = started(
        url,
        *(
            Workflow(name, (Step("first", fine), Step("last", run, Retry(2, 0.01))))
            for name, run in ends.items()
        ),
    )
    for name in ends:
        runner.enqueue(name, f"job-{name}", {"n": 1, "s": "ü"})
    runner.queue.enqueue("unknown", "job-unknown", {})
    wait_until(lambda: [one.id for one in runner.list_unfinished()] == ["job-unknown"])
    runner.queue.retry("job-bad")
    wait_until(lambda: runner.status("job-bad").state is JobState.FAILED)
    wait_until(lambda: not runner.list_unfinished())
    runner.stop()

    values = list(everything_in(url))
    assert len(values) > 100
    assert {"operation_outputs", "workflow_status", "workflow_input", "workflow_output"} <= {
        table for table, _, _ in values
    }
    assert [one for one in values if holds_pickle(one[2])] == []
    formats = {value for _, column, value in values if column == "serialization"}
    assert formats == {"portable_json"}


class Trap:
    """Runs when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_planted_pickle_is_not_run(url: str, started, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    planted = base64.b64encode(pickle.dumps(Trap(trap))).decode()
    runs = []
    flow = Workflow("flow", (Step("a", lambda call: runs.append("a")), Step("b", runs.append)))
    runner = started(url, flow)
    runner.enqueue("flow", "done", {})
    wait_until(lambda: not runner.list_unfinished())
    runner.stop()
    before = list(runs)
    # Into every place DBOS reads a value from: arguments, step result, outcome.
    runner.queue.enqueue("flow", "planted", {})
    with connection_to(url) as connection:
        values = {"v": planted}
        for change in (
            "UPDATE workflow_status SET serialization = 'py_pickle'",
            "UPDATE workflow_input SET inputs = :v",
            "UPDATE workflow_output SET output = :v",
            "UPDATE operation_outputs SET output = :v, serialization = 'py_pickle'",
        ):
            connection.execute(sa.text(change), values)
    again = started(url, flow, options=replace(QUICK, lease_seconds=0.9))
    wait_until(lambda: not again.list_unfinished())
    assert again.status("planted").failure.code == "not-json"
    assert again.status("done").state is JobState.DONE
    assert again.list_unfinished() == []
    assert not trap.exists()
    assert runs == before
    # The plant would have worked: this is what reading it does.
    pickle.loads(base64.b64decode(planted)).close()
    assert trap.exists()


def test_the_engine_cannot_pickle_any_more() -> None:
    engine.load()
    from dbos import DBOSClient
    from dbos._serialization import DBOSDefaultSerializer, DefaultSerializer

    assert DBOSClient is not None
    for one in (DefaultSerializer(), DBOSDefaultSerializer):
        with pytest.raises(DataError, match="not JSON"):
            one.serialize({})
        with pytest.raises(DataError, match="not JSON"):
            one.deserialize(base64.b64encode(pickle.dumps(1)).decode())


def test_no_source_here_imports_a_loader() -> None:
    forbidden = {"pickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
    files = list(SOURCE.glob("*.py"))
    assert len(files) > 8
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not {name.split(".")[0] for name in names} & forbidden, path


def test_dbos_is_imported_by_this_package_alone_and_only_inside_functions() -> None:
    for path in SOURCE.parent.rglob("*.py"):
        tree = ast.parse(path.read_text())
        for node in tree.body:
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] != "dbos", path
        if path.parent != SOURCE:
            assert "dbos" not in {
                alias.name.split(".")[0]
                for node in ast.walk(tree)
                if isinstance(node, ast.Import)
                for alias in node.names
            } | {
                (node.module or "").split(".")[0]
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom)
            }, path


def test_importing_the_package_is_cheap_until_a_runner_is_started(sqlite_url: str) -> None:
    script = (
        "import sys, assay.jobs as jobs\n"
        "assert not {'dbos', 'sqlalchemy', 'psycopg'} & set(sys.modules), sorted(sys.modules)\n"
        f"runner = jobs.JobRunner({sqlite_url!r})\n"
        "assert 'dbos' not in sys.modules\n"
        "runner.start(); assert 'dbos' in sys.modules; runner.stop()\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_engine_logs_to_stdlib_logging_one_line_each(caplog) -> None:
    engine.load()
    logger = logging.getLogger("dbos")
    assert not any(type(one) is logging.StreamHandler for one in logger.handlers)
    with caplog.at_level(logging.WARNING):
        error = ValueError("sesame")
        logger.error("Could not do %s", "it", exc_info=error)
        logger.error("Exception encountered in background workflow:", exc_info=error)
    assert [record.getMessage() for record in caplog.records] == ["Could not do it ValueError"]
    assert "sesame" not in caplog.text
