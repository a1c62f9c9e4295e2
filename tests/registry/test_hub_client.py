"""The real huggingface_hub client against a running server: what it can do, and what it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.core.finding import Severity
from assay.releases import aliasing, moving
from assay.releases.approving import approve
from hub_client import HubClient
from releases.house import finding

FILES = {
    "config.json": b'{"model_type": "bert"}',
    "model.safetensors": bytes(range(256)) * 20_000,
    "onnx/a b.onnx": b"onnx" * 1000,
    "empty": b"",
}

DOWNLOAD = """
folder = hub.snapshot_download(arguments[0], revision=arguments[1])
local = hub.snapshot_download(arguments[0], revision=arguments[1], local_dir=arguments[2])
print(json.dumps([folder, local]))
"""


def files_in(folder: str) -> dict[str, bytes]:
    root = Path(folder)
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".cache" not in path.relative_to(root).parts
    }


def test_an_approved_release_comes_whole_into_cache_and_folder(hub_on_each_engine, model, tmp_path):
    hub = HubClient(hub_on_each_engine, tmp_path / "hf")
    release = hub_on_each_engine.house.approved(FILES, model=model)
    cached, local = hub.run(DOWNLOAD, str(model), "main", str(tmp_path / "local"))
    assert files_in(cached) == FILES
    assert files_in(local) == FILES
    assert Path(cached).name == release.version


def test_an_alias_and_a_version_and_its_start_name_the_same(hub, model, tmp_path):
    served = hub.served
    release = served.house.approved(FILES, model=model)
    aliasing.promote(
        served.inst, served.house.who("ben"), model, "production", release.id, reason="canary"
    )
    script = """
    names = [api.model_info(arguments[0], revision=one).sha for one in arguments[1:]]
    print(json.dumps(names))
    """.replace("\n    ", "\n")
    revisions = ("production", release.version, release.version[:8], "main")
    assert set(hub.run(script, str(model), *revisions)) == {release.version}


READ = """
model, version = arguments
info = api.model_info(model, files_metadata=True, securityStatus=True)
tree = list(api.list_repo_tree(model, recursive=True, expand=True))
refs = api.list_repo_refs(model, include_pull_requests=True)
commits = api.list_repo_commits(model)
paths = api.get_paths_info(model, ["onnx", "config.json", "absent"], expand=True)
api.auth_check(model)
me = api.whoami()
listed = [one.id for one in api.list_models(search=model.split("/")[1], limit=5)]
print(json.dumps({
    "sha": info.sha, "private": info.private, "gated": info.gated,
    "files": {one.rfilename: [one.size, one.lfs.sha256] for one in info.siblings},
    "security": info.security_repo_status,
    "tree": {one.path: type(one).__name__ for one in tree},
    "status": {one.path: one.security["status"] for one in tree if hasattr(one, "size")},
    "same": {one.path: one.lfs.sha256 for one in tree if hasattr(one, "size")},
    "blob": {one.path: one.blob_id for one in tree if hasattr(one, "size")},
    "last": sorted({one.last_commit.oid for one in tree}),
    "branches": {one.name: one.target_commit for one in refs.branches},
    "tags": {one.name: one.target_commit for one in refs.tags},
    "pulls": refs.pull_requests,
    "commits": [[one.commit_id, one.title, one.authors] for one in commits],
    "paths": [[type(one).__name__, one.path] for one in paths],
    "files_listed": sorted(api.list_repo_files(model)),
    "exists": [api.file_exists(model, "config.json"), api.file_exists(model, "absent"),
               api.revision_exists(model, version), api.revision_exists(model, "absent"),
               api.repo_exists(model), api.repo_exists("acme/absent")],
    "me": me["name"], "role": me["auth"]["accessToken"]["role"], "listed": listed,
}))
"""


def test_everything_a_client_reads_about_a_release(hub, model):
    served = hub.served
    release = served.house.approved(FILES, model=model, title="first")
    aliasing.promote(
        served.inst, served.house.who("ben"), model, "staging", release.id, reason="canary"
    )
    told = hub.run(READ, str(model), release.version)
    assert told["sha"] == release.version
    assert {path: row[0] for path, row in told["files"].items()} == {
        path: len(data) for path, data in FILES.items()
    }
    assert {path: row[1] for path, row in told["files"].items()} == told["same"]
    assert told["security"] == {"scansDone": True, "filesWithIssues": []}
    assert told["tree"] == {**dict.fromkeys(FILES, "RepoFile"), "onnx": "RepoFolder"}
    assert set(told["status"].values()) == {"safe"}
    assert all(len(oid) == 40 for oid in told["blob"].values())
    assert told["last"] == [release.version]
    assert told["branches"] == {"main": release.version}
    assert told["tags"] == {"staging": release.version}
    assert told["pulls"] == []
    assert told["commits"] == [[release.version, "first", ["ana"]]]
    assert told["paths"] == [["RepoFolder", "onnx"], ["RepoFile", "config.json"]]
    assert told["files_listed"] == sorted(FILES)
    assert told["exists"] == [True, False, True, False, True, False]
    assert (told["me"], told["role"]) == ("rex", "read")
    assert told["listed"] == [str(model)]


def test_a_suspicious_file_is_marked(hub, model):
    row = finding(Severity.MEDIUM, path="model.safetensors")
    served = hub.served
    release = served.house.evaluated(FILES, model=model, findings=[row])
    approve(served.inst, served.house.who("ben"), release.id, reason="known", acknowledged=[row.id])
    told = hub.run(READ, str(model), release.version)
    assert told["security"]["filesWithIssues"] == [
        {"path": "model.safetensors", "level": "suspicious"}
    ]
    assert told["status"]["model.safetensors"] == "suspicious"
    assert told["status"]["config.json"] == "safe"


REFUSED = """
model, revision = arguments
print(json.dumps([
    failure(lambda: api.model_info(model, revision=revision)),
    failure(lambda: hub.snapshot_download(model, revision=revision)),
    failure(lambda: hub.hf_hub_download(model, "config.json", revision=revision)),
    failure(lambda: list(api.list_repo_tree(model, revision=revision))),
]))
"""


def test_what_nobody_approved_is_gated_and_the_reason_told(hub, model):
    release = hub.served.house.evaluated(FILES, model=model)
    for revision in ("main", release.version):
        for row in hub.run(REFUSED, str(model), revision):
            assert row["error"] == "GatedRepoError"
            assert "is not approved" in row["text"]


def test_what_policy_denies_is_gated_and_the_reason_told(hub, model):
    bad = finding(Severity.CRITICAL, path="config.json")
    hub.served.house.evaluated(FILES, model=model, findings=[bad])
    for row in hub.run(REFUSED, str(model), "main"):
        assert row["error"] == "GatedRepoError"
        assert "policy denies it" in row["text"]


def test_a_reviewer_sees_what_waits_and_still_gets_no_byte(hub, model):
    hub.served.house.evaluated(FILES, model=model)
    info, snapshot, file, tree = hub.run(REFUSED, str(model), "main", who="ben")
    assert info["error"] is None
    assert tree["error"] is None
    for row in (snapshot, file):
        assert row["error"] == "GatedRepoError"
        assert "is not approved" in row["text"]


CACHED = """
model, = arguments
print(json.dumps([
    failure(lambda: hub.snapshot_download(model)),
    failure(lambda: hub.hf_hub_download(model, "config.json")),
    failure(lambda: api.model_info(model)),
]))
"""


@pytest.mark.parametrize("change", [moving.revoke, moving.hold])
def test_a_client_with_a_cached_copy_does_not_go_on_with_what_was_withdrawn(hub, model, change):
    served = hub.served
    name = type(model)(model.namespace, f"{model.name}-{change.__name__}")
    release = served.house.approved(FILES, model=name)
    assert [row["error"] for row in hub.run(CACHED, str(name))] == [None] * 3
    change(served.inst, served.house.who("sam"), release.id, reason="backdoor reported")
    for row in hub.run(CACHED, str(name)):
        assert row["error"] == "RevisionNotFoundError"
        assert "backdoor reported" in row["text"]


@pytest.mark.parametrize("change", [moving.hold, moving.revoke])
def test_a_new_push_does_not_bring_a_cached_copy_of_what_was_withdrawn_back(hub, model, change):
    house = hub.served.house
    release = house.approved(FILES, model=model)
    script = """
    if arguments[1] == "fetch":
        print(json.dumps(hub.snapshot_download(arguments[0])))
    else:
        print(json.dumps([
            failure(lambda: hub.snapshot_download(arguments[0])),
            failure(lambda: hub.hf_hub_download(arguments[0], "config.json")),
        ]))
    """.replace("\n    ", "\n")
    assert Path(hub.run(script, str(model), "fetch")).name == release.version
    change(house.inst, house.who("sam"), release.id, reason="backdoor")
    house.push({"config.json": b"another"}, model=model)
    for told in hub.run(script, str(model), "again"):
        assert told["error"] == "RevisionNotFoundError", told
        assert "quarantined" in told["text"]


def test_main_is_the_newest_release_that_is_served(hub, model):
    served = hub.served
    old = served.house.approved(FILES, model=model)
    new = served.house.evaluated({**FILES, "config.json": b"{}"}, model=model)
    script = "print(json.dumps(api.model_info(arguments[0]).sha))"
    assert hub.run(script, str(model)) == old.version
    assert hub.run(script, str(model), who="ben") == new.version


def test_a_bad_token_is_called_so(hub, model):
    hub.served.house.approved(FILES, model=model)
    rows = hub.run(REFUSED, str(model), "main", token="assay_" + "x" * 43)
    for row in rows[:2] + rows[3:]:
        assert row["error"] == "HfHubHTTPError"
        assert "Invalid credentials in Authorization header" in row["text"]
    me = hub.run("print(json.dumps(failure(api.whoami)))", token="nonsense")
    assert "Invalid" in me["text"]


MISSING = """
model, = arguments
print(json.dumps([
    failure(lambda: api.model_info(model, revision="absent")),
    failure(lambda: hub.hf_hub_download(model, "config.json", revision="0" * 40)),
    failure(lambda: hub.hf_hub_download(model, "absent.json")),
    failure(lambda: api.model_info("acme/absent")),
    failure(lambda: api.model_info("evil/secret")),
    failure(lambda: api.auth_check("evil/secret")),
    failure(lambda: api.model_info("gpt2")),
    failure(lambda: api.dataset_info("acme/data")),
    failure(lambda: hub.hf_hub_download("acme/data", "x", repo_type="dataset")),
    failure(lambda: api.auth_check(model, write=True)),
]))
"""


def test_what_is_missing_is_named_and_a_private_model_is_like_none(hub, model):
    served = hub.served
    served.house.approved(FILES, model=model)
    served.house.push(FILES, who="eve", model=type(model)("evil", "secret"))
    rows = hub.run(MISSING, str(model))
    assert [row["error"] for row in rows] == [
        "RevisionNotFoundError",
        "RevisionNotFoundError",
        "RemoteEntryNotFoundError",
        *["RepositoryNotFoundError"] * 6,
        "HfHubHTTPError",
    ]
    assert "acme/absent was not found" in rows[3]["text"]
    assert "evil/secret was not found" in rows[4]["text"]


def test_nobody_without_a_token_learns_anything(hub, model):
    hub.served.house.approved(FILES, model=model)
    script = """
