"""A release's way through the API, with the client the command line uses."""

from __future__ import annotations

import pytest

from api_addresses import V1, address, assert_problem
from assay.client.credentials import Credentials
from assay.client.pull import pull
from assay.client.push import push
from assay.client.session import Session
from assay.core.errors import RefusedError
from assay.core.finding import Severity
from assay.releases.committing import Committed
from assay.store import intakes, models, releases
from releases.house import finding


@pytest.fixture
def folder(tmp_path):
    """A model."""
    found = tmp_path / "model"
    (found / "sub").mkdir(parents=True)
    (found / "model.safetensors").write_bytes(bytes(range(256)) * 9000)
    (found / "sub" / "config.json").write_bytes(b"{}")
    (found / "empty").write_bytes(b"")
    return found


def session(served, who: str) -> Session:
    return Session(Credentials(served.url, served.token(who)))


def committed(served, name, version: str) -> Committed:
    with served.inst.store.read() as connection:
        row = models.find(connection, name)
        release = releases.find(connection, row.id, version)
        return Committed(release, intakes.latest(connection, row.id, version))


def move(served, model, version: str, action: str, who: str, **body):
    path = address(model, "releases", version, action)
    return served.ask("POST", path, who, json={"reason": "because", **body})


def test_push_approve_promote_pull_hold_resume_deprecate_revoke(served, model, folder, tmp_path):
    with session(served, "ana") as ana:
        pushed = push(ana, folder, model, title="first").release
        again = push(ana, folder, model, title="first")
    version = pushed["version"]
    assert (pushed["state"], pushed["intake"]["state"]) == ("quarantined", "pending")
    assert (again.release["version"], again.sent_bytes) == (version, 0)

    made = committed(served, model, version)
    job = served.opened.queue.status(made.intake.id)
    assert (job.workflow, job.id) == ("intake", made.intake.id)

    served.house.take_in(made)
    with session(served, "rex") as rex, pytest.raises(RefusedError, match="not approved"):
        pull(rex, str(model), version, tmp_path / "early")

    assert_problem(move(served, model, version, "approve", "rex"), 403, "refused")
    assert_problem(move(served, model, version, "approve", "ana"), 403, "refused")
    assert move(served, model, version, "approve", "ben").json()["state"] == "approved"
    promoted = served.ask(
        "PUT",
        address(model, "aliases", "production"),
        "ben",
        json={"revision": version, "reason": "canary"},
    )
    assert promoted.json()["aliases"] == ["production"]

    with session(served, "rex") as rex:
        pulled = pull(rex, str(model), "production", tmp_path / "pulled")
    for path in ("model.safetensors", "sub/config.json", "empty"):
        assert (pulled.folder / path).read_bytes() == (folder / path).read_bytes()

    for action, who, state in (
        ("hold", "sam", "held"),
        ("resume", "sam", "approved"),
        ("deprecate", "ben", "deprecated"),
        ("undeprecate", "ben", "approved"),
        ("revoke", "sam", "revoked"),
    ):
        answer = move(served, model, version, action, who)
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == state
    with session(served, "rex") as rex, pytest.raises(RefusedError, match="because"):
        pull(rex, str(model), version, tmp_path / "late")
    assert_problem(move(served, model, version, "resume", "sam"), 409, "conflict")


def test_a_publisher_never_approves_what_it_published(served, model):
    served.house.give("ana", "reviewer", "acme")
    served.secrets.pop("ana", None)
    try:
        release = served.house.evaluated(model=model)
        told = assert_problem(
            move(served, model, release.version, "approve", "ana"), 403, "refused"
        )
        assert "somebody else approves" in told["detail"]
    finally:
        options = {"principal": "ana", "role": "reviewer", "namespace": "acme"}
        assert served.ask("DELETE", f"{V1}/roles", "root", params=options).status_code == 204


def test_each_finding_is_acknowledged_by_its_id(served, model):
    row = finding(Severity.MEDIUM)
    release = served.house.evaluated(model=model, findings=[row])
    shown = served.get(address(model, "releases", release.version), "ben").json()
    assert [one["id"] for one in shown["findings"]] == [row.id]
    waits = move(served, model, release.version, "approve", "ben").json()
    assert waits["state"] == "evaluated"
    told = move(served, model, release.version, "approve", "ben", acknowledged=["0" * 12])
    assert_problem(told, 400, "bad-data")
    done = move(served, model, release.version, "approve", "ben", acknowledged=[row.id])
    assert done.json()["state"] == "approved"


def test_rejecting_is_for_reviewers_and_final_enough(served, model):
    release = served.house.evaluated(model=model)
    assert_problem(move(served, model, release.version, "reject", "ana"), 403, "refused")
    assert move(served, model, release.version, "reject", "ben").json()["state"] == "rejected"
    assert_problem(move(served, model, release.version, "approve", "cyd"), 409, "conflict")


def test_only_an_approval_acknowledges(served, model):
    release = served.house.evaluated(model=model)
    answer = move(served, model, release.version, "reject", "ben", acknowledged=["0" * 12])
    assert_problem(answer, 400, "bad-data")


def test_an_unknown_action_or_a_missing_reason_changes_nothing(served, model):
    release = served.house.evaluated(model=model)
    path = address(model, "releases", release.version)
    assert_problem(
        served.ask("POST", f"{path}/explode", "ben", json={"reason": "x"}), 422, "invalid"
    )
    assert_problem(served.ask("POST", f"{path}/approve", "ben", json={}), 422, "invalid")
    assert_problem(
        served.ask("POST", f"{path}/approve", "ben", json={"reason": "  "}), 400, "bad-data"
    )
    assert served.house.state(release) == "evaluated"


def test_sent_bytes_must_have_the_digest_of_their_address(served, model):
    digest = "sha256:" + "a" * 64
    manifest = {
        "schema": "assay.manifest/1",
        "files": [{"path": "x", "size": 3, "digest": digest}],
    }
    body = {"model": str(model), "manifest": manifest}
    begun = served.ask("POST", f"{V1}/uploads", "ana", json=body)
    assert begun.status_code == 201
    assert begun.json()["missing"] == [digest]
    path = f"{V1}/uploads/{begun.json()['upload']}"
    for content in (b"abc", b"abcd", b"", b"x" * 1000):
        answer = served.ask("PUT", f"{path}/blobs/{digest}", "ana", content=content)
        assert_problem(answer, 400, "bad-data")
    assert_problem(served.ask("POST", f"{path}/commit", "ana", json={}), 409, "conflict")
    other = served.ask("PUT", f"{path}/blobs/{digest}", "eve", content=b"abc")
    assert_problem(other, 404, "not-found")


def test_a_reader_uploads_nothing(served, model):
    manifest = {"schema": "assay.manifest/1", "files": []}
    body = {"model": str(model), "manifest": manifest}
    assert_problem(served.ask("POST", f"{V1}/uploads", "rex", json=body), 403, "refused")


def test_a_signature_that_is_not_base64_is_named(served, model):
    begun = served.house.send({"model.bin": model.name.encode()}, "ana", model)
    path = f"{V1}/uploads/{begun.id}/commit"
    told = served.ask("POST", path, "ana", json={"signatures": ["***"]})
    assert assert_problem(told, 400, "bad-data")["subject"] == "signatures"
