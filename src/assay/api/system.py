"""Addresses beside the API: health, readiness, metrics, and the transparency log's files."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from assay.access.principals import Identity
from assay.access.roles import ADMINISTER, READ, SECURE
from assay.api.auth import Context
from assay.api.metrics import MEDIA_TYPE, Metrics
from assay.core.errors import AssayError, RefusedError
from assay.log.sequencer import ROLE
from assay.releases.installation import Installation
from assay.store import leases, schema
from assay.web.hosts import is_loopback
from assay.web.problems import Unauthenticated
from assay.web.tile_files import log_file


class System:
    """Answers what is neither API nor protocol."""

    def __init__(self, context: Context, metrics: Metrics) -> None:
        self.context = context
        self.metrics = metrics

    async def root(self, request: Request) -> Response:
        """`/`: the console."""
        del request
        return RedirectResponse("/console", status_code=HTTPStatus.SEE_OTHER)

    async def healthz(self, request: Request) -> Response:
        """The process answers. Says nothing about the database: see `readyz`."""
        del request
        return PlainTextResponse("ok\n")

    async def readyz(self, request: Request) -> Response:
        """Whether requests can be served, and whether a worker is at work."""
        del request
        status, document = await run_sync(_readiness, self.context.inst)
        return JSONResponse(document, status_code=status)

    async def metrics_text(self, request: Request) -> Response:
        """Prometheus text, for the host itself or a token of administration or security.

        Raises:
            Unauthenticated: neither.
            RefusedError: the token carries no such role.
        """
        if not self._from_here(request):
            identity = await self._caller(request)
            if not _has(self.context.inst, identity, ADMINISTER, SECURE):
                raise RefusedError(
                    "metrics are for administration and security",
                    remedy="use a token that carries the role admin or security",
                )
        text = await run_sync(self.metrics.text, self.context.inst)
        return Response(text, media_type=MEDIA_TYPE)

    async def log(self, request: Request) -> Response:
        """A file of the transparency log: `/log/checkpoint`, `/log/tile/...`.

        Raises:
            Unauthenticated: the log is not public and there is no token.
            RefusedError: the token cannot read anything.
            NotFoundError: no such file.
        """
        public = self.context.config.log_public
        if not public:
            identity = await self._caller(request)
            if not _has(self.context.inst, identity, READ):
                raise RefusedError("this token may not read the log")
        path = request.scope["path"].removeprefix("/log/")
        answer = partial(log_file, self.context.config.log_folder, path, public=public)
        return await run_sync(answer)

    async def _caller(self, request: Request) -> Identity:
        identity = await self.context.authenticator.identity(request.scope)
        if identity is None:
            raise Unauthenticated(
                "this address needs a token", remedy="send: Authorization: Bearer TOKEN"
            )
        return identity

    def _from_here(self, request: Request) -> bool:
        """Whether the request certainly comes from this machine: not through a proxy on it."""
        config = self.context.config
        client = request.client
        return (
            client is not None
            and is_loopback(client.host)
            and is_loopback(config.host)
            and not config.behind_proxy
        )


def _has(inst: Installation, identity: Identity, *actions: str) -> bool:
    """Whether the caller may do one of these anywhere."""
    return any(
        inst.authorizer.allows(identity, action, grant.namespace)
        for action in actions
        for grant in identity.grants
    )


def _readiness(inst: Installation) -> tuple[int, dict[str, Any]]:
    try:
        schema.check(inst.store)
        with inst.store.read() as connection:
            lease = leases.find(connection, ROLE)
    except AssayError as error:
        return HTTPStatus.SERVICE_UNAVAILABLE, {"status": "not-ready", "database": error.code}
    alive = lease is not None and lease.expires > inst.clock.now()
    return HTTPStatus.OK, {
        "status": "ready",
        "database": "ok",
        "worker": "alive" if alive else "absent",
    }
