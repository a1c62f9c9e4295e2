"""Hub metadata: `model_info` of an approved release per second, against a bare Starlette route.

Ours looks the token up, asks whether the release is served now, by policy and epochs, and answers
with the release's files. The floor is a Starlette route that returns a JSON document of the same
size, on the same kind of server, in turn with ours in the same run. One kept-alive connection each.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from measure import row

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from served import config_for, free_port, running, serving

REQUESTS = 1000
ROUNDS = 7
WARM = 50
FILES = {f"part-{number}.safetensors": bytes([number]) for number in range(12)}
BAR = 0.2


CLIENT = """
import socket, sys, time
port, warm, count, request = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.stdin.buffer.read()
connection = socket.create_connection(("127.0.0.1", port))
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
def once():
    connection.sendall(request)
    data = b""
    while b"\\r\\n\\r\\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\\r\\n\\r\\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    length = int(head.lower().split(b"content-length:")[1].split(b"\\r\\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
for _ in range(warm):
    once()
began = time.perf_counter()
for _ in range(count):
    once()
print(count / (time.perf_counter() - began))
"""
"""A client that costs next to nothing, in a process of its own."""


def rate(port: int, path: str, token: str) -> float:
    """Requests answered per second by one kept-alive connection."""
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, str(port), str(WARM), str(REQUESTS)],
        input=request.encode(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    return float(done.stdout)


def bare(body: bytes) -> Starlette:
    """Nothing but the framework."""

    async def answer(request: object) -> Response:
        del request
        return Response(body, media_type="application/json")

    return Starlette(routes=[Route("/info", answer)])


def main() -> int:
    """Measure both in turn; 1 if ours misses the bar."""
    with (
        tempfile.TemporaryDirectory() as name,
        serving(config_for(Path(name) / "home")) as served,
    ):
        served.house.approved(FILES)
        token = served.token("rex")
        path = "/api/models/acme/tiny?blobs=true"
        body = served.get(path).content
        port = free_port()
        ours, floor = [], []
        with running(bare(body), port):
            for _ in range(ROUNDS):
                floor.append(rate(port, "/info", token))
                ours.append(rate(served.opened.config.port, path, token))
    ratio = statistics.median(ours) / statistics.median(floor)
    row("bare Starlette route", f"{statistics.median(floor):,.0f} requests/s", "-")
    row(
        "model_info with token, policy and epochs",
        f"{statistics.median(ours):,.0f} requests/s",
        "-",
    )
    row("the second over the first", f"{ratio:.2f}x", f">= {BAR}x", holds=ratio >= BAR)
    return 0 if ratio >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
