"""Signing in with a token, and out again."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from assay.access import sessions
from assay.access.errors import BadCredentialError
from assay.access.login import authenticate_session, authenticate_token
from assay.console.visiting import COOKIE, FORM_COOKIE, Visit, see, wanted_page
from assay.core.errors import RefusedError


def show(visit: Visit) -> Response:
    """The form; whoever is signed in already goes on."""
    wanted = wanted_page(visit.request.query_params.get("next", "/"))
    try:
        authenticate_session(visit.inst.store, visit.request.cookies.get(COOKIE, ""), now=visit.now)
    except BadCredentialError:
        return _form(visit, wanted)
    return see(wanted)


def sign_in(visit: Visit) -> Response:
    """Begin a session for a token. It has all the person's roles, so the token must too."""
    inst = visit.inst
    wanted = wanted_page(visit.form.text("next"))
    try:
        identity = authenticate_token(inst.store, visit.form.text("token").strip(), now=visit.now)
        cookie, _ = inst.store.transact(
            lambda connection: sessions.begin_with_token(connection, identity, now=visit.now)
        )
    except RefusedError as error:
        status = (
            HTTPStatus.UNAUTHORIZED
            if isinstance(error, BadCredentialError)
            else HTTPStatus.FORBIDDEN
        )
        told = "The token is not valid" if isinstance(error, BadCredentialError) else error.message
        return _form(visit, wanted, error=told, remedy=error.remedy, status=status)
    answer = see(wanted)
    visit.set_cookie(answer, COOKIE, cookie, None)
    visit.forget_cookie(answer, FORM_COOKIE)
    return answer


def sign_out(visit: Visit) -> Response:
    """End the session."""
    cookie = visit.request.cookies.get(COOKIE, "")
    visit.inst.store.transact(lambda connection: sessions.end(connection, cookie))
    answer = see("/sign-in")
    visit.forget_cookie(answer, COOKIE)
    return answer


def _form(
    visit: Visit,
    wanted: str,
    *,
    error: str | None = None,
    remedy: str | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    values = {"next": wanted, "error": error, "remedy": remedy}
    return visit.form_page("sign_in.html", values, status=status)
