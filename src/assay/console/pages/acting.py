"""What is done to a release: one POST each, with a reason; the domain decides whether it may."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from assay.console.pages.releases import Attempt, address, named, release_page
from assay.console.visiting import Visit, see
from assay.core.errors import AssayError, DataError, NotFoundError
from assay.releases import aliasing, approving, moving
from assay.web.problems import status_of

_MOVES: dict[str, Callable[..., Any]] = {
    "reject": approving.reject,
    "hold": moving.hold,
    "resume": moving.resume,
    "deprecate": moving.deprecate,
    "undeprecate": moving.undeprecate,
    "revoke": moving.revoke,
}


def act(visit: Visit) -> Response:
    """Do it and show the release again; where it is refused, with the reason and what was typed."""
    action = visit.request.path_params["action"]
    if action not in ("approve", "promote", *_MOVES):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    with visit.inst.store.read() as connection:
        model, release = named(visit, connection)
    try:
        _do(visit, action, release.id)
    except NotFoundError:
        raise
    except AssayError as error:
        return release_page(visit, attempt=_attempt(visit, action, error), status=status_of(error))
    return see(f"{address(model.full_name, release.version)}?done={action}")


def _do(visit: Visit, action: str, release_id: str) -> None:
    inst, form = visit.inst, visit.form
    reason = form.text("reason")
    if action == "approve":
        named_findings = form.many("acknowledged")
        approving.approve(inst, visit.me, release_id, reason=reason, acknowledged=named_findings)
    elif action == "promote":
        with inst.store.read() as connection:
            model, _ = named(visit, connection)
        aliasing.promote(
            inst,
            visit.me,
            model.full_name,
            form.text("alias").strip(),
            release_id,
            reason=reason,
        )
    else:
        if action == "revoke" and form.text("final") != "yes":
            raise DataError(
                "revoking cannot be taken back, so it has to be confirmed",
                remedy="tick the box, then revoke",
            )
        _MOVES[action](inst, visit.me, release_id, reason=reason)


def _attempt(visit: Visit, action: str, error: AssayError) -> Attempt:
    form = visit.form
    return Attempt(
        action=action,
        message=error.message,
        remedy=error.remedy,
        reason=form.text("reason"),
        alias=form.text("alias"),
        acknowledged=frozenset(form.many("acknowledged")),
    )
