"""What is served, what is not, and how a stream ends when that changes."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import replace

import pytest

from assay.core.digest import Digest
from assay.core.errors import ConflictError, DataError, NotFoundError, TamperedError
from assay.core.limits import CHUNK_BYTES
from assay.core.names import ModelName
from assay.policy.bundle import default_policy
from assay.releases import deciding, governing, moving, serving
from assay.releases.approving import approve
from assay.releases.refusal import Refused
from assay.releases.serving import may_serve, permitted_bytes
from assay.releases.standing_cache import StandingCache
from assay.store import audit, decisions
from assay.store import releases as release_rows
from releases.house import FILES, MODEL, House, finding

BIG = {"model.bin": bytes(range(256)) * (6 * CHUNK_BYTES // 256), "config.json": b"{}"}


def refused(house: House, revision: str, path: str = "", who: str = "rex") -> Refused:
    with pytest.raises(Refused) as caught:
        house.may(revision, path, who)
    return caught.value


def test_nobody_is_refused_as_if_there_were_no_model(house):
    house.approved()
    with pytest.raises(NotFoundError):
        may_serve(house.inst, None, MODEL, "main", "")


def test_a_permit_says_what_it_is_for(house):
    release = house.approved()
    permit = house.may("main", "model.bin")
    assert (permit.release.id, permit.tree) == (release.id, release.tree)
    assert permit.file.digest == Digest.of(FILES["model.bin"])
    assert permit.until > house.inst.clock.now()
    assert house.may("main").file is None
    with pytest.raises(DataError):
        next(permitted_bytes(house.inst, house.may("main"), 0, 1))


def test_ranges(house):
    house.approved(BIG)
    permit, data = house.may("main", "model.bin"), BIG["model.bin"]
    for start, end in ((0, 1), (5, 5), (CHUNK_BYTES - 1, CHUNK_BYTES + 1), (7, len(data))):
        assert b"".join(permitted_bytes(house.inst, permit, start, end)) == data[start:end]


def test_a_decision_expires_and_is_renewed(house):
    release = house.approved()
    house.inst.clock.advance(hours=24)
    assert house.may("main").release.id == release.id
    house.inst.clock.advance(seconds=1)
    assert refused(house, "main").reason == "expired"
    house.inst.store.transact(
        lambda connection: deciding.decide(house.inst, connection, release.id, cause="renewal")
    )
    house.inst.cache.look_again()
    assert house.may("main").release.id == release.id


def test_another_policy_ends_what_was_decided(house):
    release = house.approved()
    source = default_policy().source.replace('version = "1"', 'version = "2"')
    governing.activate_policy(house.inst, house.who("root"), source)
    error = refused(house, "main")
    assert error.reason == "expired"
    assert "no longer in force" in error.message
    with house.inst.store.write() as connection:
        deciding.refresh(house.inst, connection, [release.tree], cause="policy", by=None)
    house.inst.cache.look_again()
    assert house.may("main").release.id == release.id


def test_what_a_stricter_policy_does_not_allow_is_held(house):
    release = house.approved()
    stricter = (
        default_policy().source.split("[[tests]]")[0].replace("approvals >= 1", "approvals >= 2")
    )
    governing.activate_policy(house.inst, house.who("root"), stricter)
    with house.inst.store.write() as connection:
        deciding.refresh(house.inst, connection, [release.tree], cause="policy", by=None)
    house.inst.cache.look_again()
    error = refused(house, "main")
    assert error.reason == "held"
    assert error.was_served
    assert "policy" in error.message
    with pytest.raises(Refused) as caught:
        moving.resume(house.inst, house.who("sam"), release.id, reason="please")
    assert caught.value.reason == "not-approved"
    assert house.state(release) == "held"
    approve(house.inst, house.who("cyd"), release.id, reason="a second word")
    assert house.state(release) == "held"
    moving.resume(house.inst, house.who("sam"), release.id, reason="two words now")
    assert house.may("main").release.id == release.id


def test_a_blocked_digest_is_refused_everywhere(house):
    release = house.approved()
    other = house.approved(model=ModelName("acme", "other"))
    governing.set_namespace(house.inst, house.who("root"), "acme", "observe", None)
    digest = Digest.of(FILES["model.bin"])
    held = governing.block_digest(house.inst, house.who("sam"), digest, reason="stolen")
    assert {row.id for row in held} == {release.id, other.id}
    for model in (MODEL, ModelName("acme", "other")):
        with pytest.raises(Refused) as caught:
            house.may("main", "config.json", model=model)
        assert caught.value.reason == "blocked"
        assert "stolen" in caught.value.message


def test_a_blocked_tree_is_held_where_policy_blocks(house):
    release = house.approved()
    governing.block_digest(house.inst, house.who("sam"), release.tree, reason="bad")
    assert house.state(release) == "held"
    with pytest.raises(Refused) as caught:
        moving.resume(house.inst, house.who("sam"), release.id, reason="again")
    assert caught.value.reason == "denied"


@pytest.mark.parametrize("mode", ["warn", "observe"])
def test_where_policy_does_not_block_it_warns(house, mode):
    governing.set_namespace(house.inst, house.who("root"), "acme", mode, None)
    made = house.push()
    assert refused(house, "main").reason == "quarantined"
    house.take_in(made, [finding()])
    permit = house.may("main", "model.bin")
    assert mode in permit.warning
    assert "not approved" in permit.warning
    assert permit.until > house.inst.clock.now()
    assert house.fetch("main", "model.bin") == FILES["model.bin"]
    approve(house.inst, house.who("ben"), made.release.id, reason="x", acknowledged=[])
    governing.set_namespace(house.inst, house.who("root"), "acme", "enforce", None)
    error = refused(house, "main")
    assert error.reason == "not-approved"


@pytest.mark.parametrize("mode", ["warn", "observe"])
def test_no_mode_serves_what_people_stopped(house, mode):
    governing.set_namespace(house.inst, house.who("root"), "acme", mode, None)
    release = house.approved()
    moving.hold(house.inst, house.who("sam"), release.id, reason="stop")
    assert refused(house, "main").reason == "held"
    moving.resume(house.inst, house.who("sam"), release.id, reason="go")
    moving.revoke(house.inst, house.who("sam"), release.id, reason="bad")
    assert refused(house, "main").reason == "revoked"


def test_a_changed_chunk_is_never_sent_and_holds_every_release_with_it(house):
    first = house.approved(BIG)
    second = house.approved(BIG, model=ModelName("acme", "other"))
    apart = house.approved({"a": b"a"}, model=ModelName("acme", "apart"))
    house.damage(BIG["model.bin"])  # in chunk 3 of 6
    permit, got = house.may(first.version, "model.bin"), []
    with pytest.raises(TamperedError, match="chunk"):
        got.extend(permitted_bytes(house.inst, permit, 0, permit.file.size))
    sent = b"".join(got)
    assert sent == BIG["model.bin"][: len(sent)]
    assert len(sent) == 3 * CHUNK_BYTES
    assert [house.state(row) for row in (first, second, apart)] == ["held", "held", "approved"]
    error = refused(house, first.version, "config.json")
    assert error.reason == "held"
    assert "were changed" in error.message
    with house.inst.store.read() as connection:
        act = audit.newest(connection, limit=1)[0]
    assert act.action == "blob.damaged"
    assert "were changed" in act.detail["alert"]
    assert sorted(act.detail["held"]) == sorted([first.version, second.version])


def test_a_damaged_release_is_resumed_once_it_is_mended(house):
    release = house.approved()
    house.damage(FILES["model.bin"])
    with pytest.raises(TamperedError):
        house.fetch("main", "model.bin")
    sam = house.who("sam")
    with pytest.raises(TamperedError, match="still not"):
        moving.resume(house.inst, sam, release.id, reason="try")
    assert house.state(release) == "held"
    house.damage(FILES["model.bin"])  # the same bit again
    moving.resume(house.inst, sam, release.id, reason="restored")
    assert house.fetch("main", "model.bin") == FILES["model.bin"]


def test_bytes_that_are_gone_are_damage_too(house):
    release = house.approved()
    house.inst.blobs.remove(Digest.of(FILES["model.bin"]))
    with pytest.raises(TamperedError, match="gone"):
        house.fetch("main", "model.bin")
    assert house.state(release) == "held"


def test_damage_found_before_approval_bars_the_file(house):
    release = house.evaluated()
    moving.hold_for_damage(house.inst, Digest.of(FILES["model.bin"]), "found by the scrubber")
    approve(house.inst, house.who("ben"), release.id, reason="fine")
    assert house.fetch("main", "config.json") == b"{}"
    assert refused(house, "main", "model.bin").reason == "held"


def test_a_revocation_cuts_a_running_stream(house):
    release = house.approved(BIG)
    permit = house.may("main", "model.bin")
    stream = permitted_bytes(house.inst, permit, 0, permit.file.size)
    got = [next(stream)]
    moving.revoke(house.inst, house.who("sam"), release.id, reason="bad")
    with pytest.raises(Refused) as caught:
        got.extend(stream)
    assert caught.value.reason == "revoked"
    assert sum(map(len, got)) <= serving.LOOK_AGAIN_BYTES


def test_a_slow_stream_is_cut_after_a_second(one_house, monkeypatch):
    house = one_house
    monkeypatch.setattr(serving, "LOOK_AGAIN_SECONDS", 0.05)
    release = house.approved(BIG)
    stream = permitted_bytes(house.inst, house.may("main", "model.bin"), 0, 6 * CHUNK_BYTES)
    next(stream)
    moving.hold(house.inst, house.who("sam"), release.id, reason="wait")
    time.sleep(0.06)
    with pytest.raises(Refused):
        next(stream)


def test_a_permit_is_no_capability(house):
    """One that was kept, or made by hand, gives no byte of what is not served now."""
    release = house.approved()
    permit = house.may("main", "model.bin")
    moving.hold(house.inst, house.who("sam"), release.id, reason="stop")
    with pytest.raises(Refused):
        next(permitted_bytes(house.inst, permit, 0, 1))
    moving.resume(house.inst, house.who("sam"), release.id, reason="go")
    secret = house.evaluated({"secret.bin": b"secret"}, model=ModelName("acme", "secret"))
    forged = replace(permit, release=secret)
    with pytest.raises((Refused, NotFoundError)):
        next(permitted_bytes(house.inst, forged, 0, 1))
    other = house.approved({"config.json": b"[1]"}, model=ModelName("acme", "third"))
    swapped = replace(house.may("main", "config.json"), release=other)
    with pytest.raises(DataError):
        next(permitted_bytes(house.inst, swapped, 0, 1))


def test_another_process_sees_a_change_within_a_moment(house):
    release = house.approved()
    other = replace(house.inst, cache=StandingCache())
    rex = house.who("rex")
    may_serve(other, rex, MODEL, release.version, "")
    moving.hold(house.inst, house.who("sam"), release.id, reason="stop")
    began = time.monotonic()
    with pytest.raises(Refused):
        _ask_for_seconds(5, lambda: may_serve(other, rex, MODEL, release.version, ""))
    assert time.monotonic() - began < 4


def _ask_for_seconds(seconds, ask):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ask()


def test_only_what_was_served_counts_as_such(house):
    never = house.evaluated()
    moving.revoke(house.inst, house.who("sam"), never.id, reason="bad")
    assert not refused(house, never.version).was_served
    once = house.approved({"b": b"b"})
    moving.hold(house.inst, house.who("sam"), once.id, reason="wait")
    assert refused(house, once.version).was_served
    moving.revoke(house.inst, house.who("sam"), once.id, reason="bad")
    assert refused(house, once.version).was_served


def test_one_revocation_leaves_all_other_models_served(house):
    bad = house.approved()
    good = house.approved({"a": b"a"}, model=ModelName("acme", "good"))
    moving.revoke(house.inst, house.who("sam"), bad.id, reason="bad")
    assert house.may("main", model=ModelName("acme", "good")).release.id == good.id


def test_releases_of_one_tree_do_not_outdate_each_other(house):
    first = house.approved()
    second = house.approved(model=ModelName("acme", "other"))
    assert house.may("main").release.id == first.id
    moving.hold(house.inst, house.who("sam"), second.id, reason="only here")
    assert house.may("main").release.id == first.id
    with house.inst.store.read() as connection:
        assert decisions.latest(connection, first.id).outcome == "allow"


def test_of_two_approvals_at_once_both_are_heard_or_one_conflicts(house):
    release, told, ready = house.evaluated(), [], threading.Barrier(2)

    def go(name):
        who = house.who(name)
        ready.wait()
        try:
            told.append(approve(house.inst, who, release.id, reason="ok").release.state)
        except ConflictError:
            told.append("conflict")

    threads = [threading.Thread(target=go, args=(name,)) for name in ("ben", "cyd")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["approved", "conflict"]
    assert house.may("main").release.id == release.id


def test_an_approval_and_a_revocation_at_once_end_revoked(house):
    release, ready = house.evaluated(), threading.Barrier(2)

    def go(work):
        ready.wait()
        with suppress(ConflictError):
            work()

    ben, sam = house.who("ben"), house.who("sam")
    works = (
        lambda: approve(house.inst, ben, release.id, reason="ok"),
        lambda: moving.revoke(house.inst, sam, release.id, reason="no"),
    )
    threads = [threading.Thread(target=go, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert house.state(release) == "revoked"
    assert refused(house, release.version).reason == "revoked"


def test_asking_again_is_quick(one_house):
    """The hot path touches no database while the epochs were read within 250 ms."""
    house = one_house
    release = house.approved()
    rex, times = house.who("rex"), []
    for _ in range(500):
        began = time.perf_counter()
        may_serve(house.inst, rex, MODEL, release.version, "model.bin")
        times.append(time.perf_counter() - began)
    assert sorted(times)[len(times) // 2] < 0.0005


def test_answers_are_the_same_with_and_without_memory(house):
    release = house.approved()
    with house.inst.store.read() as connection:
        row = release_rows.get(connection, release.id)
    remembered = house.may("main", "model.bin")
    fresh = may_serve(
        replace(house.inst, cache=StandingCache()), house.who("rex"), MODEL, "main", "model.bin"
    )
    assert remembered == fresh
    assert remembered.release == row
