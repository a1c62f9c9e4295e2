"""The Hub protocol request by request: headers, ranges, paging, and what is never answered."""

from __future__ import annotations

import re
import time

import pytest

from assay.access import tokens
from assay.core.digest import Digest
from assay.registry.huggingface_snapshot import Weighed
from assay.releases import moving
from assay.store import principals

DATA = bytes(range(256)) * 40_000
FILES = {"model.bin": DATA, "config.json": b"{}", "a b/ü.json": b"[]"}


@pytest.fixture
def release(hub_served, model):
    return hub_served.house.approved(FILES, model=model)


def test_head_and_get_of_a_file_carry_what_the_client_needs(hub_served, model, release):
    for path, data in FILES.items():
        digest = Digest.of(data).hex
        for method in ("HEAD", "GET"):
            answer = hub_served.ask(method, f"/{model}/resolve/main/{path}")
            assert answer.status_code == 200
            assert answer.headers["x-repo-commit"] == release.version
            assert answer.headers["etag"] == f'"{digest}"'
            assert answer.headers["x-linked-etag"] == f'"{digest}"'
            assert answer.headers["x-linked-size"] == str(len(data))
            assert answer.headers["content-length"] == str(len(data))
            assert answer.headers["accept-ranges"] == "bytes"
            assert answer.headers["content-disposition"].startswith("attachment")
            assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
            assert "x-xet-hash" not in answer.headers
            assert answer.content == (data if method == "GET" else b"")


def test_ranges_are_honoured_so_that_downloads_resume(hub_served, model, release):
    path = f"/{model}/resolve/{release.version}/model.bin"
    for header, start, end in (
        ("bytes=0-100000", 0, 100_001),
        (f"bytes={len(DATA) - 7}-", len(DATA) - 7, len(DATA)),
        ("bytes=4194303-4194304", 4_194_303, 4_194_305),
    ):
        answer = hub_served.get(path, headers={"Range": header})
        assert answer.status_code == 206
        assert answer.content == DATA[start:end]
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(DATA)}"
    past = hub_served.get(path, headers={"Range": f"bytes={len(DATA)}-"})
    assert past.status_code == 416
    assert past.headers["content-range"] == f"bytes */{len(DATA)}"


def test_a_missing_file_is_told_with_the_commit_on_head_too(hub_served, model, release):
    for method in ("HEAD", "GET"):
        answer = hub_served.ask(method, f"/{model}/resolve/main/absent.json")
        assert answer.status_code == 404
        assert answer.headers["x-error-code"] == "EntryNotFound"
        assert answer.headers["x-repo-commit"] == release.version
        assert "absent.json" in answer.headers["x-error-message"]


@pytest.mark.parametrize(
    ("prepare", "status", "code"),
    [
        (lambda house, model: house.evaluated(FILES, model=model), 403, "GatedRepo"),
        (lambda house, model: house.push(FILES, model=model).release, 403, "GatedRepo"),
        (
            lambda house, model: moving.revoke(
                house.inst,
                house.who("sam"),
                house.approved(FILES, model=model).id,
                reason="backdoor",
            ),
            404,
            "RevisionNotFound",
        ),
        (
            lambda house, model: moving.hold(
                house.inst, house.who("sam"), house.approved(FILES, model=model).id, reason="look"
            ),
            404,
            "RevisionNotFound",
        ),
    ],
)
def test_a_refusal_is_never_told_as_a_missing_file(hub_served, model, prepare, status, code):
    version = prepare(hub_served.house, model).version
    for path in (
        f"/api/models/{model}",
        f"/api/models/{model}/revision/{version}",
        f"/api/models/{model}/tree/{version}",
        f"/{model}/resolve/{version}/config.json",
        f"/{model}/resolve/{version}/absent.json",
    ):
        answer = hub_served.get(path)
        assert answer.status_code == status
        assert answer.headers["x-error-code"] == code
        assert answer.json()["error"]
        assert answer.headers["x-error-message"]


def test_a_long_tree_comes_in_pages(hub_served, model):
    files = {f"{number:04d}.txt": b"" for number in range(95)}
    files |= {f"sub/{number:04d}.txt": b"x" for number in range(9)}
    hub_served.house.approved(files, model=model)
    seen, path = [], f"/api/models/{model}/tree/main?recursive=true&expand=true"
    pages = 0
    while path:
        answer = hub_served.get(path)
        assert answer.status_code == 200
        seen += [row["path"] for row in answer.json()]
        pages += 1
        link = re.match(r"<([^>]+)>; rel=\"next\"\Z", answer.headers.get("link", ""))
        path = link[1] if link else ""
        assert not path or path.startswith(f"{hub_served.url}/api/models/{model}/tree/main?")
    assert sorted(seen) == sorted([*files, "sub"])
    assert pages == 2


