"""Taking a release in: what each step leaves behind, and that repeating one changes nothing."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from assay.core.attestation import Envelope
from assay.core.digest import Digest
from assay.core.errors import NotFoundError, TamperedError, UnavailableError
from assay.core.names import ModelName
from assay.jobs import Failure, JobState
from assay.releases import gathering
from assay.releases.approving import approve
from assay.scanning import interface as scanning
from assay.signing.dsse import verify_envelope
from assay.store import attestations, audit, blobs, decisions, intakes, log_queue, releases, scans
from assay.store.tables import scan as scan_table
from assay.workflows import intake
from assay.workflows.intake import intake_workflow
from releases.house import MODEL
from workflows.intake_making import (
    MALICIOUS,
    UNREADABLE,
    call,
    clean,
    run_intake,
    take_in,
    tensors,
)

OTHER = ModelName("acme", "other")


def intake_row(house, made):
    with house.inst.store.read() as connection:
        return intakes.get(connection, made.intake.id)


def scan_count(house) -> int:
    with house.inst.store.read() as connection:
        query = sa.select(sa.func.count()).select_from(scan_table)
        return int(connection.execute(query).scalar_one())


def evidence(house, release, kind):
    with house.inst.store.read() as connection:
        rows = attestations.evidence_of(connection, release.tree)
        return [
            (row, attestations.get(connection, row.attestation)) for row in rows if row.kind == kind
        ]


def test_a_clean_release_waits_for_approval(house):
    made = house.push(clean())
    results = run_intake(house.inst, made.intake.id)
    assert results["scan"]["verdict"] == "clean"
    assert results["signatures"] == {"statuses": ["none"]}
    assert results["decide"] == {"outcome": "needs-approval", "state": "evaluated"}
    row = intake_row(house, made)
    assert (row.state, row.error, row.attempts) == ("done", None, 1)
    approve(house.inst, house.who("ben"), made.release.id, reason="fine")
    assert house.state(made.release) == "approved"
    assert house.fetch(made.release.version, "config.json") == b"{}"


@pytest.mark.parametrize(("files", "verdict"), [(MALICIOUS, "malicious"), (UNREADABLE, "unknown")])
def test_what_is_malicious_or_unread_is_denied(one_house, files, verdict):
    made = one_house.push(files)
    results = run_intake(one_house.inst, made.intake.id)
    assert results["scan"]["verdict"] == verdict
    assert results["decide"] == {"outcome": "deny", "state": "evaluated"}


def test_scan_and_signature_check_are_signed_evidence_promised_to_the_log(house):
    release = take_in(house)
    for kind in (gathering.SCAN, gathering.SIGNATURE):
        [(_, kept)] = evidence(house, release, kind)
        envelope = Envelope.parse(kept.envelope)
        verify_envelope(envelope, [house.inst.signers.decision.public])
        subject = envelope.statement().subjects[0]
        assert subject.digest["sha256"] == release.tree.hex
        with house.inst.store.read() as connection:
            waiting = [row.entry for row in log_queue.waiting(connection)]
        assert any(str(kept.statement).encode() in entry for entry in waiting)


def test_the_scan_statement_names_no_release(one_house):
    """Whoever reads another release of the same tree learns no name from it."""
    release = take_in(one_house)
    [(_, kept)] = evidence(one_house, release, gathering.SCAN)
    assert b"acme" not in Envelope.parse(kept.envelope).payload


@pytest.mark.parametrize("twice", ["scan", "signatures", "decide"])
def test_a_step_repeated_leaves_no_second_trace(house, twice):
    """As after a death between the work and the record of it."""
    made = house.push(clean())
    for step in intake_workflow(house.inst).steps:
        step.run(call(made.intake.id))
        if step.name == twice:
            step.run(call(made.intake.id))
    assert scan_count(house) == 1
    assert len(evidence(house, made.release, gathering.SCAN)) == 1
    assert len(evidence(house, made.release, gathering.SIGNATURE)) == 1
    with house.inst.store.read() as connection:
        assert len(decisions.of_tree(connection, made.release.tree)) == 1
    assert intake_row(house, made).state == "done"
    assert house.state(made.release) == "evaluated"


def test_the_whole_job_repeated_changes_nothing(one_house):
    made = one_house.push(clean())
    run_intake(one_house.inst, made.intake.id)
    before = intake_row(one_house, made)
    assert run_intake(one_house.inst, made.intake.id)["decide"] == {"done": "before"}
    assert intake_row(one_house, made) == before


def test_a_tree_is_scanned_once_by_the_same_rules(house):
    first = take_in(house)
    second = take_in(house, model=OTHER)
    assert first.tree == second.tree
    assert scan_count(house) == 1
    assert house.state(second) == "evaluated"


def test_what_was_left_unread_is_tried_again_by_the_next_intake(one_house):
    take_in(one_house, UNREADABLE)
    one_house.inst.clock.advance(minutes=1)
    take_in(one_house, UNREADABLE, model=OTHER)
    assert scan_count(one_house) == 2


def test_other_rules_scan_again(house, monkeypatch):
    release = take_in(house)
    monkeypatch.setattr(scanning, "RULESET", "assay-9/9")
    take_in(house, model=OTHER)
    assert scan_count(house) == 2
    with house.inst.store.read() as connection:
        assert scans.latest(connection, release.tree).ruleset == "assay-9/9"


def test_a_new_scan_of_a_served_tree_does_not_interrupt_serving(house, monkeypatch):
    release = take_in(house)
    approve(house.inst, house.who("ben"), release.id, reason="fine")
    monkeypatch.setattr(scanning, "RULESET", "assay-9/9")
    made = house.push(clean(), model=OTHER)
    for step in intake_workflow(house.inst).steps:
        step.run(call(made.intake.id))
        assert house.fetch(release.version, "config.json") == b"{}", step.name


def test_missing_bytes_fail_the_intake_and_the_release_stays_quarantined(house):
    made = house.push(clean())
    house.inst.blobs.remove(Digest.of(tensors()))
    with pytest.raises(NotFoundError):
        run_intake(house.inst, made.intake.id)
    row = intake_row(house, made)
    assert row.state == "failed"
    assert row.error.startswith("scan: ")
    assert house.state(made.release) == "quarantined"
    with house.inst.store.read() as connection:
        newest = audit.listed(connection)[-1]
    assert (newest.action, newest.subject) == (
        "intake.fail",
        f"{MODEL}@{made.release.version}",
    )


def test_known_damage_fails_the_intake(one_house):
    made = one_house.push(clean())
    with one_house.inst.store.write() as connection:
        blobs.move(connection, [Digest.of(tensors())], state=blobs.HELD)
    with pytest.raises(TamperedError):
        run_intake(one_house.inst, made.intake.id)
    assert intake_row(one_house, made).state == "failed"


def test_a_failed_intake_goes_on_when_it_is_taken_up_again(house):
    made = house.push(clean())
    house.inst.blobs.remove(Digest.of(tensors()))
    with pytest.raises(NotFoundError):
        run_intake(house.inst, made.intake.id)
    house.inst.blobs.put([tensors()])
    run_intake(house.inst, made.intake.id)
    row = intake_row(house, made)
    assert (row.state, row.error, row.attempts) == ("done", None, 2)


def test_what_is_unavailable_is_left_to_be_tried_again(one_house, monkeypatch):
    def away(*args, **options):
        raise UnavailableError("the disk does not answer")

    monkeypatch.setattr(scanning, "scan_files", away)
    made = one_house.push(clean())
    with pytest.raises(UnavailableError):
        run_intake(one_house.inst, made.intake.id)
    assert intake_row(one_house, made).state == "running"


def test_a_stopping_worker_leaves_a_long_scan(one_house, monkeypatch):
    def scan_files(files, *, wall_seconds, outside, results, progress):
        progress(1)
        raise AssertionError("it went on")

    monkeypatch.setattr(scanning, "scan_files", scan_files)
    monkeypatch.setattr("assay.workflows.scanning.BEAT_SECONDS", 0)
    made = one_house.push(clean())
    step = intake_workflow(one_house.inst).steps[0]
    with pytest.raises(UnavailableError, match="stopped"):
        step.run(call(made.intake.id, stopping=True))
    assert intake_row(one_house, made).state == "running"


def test_a_long_scan_beats(one_house, monkeypatch):
    def scan_files(files, *, wall_seconds, outside, results, progress):
        one_house.inst.clock.advance(minutes=1)
        progress(1)
        return scanning.FilesScan((), (), scanning.RULESET, ())

    monkeypatch.setattr(scanning, "scan_files", scan_files)
    monkeypatch.setattr("assay.workflows.scanning.BEAT_SECONDS", 0)
    made = one_house.push(clean())
    run_intake(one_house.inst, made.intake.id, until="scan")
    row = intake_row(one_house, made)
    assert row.heartbeat == one_house.inst.clock.now()


def test_an_intake_of_a_release_that_was_revoked_meanwhile_ends(house):
    from assay.releases.moving import revoke

    made = house.push(clean())
    run_intake(house.inst, made.intake.id, until="scan")
    revoke(house.inst, house.who("sam"), made.release.id, reason="a mistake")
    run_intake(house.inst, made.intake.id)
    assert house.state(made.release) == "revoked"
    assert intake_row(house, made).state == "done"


def test_a_job_is_submitted_once(queue, one_house):
    made = one_house.push(clean())
    for _ in range(2):
        intake.submit(queue, made.intake)
    assert queue.status(made.intake.id).state is JobState.QUEUED


def test_an_intake_that_is_done_gets_no_job(queue, one_house):
    made = one_house.push(clean())
    run_intake(one_house.inst, made.intake.id)
    again = one_house.push(clean())
    assert again.intake.id == made.intake.id
    intake.submit(queue, again.intake)
    assert queue.status(made.intake.id) is None


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (
            Failure("poison", "the worker died 3 times", step="scan"),
            "scan: the worker died 3 times",
        ),
        (Failure("bug", "it broke"), "it broke"),
        (None, "its job failed"),
    ],
)
def test_why_a_job_failed_in_words(failure, text):
    assert intake.reason_of(failure) == text


def test_an_intake_that_is_over_is_not_failed(one_house):
    made = one_house.push(clean())
    run_intake(one_house.inst, made.intake.id)
    intake.fail(one_house.inst, made.intake.id, "too late")
    assert intake_row(one_house, made).state == "done"
    with one_house.inst.store.read() as connection:
        assert releases.get(connection, made.release.id).state == "evaluated"
