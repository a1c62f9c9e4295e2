"""The application under /api/v1: every address, its OpenAPI description, problems as answers."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import ASGIApp

from assay import __version__
from assay.api import evidence, models, people, policy, releases, trust, uploads
from assay.api.auth import Context
from assay.api.documents import Problem
from assay.api.entrance import Entrance
from assay.web.guard import access_of
from assay.web.handlers import HANDLERS
from assay.web.problems import MEDIA_TYPE, problem

PREFIX = "/api/v1"
OPENAPI = f"{PREFIX}/openapi.json"
_ROUTERS = (models, releases, uploads, evidence, trust, policy, people)
_MAX_SHOWN = 5


def api_app(context: Context) -> ASGIApp:
    """The application; it expects whole paths, `/api/v1/...`."""
    app = FastAPI(
        title="Assay",
        version=__version__,
        summary="Takes models in, judges them, and serves what was approved.",
        description="Every address but `trust` needs `Authorization: Bearer TOKEN`. "
        "Errors are problem documents (RFC 9457).",
        openapi_url=OPENAPI,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        responses={
            "4XX": {"model": Problem, "description": "The request was refused or is not valid"},
            "5XX": {"model": Problem, "description": "It could not be answered now"},
        },
        exception_handlers={**HANDLERS, RequestValidationError: on_invalid},
        redirect_slashes=False,
    )
    app.state.context = context
    for module in _ROUTERS:
        app.include_router(module.router, prefix=PREFIX)
    _describe(app)
    return Entrance(app, context.authenticator)


async def on_invalid(request: Request, error: Exception) -> Response:
    """A request that is not as the address describes it: the fields are named, values are not."""
    if not isinstance(error, RequestValidationError):
        raise TypeError(type(error).__name__) from error
    rows = error.errors()
    said = "; ".join(f"{_place(row)}: {row['msg']}" for row in rows[:_MAX_SHOWN])
    more = len(rows) - _MAX_SHOWN
    return problem(
        422,
        "invalid",
        said + (f" (and {more} more)" if more > 0 else ""),
        request=access_of(request.scope).request,
        remedy=f"see {OPENAPI}",
    )


def _place(row: dict[str, Any]) -> str:
    """`body.reason`, `query.limit`."""
    return ".".join(str(part) for part in row["loc"])[:200]


def _operation_id(route: APIRoute) -> str:
    method = min(route.methods).lower() if route.methods else "get"
    tag = str(route.tags[0]) if route.tags else "assay"
    return f"{tag}-{route.name.replace('_', '-')}-{method}"


def _describe(app: FastAPI) -> None:
    """Say in the description how a caller authenticates, and that errors are problem documents."""
    made = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made()
            schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
            schemes["token"] = {"type": "http", "scheme": "bearer"}
            for path, operations in document["paths"].items():
                for operation in operations.values():
                    operation["security"] = [] if path == f"{PREFIX}/trust" else [{"token": []}]
                    _as_problems(operation["responses"])
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _as_problems(responses: dict[str, Any]) -> None:
    responses.pop("422", None)  # told by 4XX
    for status in ("4XX", "5XX"):
        content = responses.get(status, {}).get("content", {})
        if "application/json" in content:
            content[MEDIA_TYPE] = content.pop("application/json")
