"""A server that lies: what it says of a release is believed only as far as it is signed."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from assay.access import pinning
from assay.cli import evidence as evidence_command
from assay.cli import pull as pull_command
from assay.client import session as session_module
from assay.client.credentials import Credentials
from assay.client.pull import pull
from assay.client.release import release_document
from assay.client.session import Session
from assay.client.trusting import trusted_decision
from assay.core.digest import Digest
from assay.core.errors import AssayError, ConflictError, DataError, RefusedError, UnavailableError
from assay.core.folder import read_folder
from assay.core.manifest import Manifest, ManifestEntry
from assay.evidence.kinds import KINDS
from assay.signing.server_keys import make_server_keys
from evidence_making import NOW, RELEASE, make_evidence, make_model, make_server

MODEL, VERSION = RELEASE.split("@")
BASE = f"/api/v1/models/{MODEL}/releases"


@dataclass
class Hostile:
    """Answers what it was told to; a list is used up, its last answer stays."""

    url: str = ""
    answers: dict[str, object] = field(default_factory=dict)

    def answer(self, path: str) -> bytes | None:
        found = self.answers.get(path)
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        return found if found is None or isinstance(found, bytes) else json.dumps(found).encode()

    def offer(self, folder: Path, model: str = MODEL, version: str = VERSION) -> dict:
        """Serve a folder as a release; gives its document."""
        manifest = read_folder(folder).manifest
        base = f"/api/v1/models/{model}/releases/{version}"
        document = {
            "model": model,
            "version": version,
            "tree": str(manifest.tree_digest),
            "size": manifest.size,
        }
        self.answers[base] = document
        self.answers[f"{base}/manifest"] = manifest.to_json()
        for entry in manifest.entries:
            self.answers[f"{base}/files/{entry.path}"] = (folder / entry.path).read_bytes()
        return document

    def decide(self, envelope, document: dict) -> None:
        row = {"model": document["model"], "version": document["version"]}
        path = f"/api/v1/decisions/{document['tree']}"
        self.answers[path] = {"decisions": [{**row, "envelope": envelope.to_json()}]}


@contextmanager
def listening():
    hostile = Hostile()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = hostile.answer(urlsplit(self.path).path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    hostile.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hostile
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def hostile():
    with listening() as found:
        yield found


@pytest.fixture
def session(hostile):
    with Session(Credentials(hostile.url, "token")) as one:
        yield one


@pytest.fixture
def judged(tmp_path):
    """A folder, and the keys that decided on it a moment ago."""
    model = make_model(tmp_path / "judged")
    server = make_server(tmp_path / "server", model)
    server.decide({}, at=datetime.now(UTC))
    return model, server


def decision_of(server):
    return next(envelope for kind, envelope, _ in server.made if kind == "decision")


def test_what_is_fetched_is_what_was_decided_on(hostile, session, judged, tmp_path, monkeypatch):
    model, server = judged
    good = hostile.offer(model)
    hostile.decide(decision_of(server), good)
    hostile.answers["/api/v1/trust"] = server.keys.trust.document
    evil = make_model(tmp_path / "evil", b"other weights")
    bad = hostile.offer(evil)
    hostile.answers[f"{BASE}/main"] = good
    hostile.answers[f"{BASE}/{VERSION}"] = bad
    monkeypatch.setenv("ASSAY_URL", hostile.url)
    monkeypatch.setenv("ASSAY_TOKEN", "token")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with pytest.raises(DataError, match="decided on"):
        pull_command.command(MODEL, to=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    hostile.offer(model)
    pull_command.command(MODEL, to=tmp_path / "out")
    assert (tmp_path / "out" / "model.bin").read_bytes() == b"weights"


def test_a_release_of_another_model_is_not_what_was_asked_for(hostile, session, judged):
    document = hostile.offer(judged[0])
    for asked, revision in (("acme/wanted", VERSION), (MODEL, "2" * 40), ("acme/wanted", "main")):
        hostile.answers[f"/api/v1/models/{asked}/releases/{revision}"] = document
        with pytest.raises(DataError, match="answered with"):
            release_document(session, asked, revision)
    assert release_document(session, MODEL, VERSION) == document


@pytest.mark.parametrize(
    "answer",
    [
        [],
        "text",
        {},
        {"model": MODEL, "version": VERSION, "tree": "sha256:1", "size": 1},
        {"model": MODEL, "version": 7, "tree": "sha256:" + "0" * 64, "size": 1},
        {"model": MODEL, "version": "../../x", "tree": "sha256:" + "0" * 64, "size": 1},
        {"model": MODEL, "version": VERSION, "tree": "sha256:" + "0" * 64, "size": "1"},
        {"model": 7, "version": VERSION, "tree": "sha256:" + "0" * 64, "size": 1},
        b'{"model": 1, "model": 2}',
        b"[" * 100_000,
        b'{"size": NaN}',
        b"\xff",
    ],
)
def test_what_is_no_release_document_is_an_error_with_a_name(hostile, session, answer):
    hostile.answers[f"{BASE}/main"] = answer
    with pytest.raises((DataError, UnavailableError)):
        release_document(session, MODEL, "main")


def test_another_statement_of_the_decision_key_is_no_decision(hostile, session, judged):
    model, server = judged
    document = hostile.offer(model)
    server.made.clear()
    server.decide(
        {},
        at=datetime.now(UTC),
        change=lambda statement: replace(statement, predicate_type=KINDS["scan"].predicate),
    )
    hostile.decide(decision_of(server), document)
    with pytest.raises(DataError, match="no decision"):
        trusted_decision(session, server.keys.trust, document, now=datetime.now(UTC))


def test_answers_that_are_no_decisions_are_errors_with_a_name(hostile, session, judged):
    model, server = judged
    document = hostile.offer(model)
    path = f"/api/v1/decisions/{document['tree']}"
    for answer in ([], {"decisions": 1}, {"decisions": [1]}, {"decisions": [{}]}, b"null", b""):
        hostile.answers[path] = answer
        with pytest.raises(AssayError):
            trusted_decision(session, server.keys.trust, document, now=datetime.now(UTC))


def test_an_answer_has_a_bound(hostile, session, monkeypatch):
    monkeypatch.setattr(session_module, "MAX_DOCUMENT_BYTES", 1000)
    hostile.answers["/long"] = b'"' + b"x" * 2000 + b'"'
    with pytest.raises(UnavailableError, match="1000"):
        session.json("GET", "/long")


def test_names_that_lead_out_of_the_folder_are_refused(hostile, session, judged, tmp_path):
    hostile.offer(judged[0])
    for path in ("../evil", "/etc/evil", "a/../../evil", "a\\..\\evil", "."):
        row = {"path": path, "size": 1, "digest": "sha256:" + "0" * 64}
        hostile.answers[f"{BASE}/{VERSION}/manifest"] = {
            "schema": "assay.manifest/1",
            "files": [row],
        }
        with pytest.raises(DataError):
            pull(session, MODEL, VERSION, tmp_path / "out")
    assert not (tmp_path / "evil").exists()


def test_names_no_disk_can_hold_end_in_a_typed_error(hostile, session, judged, tmp_path):
    hostile.offer(judged[0])
    for path in ("a" * 300, "a" * 300 + "/b"):
        manifest = Manifest.of([ManifestEntry(path, 1, Digest.of(b"x"))])
        base = f"{BASE}/{VERSION}"
        hostile.answers[f"{base}/manifest"] = manifest.to_json()
        tree = {"tree": str(manifest.tree_digest)}
        hostile.answers[base] = {**hostile.answers[base], **tree}
        with pytest.raises(UnavailableError):
            pull(session, MODEL, VERSION, tmp_path / "out")


def part_of(destination: Path, manifest: Manifest) -> Path:
    return destination.parent / f".{destination.name}.{manifest.tree_digest.hex[:16]}.part"


def test_links_and_strangers_in_the_hidden_folder_are_not_taken_over(
    hostile, session, judged, tmp_path
):
    model, _ = judged
    hostile.offer(model)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "victim").write_bytes(b"wei")
    part = part_of(tmp_path / "out", read_folder(model).manifest)
    part.mkdir()
    (part / "model.bin").symlink_to(outside / "victim")
    (part / "sub").symlink_to(outside)
    (part / "evil.pkl").write_bytes(b"evil")
    (part / "more").mkdir()
    (part / "more" / "evil.py").write_bytes(b"evil")
    pull(session, MODEL, VERSION, tmp_path / "out")
    assert (outside / "victim").read_bytes() == b"wei"
    assert [path.name for path in outside.iterdir()] == ["victim"]
    assert not any(path.is_symlink() for path in (tmp_path / "out").rglob("*"))
    assert read_folder(tmp_path / "out").manifest == read_folder(model).manifest
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["model.bin", "sub"]


def test_a_file_with_a_second_name_is_not_written_to(hostile, session, judged, tmp_path):
    model, _ = judged
    hostile.offer(model)
    (tmp_path / "victim").write_bytes(b"wei")
    part = part_of(tmp_path / "out", read_folder(model).manifest)
    part.mkdir()
    (part / "model.bin").hardlink_to(tmp_path / "victim")
    (part / "sub").mkdir()
    (part / "sub" / "config.json").mkdir()
    pull(session, MODEL, VERSION, tmp_path / "out")
    assert (tmp_path / "victim").read_bytes() == b"wei"


def test_a_link_in_the_place_of_the_hidden_folder_is_refused(hostile, session, judged, tmp_path):
    hostile.offer(judged[0])
    (tmp_path / "elsewhere").mkdir()
    part_of(tmp_path / "out", read_folder(judged[0]).manifest).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConflictError):
        pull(session, MODEL, VERSION, tmp_path / "out")
    assert not any((tmp_path / "elsewhere").iterdir())


def test_a_trust_document_is_not_rolled_back(hostile, tmp_path, monkeypatch):
    """An older document of the same root may hold a key that was taken out of use."""
    keys = make_server_keys(tmp_path / "keys", url=hostile.url, passphrase=None, now=NOW)
    old = keys.trust.document
    new = reissued(keys, datetime.now(UTC))
    hostile.answers["/api/v1/trust"] = new
    folder = tmp_path / "trust"
    assert pinning.add(folder, hostile.url, None).root.document == new
    hostile.answers["/api/v1/trust"] = old
    for fingerprint in (None, keys.fingerprint):
        with pytest.raises(RefusedError, match="older"):
            pinning.add(folder, hostile.url, fingerprint)
    assert pinning.pinned(folder, hostile.url).root.document == new


def reissued(keys, at):
    from assay.signing.trust import make_trust

    named = ("decision", "approval", "release_index", "agent_jobs")
    return make_trust(
        url=keys.trust.url,
        root=keys.root,
        keys={name: getattr(keys.trust, name) for name in named},
        log_vkey=keys.trust.log_vkey,
        issued=at,
    )


def test_evidence_of_another_release_is_not_exported(hostile, tmp_path, monkeypatch):
    bundle = make_evidence(tmp_path / "made").bundle()
    monkeypatch.setenv("ASSAY_URL", hostile.url)
    monkeypatch.setenv("ASSAY_TOKEN", "token")
    for asked in (f"acme/wanted@{VERSION}", f"{MODEL}@{'2' * 40}", RELEASE):
        model, revision = asked.split("@")
        path = f"/api/v1/models/{model}/releases/{revision}/evidence"
        hostile.answers[path] = bundle.to_bytes()
        out = tmp_path / "evidence.json"
        if asked == RELEASE:
            evidence_command.export(asked, out=out)
        else:
            with pytest.raises(DataError, match="evidence about"):
                evidence_command.export(asked, out=out)
        assert out.exists() is (asked == RELEASE)