def test_models_are_listed_in_pages_without_what_is_not_served(hub_served, model):
    names = [type(model)("acme", f"{model.name}-{letter}") for letter in "abc"]
    hub_served.house.approved(model=names[0])
    hub_served.house.evaluated({"x": model.name.encode()}, model=names[1])
    hub_served.house.approved(model=names[2])
    options = {"search": model.name, "limit": 2}
    first = hub_served.get("/api/models", params=options)
    assert [row["id"] for row in first.json()] == [str(names[0])]
    link = re.match(r"<([^>]+)>; rel=\"next\"\Z", first.headers["link"])
    second = hub_served.get(link[1])
    assert [row["id"] for row in second.json()] == [str(names[2])]
    assert "link" not in second.headers
    other = hub_served.get("/api/models", params={"author": "evil"}).json()
    assert other == []


def test_a_revision_is_one_segment_even_with_slashes(hub_served, model, release):
    answer = hub_served.get(f"/api/models/{model}/revision/refs%2Fpr%2F1")
    assert (answer.status_code, answer.headers["x-error-code"]) == (404, "RevisionNotFound")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/agent-harnesses", 404),
        ("POST", "/api/telemetry/a/b", 404),
        ("GET", "/api/nothing", 404),
        ("POST", "/api/repos/create", 403),
        ("POST", "/api/models/acme/m/preupload/main", 403),
        ("POST", "/api/models/acme/m/commit/main", 403),
        ("PUT", "/api/models/acme/m/settings", 403),
        ("DELETE", "/api/models/acme/m/tag/v1", 403),
        ("POST", "/acme/m.git/info/lfs/objects/batch", 403),
        ("GET", "/acme/m.git/info/refs", 403),
        ("POST", "/api/validate-yaml", 403),
    ],
)
def test_what_is_not_read_here_gets_an_object_not_a_list(hub_served, method, path, status):
    answer = hub_served.ask(method, path)
    assert answer.status_code == status
    assert isinstance(answer.json()["error"], str)
    if status == 403:
        assert "assay push" in answer.headers["x-error-message"]


@pytest.mark.parametrize("address", ["/api/models?limit={}", "/api/models/{m}/tree/main?cursor={}"])
def test_a_number_of_thousands_of_digits_is_no_number(hub_served, model, release, address):
    path = address.replace("{m}", str(model)).replace("{}", "9" * 5000)
    assert hub_served.get(path).status_code == 200


def test_cookies_are_no_credential(hub_served, model, release):
    headers = {"Cookie": f"token={hub_served.token('rex')}"}
    answer = hub_served.get(f"/api/models/{model}", None, headers=headers)
    assert (answer.status_code, answer.headers["x-error-code"]) == (401, "RepoNotFound")


def test_a_revocation_and_a_dead_token_hold_within_the_quarter_second(hub_served, model, release):
    path = f"/{model}/resolve/main/config.json"
    inst = hub_served.inst
    with inst.store.write() as connection:
        owner = principals.find(connection, "rex")
        secret, row = tokens.make_token(
            connection,
            owner=owner,
            name="short",
            roles=["reader"],
            namespaces=["acme"],
            days=1,
            by=None,
            now=inst.clock.now(),
        )
    own = {"Authorization": f"Bearer {secret}"}
    assert hub_served.get(path, None, headers=own).status_code == 200
    with inst.store.write() as connection:  # as another process would
        tokens.revoke(connection, row.id, by=None, now=inst.clock.now())
    time.sleep(0.26)
    dead = hub_served.get(path, None, headers=own)
    assert dead.status_code == 401
    assert dead.headers["x-error-message"] == "Invalid credentials in Authorization header"
    assert hub_served.get(path).status_code == 200
    moving.revoke(inst, hub_served.house.who("sam"), release.id, reason="backdoor")
    assert hub_served.get(path).status_code == 404


def test_a_state_that_changed_is_seen_in_the_next_answer(hub_served, model, release):
    tags = hub_served.get(f"/api/models/{model}").json()["tags"]
    assert tags == ["assay:approved"]
    moving.deprecate(hub_served.inst, hub_served.house.who("ben"), release.id, reason="superseded")
    answer = hub_served.get(f"/api/models/{model}")
    assert answer.json()["tags"] == ["assay:deprecated"]
    assert "is deprecated" in answer.headers["x-hf-warning"]


def test_what_is_kept_stays_within_its_weight():
    kept: Weighed[str, bytes] = Weighed(10, len)
    for name in "abc":
        kept.put(name, b"1234")
    assert kept.get("a") is None
    assert kept.get("c") == b"1234"
    kept.put("c", b"1")
    kept.put("d", b"12345")
    assert (kept.get("b"), kept.get("c"), kept.get("d")) == (b"1234", b"1", b"12345")
    kept.put("e", b"x" * 11)
    assert kept.get("e") is None
