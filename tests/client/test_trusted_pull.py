"""A pull believes the pinned decision key, not the connection."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assay.access import pinning
from assay.client.credentials import Credentials
from assay.client.pull import pull
from assay.client.session import Session
from assay.client.trusting import TRUST_FOLDER, pinned_root, trusted_decision
from assay.core.decision import Outcome
from assay.core.errors import AssayError, DataError, NotFoundError, RefusedError
from releases.house import MODEL
from served import config_for, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(config_for(tmp_path_factory.mktemp("served") / "home")) as found:
        found.approved = found.house.approved()
        yield found


@pytest.fixture
def session(served):
    with Session(Credentials(served.url, served.token("rex"))) as one:
        yield one


@pytest.fixture
def document(served, session):
    return session.json("GET", f"/api/v1/models/{MODEL}/releases/{served.approved.version}")


def now():
    return datetime.now(UTC)


def test_a_server_on_this_machine_is_pinned_when_it_is_first_used(served, tmp_path):
    first = pinned_root(served.url, tmp_path)
    assert pinning.pinned(tmp_path / TRUST_FOLDER, served.url).root == first
    assert pinned_root(served.url, tmp_path) == first


def test_a_server_elsewhere_is_not(tmp_path):
    with pytest.raises(NotFoundError) as caught:
        pinned_root("https://registry.example", tmp_path)
    assert "assay trust add" in caught.value.diagnostics()


def test_an_approved_release_is_trusted_and_pulled(served, session, document, tmp_path):
    root = pinned_root(served.url, tmp_path)
    assert trusted_decision(session, root, document, now=now()).outcome is Outcome.ALLOW
    pulled = pull(session, str(MODEL), document["version"], tmp_path / "model")
    assert pulled.release["tree"] == document["tree"]


def test_another_server_s_decision_is_refused(served, session, document, tmp_path):
    with serving(config_for(tmp_path / "other")) as other:
        stranger = pinned_root(other.url, tmp_path)
    with pytest.raises(DataError) as caught:
        trusted_decision(session, stranger, document, now=now())
    assert "pinned" in caught.value.message


def test_a_decision_on_other_files_is_refused(served, session, document, tmp_path):
    root = pinned_root(served.url, tmp_path)
    lie = {**document, "version": "0" * 40}
    with pytest.raises(NotFoundError):
        trusted_decision(session, root, lie, now=now())


def test_an_old_decision_is_refused(served, session, document, tmp_path):
    root = pinned_root(served.url, tmp_path)
    for moment in (now() + timedelta(hours=25), now() - timedelta(hours=1)):
        with pytest.raises(RefusedError):
            trusted_decision(session, root, document, now=moment)


def test_what_policy_does_not_allow_is_refused_unless_asked_for(served, session, tmp_path):
    waiting = served.house.evaluated({"model.bin": b"waits" * 9, "config.json": b"{}"})
    path = f"/api/v1/models/{MODEL}/releases/{waiting.version}"
    with Session(Credentials(served.url, served.token("ana"))) as publisher:
        document = publisher.json("GET", path)
        root = pinned_root(served.url, tmp_path)
        with pytest.raises(RefusedError) as caught:
            trusted_decision(publisher, root, document, now=now())
        assert "--not-enforced" in caught.value.diagnostics()
        found = trusted_decision(publisher, root, document, now=now(), enforced=False)
    assert found.outcome is not Outcome.ALLOW
    with pytest.raises(AssayError):
        pull(session, str(MODEL), waiting.version, Path(tmp_path / "never"))
