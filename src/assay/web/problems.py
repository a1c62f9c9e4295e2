"""Problem documents (RFC 9457) and the status an error stands for.

```
{type, title, status, detail, code, subject, remedy, request}
```
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

from assay.core.errors import (
    AssayError,
    ConflictError,
    DataError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    UsageError,
)
from assay.web.body import TooLargeError
from assay.web.ranges import RangeError

LOGGER = logging.getLogger("assay.web")
MEDIA_TYPE = "application/problem+json"
UNAUTHENTICATED = "unauthenticated"
TYPE_PREFIX = "urn:assay:problem:"

_STATUS: tuple[tuple[type[AssayError], HTTPStatus], ...] = (
    (RangeError, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE),
    (TooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (DataError, HTTPStatus.BAD_REQUEST),
    (UsageError, HTTPStatus.BAD_REQUEST),
    (RefusedError, HTTPStatus.FORBIDDEN),
    (ConflictError, HTTPStatus.CONFLICT),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
)
_TITLES = {
    "bad-data": "The request or the data is not valid",
    "usage": "The request is not valid",
    "refused": "Refused",
    "conflict": "In conflict with the present state",
    "not-found": "Not found",
    "unavailable": "Could not be answered now",
    "error": "An error of the server",
    "too-large": "The request is too large",
    "range-not-satisfiable": "The range cannot be satisfied",
    "method-not-allowed": "The method is not allowed here",
    "misdirected": "Not this server's name",
    UNAUTHENTICATED: "Not authenticated",
}


class Unauthenticated(RefusedError):  # noqa: N818 - a state of the caller, as Refused is
    """The request carries no credential where one is needed, or one that is not valid."""

    code = UNAUTHENTICATED


def status_of(error: AssayError) -> int:
    """The HTTP status an error is answered with."""
    if error.code == UNAUTHENTICATED:
        return HTTPStatus.UNAUTHORIZED
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return status
    return HTTPStatus.INTERNAL_SERVER_ERROR


def code_of(error: AssayError) -> str:
    """The stable word for what happened: a refusal's reason, else the error's class."""
    return str(getattr(error, "reason", None) or error.code)


def problem_document(
    status: int,
    code: str,
    detail: str,
    *,
    subject: str | None = None,
    remedy: str | None = None,
    request: str | None = None,
) -> dict[str, Any]:
    """The document's fields; those without a value are left out."""
    title = _TITLES.get(code) or HTTPStatus(status).phrase
    fields = {
        "type": TYPE_PREFIX + code,
        "title": title,
        "status": int(status),
        "detail": detail,
        "code": code,
        "subject": subject,
        "remedy": remedy,
        "request": request,
    }
    return {name: value for name, value in fields.items() if value is not None}


def problem(
    status: int, code: str, detail: str, *, request: str | None = None, **extra: str | None
) -> JSONResponse:
    """The document as an answer."""
    document = problem_document(status, code, detail, request=request, **extra)
    headers = (
        {"WWW-Authenticate": 'Bearer realm="assay"'} if status == HTTPStatus.UNAUTHORIZED else None
    )
    return JSONResponse(document, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def failed(request: str | None) -> JSONResponse:
    """The answer to a bug of ours: says nothing of the cause, which the log has."""
    told = "the server failed; its log names the cause under this request"
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "error", told, request=request)


def public_subject(error: AssayError) -> str | None:
    """What an error is about, as far as callers may know.

    What did not answer is a database, a disk or a folder of ours: its address is for the log.
    """
    return None if isinstance(error, UnavailableError) else error.subject


def public_text(error: AssayError) -> str:
    """What happened and to what, in one line, as far as callers may know."""
    subject = public_subject(error)
    return f"{subject}: {error.message}" if subject else error.message


def problem_of(error: AssayError, *, request: str | None = None) -> JSONResponse:
    """The answer for an error."""
    response = problem(
        status_of(error),
        code_of(error),
        error.message,
        request=request,
        subject=public_subject(error),
        remedy=error.remedy,
    )
    if isinstance(error, UnavailableError):
        LOGGER.warning("request %s: %s", request or "", error)
    if isinstance(error, RangeError):
        response.headers["Content-Range"] = f"bytes */{error.size}"
    return response