print(json.dumps([
    failure(lambda: hub.HfApi(token=False).model_info(one)) for one in arguments
]))
"""
    rows = hub.run(script, str(model), "acme/absent")
    assert {row["error"] for row in rows} == {"RepositoryNotFoundError"}


def test_a_deprecated_release_is_served_with_a_warning(hub, model, tmp_path):
    served = hub.served
    release = served.house.approved(FILES, model=model)
    moving.deprecate(served.inst, served.house.who("ben"), release.id, reason="superseded")
    done = hub.process(DOWNLOAD, str(model), "main", str(tmp_path / "local"))
    assert "is deprecated" in done.stderr
    assert files_in(str(tmp_path / "local")) == FILES


def test_changed_bytes_in_storage_never_arrive_and_hold_the_release(hub, model, tmp_path):
    served = hub.served
    big = bytes(9 * 1024 * 1024)
    release = served.house.approved({"model.bin": big + model.name.encode()}, model=model)
    served.house.damage(big + model.name.encode())
    script = """
print(json.dumps(failure(lambda: hub.snapshot_download(
    arguments[0], revision=arguments[1], local_dir=arguments[2]))))
"""
    told = hub.run(script, str(model), release.version, str(tmp_path / "local"))
    assert told["error"] is not None
    assert "model.bin" not in files_in(str(tmp_path / "local"))
    assert served.house.state(release) == "held"


def test_uploads_are_refused_with_the_way_to_do_it(hub, model):
    script = """
print(json.dumps([
    failure(lambda: api.create_repo(arguments[0])),
    failure(lambda: api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=arguments[0])),
    failure(lambda: api.create_tag(arguments[0], tag="v1")),
]))
"""
    for row in hub.run(script, str(model), who="ana"):
        assert row["error"] == "HfHubHTTPError"
        assert "assay push" in row["text"]
