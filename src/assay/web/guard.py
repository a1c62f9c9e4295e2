"""The outermost layer: host names, default headers, the access log, and no traceback ever.

A plain ASGI class rather than the framework's middleware, which would buffer the answer in
a queue of its own and cost more than the routes it wraps.
"""

from __future__ import annotations

import logging
import os
import time
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.core.errors import AssayError
from assay.web.access_log import Access
from assay.web.headers import DEFAULT_HEADERS
from assay.web.hosts import AllowedHosts
from assay.web.problems import failed, problem, problem_of

LOGGER = logging.getLogger("assay.web")
PROBES = frozenset({"/healthz", "/readyz"})
"""Answered under any host name: a probe asks by address, and the answer tells nothing."""

ACCESS = "assay.access"
"""Where the request's `Access` lies in the ASGI scope."""


class CutError(Exception):
    """The answer must be broken off: what was sent so far is all the client gets."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def access_of(scope: Scope) -> Access:
    """The log row of the request being answered."""
    access = scope.get(ACCESS)
    return access if isinstance(access, Access) else Access("", "", "", "")


class Guard:
    """Wraps the whole application. See the module."""

    def __init__(self, app: ASGIApp, hosts: AllowedHosts) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        access = scope[ACCESS] = _access(scope)
        began = time.perf_counter()
        answer = _Answer(send, access)
        try:
            await self._answered(scope, receive, answer)
        finally:
            access.milliseconds = (time.perf_counter() - began) * 1000
            access.write()

    async def _answered(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        access = answer.access
        if scope["path"] not in PROBES and not self.hosts.allows(_header(scope, b"host")):
            response = problem(
                HTTPStatus.MISDIRECTED_REQUEST,
                "misdirected",
                "this server does not answer under that host name",
                remedy="use the public address, or add the name to allowed_hosts",
            )
            await response(scope, receive, answer)
            return
        try:
            await self.app(scope, receive, answer)
        except CutError as error:
            access.cut = error.reason
        except HTTPException as error:
            response = problem(error.status_code, "too-large", error.detail, request=access.request)
            await self._late(scope, receive, answer, response, error.detail)
        except AssayError as error:
            response = problem_of(error, request=access.request)
            await self._late(scope, receive, answer, response, error.message)
        except Exception:
            LOGGER.exception("request %s failed", access.request)
            await self._late(scope, receive, answer, failed(access.request), "error")

    @staticmethod
    async def _late(
        scope: Scope, receive: Receive, answer: _Answer, response: ASGIApp, cut: str
    ) -> None:
        """Answer if nothing has gone out yet; otherwise leave the answer as it is."""
        if not answer.started:
            await response(scope, receive, answer)
        elif not answer.finished:
            answer.access.cut = cut


class _Answer:
    """The `send` of one request: adds the default headers and counts what goes out."""

    __slots__ = ("access", "finished", "send", "started")

    def __init__(self, send: Send, access: Access) -> None:
        self.send = send
        self.access = access
        self.started = False
        self.finished = False

    async def __call__(self, message: Message) -> None:
        """Pass one message on."""
        if message["type"] == "http.response.start":
            self.started = True
            self.access.status = message["status"]
            headers: list[tuple[bytes, bytes]] = list(message.get("headers", ()))
            present = {name for name, _ in headers}
            headers += [pair for pair in DEFAULT_HEADERS.items() if pair[0] not in present]
            headers.append((b"x-request-id", self.access.request.encode()))
            message = {**message, "headers": headers}
        elif message["type"] == "http.response.body":
            self.access.sent += len(message.get("body", b""))
            self.finished = not message.get("more_body", False)
        await self.send(message)


def _access(scope: Scope) -> Access:
    client: Any = scope.get("client")
    return Access(
        request=os.urandom(8).hex(),
        method=scope["method"],
        path=scope["path"],
        client=client[0] if client else "",
    )


def _header(scope: Scope, name: bytes) -> str:
    """The one value of a header; empty when it is absent or there are several."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else ""
