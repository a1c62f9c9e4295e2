"""The sweep: intakes nobody works on, bytes, the audit trail, what is over."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from assay.core.digest import Digest
from assay.core.errors import TamperedError, UnavailableError
from assay.jobs import JobRunner, JobState, Step, Workflow
from assay.log.checkpoint import LogSigner
from assay.log.sequencer import Sequencer
from assay.releases import upload
from assay.releases.recording import queue as promise
from assay.releases.refusal import Refused
from assay.store import audit, blobs, intakes, log_queue, sessions, uploads
from assay.workflows import audit_anchor
from assay.workflows import sweep as sweep_module
from assay.workflows.audit_anchor import Anchor, anchors
from assay.workflows.purge import purge
from assay.workflows.scrub import Scrubber
from assay.workflows.sweep import Sweeper, sweep
from jobs.jobs_databases import QUICK, wait_until
from releases.house import FILES, MODEL, manifest_of
from workflows.intake_making import clean, run_intake

MIB = 1024 * 1024


def row(house, made):
    with house.inst.store.read() as connection:
        return intakes.get(connection, made.intake.id)


@pytest.fixture
def end_job(jobs_url, queue):
    """Lets a job of the workflow `intake` end in a way of one's own."""

    def ended(job_id, run):
        queue.enqueue("intake", job_id, {"intake": job_id})
        runner = JobRunner(jobs_url, QUICK)
        runner.register(Workflow("intake", (Step("scan", run),)))
        runner.start()
        over = (JobState.DONE, JobState.FAILED)
        wait_until(lambda: queue.status(job_id).state in over)
        runner.stop()

    return ended


def test_an_intake_without_a_job_gets_one_once_it_is_silent(house, queue):
    made = house.push(clean())
    sweeper = Sweeper(house.inst, queue)
    assert sweeper.pick_up() == 0
    house.inst.clock.advance(seconds=11)
    assert sweeper.pick_up() == 1
    job = queue.status(made.intake.id)
    assert (job.workflow, job.state) == ("intake", JobState.QUEUED)
    assert sweeper.pick_up() == 0


def test_what_is_done_or_failed_is_left_alone(house, queue):
    done, failed = house.push(clean()), house.push(clean("other"))
    run_intake(house.inst, done.intake.id)
    sweep_module.intake.fail(house.inst, failed.intake.id, "it broke")
    house.inst.clock.advance(seconds=11)
    assert Sweeper(house.inst, queue).pick_up() == 0
    assert queue.status(failed.intake.id) is None
    assert (row(house, failed).state, row(house, failed).error) == ("failed", "it broke")


@pytest.mark.parametrize("begun", [False, True])
def test_a_job_that_failed_fails_its_intake_with_the_reason(one_house, queue, end_job, begun):
    made = one_house.push(clean())
    if begun:
        with one_house.inst.store.write() as connection:
            intakes.start(connection, made.intake.id, now=one_house.inst.clock.now())

    def broken(call):
        raise TamperedError("the bytes are not right")

    end_job(made.intake.id, broken)
    one_house.inst.clock.advance(seconds=11)
    assert Sweeper(one_house.inst, queue).pick_up() == 1
    found = row(one_house, made)
    assert (found.state, found.error) == ("failed", "scan: the bytes are not right")
    assert one_house.state(made.release) == "quarantined"
    sweep_module.intake.submit(queue, found)
    assert queue.status(made.intake.id).state is JobState.QUEUED


def test_rows_older_than_their_job_are_worked_on_again(one_house, queue, end_job):
    """As after the restore of a database whose jobs went on."""
    made = one_house.push(clean())
    end_job(made.intake.id, lambda call: None)
    one_house.inst.clock.advance(seconds=11)
    assert Sweeper(one_house.inst, queue).pick_up() == 1
    again = queue.status(f"{made.intake.id}-2")
    assert again.args == {"intake": made.intake.id}
    assert Sweeper(one_house.inst, queue).pick_up() == 0


