"""People, roles, tokens, namespaces, policy, blocks, audit: through the API, by who may."""

from __future__ import annotations

import hashlib

import pytest

from api_addresses import V1, address, assert_problem
from assay.policy.bundle import default_policy


@pytest.fixture
def name(model):
    """A person's name nobody else uses."""
    return model.name.replace("_", "-")[-40:].strip("-")


def test_a_person_is_added_given_a_role_and_a_token_and_disabled(served, name):
    made = served.ask("POST", f"{V1}/principals", "root", json={"name": name})
    assert made.status_code == 201
    assert (made.json()["kind"], made.json()["disabled"]) == ("person", None)
    role = {"principal": name, "role": "reader", "namespace": "acme"}
    assert served.ask("PUT", f"{V1}/roles", "root", json=role).status_code == 204
    body = {
        "name": "laptop",
        "roles": ["reader"],
        "namespaces": ["acme"],
        "days": 7,
        "principal": name,
    }
    token = served.ask("POST", f"{V1}/tokens", "root", json=body).json()
    own = {"Authorization": f"Bearer {token['token']}"}
    assert served.get(f"{V1}/whoami", None, headers=own).json()["name"] == name
    listed = served.get(f"{V1}/tokens", "root", params={"principal": name})
    assert [row["id"] for row in listed.json()["tokens"]] == [token["id"]]
    assert "assay_" not in listed.text
    assert served.ask("POST", f"{V1}/principals/{name}/disable", "root").json()["disabled"]
    assert_problem(served.get(f"{V1}/whoami", None, headers=own), 401, "unauthenticated")
    assert not served.ask("POST", f"{V1}/principals/{name}/enable", "root").json()["disabled"]
    assert served.get(f"{V1}/whoami", None, headers=own).status_code == 200
    assert served.ask("DELETE", f"{V1}/roles", "root", params=role).status_code == 204
    assert served.get(f"{V1}/whoami", None, headers=own).json()["grants"] == []


@pytest.mark.parametrize("who", ["rex", "ana", "ben", "sam"])
def test_only_administrators_administer(served, who):
    role = {"principal": who, "role": "admin", "namespace": "*"}
    space = {"mode": "observe", "trust_rule": None}
    for method, path, options in (
        ("GET", "principals", {}),
        ("POST", "principals", {"json": {"name": "mallory"}}),
        ("POST", "principals/root/disable", {}),
        ("PUT", "roles", {"json": role}),
        ("DELETE", "roles", {"params": {**role, "principal": "root"}}),
        ("GET", "tokens?principal=root", {}),
        ("PUT", "namespaces/acme", {"json": space}),
        ("PUT", "policy", {"json": {"source": default_policy().source}}),
        ("GET", "audit", {}),
    ):
        answer = served.ask(method, f"{V1}/{path}", who, **options)
        assert_problem(answer, 403, "refused")
    assert served.get(f"{V1}/roles", who).json()["roles"] == []
    assert served.get(f"{V1}/namespaces", who).json()["namespaces"] == []


def test_a_token_never_carries_more_than_its_owner(served):
    body = {"name": "x", "roles": ["admin"], "namespaces": ["*"], "days": 1}
    assert_problem(served.ask("POST", f"{V1}/tokens", "rex", json=body), 403, "refused")
    long = {**body, "roles": ["reader"], "namespaces": ["acme"], "days": 91}
    assert_problem(served.ask("POST", f"{V1}/tokens", "rex", json=long), 422, "invalid")


def test_a_namespace_that_observes_serves_what_nobody_approved(served, model):
    space = f"watch-{model.name[-3:].strip('_-')}".lower()
    release = served.house.evaluated(model=model)
    path = address(model, "releases", release.version, "files", "model.bin")
    assert_problem(served.get(path), 403, "not-approved")
    body = {"mode": "observe", "trust_rule": None}
    try:
        changed = served.ask("PUT", f"{V1}/namespaces/acme", "root", json=body)
        assert changed.json()["mode"] == "observe"
        answer = served.get(path)
        assert answer.status_code == 200
        assert "mode observe" in answer.headers["warning"]
    finally:
        strict = {"mode": "enforce", "trust_rule": None}
        served.ask("PUT", f"{V1}/namespaces/acme", "root", json=strict)
    assert_problem(served.get(path), 403, "not-approved")
    bad = served.ask("PUT", f"{V1}/namespaces/{space}", "root", json={"mode": "off"})
    assert_problem(bad, 422, "invalid")


def test_a_trust_rule_is_not_dropped_by_leaving_it_out(served, model):
    space = model.name[:40].strip("-_")
    path = f"{V1}/namespaces/{space}"
    key = served.opened.keys.decision.public.pem.decode()
    rule = {"mode": "enforce", "trust_rule": {"keys": [key]}}
    assert served.ask("PUT", path, "root", json=rule).status_code == 200
    assert_problem(served.ask("PUT", path, "root", json={"mode": "warn"}), 422, "invalid")
    found = served.get(f"{V1}/namespaces", "root").json()["namespaces"]
    assert {"namespace": space, **rule} in found


def test_the_policy_in_force_is_shown_and_a_broken_one_changes_nothing(served):
    before = served.get(f"{V1}/policy").json()
    assert before["digest"] == str(default_policy().digest)
    broken = served.ask("PUT", f"{V1}/policy", "root", json={"source": "nonsense ="})
    assert_problem(broken, 400, "bad-data")
    assert served.get(f"{V1}/policy").json()["digest"] == before["digest"]


def test_the_same_policy_again_judges_everything_again(served, model):
    served.house.approved(model=model)
    source = {"source": default_policy().source}
    answer = served.ask("PUT", f"{V1}/policy", "root", json=source)
    assert answer.status_code == 200, answer.text
    assert answer.json()["digest"] == str(default_policy().digest)
    assert served.get(address(model, "releases", "main")).json()["may_serve"] is True


def test_a_blocked_file_is_refused_everywhere(served, model):
    data = b"bad" + model.name.encode()
    release = served.house.approved({"model.bin": data}, model=model)
    path = address(model, "releases", release.version, "files", "model.bin")
    assert served.get(path).status_code == 200
    body = {"digest": served.get(path).headers["digest"], "reason": "known malware"}
    assert_problem(served.ask("POST", f"{V1}/blocks", "sam", json=body), 400, "bad-data")
    body["digest"] = f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert_problem(served.ask("POST", f"{V1}/blocks", "ben", json=body), 403, "refused")
    answer = served.ask("POST", f"{V1}/blocks", "sam", json=body)
    assert answer.status_code == 201
    assert [row["version"] for row in answer.json()["releases"]] == [release.version]
    assert served.get(path).status_code == 403


def test_the_audit_trail_says_who_did_what(served, model):
    release = served.house.approved(model=model)
    path = address(model, "releases", release.version, "hold")
    assert served.ask("POST", path, "sam", json={"reason": "look"}).status_code == 200
    subject = f"{model}@{release.version}"
    rows = served.get(f"{V1}/audit", "root", params={"subject": subject}).json()["rows"]
    last = rows[-1]
    assert (last["by"], last["subject"]) == ("sam", subject)
    first = served.get(f"{V1}/audit", "root", params={"limit": 2}).json()
    assert [row["seq"] for row in first["rows"]] == [1, 2]
    assert first["after"] == 2
