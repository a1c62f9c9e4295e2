"""The other pages, and who sees what on them."""

from __future__ import annotations

import re
import time

import pytest

from assay.store import audit
from assay.web.authentication import FRESH_SECONDS
from console.console_making import address, csrf_of, visitor


def numbers(page: str) -> dict[str, int]:
    found = re.findall(r"<b>(\d+)</b><span>([a-z]+)</span>", page)
    return {name: int(number) for number, name in found}


def test_the_overview_shows_what_waits_and_what_was_refused(served, shelf):
    with visitor(served, "ben") as ben:
        page = ben.get("/").text
    waiting, _, refused = page.partition('id="refused"')
    assert shelf.waiting.version in waiting
    assert shelf.denied.version not in waiting
    for release in (shelf.denied, shelf.held, shelf.rejected, shelf.revoked):
        assert release.version in refused
    assert numbers(page)["quarantined"] >= 1


def test_a_mere_reader_sees_what_is_or_was_served(served, shelf):
    with visitor(served, "rex") as rex:
        page = rex.get("/").text
        assert "Waiting for approval" not in page
        seen = numbers(page)
        assert seen["quarantined"] == seen["evaluated"] == seen["rejected"] == 0
        assert seen["approved"] >= 1
        assert shelf.denied.version not in rex.get("/models/acme/bad").text
        assert "for those who publish" in rex.get("/refused").text


def test_another_namespace_sees_nothing(served, shelf):
    with visitor(served, "eve") as eve:
        assert set(numbers(eve.get("/").text).values()) == {0}
        assert "acme" not in eve.get("/models").text
        there = eve.get("/models/acme/tiny")
        absent = eve.get("/models/acme/absent")
        assert there.status_code == absent.status_code == 404
        assert eve.get(address(shelf.approved, "tiny")).status_code == 404
        assert eve.get(f"{address(shelf.approved, 'tiny')}/evidence").status_code == 404


def test_models_are_found_by_a_part_of_their_name(served):
    with visitor(served, "ben") as ben:
        assert "acme/tiny" in ben.get("/models", params={"q": "TIN"}).text
        nothing = ben.get("/models", params={"q": "%<b>"}).text
        assert "acme/tiny" not in nothing
        assert "%&lt;b&gt;" in nothing


def test_a_models_page_shows_the_card_of_what_is_served_and_nothing_that_runs(served):
    with visitor(served, "rex") as rex:
        page = rex.get("/models/acme/tiny").text
    assert "<strong>weight</strong>" in page
    assert "license: apache-2.0" in page
    assert '<a href="https://example.org/" rel="noopener noreferrer nofollow">home</a>' in page
    for bad in (
        "<script",
        "<img src=x",
        "javascript:alert(1)&quot;",
        'href="javascript',
        '<img src="http',
    ):
        assert bad not in page
    assert re.search(r"production.*tiny/releases/", page, re.DOTALL)


def test_there_is_no_card_of_what_is_not_served(served, model):
    served.house.evaluated({"README.md": b"# secret plans"}, model=model)
    with visitor(served, "ana") as ana:
        page = ana.get(f"/models/{model}").text
    assert "secret plans" not in page
    assert "no release with a README.md is served" in page


def test_the_refused_page_says_what_would_make_it_pass(served, shelf):
    with visitor(served, "ben") as ben:
        page = ben.get("/refused").text
    assert shelf.denied.version in page
    assert "Remove what was found and publish again" in page
    assert "its training data was poisoned" in page
    assert shelf.waiting.version not in page


def test_the_log_page_shows_checkpoint_and_entries(served):
    with visitor(served, "rex") as rex:
        page = rex.get("/log").text
    assert "127.0.0.1" in page
    assert re.search(r"sha256:[0-9a-f]{64}", page)
    for kind in ("decision", "approval", "scan", "state"):
        assert f"<span>{kind}</span>" in page
    assert "acme" not in page.partition('id="entries"')[2]


def test_the_audit_trail_is_for_those_who_answer_for_the_installation(served):
    for name in ("ana", "ben", "rex"):
        with visitor(served, name) as person:
            assert person.get("/audit").status_code == 403
            assert ">Audit<" not in person.get("/").text
    with visitor(served, "sam") as sam:
        page = sam.get("/audit").text
    assert "none changed" in page
    assert "release.revoke" in page
    assert "its training data was poisoned" in page


