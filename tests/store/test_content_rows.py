"""Blobs, uploads, intakes, lineage."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assay.core.errors import ConflictError, NotFoundError, TamperedError
from assay.store import blobs, intakes, lineage, rows, uploads
from store_world import NOW, World, digest, run_at_once, version

LATER = NOW + timedelta(hours=1)


def blob(connection, text="weights", now=NOW, **change):
    values = {
        "digest": digest(text),
        "size": len(text),
        "chunks": digest(text).raw,
        "git_oid": version(text),
        **change,
    }
    return blobs.record(connection, **values, now=now)


class TestBlobs:
    def test_begin_quarantined_and_stay_as_first_recorded(self, connection):
        made = blob(connection)
        assert (made.state, made.created, made.verified_at) == ("quarantined", NOW, NOW)
        blobs.move(connection, [made.digest], state=blobs.STORED)
        again = blob(connection, now=LATER)
        assert (again.state, again.created) == ("stored", NOW)

    @pytest.mark.parametrize(
        "change", [{"size": 1}, {"chunks": digest("x").raw}, {"git_oid": version("x")}]
    )
    def test_one_digest_with_other_content_is_tampering(self, connection, change):
        blob(connection)
        with pytest.raises(TamperedError, match="another size or other chunks"):
            blob(connection, **change)

    def test_are_found_one_by_one_and_in_great_numbers(self, connection, monkeypatch):
        monkeypatch.setattr(rows, "BATCH", 3)
        made = {digest(text): blob(connection, text) for text in "abcdefgh"}
        wanted = [*made, digest("none"), *made]
        assert blobs.get_many(connection, wanted) == made
        assert blobs.missing(connection, wanted) == {digest("none")}
        assert blobs.missing(connection, []) == set()
        assert blobs.move(connection, wanted, state=blobs.HELD) == 8
        with pytest.raises(NotFoundError, match="no such blob"):
            blobs.get(connection, digest("none"))

    def test_are_scrubbed_the_longest_unread_first(self, connection):
        for hours, text in enumerate("abc"):
            blob(connection, text, now=NOW + timedelta(hours=hours))
        before = NOW + timedelta(hours=2)

        def order():
            found = blobs.longest_unverified(connection, before=before, limit=5)
            return [one.digest for one in found]

        assert order() == [digest("a"), digest("b")]
        blobs.note_verified(connection, digest("a"), now=NOW + timedelta(minutes=90))
        assert order() == [digest("b"), digest("a")]
        with pytest.raises(NotFoundError):
            blobs.note_verified(connection, digest("none"), now=NOW)

    def test_nobody_names_are_left_over_and_can_be_forgotten(self, connection, world):
        world.artifact("named")
        for text in ("named", "stored", "left"):
            blob(connection, text)
        blob(connection, "young", now=LATER)
        blobs.move(connection, [digest("stored")], state=blobs.STORED)
        found = blobs.unreferenced(connection, before=LATER, limit=5)
        assert [one.digest for one in found] == [digest("left")]
        blobs.forget(connection, digest("left"))
        for text in ("left", "named", "stored"):
            with pytest.raises(ConflictError, match="in use or not quarantined"):
                blobs.forget(connection, digest(text))

    def test_blocked_digests_keep_the_first_reason(self, connection):
        blobs.block(connection, digest("a"), reason="bad", now=NOW)
        blobs.block(connection, digest("a"), reason="again", now=LATER)
        assert blobs.blocked(connection, [digest("a"), digest("b")]) == {digest("a"): "bad"}
        assert blobs.blocked(connection, []) == {}

    def test_recorded_by_many_at_once_are_one(self, store):
        run_at_once(lambda: store.transact(blob), 6)
        with store.read() as connection:
            assert blobs.missing(connection, [digest("weights")]) == set()


class TestUploads:
    def begin(self, connection, world, **change):
        values = {
            "principal_id": world.person().id,
            "model_id": world.model().id,
            "digest": digest("tree"),
            "size": 2**40,
            "now": NOW,
            "expires": LATER,
            **change,
        }
        return uploads.begin(connection, **values)

    def test_are_committed_once_and_in_time(self, connection, world):
        made = self.begin(connection, world, manifest=b"{}")
        assert uploads.get(connection, made.id) == made
        assert (made.state, made.size, made.manifest) == ("open", 2**40, b"{}")
        uploads.commit(connection, made.id, now=LATER - timedelta(microseconds=1))
        assert uploads.get(connection, made.id).state == "committed"
        with pytest.raises(ConflictError, match="over or has expired"):
            uploads.commit(connection, made.id, now=NOW)

    def test_cannot_be_committed_late_or_when_abandoned(self, connection, world):
        made = self.begin(connection, world)
        with pytest.raises(ConflictError):
            uploads.commit(connection, made.id, now=LATER)
        assert uploads.abandon_expired(connection, now=NOW) == 0
        assert uploads.abandon_expired(connection, now=LATER) == 1
        with pytest.raises(ConflictError):
            uploads.commit(connection, made.id, now=NOW)

    @pytest.mark.parametrize("change", [{"principal_id": "01NONE"}, {"model_id": "01NONE"}])
    def test_must_name_what_exists(self, connection, world, change):
        with pytest.raises(NotFoundError):
            self.begin(connection, world, **change)
        with pytest.raises(NotFoundError, match="no such upload"):
            uploads.get(connection, "01NONE")

    def test_committed_by_many_at_once_are_committed_once(self, store):
        with store.write() as connection:
            made = self.begin(connection, World(connection))
        won, lost = [], []

        def go():
            try:
                store.transact(lambda connection: uploads.commit(connection, made.id, now=NOW))
                won.append(1)
            except ConflictError:
                lost.append(1)

        run_at_once(go, 5)
        assert (len(won), len(lost)) == (1, 4)


class TestWhatSomebodySentLately:
    def test_is_known_for_that_principal_and_time_only(self, connection, world):
        ada, bob = world.person("ada"), world.person("bob")

        def sent(text, now):
            uploads.note_received(
                connection, principal_id=ada.id, digest=digest(text), size=1, now=now
            )

        def known(who, since):
            wanted = [digest("a"), digest("b"), digest("c")]
            return uploads.received(connection, principal_id=who.id, digests=wanted, since=since)

        sent("a", NOW)
        sent("b", NOW)
        sent("b", LATER)
        assert known(ada, NOW) == {digest("a"), digest("b")}
        assert known(ada, LATER) == {digest("b")}
        assert known(bob, NOW) == set()
        assert uploads.forget_received(connection, before=LATER) == 1
        assert known(ada, NOW) == {digest("b")}


class TestIntakes:
    def create(self, connection, world, text="one", **change):
        values = {
            "model_id": world.model().id,
            "version": version(text),
            "tree": None,
            "principal_id": world.person().id,
            "now": NOW,
            **change,
        }
        return intakes.create(connection, **values)

    def test_go_from_pending_over_running_to_done(self, connection, world):
        made = self.create(connection, world, tree=digest("tree"))
        assert (made.state, made.attempts, made.heartbeat) == ("pending", 0, None)
        running = intakes.start(connection, made.id, now=LATER)
        assert (running.state, running.attempts, running.heartbeat) == ("running", 1, LATER)
        intakes.finish(connection, made.id, now=LATER)
        intakes.finish(connection, made.id, now=LATER)
        assert intakes.get(connection, made.id).state == "done"
        with pytest.raises(ConflictError, match="done already"):
            intakes.start(connection, made.id, now=LATER)
        with pytest.raises(ConflictError, match="does not run"):
            intakes.finish(connection, made.id, now=LATER, error="late")
        with pytest.raises(ConflictError, match="does not run"):
            intakes.beat(connection, made.id, now=LATER)

    def test_that_failed_can_be_started_again(self, connection, world):
        made = self.create(connection, world)
        intakes.start(connection, made.id, now=NOW)
        intakes.finish(connection, made.id, now=NOW, error="disk full")
        failed = intakes.get(connection, made.id)
        assert (failed.state, failed.error) == ("failed", "disk full")
        again = intakes.start(connection, made.id, now=LATER)
        assert (again.state, again.error, again.attempts) == ("running", None, 2)

    def test_that_never_ran_cannot_end(self, connection, world):
        made = self.create(connection, world)
        with pytest.raises(ConflictError):
            intakes.finish(connection, made.id, now=NOW)
        with pytest.raises(NotFoundError):
            intakes.finish(connection, "01NONE", now=NOW)

    def test_the_newest_of_a_version_counts(self, connection, world):
        self.create(connection, world)
        newer = self.create(connection, world)
        assert intakes.latest(connection, newer.model_id, newer.version) == newer
        assert intakes.latest(connection, newer.model_id, version("none")) is None

    def test_without_a_sign_of_life_are_unfinished(self, connection, world):
        pending = self.create(connection, world, "a")
        running = self.create(connection, world, "b")
        done = self.create(connection, world, "c")
        for one in (running, done):
            intakes.start(connection, one.id, now=NOW)
        intakes.finish(connection, done.id, now=NOW)

        def silent(before):
            return [one.id for one in intakes.unfinished(connection, before=before)]

        assert silent(NOW) == []
        assert silent(LATER) == [pending.id, running.id]
        intakes.beat(connection, running.id, now=LATER)
        assert silent(LATER) == [pending.id]
        assert [one.id for one in intakes.in_state(connection, "done")] == [done.id]
        assert len(intakes.unfinished(connection, before=LATER, limit=1)) == 1

    @pytest.mark.parametrize("change", [{"principal_id": "01NONE"}, {"model_id": "01NONE"}])
    def test_must_name_what_exists(self, connection, world, change):
        with pytest.raises(NotFoundError):
            self.create(connection, world, **change)


def link(connection, child, parent, relation="fine-tuned-from", evidence=None):
    lineage.link(
        connection,
        child=digest(child),
        relation=relation,
        parent=digest(parent),
        evidence=evidence,
    )


def reached(relatives):
    return {(relative.digest, relative.distance) for relative in relatives}


class TestLineage:
    def test_goes_both_ways(self, connection):
        for child, parent in (("b", "a"), ("c", "b"), ("d", "b"), ("e", "d")):
            link(connection, child, parent)
        up = {(digest("d"), 1), (digest("b"), 2), (digest("a"), 3)}
        assert reached(lineage.ancestors(connection, digest("e"))) == up
        down = {(digest("c"), 1), (digest("d"), 1), (digest("e"), 2)}
        assert reached(lineage.descendants(connection, digest("b"))) == down
        assert [edge.parent for edge in lineage.parents(connection, digest("b"))] == [digest("a")]
        assert {edge.child for edge in lineage.children(connection, digest("b"))} == {
            digest("c"),
            digest("d"),
        }

    def test_a_circle_is_walked_once(self, connection):
        for child, parent in (("b", "a"), ("c", "b"), ("a", "c")):
            link(connection, child, parent)
        assert reached(lineage.ancestors(connection, digest("a"))) == {
            (digest("c"), 1),
            (digest("b"), 2),
        }

    def test_the_nearest_way_counts(self, connection):
        for child, parent in (("c", "b"), ("b", "a"), ("c", "a")):
            link(connection, child, parent)
        assert (digest("a"), 1) in reached(lineage.ancestors(connection, digest("c")))

    def test_an_edge_gets_evidence_and_does_not_lose_it(self, connection):
        def evidence():
            return [edge.evidence for edge in lineage.parents(connection, digest("b"))]

        link(connection, "b", "a")
        assert evidence() == [None]
        link(connection, "b", "a", evidence=digest("proof"))
        link(connection, "b", "a")
        link(connection, "b", "a", evidence=digest("other"))
        assert evidence() == [digest("proof")]
        link(connection, "b", "a", relation="trained-on")
        assert len(evidence()) == 2

    def test_a_long_chain_is_walked_up_to_its_bound(self, connection, monkeypatch):
        monkeypatch.setattr(lineage, "MAX_DEPTH", 5)
        for number in range(8):
            link(connection, f"n{number + 1}", f"n{number}")
        assert len(lineage.ancestors(connection, digest("n8"))) == 5
