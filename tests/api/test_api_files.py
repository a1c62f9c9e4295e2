"""Bytes over the API: whole, in ranges, refused, damaged, withdrawn while they flow."""

from __future__ import annotations

import httpx
import pytest

from api_addresses import address, assert_problem
from assay.releases import moving

DATA = bytes(range(256)) * 40_000
FILES = {"model.bin": DATA, "a b/ü.json": b"{}", "empty": b""}


@pytest.fixture
def served(sqlite_served):
    return sqlite_served


@pytest.fixture
def files(served, model):
    """A served release, and the address of its files."""
    served.house.approved(FILES, model=model)
    return address(model, "releases", "main", "files")


def test_every_file_arrives_as_it_was(served, files):
    for path, data in FILES.items():
        answer = served.get(f"{files}/{path}")
        assert answer.status_code == 200
        assert answer.content == data


def test_no_browser_renders_what_is_served(served, files):
    headers = served.get(f"{files}/a b/ü.json").headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"].startswith("attachment;")
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


RANGES = [
    ("bytes=0-0", 0, 1),
    ("bytes=100-", 100, len(DATA)),
    ("bytes=-5", len(DATA) - 5, len(DATA)),
    ("bytes=4194300-4194310", 4194300, 4194311),
    ("bytes=10-99999999999", 10, len(DATA)),
]


def test_a_range_is_that_range(served, files):
    for header, start, end in RANGES:
        answer = served.get(f"{files}/model.bin", headers={"Range": header})
        assert answer.status_code == 206
        assert answer.content == DATA[start:end]
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(DATA)}"


def test_a_range_past_the_end_is_416_with_the_size(served, files):
    answer = served.get(f"{files}/model.bin", headers={"Range": f"bytes={len(DATA)}-"})
    assert_problem(answer, 416, "range-not-satisfiable")
    assert answer.headers["content-range"] == f"bytes */{len(DATA)}"


def test_head_tells_size_and_digest_without_bytes(served, files):
    answer = served.ask("HEAD", f"{files}/model.bin")
    assert answer.status_code == 200
    assert answer.headers["content-length"] == str(len(DATA))
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.content == b""


def test_what_is_not_in_the_manifest_is_not_there(served, files):
    for path in ("absent", "..%2Fmodel.bin", "%2e%2e%2fmodel.bin", "model.bin/x", "", "%ff"):
        assert served.get(f"{files}/{path}").status_code == 404
    assert_problem(served.get(f"{files}/a%00b"), 400, "bad-data")


def test_a_refusal_carries_its_reason_as_the_code(served, model):
    release = served.house.evaluated(model=model)
    path = address(model, "releases", release.version, "files", "model.bin")
    for who in ("rex", "ana", "ben", "sam", "root"):
        told = assert_problem(served.get(path, who), 403, "not-approved")
        assert "approved" in told["detail"]


@pytest.mark.parametrize(("change", "code"), [(moving.hold, "held"), (moving.revoke, "revoked")])
def test_what_is_withdrawn_is_refused_with_the_words_of_who_did_it(served, model, change, code):
    name = type(model)(model.namespace, f"{model.name}-{code}")
    release = served.house.approved(model=name)
    path = address(name, "releases", release.version, "files", "model.bin")
    assert served.get(path).status_code == 200
    change(served.inst, served.house.who("sam"), release.id, reason="backdoor reported")
    told = assert_problem(served.get(path), 403, code)
    assert "backdoor reported" in told["detail"]


def test_a_deprecated_release_is_served_with_a_warning(served, model):
    release = served.house.approved(model=model)
    moving.deprecate(served.inst, served.house.who("ben"), release.id, reason="superseded")
    answer = served.get(address(model, "releases", "main", "files", "model.bin"))
    assert answer.status_code == 200
    assert "deprecated" in answer.headers["warning"]


def test_damage_in_the_first_chunk_is_told_in_words(served, model):
    data = b"first" * 100 + model.name.encode()
    release = served.house.approved({"model.bin": data}, model=model)
    served.house.damage(data)
    path = address(model, "releases", release.version, "files", "model.bin")
    assert_problem(served.get(path), 400, "tampered")
    assert served.house.state(release) == "held"
    assert_problem(served.get(path), 403, "held")


def test_damage_further_on_cuts_the_connection_before_the_changed_bytes(served, model):
    data = DATA + model.name.encode()
    release = served.house.approved({"model.bin": data}, model=model)
    served.house.damage(data)  # in the middle, which is in the second chunk
    path = address(model, "releases", release.version, "files", "model.bin")
    got = bytearray()
    headers = {"Authorization": f"Bearer {served.token('rex')}"}
    with (
        httpx.Client(trust_env=False) as client,
        client.stream("GET", served.url + path, headers=headers) as answer,
    ):
        assert answer.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            got.extend(byte for piece in answer.iter_raw() for byte in piece)
    assert bytes(got) == data[: len(got)]
    assert len(got) <= 4 * 1024 * 1024
    assert served.house.state(release) == "held"
