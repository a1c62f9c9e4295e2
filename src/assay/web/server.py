"""The HTTP server: uvicorn with our signals, our log and our end."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from assay.web.access_log import RedactingFilter
from assay.web.listening import BACKLOG, Tls

GRACE_SECONDS = 10
KEEP_ALIVE_SECONDS = 30


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
    config = uvicorn.Config(
        app,
        http="httptools",
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
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("assay").setLevel(level)


class _Formatter(logging.Formatter):
    """Access rows as they are, which is JSON; everything else with time, level and name."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        if record.name == "assay.access":
            return record.getMessage()
        return super().format(record)
