"""Exception handlers for every application under the guard: problem documents, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from assay.core.errors import AssayError
from assay.web.guard import access_of
from assay.web.problems import failed, problem, problem_of

_CODES = {
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method-not-allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-large",
}
_DETAILS = {
    HTTPStatus.NOT_FOUND: "there is nothing at this address",
    HTTPStatus.METHOD_NOT_ALLOWED: "this address does not take that method",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the body is larger than this address takes",
}


async def on_assay_error(request: Request, error: Exception) -> Response:
    """One of our own errors, by its class."""
    if not isinstance(error, AssayError):
        raise TypeError(type(error).__name__) from error
    return problem_of(error, request=access_of(request.scope).request)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """One of the framework's: an unknown address, a method, a body over its limit."""
    if not isinstance(error, HTTPException):
        raise TypeError(type(error).__name__) from error
    status = HTTPStatus(error.status_code)
    response = problem(
        status,
        _CODES.get(status, "usage"),
        _DETAILS.get(status, status.phrase),
        request=access_of(request.scope).request,
    )
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


async def on_bug(request: Request, error: Exception) -> Response:
    """Anything else: tells nothing of it. The framework raises it on to the guard, which logs it."""
    del error
    return failed(access_of(request.scope).request)


HANDLERS: Mapping[Any, Any] = {
    AssayError: on_assay_error,
    HTTPException: on_http_exception,
    Exception: on_bug,
}
"""For `exception_handlers=`."""
