"""Trust, revocations, evidence, decisions, the log's files, health and metrics."""

from __future__ import annotations

import json
import sqlite3

import httpx
import pytest

from api_addresses import V1, address, assert_problem
from assay.core.attestation import Envelope
from assay.releases import moving
from assay.signing.dsse import verify_envelope
from assay.signing.trust import TrustRoot
from assay.store.failures import explained


def trust_root(served) -> TrustRoot:
    answer = served.get(f"{V1}/trust", None)
    assert answer.status_code == 200
    return TrustRoot.parse(answer.content, fingerprint=served.opened.keys.fingerprint)


def test_the_trust_root_needs_no_token_and_is_signed(served):
    assert trust_root(served).url == served.url


def test_revocations_are_signed_and_without_gaps(served, model):
    root = trust_root(served)
    release = served.house.approved(model=model)
    moving.revoke(served.inst, served.house.who("sam"), release.id, reason="backdoor")
    envelope = Envelope.parse(served.get(f"{V1}/revocations").content)
    verify_envelope(envelope, [root.release_index])
    told = envelope.statement().predicate
    numbers = [row["seq"] for row in told["revocations"]]
    assert numbers == list(range(1, told["last"] + 1))
    assert str(release.tree) in str(told)
    assert str(model) not in str(told)
    rest = served.get(f"{V1}/revocations", params={"since": told["last"]}).content
    assert Envelope.parse(rest).statement().predicate["revocations"] == []


def test_the_decision_is_handed_out_signed(served, model):
    root = trust_root(served)
    release = served.house.approved({"model.bin": model.name.encode()}, model=model)
    (row,) = served.get(f"{V1}/decisions/{release.tree}").json()["decisions"]
    assert (row["model"], row["outcome"]) == (str(model), "allow")
    envelope = Envelope.from_json(row["envelope"])
    verify_envelope(envelope, [root.decision])
    assert envelope.statement().subjects[0].digest["sha256"] == release.tree.hex


def test_evidence_is_json_lines_of_signed_documents(served, model):
    release = served.house.approved({"model.bin": model.name.encode()}, model=model)
    answer = served.get(f"{V1}/evidence/{release.tree}")
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert {"scan", "signature", "approval", "decision"} <= {row["kind"] for row in rows}
    for row in rows:
        assert Envelope.from_json(row["document"]).digest.hex == row["statement"][7:]


def test_evidence_about_the_same_files_elsewhere_stays_there(served, model):
    files = {"model.bin": b"shared" + model.name.encode()}
    release = served.house.approved(files, model=model)
    secret = type(model)("evil", "hidden")
    served.house.evaluated(files, who="eve", model=secret)
    lines = served.get(f"{V1}/evidence/{release.tree}").text.splitlines()
    documents = [Envelope.from_json(json.loads(line)["document"]) for line in lines]
    named = {one.name for document in documents for one in document.statement().subjects}
    assert named == {f"{model}@{release.version}"}
    text = served.get(f"{V1}/decisions/{release.tree}").text
    assert str(model) in text
    assert "evil" not in text


def test_a_tree_one_may_not_read_is_like_none(served, model):
    files = {"model.bin": b"secret" + model.name.encode()}
    secret = type(model)("evil", "hidden2")
    release = served.house.evaluated(files, who="eve", model=secret)
    for kind in ("evidence", "decisions"):
        assert_problem(served.get(f"{V1}/{kind}/{release.tree}"), 404, "not-found")


def test_the_log_needs_a_readers_token_unless_it_is_public(served):
    with served.logging():
        pass
    assert_problem(served.get("/log/checkpoint", None), 401, "unauthenticated")
    assert served.get("/log/checkpoint").text.startswith("127.0.0.1")
    for path in ("/log/../assay.sqlite", "/log/x", "/log/"):
        assert served.get(path).status_code == 404


def test_the_evidence_bundle_is_one_file(served, model):
    release = served.house.approved(model=model)
    with served.logging():
        pass
    answer = served.get(address(model, "releases", release.version, "evidence"))
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["schema"] == "assay.evidence/1"
    assert document["tree"] == str(release.tree)


@pytest.mark.parametrize("host", ["evil.example", "", "127.0.0.1.evil.example"])
def test_a_page_that_rebinds_its_name_gets_nothing_but_probes(served, host):
    with httpx.Client(base_url=served.url, trust_env=False) as client:
        for path in (f"{V1}/trust", "/", "/console"):
            assert client.get(path, headers={"Host": host}).status_code in {400, 421}
        probe = client.get("/healthz", headers={"Host": host or "x"})
        assert (probe.status_code, probe.text) == (200, "ok\n")


def test_readiness_tells_of_the_database_and_the_worker(served):
    with served.logging():
        told = served.get("/readyz", None).json()
        assert told == {"status": "ready", "database": "ok", "worker": "alive"}
    assert served.get("/readyz", None).json()["worker"] == "absent"


@pytest.mark.parametrize("path", ["/api/v1/whoami", "/acme/x/resolve/main/config.json"])
def test_where_the_database_lies_is_for_the_log_and_not_for_callers(
    sqlite_served, monkeypatch, caplog, path
):
    store = sqlite_served.inst.store

    def busy(*_arguments, **_more):
        error = sqlite3.OperationalError("refused at db.internal:5432")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise explained(error, store.shown)

    monkeypatch.setattr("assay.web.authentication.authenticate_token", busy)
    headers = {"Authorization": f"Bearer assay_{'A' * 43}"}
    answer = sqlite_served.get(path, None, headers=headers)
    assert answer.status_code == 503
    told = answer.text + str(answer.headers)
    assert "did not answer" in told
    assert "db.internal" not in told
    assert str(store.path) not in told
    assert "db.internal" in caplog.text
    assert str(store.path) in caplog.text


def test_metrics_count_requests_and_releases(served, model):
    served.house.approved(model=model)
    served.get(f"{V1}/whoami")
    served.get(f"{V1}/whoami", None)
    text = served.get("/metrics", None).text
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert int(lines['assay_http_requests_total{entry="api",status="200"}']) >= 1
    assert int(lines['assay_http_requests_total{entry="api",status="401"}']) >= 1
    assert int(lines['assay_releases{state="approved"}']) >= 1
    assert "assay_log_queue" in lines


def test_the_root_leads_to_the_console(served):
    answer = served.get("/", None)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")


def test_every_answer_carries_the_default_headers(served):
    for path in (f"{V1}/trust", "/nothing", "/healthz", "/api/whoami-v2"):
        headers = served.get(path, None).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["x-request-id"]
