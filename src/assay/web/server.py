"""The HTTP server: uvicorn with our signals, our log and our end."""

from __future__ import annotations

import asyncio
import logging
import math
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from assay.web.access_log import RedactingFilter
from assay.web.connections import BoundedProtocol, raise_limit
from assay.web.listening import BACKLOG, Tls

GRACE_SECONDS = 10
KEEP_ALIVE_SECONDS = 30
QUIET_SECONDS = 60.0


class _Server(uvicorn.Server):
    """Ends in order on SIGINT and SIGTERM, and does not raise the signal again afterwards."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        def end(number: int, frame: FrameType | None) -> None:
            del number, frame
            # A second signal does not wait for running answers.
            self.force_exit = self.should_exit
            self.should_exit = True

        before = {one: signal.signal(one, end) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def run(
    app: ASGIApp,
    listener: socket.socket,
    *,
    tls: Tls | None,
    proxies: list[str],
    ready: Callable[[], None],
) -> None:
    """Serve until SIGINT or SIGTERM; running answers get ten seconds. Call in the main thread.

    `X-Forwarded-*` headers are believed from `proxies`, networks in CIDR form. `ready` is called
    once requests are answered.
    """
    raise_limit()
    config = uvicorn.Config(
        app,
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        ssl_certfile=str(tls.certificate) if tls else None,
        ssl_keyfile=str(tls.key) if tls else None,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    asyncio.run(_Server(config, ready).serve(sockets=[listener]))


def set_up_logging(level: int = logging.INFO) -> None:
    """Send the process's log to standard error, one line a record, without secrets."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter())
    handler.addFilter(RedactingFilter())
    handler.addFilter(_broken_off)
    handler.addFilter(_Exhaustion())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("assay").setLevel(level)


def _broken_off(record: logging.LogRecord) -> bool:
    """One line for an answer the server's end breaks off, instead of uvicorn's traceback."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, asyncio.CancelledError | futures.CancelledError):
        record.msg, record.args, record.exc_info = "an answer was broken off by the end", (), None
        record.exc_text = None
    return True


class _Exhaustion(logging.Filter):
    """Lets asyncio say once a minute that nothing more can be accepted, not thousands of times."""

    def __init__(self) -> None:
        super().__init__()
        self._told = -math.inf

    def filter(self, record: logging.LogRecord) -> bool:
        if not str(record.msg).startswith("socket.accept() out of system resource"):
            return True
        now = time.monotonic()
        if now - self._told < QUIET_SECONDS:
            return False
        self._told = now
        record.msg, record.exc_info, record.exc_text = str(record.msg).splitlines()[0], None, None
        return True


class _Formatter(logging.Formatter):
    """Access rows as they are, which is JSON; everything else with time, level and name."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        if record.name == "assay.access":
            return record.getMessage()
        return super().format(record)
