"""One file that shows everything, checked with no server."""

from __future__ import annotations

import threading

import pytest
from typer.testing import CliRunner

from assay.cli.evidence import app
from assay.core.errors import ConflictError, DataError, NotFoundError, UnavailableError
from assay.core.names import ModelName
from assay.evidence.bundle import EvidenceBundle
from assay.evidence.verify import verify_evidence
from assay.log.checkpoint import LogSigner
from assay.log.sequencer import Sequencer
from assay.releases import aliasing, exporting, moving
from assay.releases.exporting import export_evidence
from assay.releases.refusal import Refused
from releases.house import FILES, MODEL


@pytest.fixture
def sequencer(house, keys):
    signer = LogSigner(keys.log_name, keys.log)
    with Sequencer(house.inst.store, house.inst.log_folder, signer, house.inst.clock) as found:
        yield found


def write(folder, files=FILES):
    folder.mkdir()
    for path, data in files.items():
        (folder / path).write_bytes(data)
    return folder


def verify(house, keys, data, folder=None, trust=None):
    return verify_evidence(
        data,
        folder=folder,
        trust=trust or keys.trust.document,
        fingerprint=None,
        now=house.inst.clock.now(),
    )


def test_what_is_exported_is_verified_offline(house, keys, sequencer, tmp_path):
    release = house.approved()
    aliasing.promote(house.inst, house.who("ben"), MODEL, "production", release.id, reason="go")
    sequencer.run_once()
    data = export_evidence(house.inst, house.who("rex"), release)
    report = verify(house, keys, data, write(tmp_path / "model"))
    assert report.release == f"acme/tiny@{release.version}"
    kinds = [item.kind for item in report.items]
    assert sorted(set(kinds)) == ["alias", "approval", "decision", "scan", "signature", "state"]
    assert kinds.count("decision") == 1
    assert not report.decision_expired
    changed = {**FILES, "model.bin": b"weighty" + FILES["model.bin"][7:]}
    with pytest.raises(DataError, match=r"model\.bin"):
        verify(house, keys, data, write(tmp_path / "other", changed))


def test_nothing_of_other_releases_of_the_tree_is_told(house, keys, sequencer):
    release = house.approved()
    house.give("cyd", "reviewer", "evil")
    copied = house.evaluated(who="eve", model=ModelName("evil", "copy"))
    from assay.releases.approving import approve

    approve(house.inst, house.who("cyd"), copied.id, reason="a secret reason")
    sequencer.run_once()
    data = export_evidence(house.inst, house.who("rex"), release)
    assert b"evil" not in b"".join(
        item.envelope.payload for item in EvidenceBundle.parse(data).items if item.kind != "scan"
    )
    verify(house, keys, data)
    with pytest.raises(NotFoundError):
        export_evidence(house.inst, house.who("rex"), copied)


def test_the_evidence_of_a_release_that_was_revoked_is_no_leave(house, keys, sequencer):
    release = house.approved()
    moving.revoke(house.inst, house.who("sam"), release.id, reason="bad")
    sequencer.run_once()
    with pytest.raises(Refused):
        export_evidence(house.inst, house.who("rex"), release)
    data = export_evidence(house.inst, house.who("sam"), release)
    with pytest.raises(DataError, match="revoked"):
        verify(house, keys, data)


def test_what_was_not_judged_has_no_evidence(house):
    made = house.push()
    with pytest.raises(ConflictError, match="not been judged"):
        export_evidence(house.inst, house.who("ana"), made.release)


def test_export_waits_until_everything_is_logged(house, keys, sequencer):
    release = house.approved()
    later = threading.Timer(0.3, sequencer.run_once)
    later.start()
    data = export_evidence(house.inst, house.who("rex"), release)
    later.join()
    verify(house, keys, data)


def test_export_does_not_wait_for_ever(one_house, monkeypatch):
    monkeypatch.setattr(exporting, "WAIT_SECONDS", 0.1)
    release = one_house.approved()
    with pytest.raises(UnavailableError, match="not logged"):
        export_evidence(one_house.inst, one_house.who("rex"), release)


def test_a_file_is_shown(house, sequencer, tmp_path):
    release = house.approved()
    sequencer.run_once()
    path = tmp_path / "evidence.json"
    path.write_bytes(export_evidence(house.inst, house.who("rex"), release))
    shown = CliRunner().invoke(app, ["show", str(path)])
    assert shown.exit_code == 0, shown.output
    assert "approve by ben: fine" in shown.output
    assert "not verified" in shown.output
    told = CliRunner().invoke(app, ["show", str(path), "--format", "json"])
    assert '"assay.evidence-show/1"' in told.output
    path.write_bytes(b"{}")
    broken = CliRunner().invoke(app, ["show", str(path)])
    assert isinstance(broken.exception, DataError)
