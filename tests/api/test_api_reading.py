"""The API's reading addresses: who may see what, and how errors are told."""

from __future__ import annotations

import httpx
import pytest

from api_addresses import V1, address, assert_problem
from assay.api.documents import FindingRow, IntakeRow, UnreadRow
from assay.core.finding import Unread
from assay.core.manifest import Manifest
from assay.web.problems import MEDIA_TYPE
from releases.house import finding


def test_whoami_tells_what_the_token_may_use(served):
    told = served.get(f"{V1}/whoami", "sam").json()
    assert (told["name"], told["kind"]) == ("sam", "person")
    assert told["grants"] == [{"role": "security", "namespace": "*"}]
    assert "assay_" not in str(told)


@pytest.mark.parametrize("path", ["whoami", "models", "policy", "revocations", "audit"])
def test_nothing_is_told_without_a_token(sqlite_served, path):
    answer = sqlite_served.get(f"{V1}/{path}", None)
    assert_problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "header",
    ["Bearer assay_" + "x" * 43, "Bearer x", "Basic cmV4OnNlY3JldA==", "Bearer", "", "Bearer a b"],
)
def test_a_credential_that_is_not_good_is_401(sqlite_served, header):
    answer = sqlite_served.get(f"{V1}/whoami", None, headers={"Authorization": header})
    assert_problem(answer, 401, "unauthenticated")


def test_cookies_are_never_a_credential(sqlite_served):
    token = sqlite_served.token("root")
    for name in ("session", "assay_session", "Authorization", "__Host-assay"):
        answer = sqlite_served.get(f"{V1}/whoami", None, headers={"Cookie": f"{name}={token}"})
        assert_problem(answer, 401, "unauthenticated")


def test_a_token_in_the_query_is_not_looked_at(sqlite_served):
    answer = sqlite_served.get(f"{V1}/whoami", None, params={"token": sqlite_served.token("root")})
    assert_problem(answer, 401, "unauthenticated")


def test_two_authorization_headers_are_refused(sqlite_served):
    good = f"Bearer {sqlite_served.token('root')}"
    headers = [("Authorization", good), ("Authorization", good)]
    answer = httpx.get(f"{sqlite_served.url}{V1}/whoami", headers=headers, trust_env=False)
    assert_problem(answer, 401, "unauthenticated")


def test_a_release_is_shown_by_every_name_it_has(served, model):
    release = served.house.approved(model=model)
    shown = served.get(address(model, "releases", release.version)).json()
    for name in ("main", release.version[:7]):
        assert served.get(address(model, "releases", name)).json() == shown
    assert shown["state"] == "approved"
    assert shown["may_serve"] is True
    assert shown["tree"] == str(release.tree)


def test_models_are_listed_a_page_at_a_time(served, model):
    names = []
    for number in range(3):
        one = type(model)(model.namespace, f"{model.name}-{number}")
        served.house.approved(model=one)
        names.append(str(one))
    options = {"search": model.name, "limit": 2}
    first = served.get(f"{V1}/models", params=options).json()
    second = served.get(f"{V1}/models", params={**options, "after": first["after"]}).json()
    assert [row["model"] for row in first["models"] + second["models"]] == names
    assert second["after"] is None
    assert first["models"][0]["newest"]["state"] == "approved"


def test_a_model_shows_its_releases_and_where_its_aliases_point(served, model):
    old = served.house.approved(model=model)
    new = served.house.evaluated({"model.bin": b"other"}, model=model)
    body = {"revision": old.version, "reason": "canary"}
    answer = served.ask("PUT", address(model, "aliases", "production"), "ben", json=body)
    assert answer.json()["aliases"] == ["production"]
    shown = served.get(address(model), "ben").json()
    assert [row["version"] for row in shown["releases"]] == [new.version, old.version]
    assert shown["aliases"] == {"production": old.version}
    page = served.get(address(model), "ben", params={"limit": 1}).json()
    rest = served.get(address(model), "ben", params={"limit": 1, "before": page["before"]}).json()
    assert [row["version"] for row in rest["releases"]] == [old.version]


def test_a_reader_is_not_shown_what_waits(served, model):
    served.house.evaluated(model=model)
    assert served.get(address(model)).json()["releases"] == []


def test_what_may_not_be_read_is_answered_like_what_is_not_there(served, model):
    secret = type(model)("evil", model.name)
    served.house.push(who="eve", model=secret)
    absent = type(model)("evil", "absent")
    for rest in ((), ("releases", "main"), ("releases", "main", "manifest")):
        one = assert_problem(served.get(address(secret, *rest)), 404, "not-found")
        other = assert_problem(served.get(address(absent, *rest)), 404, "not-found")
        assert one["detail"] == other["detail"]
        assert one["remedy"] == other["remedy"]


def test_the_manifest_has_the_digest_the_release_names(served, model):
    release = served.house.approved(model=model)
    manifest = Manifest.from_json(served.get(address(model, "releases", "main", "manifest")).json())
    assert manifest.tree_digest == release.tree


