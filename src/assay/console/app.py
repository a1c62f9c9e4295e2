"""The console as an ASGI application, to be mounted at `/console` under the guard."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from assay.console.pages import (
    acting,
    audit_trail,
    evidence,
    first_administrator,
    log,
    models,
    overview,
    people,
    refused,
    releases,
    sign_in,
)
from assay.console.rendering import HEADERS, page, static_file
from assay.console.visiting import Endpoints
from assay.core.clock import SystemClock
from assay.core.errors import AssayError
from assay.jobs.queue import JobQueue
from assay.releases.installation import Installation
from assay.web.guard import access_of
from assay.web.problems import public_text, status_of

_KINDS = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
_IMMUTABLE = "public, max-age=31536000, immutable"
_TITLES = {
    HTTPStatus.BAD_REQUEST: "That cannot be done",
    HTTPStatus.FORBIDDEN: "Refused",
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.METHOD_NOT_ALLOWED: "Not this way",
    HTTPStatus.CONFLICT: "Something else came first",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Too large",
    HTTPStatus.SERVICE_UNAVAILABLE: "Could not be answered now",
}


def console_app(inst: Installation, queue: JobQueue) -> ASGIApp:
    """The console.

    Args:
        inst: The installation it shows.
        queue: Its jobs, to be counted.
    """
    on = Endpoints(inst, queue)
    release = "/models/{namespace}/{name}/releases/{version}"
    routes = [
        Route("/", on.signed_in(overview.show)),
        Route("/sign-in", on.anyone(sign_in.show)),
        Route("/sign-in", on.anyone(sign_in.sign_in), methods=["POST"]),
        Route("/sign-out", on.signed_in(sign_in.sign_out), methods=["POST"]),
        Route("/first/{secret}", on.anyone(first_administrator.show)),
        Route("/first/{secret}", on.anyone(first_administrator.spend), methods=["POST"]),
        Route("/models", on.signed_in(models.listed)),
        Route("/models/{namespace}/{name}", on.signed_in(models.show)),
        Route(release, on.signed_in(releases.show)),
        Route(f"{release}/evidence", on.signed_in(evidence.download)),
        Route(f"{release}/evidence/{{digest}}", on.signed_in(evidence.attestation)),
        Route(f"{release}/{{action}}", on.signed_in(acting.act), methods=["POST"]),
        Route("/refused", on.signed_in(refused.show)),
        Route("/log", on.signed_in(log.show)),
        Route("/audit", on.signed_in(audit_trail.show)),
        Route("/people", on.signed_in(people.show)),
        Route("/people/tokens", on.signed_in(people.make), methods=["POST"]),
        Route("/people/tokens/{token}/revoke", on.signed_in(people.revoke), methods=["POST"]),
        Route("/static/{name}", _static),
    ]
    handlers: dict[Any, Any] = {
        AssayError: _on_assay_error,
        HTTPException: _on_http_exception,
        Exception: _on_bug,
    }
    return Starlette(routes=routes, exception_handlers=handlers)


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    data = static_file(name)
    if data is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    kind = _KINDS.get(name.rpartition(".")[2], "application/octet-stream")
    return Response(data, headers={**HEADERS, "Content-Type": kind, "Cache-Control": _IMMUTABLE})


async def _on_assay_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, AssayError):
        raise TypeError(type(error).__name__) from error
    return _error_page(request, status_of(error), public_text(error), error.remedy)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise TypeError(type(error).__name__) from error
    status = HTTPStatus(error.status_code)
    told = {
        HTTPStatus.NOT_FOUND: "there is nothing at this address",
        HTTPStatus.METHOD_NOT_ALLOWED: "this address does not take that method",
    }
    return _error_page(request, status, told.get(status, status.phrase), None)


async def _on_bug(request: Request, error: Exception) -> Response:
    """Says nothing of the cause: the guard logs it under the request's id."""
    del error
    told = "the server failed; its log names the cause under this request"
    return _error_page(request, HTTPStatus.INTERNAL_SERVER_ERROR, told, None)


def _error_page(request: Request, status: int, message: str, remedy: str | None) -> Response:
    values = {
        "who": None,
        "csrf": "",
        "is_governor": False,
        "here": "",
        "title": _TITLES.get(HTTPStatus(status), "An error of the server"),
        "message": message,
        "remedy": remedy,
        "request_id": access_of(request.scope).request,
    }
    return page("error.html", values, now=SystemClock().now(), status=status)
