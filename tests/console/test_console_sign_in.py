"""Signing in and out: cookies, forged forms, and where one lands."""

from __future__ import annotations

import httpx
import pytest

from assay.access import people, tokens
from assay.store import principals
from console.console_making import add_person, csrf_of, visitor


def narrow_token(served, name, roles):
    with served.inst.store.write() as connection:
        return tokens.make_token(
            connection,
            owner=principals.find(connection, name),
            name="narrow",
            roles=roles,
            namespaces=(),
            days=1,
            by=None,
            now=served.inst.clock.now(),
        )[0]


def test_whoever_is_not_signed_in_is_sent_to_sign_in_and_comes_back(served):
    with visitor(served) as somebody:
        answer = somebody.get("/models/acme/tiny")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/console/sign-in?next=/models/acme/tiny"
        page = somebody.client.get(answer.headers["location"])
        back = somebody.post(
            "/sign-in", csrf_of(page.text), token=served.token("rex"), next="/models/acme/tiny"
        )
        assert back.headers["location"] == "/console/models/acme/tiny"
        assert somebody.get("/models/acme/tiny").status_code == 200


def test_a_session_cookie_is_out_of_reach_of_scripts_and_other_sites(served):
    with visitor(served) as somebody:
        answer = somebody.sign_in(served.token("rex"))
        cookie = next(
            line
            for line in answer.headers.get_list("set-cookie")
            if line.startswith("assay_console=")
        )
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite=strict", "path=/console"} <= parts
        assert served.token("rex") not in cookie


@pytest.mark.parametrize("secret", ["", "assay_" + "x" * 43, "nonsense", "\N{BULLET}"])
def test_a_token_that_is_not_good_begins_nothing(served, secret):
    with visitor(served) as somebody:
        answer = somebody.sign_in(secret)
        assert answer.status_code == 401
        assert "The token is not valid" in answer.text
        assert "assay_console" not in somebody.client.cookies
        assert secret not in answer.text or not secret


def test_a_token_with_less_than_its_owners_roles_begins_nothing(served):
    add_person(served, "nia", "publisher", "reviewer")
    with visitor(served) as somebody:
        answer = somebody.sign_in(narrow_token(served, "nia", ["reviewer"]))
        assert answer.status_code == 403
        assert "less than its owner" in answer.text


def test_a_sign_in_that_another_page_made_is_refused(served):
    with httpx.Client(base_url=served.url, trust_env=False) as client:
        fields = {"csrf": "a" * 43, "token": served.token("rex")}
        answer = client.post("/console/sign-in", data=fields)
        assert answer.status_code == 403
        assert "assay_console" not in client.cookies


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ],
)
def test_a_form_from_another_site_is_refused_whatever_it_carries(served, headers):
    with visitor(served) as somebody:
        csrf = csrf_of(somebody.get("/sign-in").text)
        answer = somebody.post("/sign-in", csrf, token=served.token("rex"), headers=headers)
        assert answer.status_code == 403
        assert "another site" in answer.text


@pytest.mark.parametrize(
    "away", ["//evil.example", "https://evil.example", "/\\evil.example", "/a//b", "/ x", "x", ""]
)
def test_signing_in_never_leads_away(served, away):
    with visitor(served) as somebody:
        csrf = csrf_of(somebody.get("/sign-in").text)
        answer = somebody.post("/sign-in", csrf, token=served.token("rex"), next=away)
        assert answer.headers["location"] == "/console/"


def test_signing_out_ends_the_session_for_good(served):
    with visitor(served, "rex") as rex:
        cookie = rex.client.cookies["assay_console"]
        answer = rex.post("/sign-out", csrf_of(rex.get("/").text))
        assert answer.headers["location"] == "/console/sign-in"
        rex.client.cookies.set("assay_console", cookie, domain="127.0.0.1", path="/console")
        assert rex.get("/models").status_code == 303


def test_a_session_is_worth_nothing_outside_the_console(served):
    with visitor(served, "root") as root:
        cookie = root.client.cookies["assay_console"]
        headers = {"Cookie": f"assay_console={cookie}"}
        assert root.client.get("/api/v1/models", headers=headers).status_code == 401


def test_a_disabled_person_is_out_at_once(served):
    add_person(served, "zoe", "reader")
    with visitor(served, "zoe") as zoe:
        assert zoe.get("/models").status_code == 200
        with served.inst.store.write() as connection:
            people.disable(connection, "zoe", now=served.inst.clock.now(), by=None)
        assert zoe.get("/models").status_code == 303