def test_a_reader_gets_no_manifest_of_what_waits_but_a_reviewer_does(served, model):
    release = served.house.evaluated(model=model)
    path = address(model, "releases", release.version, "manifest")
    assert_problem(served.get(path), 403, "not-approved")
    assert served.get(path, "ben").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code"),
    [
        ("GET", "/models?limit=0", {}, 422, "invalid"),
        ("GET", "/models?limit=x", {}, 422, "invalid"),
        ("GET", "/models/acme/bad..name", {}, 400, "bad-data"),
        ("GET", "/models/api/name", {}, 400, "bad-data"),
        ("GET", "/evidence/sha256:xyz", {}, 400, "bad-data"),
        ("GET", "/nothing", {}, 404, "not-found"),
        ("PATCH", "/models", {}, 405, "method-not-allowed"),
        ("POST", "/uploads", {"json": {"model": "acme/x"}}, 422, "invalid"),
        ("POST", "/uploads", {"content": b"{"}, 422, "invalid"),
        ("POST", "/tokens", {"content": b"x" * 2_000_000}, 413, "too-large"),
        ("GET", "/revocations?since=99999", {}, 400, "bad-data"),
        ("GET", f"/revocations?since={10**30}", {}, 422, "invalid"),
        ("GET", f"/audit?after={10**30}", {}, 422, "invalid"),
        ("GET", f"/models/acme/x?before={10**30}", {}, 422, "invalid"),
        ("POST", "/principals", {"content": b'{"name": "\\ud800"}'}, 422, "invalid"),
        (
            "POST",
            "/uploads",
            {"content": b'{"model": "a/b", "manifest": {"\\udfff": 1}}'},
            422,
            "invalid",
        ),
        (
            "PUT",
            "/namespaces/acme",
            {"content": b'{"mode": "warn", "trust_rule": ["\\uD900"]}'},
            422,
            "invalid",
        ),
    ],
)
def test_bad_requests_are_told_as_problems(sqlite_served, method, path, options, status, code):
    headers = {"Content-Type": "application/json"}
    answer = sqlite_served.ask(method, V1 + path, headers=headers, **options)
    assert_problem(answer, status, code)


def test_a_field_that_is_wrong_is_named_and_its_value_is_not_repeated(served, model):
    body = {"reason": "", "acknowledged": ["assay_secret"], "more": "assay_secret"}
    path = address(model, "releases", "main", "approve")
    told = assert_problem(served.ask("POST", path, "ben", json=body), 422, "invalid")
    assert "body.reason" in told["detail"]
    assert "body.more" in told["detail"]
    assert "assay_secret" not in str(told)


def test_findings_unread_files_and_intake_are_as_described(served, model):
    release = served.house.evaluated(
        model=model, findings=[finding()], unread=[Unread("model.bin", "too deep")]
    )
    shown = served.get(address(model, "releases", release.version)).json()
    assert [FindingRow.model_validate(row).rule for row in shown["findings"]]
    assert UnreadRow.model_validate(shown["unread"][0]).reason == "too deep"
    assert IntakeRow.model_validate(shown["intake"]).state == "done"
    assert shown["verdict"] == "unknown"


def test_nobody_without_a_token_has_a_body_read(sqlite_served):
    for path, content in ((f"{V1}/uploads", b"{"), (f"{V1}/tokens", b"x" * 2_000_000)):
        answer = sqlite_served.ask("POST", path, None, content=content)
        assert_problem(answer, 401, "unauthenticated")


@pytest.mark.parametrize(
    "path", ["/uploads/blobs/commit", "/uploads/blobs/blobs/commit", "/uploads/x/commit"]
)
def test_no_address_takes_a_body_without_end(sqlite_served, path):
    def endless():
        for _ in range(65):
            yield b" " * 1_048_576

    headers = {"Content-Type": "application/json"}
    answer = sqlite_served.ask("POST", V1 + path, "ana", headers=headers, content=endless())
    assert answer.status_code in (405, 413), answer.text


def test_openapi_describes_every_address_and_its_errors(sqlite_served):
    document = sqlite_served.get(f"{V1}/openapi.json", None).json()
    for path, operations in document["paths"].items():
        assert path.startswith(f"{V1}/")
        for operation in operations.values():
            assert operation["summary"]
            assert operation["description"]
            assert operation["security"] == ([] if path == f"{V1}/trust" else [{"token": []}])
            assert MEDIA_TYPE in operation["responses"]["4XX"]["content"]
    ids = [row["operationId"] for rows in document["paths"].values() for row in rows.values()]
    assert len(ids) == len(set(ids))


def test_a_revoked_token_ends_at_once(served):
    body = {"name": "short", "roles": ["reader"], "namespaces": ["acme"], "days": 1}
    made = served.ask("POST", f"{V1}/tokens", "rex", json=body).json()
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert served.get(f"{V1}/whoami", None, headers=headers).status_code == 200
    assert served.ask("DELETE", f"{V1}/tokens/{made['id']}", "rex").status_code == 204
    assert_problem(served.get(f"{V1}/whoami", None, headers=headers), 401, "unauthenticated")
