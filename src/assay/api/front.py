"""The one place where a request's path chooses what answers it. Plain ASGI: it is on every path."""

from __future__ import annotations

import time
from typing import Protocol

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.api.application import api_app
from assay.api.auth import Context
from assay.api.metrics import Metrics
from assay.api.system import System
from assay.core.errors import AssayError
from assay.web.handlers import HANDLERS
from assay.web.problems import status_of

API = "/api/v1"


class Protocols(Protocol):
    """A registry protocol: says which requests are its own, and answers them."""

    def matches(self, method: str, raw_path: bytes) -> bool:
        """Whether this request is of the protocol."""
        ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer it."""
        ...


class Front:
    """The whole application under the guard.

    Args:
        context: The server's own.
        hub: The Hugging Face Hub protocol.
        console: What is mounted at `/console`.
    """

    def __init__(self, context: Context, *, hub: Protocols, console: ASGIApp) -> None:
        self.hub = hub
        self.metrics = Metrics()
        self.api = api_app(context)
        self.console = Starlette(routes=[Mount("/console", console)])
        self.rest = _rest(System(context, self.metrics))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and count it."""
        entry, app = self._chosen(scope)
        began, status = time.perf_counter(), 0

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await app(scope, receive, counted)
        except AssayError as error:
            status = status or status_of(error)  # the guard answers it
            raise
        finally:
            self.metrics.count(entry, status, time.perf_counter() - began)

    def _chosen(self, scope: Scope) -> tuple[str, ASGIApp]:
        path: str = scope["path"]
        if path.startswith(f"{API}/"):
            return "api", self.api
        if path == "/console" or path.startswith("/console/"):
            return "console", self.console
        if path.startswith("/log/"):
            return "log", self.rest
        if self.hub.matches(scope["method"], scope.get("raw_path") or path.encode()):
            return "hub", self.hub
        return "other", self.rest


def _rest(system: System) -> Starlette:
    routes = [
        Route("/", system.root),
        Route("/healthz", system.healthz),
        Route("/readyz", system.readyz),
        Route("/metrics", system.metrics_text),
        Route("/log/{path:path}", system.log),
    ]
    return Starlette(routes=routes, exception_handlers=dict(HANDLERS))
