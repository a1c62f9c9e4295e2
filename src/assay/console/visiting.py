"""Who visits: the session cookie, the secret of forms, and what a page function is given.

Pages are plain functions that run in a worker thread. `signed_in` and `anyone` turn them into
endpoints: they read the form, find the session, and check that a form belongs to it.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from assay.access.errors import BadCredentialError
from assay.access.login import authenticate_session
from assay.access.principals import Identity
from assay.access.roles import ADMINISTER, SECURE
from assay.access.sessions import check_csrf
from assay.console.forms import Form
from assay.console.rendering import BASE, page
from assay.core.errors import RefusedError
from assay.jobs.queue import JobQueue
from assay.releases.installation import Installation
from assay.store.roles import EVERYWHERE
from assay.store.sessions import Session
from assay.web.guard import access_of

COOKIE = "assay_console"
FORM_COOKIE = "assay_form"
"""Binds a form shown before there is a session to the browser it was shown to."""

CSRF = "csrf"
SIGN_IN = f"{BASE}/sign-in"

_FORM_SECRET = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_SECRET_BYTES = 32
_MAX_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to a page.

    Attributes:
        who: Who is signed in; None on the pages that anyone sees.
        session: Their session.
        form: What was posted; empty on a GET.
    """

    inst: Installation
    queue: JobQueue
    request: Request
    form: Form
    who: Identity | None = None
    session: Session | None = None

    @property
    def me(self) -> Identity:
        """Who is signed in.

        Raises:
            BadCredentialError: nobody is.
        """
        if self.who is None:
            raise BadCredentialError
        return self.who

    @property
    def now(self) -> datetime:
        """The present moment."""
        return self.inst.clock.now()

    @property
    def is_governor(self) -> bool:
        """Whether the visitor sees what concerns the whole installation."""
        return self.who is not None and any(
            self.inst.authorizer.allows(self.who, action, EVERYWHERE)
            for action in (ADMINISTER, SECURE)
        )

    def page(
        self, template: str, values: Mapping[str, Any], *, status: int = HTTPStatus.OK
    ) -> Response:
        """A page in the console's frame."""
        frame = {
            "who": self.who,
            "csrf": "" if self.session is None else self.session.csrf,
            "is_governor": self.is_governor,
            "here": self.request.scope["path"].removeprefix(BASE) or "/",
        }
        return page(template, {**frame, **values}, now=self.now, status=status)

    def form_page(
        self, template: str, values: Mapping[str, Any], *, status: int = HTTPStatus.OK
    ) -> Response:
        """A page with a form that does not need a session; its secret is in a cookie too."""
        given = self.request.cookies.get(FORM_COOKIE, "")
        secret = given if _FORM_SECRET.match(given) else secrets.token_urlsafe(_SECRET_BYTES)
        answer = self.page(template, {**values, "csrf": secret}, status=status)
        self.set_cookie(answer, FORM_COOKIE, secret, None)
        return answer

    def set_cookie(self, answer: Response, name: str, value: str, expires: datetime | None) -> None:
        """Set a cookie that scripts, other sites and other paths do not get."""
        answer.set_cookie(
            name,
            value,
            expires=expires,
            path=BASE,
            secure=_is_encrypted(self),
            httponly=True,
            samesite="strict",
        )

    def forget_cookie(self, answer: Response, name: str) -> None:
        """Take a cookie back."""
        answer.delete_cookie(
            name, path=BASE, secure=_is_encrypted(self), httponly=True, samesite="strict"
        )


PageFunction = Callable[[Visit], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Turns page functions into endpoints of one installation."""

    inst: Installation
    queue: JobQueue

    def signed_in(self, function: PageFunction) -> Endpoint:
        """For whoever is signed in; others are sent to sign in."""

        async def endpoint(request: Request) -> Response:
            form = await Form.read(request) if request.method == "POST" else Form()
            visit = await run_sync(partial(_with_session, self, request, form))
            if visit is None:
                return _to_sign_in(request)
            access_of(request.scope).principal = visit.me.name
            return await run_sync(function, visit)

        return endpoint

    def anyone(self, function: PageFunction) -> Endpoint:
        """For anyone; a form must come from a page shown to the same browser."""

        async def endpoint(request: Request) -> Response:
            form = await Form.read(request) if request.method == "POST" else Form()
            visit = Visit(self.inst, self.queue, request, form)
            if request.method == "POST":
                _check_site(request)
                _check_form_cookie(request, form)
            return await run_sync(function, visit)

        return endpoint


def see(path: str) -> Response:
    """Go to a page of the console, with a GET."""
    return RedirectResponse(
        BASE + path, HTTPStatus.SEE_OTHER, headers={"Cache-Control": "no-store"}
    )


def wanted_page(text: str) -> str:
    """A path within the console that may be gone to after signing in; the overview otherwise."""
    if text.startswith("/") and "//" not in text and not re.search(r"[\\\x00-\x20\x7f]", text):
        return text
    return "/"


def number(text: str) -> int | None:
    """A number in an address; None where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else None


def _with_session(endpoints: Endpoints, request: Request, form: Form) -> Visit | None:
    """The visit; None where nobody is signed in."""
    inst = endpoints.inst
    cookie = request.cookies.get(COOKIE, "")
    try:
        who, session = authenticate_session(inst.store, cookie, now=inst.clock.now())
    except BadCredentialError:
        return None
    if request.method == "POST":
        _check_site(request)
        check_csrf(session, form.text(CSRF))
    return Visit(inst, endpoints.queue, request, form, who, session)


def _to_sign_in(request: Request) -> Response:
    """Ask to sign in, and come back to a page that was only looked at."""
    wanted = request.scope["path"].removeprefix(BASE)
    back = f"?next={quote(wanted)}" if request.method == "GET" and wanted not in ("", "/") else ""
    return see(f"/sign-in{back}")


def _check_site(request: Request) -> None:
    """Return unless the browser says that another site made it post.

    Pages send no referrer, for which browsers make the Origin of a form `null`: that says
    nothing, so the form's secret decides.

    Raises:
        RefusedError: it does.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin", "null")
    foreign = (
        site not in ("same-origin", "none")
        if site is not None
        else origin != "null" and urlsplit(origin).netloc != request.headers.get("host")
    )
    if foreign:
        raise RefusedError("the form was sent from another site")


def _check_form_cookie(request: Request, form: Form) -> None:
    given = request.cookies.get(FORM_COOKIE, "")
    sent = form.text(CSRF)
    if not _FORM_SECRET.match(given) or not hmac.compare_digest(
        given.encode(), sent.encode("utf-8", "replace")
    ):
        raise RefusedError(
            "the form was not shown to this browser",
            remedy="load the page again and repeat; cookies of this server must be allowed",
        )


def _is_encrypted(visit: Visit) -> bool:
    return visit.request.url.scheme == "https" or visit.inst.settings.url.startswith("https:")
