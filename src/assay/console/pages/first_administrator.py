"""The first administrator: a link shows a form, and only posting it uses the link up."""

from __future__ import annotations

from http import HTTPStatus

import sqlalchemy as sa
from starlette.responses import Response

from assay.access import first, sessions, tokens
from assay.access.people import has_administrator
from assay.console.visiting import COOKIE, FORM_COOKIE, Visit
from assay.core.errors import AssayError
from assay.web.problems import public_text, status_of

TOKEN_NAME = "first token"  # noqa: S105 - what the token is called


def show(visit: Visit) -> Response:
    """The form. It says nothing about the link: that would let links be tried without a trace."""
    return _form(visit)


def spend(visit: Visit) -> Response:
    """Make the administrator, a token for the command line, and a session."""
    inst, now = visit.inst, visit.now
    name = visit.form.text("name").strip()

    def work(connection: sa.Connection) -> tuple[str, str]:
        person = first.spend(connection, visit.request.path_params["secret"], name, now)
        secret, _ = tokens.make_token(
            connection,
            owner=person,
            name=TOKEN_NAME,
            roles=(),
            namespaces=(),
            days=tokens.DEFAULT_DAYS,
            by=person.id,
            now=now,
        )
        cookie, _ = sessions.begin(connection, person, now=now)
        return secret, cookie

    try:
        secret, cookie = inst.store.transact(work)
    except AssayError as error:
        return _form(visit, name=name, error=error)
    values = {"name": name, "secret": secret, "days": tokens.DEFAULT_DAYS, "url": inst.settings.url}
    answer = visit.page("first_done.html", values)
    visit.set_cookie(answer, COOKIE, cookie, None)
    visit.forget_cookie(answer, FORM_COOKIE)
    return answer


def _form(visit: Visit, *, name: str = "", error: AssayError | None = None) -> Response:
    with visit.inst.store.read() as connection:
        settled = has_administrator(connection)
    values = {
        "name": name,
        "settled": settled,
        "error": None if error is None else public_text(error),
        "remedy": None if error is None else error.remedy,
    }
    status = HTTPStatus.OK if error is None else status_of(error)
    return visit.form_page("first.html", values, status=status)
