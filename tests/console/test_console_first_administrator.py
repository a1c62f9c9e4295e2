"""The first administrator's link: looking spends nothing, posting spends it once."""

from __future__ import annotations

from contextlib import contextmanager

import httpx
import pytest

from assay.access import first, people
from assay.app import build_app, open_installation
from console.console_making import Visitor, csrf_of
from served import config_for, make_installation, running


@contextmanager
def empty_installation(home):
    """A server where nobody is yet, and the link's path."""
    config = config_for(home)
    make_installation(config)
    with open_installation(config) as opened, running(build_app(opened), config.port):
        inst = opened.installation
        with inst.store.write() as connection:
            secret = first.offer(connection, inst.clock.now())
        yield inst, config.url, secret


@pytest.fixture
def empty(tmp_path):
    with (
        empty_installation(tmp_path / "home") as (inst, url, secret),
        httpx.Client(base_url=url, trust_env=False, timeout=30) as client,
    ):
        yield inst, Visitor(client), secret


def test_looking_at_the_link_spends_nothing_and_tells_nobody(empty):
    inst, somebody, secret = empty
    for _ in range(3):
        answer = somebody.get(f"/first/{secret}")
        assert answer.status_code == 200
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert secret not in answer.text
    with inst.store.read() as connection:
        assert not people.has_administrator(connection)


def test_posting_makes_one_administrator_who_is_signed_in_and_has_a_token(empty):
    inst, somebody, secret = empty
    csrf = csrf_of(somebody.get(f"/first/{secret}").text)
    answer = somebody.post(f"/first/{secret}", csrf, name="ada")
    assert answer.status_code == 200
    assert "You are administrator, ada" in answer.text
    overview = somebody.get("/")
    assert overview.status_code == 200
    assert "Audit" in overview.text
    token = answer.text.split('id="secret" tabindex="0">')[1].split("<")[0]
    headers = {"Authorization": f"Bearer {token}"}
    assert somebody.client.get("/api/v1/models", headers=headers).status_code == 200
    assert somebody.get("/audit").status_code == 200
    with inst.store.read() as connection:
        assert people.has_administrator(connection)


def test_the_link_works_once(empty):
    _, somebody, secret = empty
    csrf = csrf_of(somebody.get(f"/first/{secret}").text)
    assert somebody.post(f"/first/{secret}", csrf, name="ada").status_code == 200
    somebody.client.cookies.clear()
    again = somebody.get(f"/first/{secret}")
    assert "There is an administrator already" in again.text
    assert 'name="name"' not in again.text


def test_a_wrong_link_or_name_makes_nobody_and_leaves_the_link(empty):
    inst, somebody, secret = empty
    csrf = csrf_of(somebody.get(f"/first/{secret}").text)
    assert somebody.post("/first/" + "x" * 43, csrf, name="eve").status_code == 403
    odd = somebody.post(f"/first/{secret}", csrf, name="not a name")
    assert odd.status_code == 400
    assert "is not a name" in odd.text
    assert 'value="not a name"' in odd.text
    with inst.store.read() as connection:
        assert not people.has_administrator(connection)
    assert somebody.post(f"/first/{secret}", csrf, name="ada").status_code == 200


def test_a_form_that_was_not_shown_to_this_browser_is_refused(empty):
    inst, somebody, secret = empty
    answer = somebody.post(f"/first/{secret}", "a" * 43, name="eve")
    assert answer.status_code == 403
    with inst.store.read() as connection:
        assert not people.has_administrator(connection)
