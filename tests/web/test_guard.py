"""The outermost layer: hosts, headers, errors, the access log."""

from __future__ import annotations

import json
import logging

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from assay.config import Config
from assay.core.errors import ConflictError
from assay.web.access_log import redact, redacted_path
from assay.web.guard import CutError, Guard
from assay.web.handlers import HANDLERS
from assay.web.headers import bytes_headers, header_text
from assay.web.hosts import AllowedHosts, host_name


def _ok(request):
    return PlainTextResponse("ok", headers={"Cache-Control": "max-age=5"})


def _bug(request):
    raise RuntimeError("the secret detail")


def _refused(request):
    raise ConflictError("came second", subject="acme/m", remedy="look again")


async def _cut(request):
    def pieces():
        yield b"first"
        raise CutError("damaged chunk")

    return StreamingResponse(pieces(), headers={"Content-Length": "10"})


ROUTES = [
    Route("/ok", _ok),
    Route("/healthz", _ok),
    Route("/bug", _bug),
    Route("/refused", _refused),
    Route("/cut", _cut),
    Route("/console/first/{token}", _ok),
]


def _app(*hosts):
    inner = Starlette(routes=ROUTES, exception_handlers=dict(HANDLERS))
    return Guard(inner, AllowedHosts.named(hosts))


@pytest.fixture
def client():
    app = _app("assay.test", "localhost")
    return TestClient(app, base_url="http://assay.test")


@pytest.mark.parametrize(
    "host", ["assay.test", "ASSAY.test:9999", "assay.test.", "localhost:1", "LOCALHOST"]
)
def test_an_allowed_host_is_answered_on_any_port(client, host):
    assert client.get("/ok", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "",
        "assay.test.evil.test",
        "evil.test#assay.test",
        "assay.test@evil.test",
        "169.254.169.254",
        "[::1",
        "assay.test:80:80@x",
        "user@assay.test",
        "assay.test/path",
        "assay.test#part",
        "assay.test?query",
        "assay.test:x",
        "127.0.0.1",
    ],
)
def test_another_host_name_gets_nothing(client, host):
    answer = client.get("/ok", headers={"Host": host})
    assert answer.status_code == 421
    assert answer.json()["code"] == "misdirected"


def test_two_host_headers_get_nothing(client):
    answer = client.get("/ok", headers=[("Host", "assay.test"), ("Host", "evil.test")])
    assert answer.status_code == 421


def test_a_probe_is_answered_under_any_name(client):
    assert client.get("/healthz", headers={"Host": "10.0.0.7:8470"}).status_code == 200


def test_loopback_names_are_allowed_only_when_listening_there(tmp_path):
    here = AllowedHosts.of(Config(home=tmp_path))
    assert here.allows("localhost:8470")
    assert here.allows("[::1]:8470")
    there = AllowedHosts.of(Config(home=tmp_path, host="0.0.0.0", public_url="https://a.example"))
    assert there.allows("A.example")
    assert not there.allows("localhost")
    assert not there.allows("0.0.0.0")


def test_extra_hosts_come_from_the_configuration(tmp_path):
    hosts = AllowedHosts.of(Config(home=tmp_path, allowed_hosts="b.example:80, c.example"))
    assert hosts.allows("b.example")
    assert hosts.allows("c.example:1")


def test_every_answer_carries_the_security_headers_unless_it_sets_its_own(client):
    headers = client.get("/ok").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["cache-control"] == "max-age=5"
    assert len(headers["x-request-id"]) == 16


def test_an_unforeseen_error_answers_without_its_detail(caplog):
    app = _app("assay.test")
    client = TestClient(app, base_url="http://assay.test", raise_server_exceptions=False)
    with caplog.at_level(logging.INFO, "assay"):
        answer = client.get("/bug")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request"] == answer.headers["x-request-id"]
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    request = answer.headers["x-request-id"]
    assert any(request in record.getMessage() for record in caplog.records)
    assert "cut" not in json.loads(caplog.records[-1].getMessage())  # the answer is whole


def test_our_own_error_is_a_problem_document(client):
    answer = client.get("/refused")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["title"] == "In conflict with the present state"
    assert document["detail"] == "came second"
    assert (document["subject"], document["remedy"]) == ("acme/m", "look again")
    assert document["type"] == "urn:assay:problem:conflict"


def test_a_cut_answer_stays_unfinished_and_says_why_in_the_log(caplog):
    app = _app("assay.test")
    client = TestClient(app, base_url="http://assay.test")
    with caplog.at_level(logging.INFO, "assay.access"):
        answer = client.get("/cut")
    assert answer.content == b"first"
    row = json.loads(caplog.records[-1].getMessage())
    assert row["cut"] == "damaged chunk"
    assert row["sent"] == 5


def test_the_access_log_holds_no_query_and_no_secret(client, caplog):
    secret = "x" * 43
    with caplog.at_level(logging.INFO, "assay.access"):
        client.get(f"/ok?token={secret}", headers={"Authorization": f"Bearer {secret}"})
        client.get(f"/console/first/{secret}")
    text = caplog.text
    assert secret not in text
    row = json.loads(caplog.records[0].getMessage())
    assert row["path"] == "/ok"
    assert row["status"] == 200
    assert row["method"] == "GET"
    assert row["sent"] == 2


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abc.def-ghi",
        "bearer%20abc.def-ghi",
        "hf_abc.def-ghi",
        "/console/first/abc.def-ghi",
        "token assay_abc.def-ghi end",
    ],
)
def test_redaction_removes_credentials(text):
    assert "abc.def-ghi" not in redact(text)


def test_a_log_line_cannot_be_forged_by_a_path():
    assert "\n" not in redacted_path('/a\n{"status":200}')


def test_a_digest_in_a_path_stays_readable():
    digest = "sha256:" + "0" * 64
    assert redacted_path(f"/api/v1/decisions/{digest}").endswith(digest)


def test_header_text_cannot_end_a_header():
    assert header_text("a\r\nX-Evil: 1\x00\u2028é") == "a X-Evil: 1? ?"
    assert len(header_text("x" * 5000)) == 900


def test_the_name_of_served_bytes_cannot_end_a_header():
    headers = bytes_headers('a"\r\nb;é.bin')
    assert headers["Content-Disposition"] == (
        "attachment; filename=\"a___b__.bin\"; filename*=UTF-8''a%22%0D%0Ab%3B%C3%A9.bin"
    )
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_host_name_reads_brackets_and_ports():
    assert host_name("[::1]:80") == "::1"
    assert host_name("Name:80") == "name"
    assert host_name("[::") == ""