def test_one_duty_that_cannot_be_done_does_not_keep_the_others(one_house, queue, monkeypatch):
    made = one_house.push(clean())
    one_house.inst.clock.advance(seconds=11)
    sweeper = Sweeper(one_house.inst, queue)

    def away():
        raise UnavailableError("the disk does not answer")

    monkeypatch.setattr(sweeper, "renew", away)
    assert sweeper.once() >= 1
    assert queue.status(made.intake.id) is not None


def test_a_sweep_that_is_to_end_leaves(one_house, queue):
    one_house.push(clean())
    one_house.inst.clock.advance(seconds=11)
    assert Sweeper(one_house.inst, queue).once(stopping=lambda: True) == 0


def test_a_whole_sweep(house, queue):
    release = house.approved(clean())
    house.inst.clock.advance(hours=20)
    assert sweep(house.inst, queue) > 0
    assert house.fetch(release.version, "config.json") == b"{}"


# Stored bytes


def scrub_all(house, *, days=30, limit=64 * MIB):
    scrubber = Scrubber(house.inst, days=days)
    turns = []
    while (turn := scrubber.turn(limit=limit)).bytes:
        turns.append(turn)
    return turns


def test_bytes_are_read_again_when_their_time_has_come(house):
    house.approved()
    assert scrub_all(house) == []
    house.inst.clock.advance(days=31)
    assert sum(turn.verified for turn in scrub_all(house)) == 2
    with house.inst.store.read() as connection:
        for data in FILES.values():
            assert blobs.get(connection, Digest.of(data)).verified_at == house.inst.clock.now()
    assert scrub_all(house) == []