def test_the_audit_trail_is_read_page_by_page(served):
    with visitor(served, "root") as root:
        with served.inst.store.write() as connection:
            for number in range(120):
                audit.append(
                    connection, action="test.note", subject=f"no {number}",
                    now=served.inst.clock.now(),
                )  # fmt: skip
        first = root.get("/audit").text
        assert "no 119" in first
        assert ">no 1<" not in first
        older = re.search(r"/console(/audit\?before=\d+)", first)
        second = root.get(older[1]).text
        assert ">no 1<" in second
        assert "no 119" not in second
        assert root.get("/audit?before=x").status_code == 200


def test_everyone_is_listed_for_administrators_only(served):
    with visitor(served, "root") as root:
        page = root.get("/people").text
        assert "ana-bot" in page
        assert "robot of ana" in page
    with visitor(served, "rex") as rex:
        page = rex.get("/people").text
        assert "ana-bot" not in page
        assert "reader in acme" in page


def test_a_token_of_ones_own_is_shown_once_works_and_is_revoked(served):
    with visitor(served, "cyd") as cyd:
        made = cyd.post(
            "/people/tokens", csrf_of(cyd.get("/people").text), name="laptop", days="7",
            role="reviewer", namespace="acme",
        )  # fmt: skip
        assert made.status_code == 200
        secret = made.text.split('id="secret" tabindex="0">')[1].split("<")[0]
        page = cyd.get("/people").text
        assert secret not in page
        assert "laptop" in page
        headers = {"Authorization": f"Bearer {secret}"}
        assert cyd.client.get("/api/v1/models", headers=headers).status_code == 200
        path = re.search(
            r'<span>laptop</span>.*?/console(/people/tokens/[^"]+/revoke)', page, re.DOTALL
        )[1]
        assert cyd.post(path, csrf_of(page)).is_redirect
        time.sleep(FRESH_SECONDS)
        assert cyd.client.get("/api/v1/models", headers=headers).status_code == 401
        assert cyd.get("/people").status_code == 303


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"name": "x", "days": "91"}, 400),
        ({"name": "x", "days": "-1"}, 400),
        ({"name": "x", "days": "\N{SUPERSCRIPT TWO}"}, 400),
        ({"name": " ", "days": "7"}, 400),
        ({"name": "x", "days": "7", "role": "admin"}, 403),
        ({"name": "x", "days": "7", "namespace": "*"}, 403),
    ],
)
def test_a_token_that_cannot_be_made(served, fields, status):
    with visitor(served, "rex") as rex:
        answer = rex.post("/people/tokens", csrf_of(rex.get("/people").text), **fields)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert 'id="secret"' not in answer.text


def test_nobody_revokes_anothers_token(served):
    served.token("ben")
    with served.inst.store.read() as connection:
        from assay.store import tokens

        token = tokens.of_principal(connection, served.house.ids["ben"])[0]
    with visitor(served, "rex") as rex:
        answer = rex.post(f"/people/tokens/{token.id}/revoke", csrf_of(rex.get("/people").text))
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "path", ["/nix", "/models/acme", "/models/a b/c", "/models/acme/tiny/releases/nix", "/static/x"]
)
def test_what_is_not_there_is_a_page_of_its_own(served, path):
    with visitor(served, "ben") as ben:
        answer = ben.get(path)
    assert answer.status_code == 404
    assert "text/html" in answer.headers["content-type"]
    assert "Not found" in answer.text


def test_a_body_that_is_no_form_or_too_large_is_refused(served):
    with visitor(served, "ben") as ben:
        path = "/console/people/tokens"
        assert ben.client.post(path, json={"name": "x"}).status_code == 400
        assert ben.client.post(path, data={"name": "x" * 300_000}).status_code == 413


def test_every_page_has_the_strict_policy_and_is_not_kept(served, shelf):
    paths = ["/", "/sign-in", "/models", "/models/acme/tiny", "/refused", "/log", "/audit",
             "/people", "/nix", "/first/" + "x" * 43, address(shelf.waiting, "odd")]  # fmt: skip
    with visitor(served, "sam") as sam:
        for path in paths:
            answer = sam.get(path)
            policy = answer.headers["content-security-policy"]
            if answer.status_code != 303:
                assert "default-src 'none'" in policy
                assert "script-src" not in policy
                assert "unsafe" not in policy
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert answer.headers["referrer-policy"] == "no-referrer"
                assert " style=" not in answer.text
                assert "<script" not in answer.text
            assert answer.headers["cache-control"] == "no-store"


def test_static_files_are_named_by_their_bytes_and_kept(served):
    with visitor(served) as somebody:
        page = somebody.get("/sign-in").text
        for found in re.findall(r'(?:href|src)="/console(/static/[^"]+)"', page):
            answer = somebody.get(found)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
