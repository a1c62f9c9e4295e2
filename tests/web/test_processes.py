"""The server's and the worker's processes: how they start, live and end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from assay.web.worker_child import WorkerChild

SERVER = """
    import asyncio
    import sys
    from pathlib import Path
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse, StreamingResponse
    from starlette.routing import Route
    from assay.config import Config
    from assay.web import connections
    from assay.web.guard import CutError, Guard
    from assay.web.hosts import AllowedHosts
    from assay.web.listening import listen
    from assay.web.server import run, set_up_logging
    import time

    def ok(request):
        return PlainTextResponse("ok")

    def slow(request):
        def pieces():
            yield b"a"
            time.sleep(1)
            yield b"b"
        return StreamingResponse(pieces(), headers={"Content-Length": "2"})

    async def waiting(request):
        print("waiting", flush=True)
        await asyncio.sleep(60)

    def cut(request):
        def pieces():
            yield b"a"
            raise CutError("damaged")
        return StreamingResponse(pieces(), headers={"Content-Length": "2"})

    config = Config(home=Path("."), port=int(sys.argv[1]))
    connections.HEAD_SECONDS = 1.0
    connections.most_connections = lambda: 40
    set_up_logging()
    app = Starlette(routes=[Route("/ok", ok), Route("/slow", slow), Route("/cut", cut),
        Route("/waiting", waiting)])
    run(Guard(app, AllowedHosts.of(config)), listen(config), tls=None, proxies=[],
        ready=lambda: print("ready", flush=True))
    print("ended", flush=True)
"""


@pytest.fixture
def server(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SERVER), str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    process.port = port
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_with_code_0(server, number):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/ok") as answer:
        assert answer.read() == b"ok"
        assert answer.headers.get("server") is None
    server.send_signal(number)
    out, err = server.communicate(timeout=15)
    assert server.returncode == 0
    assert out == "ended\n"
    assert "Traceback" not in err
    assert '"path":"/ok"' in err


def test_a_running_answer_is_finished_before_the_server_ends(server):
    answer = urllib.request.urlopen(f"http://127.0.0.1:{server.port}/slow")
    assert answer.read(1) == b"a"
    server.send_signal(signal.SIGTERM)
    assert answer.read() == b"b"
    answer.close()
    server.communicate(timeout=15)
    assert server.returncode == 0


def test_callers_that_never_say_what_they_want_are_hung_up_on(server):
    with ExitStack() as stack:
        for _ in range(200):
            made = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            with suppress(OSError):
                made.sendall(b"GET /ok HTTP/1.1\r\nHost:")
        held = []
        for _ in range(30):  # when the server gets to them depends on the machine's load
            held.append(len(list(Path(f"/proc/{server.pid}/fd").iterdir())))
            time.sleep(0.05)
        assert any(40 < count < 80 for count in held)
        assert max(held[6:]) < 80
        answer = urllib.request.urlopen(f"http://127.0.0.1:{server.port}/ok", timeout=5)
        assert answer.read() == b"ok"
        answer.close()
    server.send_signal(signal.SIGTERM)
    _, err = server.communicate(timeout=15)
    assert "Too many open files" not in err
    assert "Traceback" not in err


def test_an_answer_the_end_breaks_off_leaves_a_line_and_no_traceback(server):
    with closing(socket.create_connection(("127.0.0.1", server.port))) as connection:
        connection.sendall(b"GET /waiting HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert server.stdout.readline() == "waiting\n"
        server.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        server.send_signal(signal.SIGTERM)
        _, err = server.communicate(timeout=15)
    assert server.returncode == 0
    assert "Traceback" not in err
    assert "broken off by the end" in err


def test_a_cut_answer_reaches_the_client_as_a_broken_connection(server):
    with closing(socket.create_connection(("127.0.0.1", server.port))) as connection:
        connection.sendall(b"GET /cut HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = b""
        while piece := connection.recv(4096):
            received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"content-length: 2" in head
    assert body == b"a"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _until(condition, seconds=10.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


WORKER = "import sys; sys.stdin.read()"


def test_the_worker_ends_with_its_server():
    child = WorkerChild(os.environ, command=[sys.executable, "-c", WORKER])
    child.start()
    pid = child.pid
    assert pid is not None
    child.stop()
    assert child.pid is None
    assert not _alive(pid)


def test_a_worker_that_dies_is_started_again():
    child = WorkerChild(
        os.environ, command=[sys.executable, "-c", WORKER], first_pause_seconds=0.05
    )
    child.start()
    try:
        first = child.pid
        os.kill(first, signal.SIGKILL)
        _until(lambda: child.pid not in (None, first))
    finally:
        child.stop()


KILLED = """
    import os, sys, time
    from assay.web.worker_child import WorkerChild
    child = WorkerChild(os.environ, command=[sys.executable, "-c", "import sys; sys.stdin.read()"])
    child.start()
    print(child.pid, flush=True)
    time.sleep(60)
"""


def test_a_worker_does_not_outlive_a_killed_server():
    server = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KILLED)], stdout=subprocess.PIPE, text=True
    )
    pid = int(server.stdout.readline())
    assert _alive(pid)
    server.kill()
    server.wait()
    server.stdout.close()
    _until(lambda: not _alive(pid) or _is_zombie(pid))


def _is_zombie(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"