def test_a_large_file_is_read_over_several_turns(one_house):
    data = bytes(range(256)) * (10 * MIB // 256) + b"end"
    one_house.push({"model.bin": data, "a.bin": b"a"})
    one_house.inst.clock.advance(days=31)
    turns = scrub_all(one_house, limit=4 * MIB)
    assert len(turns) >= 3
    assert max(turn.bytes for turn in turns) <= 8 * MIB
    assert sum(turn.bytes for turn in turns) == len(data) + 1
    assert sum(turn.verified for turn in turns) == 2


def test_damage_holds_the_releases_and_bars_the_bytes(house):
    release, other = house.approved(), house.approved({"other.bin": b"other"})
    house.damage(FILES["model.bin"])
    house.inst.clock.advance(days=31)
    sweep_module.redecide(house.inst, None, cause="renewal", by=None)
    turns = scrub_all(house)
    assert sum(turn.damaged for turn in turns) == 1
    assert house.state(release) == "held"
    assert house.state(other) == "approved"
    with pytest.raises(Refused, match="stored bytes"):
        house.may(release.version)
    house.inst.clock.advance(days=31)
    assert sum(turn.damaged for turn in scrub_all(house)) == 0  # it is known


def test_a_file_that_is_gone_is_damage(one_house):
    release = one_house.approved()
    one_house.inst.blobs.remove(Digest.of(FILES["config.json"]))
    one_house.inst.clock.advance(days=31)
    assert sum(turn.damaged for turn in scrub_all(one_house)) == 1
    assert one_house.state(release) == "held"


# The audit trail


def log_of(house, keys):
    return Sequencer(
        house.inst.store,
        house.inst.log_folder,
        LogSigner(keys.log_name, keys.log),
        house.inst.clock,
    )


def test_the_trails_head_goes_into_the_log_when_it_is_due(house, monkeypatch):
    seconds = [0.0]
    clock = SimpleNamespace(monotonic=lambda: seconds[0])
    monkeypatch.setattr(audit_anchor, "time", clock)
    monkeypatch.setattr(audit_anchor, "ANCHOR_ROWS", 10)
    anchor = Anchor(house.inst)
    first = anchor.turn()
    assert first.seq > 0
    assert anchor.turn() is None
    house.push()
    assert anchor.turn() is None
    seconds[0] = 61
    assert anchor.turn().seq > first.seq
    seconds[0] = 200
    assert anchor.turn() is None  # nothing happened
    with house.inst.store.write() as connection:
        for _ in range(10):
            audit.append(connection, action="test", subject="x", now=house.inst.clock.now())
    seconds[0] = 201
    assert anchor.turn() is not None


def test_the_log_holds_points_the_trail_must_lead_to(house, keys):
    with log_of(house, keys) as sequencer:
        heads = [Anchor(house.inst).turn()]
        house.push()
        heads.append(Anchor(house.inst).turn())
        while sequencer.run_once():
            pass
    with house.inst.store.read() as connection:
        found = anchors(connection, house.inst.log_folder)
        assert found == heads
        assert audit.verify(connection, anchors=found) == heads[-1]


def test_a_trail_made_anew_does_not_lead_to_what_was_logged(one_house, keys):
    other = audit.AuditHead(3, Digest.of(b"another chain"))
    with one_house.inst.store.write() as connection:
        promise(connection, "audit-head", other.hash, tree=None, now=one_house.inst.clock.now())
    with log_of(one_house, keys) as sequencer:
        sequencer.run_once()
    with (
        one_house.inst.store.read() as connection,
        pytest.raises(TamperedError, match="does not lead to"),
    ):
        anchors(connection, one_house.inst.log_folder)


# What is over


def test_sessions_uploads_and_notes_that_are_over_go(house, queue):
    now = house.inst.clock.now()
    with house.inst.store.write() as connection:
        for number, hours in enumerate((1, 48)):
            sessions.begin(
                connection,
                hash=Digest.of(b"%d" % number),
                principal_id=house.ids["ana"],
                csrf="x",
                now=now,
                expires=now + timedelta(hours=hours),
            )
    begun = house.send(FILES)
    house.inst.clock.advance(hours=27)
    purge(house.inst, queue)
    with house.inst.store.read() as connection:
        assert sessions.live(connection, Digest.of(b"0"), now=now) is None
        assert sessions.live(connection, Digest.of(b"1"), now=now) is not None
        assert uploads.get(connection, begun.id).state == "abandoned"


def test_bytes_nobody_named_go_and_those_in_use_stay(house, queue):
    used, unused = Digest.of(FILES["model.bin"]), Digest.of(b"left behind")
    house.push()
    house.send({"left.bin": b"left behind"})
    house.inst.clock.advance(hours=25)
    purge(house.inst, queue)
    assert house.inst.blobs.has(unused)
    house.inst.clock.advance(hours=2)
    purge(house.inst, queue)
    assert not house.inst.blobs.has(unused)
    assert house.inst.blobs.has(used)
    with house.inst.store.read() as connection:
        assert blobs.missing(connection, [used, unused]) == {unused}


def test_an_upload_may_take_its_whole_time(one_house, queue):
    """What was sent at its beginning is there at its end, though notes are cleared on the way."""
    begun = one_house.send(FILES)
    one_house.inst.clock.advance(hours=23, minutes=59)
    purge(one_house.inst, queue)
    made = upload.commit(one_house.inst, one_house.who("ana"), begun.id)
    assert made.release.tree == manifest_of(FILES).tree_digest


def test_bytes_sent_again_at_that_moment_are_asked_for(one_house, queue):
    begun = one_house.send({"left.bin": b"left behind"})
    one_house.inst.blobs.remove(Digest.of(b"left behind"))
    again = upload.begin(
        one_house.inst, one_house.who("ana"), MODEL, manifest_of({"l": b"left behind"})
    )
    assert begun.id != again.id
    assert again.missing == (Digest.of(b"left behind"),)


def test_a_deep_queue_is_named(one_house, queue, monkeypatch, caplog):
    one_house.push()
    monkeypatch.setattr(sweep_module, "DEEP_QUEUE", 0)
    Sweeper(one_house.inst, queue).once()
    with one_house.inst.store.read() as connection:
        waiting = log_queue.depth(connection)
    assert f"{waiting} entries wait for the log" in caplog.text
