"""People and roles to read, and one's own tokens to make and to end."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from assay.access.roles import ADMINISTER
from assay.access.tokens import DEFAULT_DAYS, MAX_DAYS
from assay.console.visiting import Visit, see
from assay.core.errors import AssayError, DataError
from assay.releases import staffing
from assay.store import principals, roles, tokens
from assay.store.principals import Principal
from assay.store.roles import EVERYWHERE
from assay.web.problems import public_text, status_of

MOST_PEOPLE = 500


def show(visit: Visit) -> Response:
    """Who is here, for administrators; for everyone their own roles and tokens."""
    return _page(visit)


def make(visit: Visit) -> Response:
    """Make a token of one's own; its secret is on this one page and nowhere else."""
    form = visit.form
    try:
        secret, token = staffing.make_token(
            visit.inst,
            visit.me,
            name=form.text("name").strip(),
            roles=form.many("role"),
            namespaces=form.many("namespace"),
            days=_days(form.text("days")),
        )
    except AssayError as error:
        return _page(visit, error=error, status=status_of(error))
    return _page(visit, secret=secret, made=token.name)


def revoke(visit: Visit) -> Response:
    """End a token; its owner's console sessions end with it, this one included."""
    staffing.revoke_token(visit.inst, visit.me, visit.request.path_params["token"])
    return see("/people?done=revoked")


def _page(
    visit: Visit,
    *,
    secret: str | None = None,
    made: str | None = None,
    error: AssayError | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    inst, me = visit.inst, visit.me
    administers = inst.authorizer.allows(me, ADMINISTER, EVERYWHERE)
    with inst.store.read() as connection:
        values = {
            "people": _people(connection) if administers else None,
            "grants": me.grants,
            "roles": sorted({grant.role for grant in me.grants}),
            "namespaces": sorted({grant.namespace for grant in me.grants}),
            "tokens": [
                {"token": row, "live": row.is_live(visit.now)}
                for row in reversed(tokens.of_principal(connection, me.id))
            ],
        }
    more = {
        "secret": secret,
        "made": made,
        "error": None if error is None else public_text(error),
        "remedy": None if error is None else error.remedy,
        "typed": {
            "name": visit.form.text("name") if error else "",
            "days": visit.form.text("days") if error else str(DEFAULT_DAYS),
            "roles": visit.form.many("role") if error else (),
            "namespaces": visit.form.many("namespace") if error else (),
        },
        "max_days": MAX_DAYS,
        "url": inst.settings.url,
    }
    return visit.page("people.html", {**values, **more}, status=status)


def _people(connection: sa.Connection) -> list[dict[str, Any]]:
    found = principals.listed(connection, limit=MOST_PEOPLE)
    names = {row.id: row.name for row in found}
    return [
        {
            "principal": row,
            "owner": _owner(connection, row, names),
            "roles": roles.of_principal(connection, row.id),
        }
        for row in found
    ]


def _owner(connection: sa.Connection, row: Principal, names: dict[str, str]) -> str:
    if row.owner_id is None:
        return ""
    return names.get(row.owner_id) or principals.get(connection, row.owner_id).name


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_DAYS)) + 1):
        raise DataError(f"days are a number from 1 to {MAX_DAYS}", subject="days")
    return int(text)
