"""Models, releases, aliases, approvals, waivers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assay.core.errors import ConflictError, DataError, NotFoundError
from assay.core.names import ModelName
from assay.store import aliases, approvals, attestations, models, namespaces, releases, waivers
from store_world import NOW, World, digest, run_at_once, version

LATER = NOW + timedelta(hours=1)


class TestModels:
    def test_are_named_as_first_written_and_found_in_any_case(self, connection, world):
        made = world.model("Acme/Tiny")
        assert made.full_name == ModelName("Acme", "Tiny")
        assert made.folded == "acme/tiny"
        assert models.find(connection, ModelName("ACME", "TINY")) == made
        assert models.named(connection, ModelName("acme", "tiny")) == made
        assert models.get(connection, made.id) == made
        assert namespaces.get(connection, "acme").name == "Acme"

    def test_a_second_model_keeps_the_namespace_as_it_was(self, connection, world):
        world.model("Acme/one")
        assert world.model("ACME/two").full_name == ModelName("Acme", "two")

    def test_creating_a_taken_name_is_a_conflict_ensuring_it_is_not(self, connection, world):
        made, ada = world.model("acme/tiny"), world.person()
        name = ModelName("ACME", "Tiny")
        assert models.ensure(connection, name, created_by=ada.id, now=LATER) == made
        with pytest.raises(ConflictError, match="the name is taken"):
            models.create(connection, name, created_by=ada.id, now=NOW)

    def test_that_are_not_there_are_not_found(self, connection, world):
        name = ModelName("acme", "tiny")
        assert models.find(connection, name) is None
        with pytest.raises(NotFoundError, match="no such model"):
            models.named(connection, name)
        with pytest.raises(NotFoundError, match="no such model"):
            models.get(connection, "01NONE")
        with pytest.raises(NotFoundError):
            models.create(connection, name, created_by="01NONE", now=NOW)

    def test_are_listed_by_name_searched_and_paged(self, connection, world):
        for name in ("b/two", "A/one", "b/one", "b/x_1", "b/x41"):
            world.model(name)

        def names(**more):
            return [str(one.full_name) for one in models.listed(connection, **more)]

        assert names() == ["A/one", "b/one", "b/two", "b/x41", "b/x_1"]
        assert names(limit=2) == ["A/one", "b/one"]
        assert names(after="B/ONE") == ["b/two", "b/x41", "b/x_1"]
        assert names(namespace="B", search="ONE") == ["b/one"]
        assert names(search="x_1") == ["b/x_1"]
        assert names(search="%") == []

    def test_made_by_many_at_once_are_one(self, store):
        with store.write() as connection:
            World(connection).person()

        def go():
            store.transact(lambda connection: World(connection).model())

        run_at_once(go, 6)
        with store.read() as connection:
            assert len(models.listed(connection)) == 1


class TestReleases:
    def test_begin_quarantined_at_the_end_of_the_history(self, connection, world):
        one, two = world.release("one"), world.release("two")
        assert (one.state, one.seq, two.seq) == ("quarantined", 1, 2)
        assert world.release("other", "acme/other").seq == 1
        assert releases.get(connection, one.id) == one
        assert releases.lock(connection, one.id) == one
        assert releases.find(connection, one.model_id, one.version) == one
        assert releases.find(connection, one.model_id, version("none")) is None

    def test_a_version_is_taken_once_per_model(self, connection, world):
        world.release("one")
        with pytest.raises(ConflictError, match="this version exists"):
            world.release("one")
        assert world.release("one", "acme/other").version == version("one")
        assert world.release("two").seq == 2

    @pytest.mark.parametrize(
        ("kind", "change"),
        [
            (DataError, {"version": "short"}),
            (NotFoundError, {"tree": digest("unknown")}),
            (NotFoundError, {"publisher_id": "01NONE"}),
            (NotFoundError, {"model_id": "01NONE"}),
        ],
    )
    def test_must_name_what_exists(self, connection, world, kind, change):
        values = {
            "model_id": world.model().id,
            "version": version("one"),
            "tree": world.artifact("one").tree,
            "publisher_id": world.person().id,
        }
        with pytest.raises(kind):
            releases.create(connection, **{**values, **change}, now=NOW)

    def test_keep_what_the_publisher_said(self, connection, world):
        values = {"title": "t", "message": "m", "parent": version("before")}
        made = releases.create(
            connection,
            model_id=world.model().id,
            version=version("one"),
            tree=world.artifact().tree,
            publisher_id=world.person().id,
            now=NOW,
            **values,
        )
        found = releases.get(connection, made.id)
        assert {name: getattr(found, name) for name in values} == values

    def test_are_listed_newest_first_by_state_and_place(self, connection, world):
        made = [world.release(text) for text in "abc"]
        moved = self.move(connection, made[1], "evaluated")
        model = moved.model_id
        assert releases.listed(connection, model) == [made[2], moved, made[0]]
        assert releases.listed(connection, model, limit=1) == [made[2]]
        assert releases.listed(connection, model, before=3) == [moved, made[0]]
        assert releases.listed(connection, model, states={"evaluated"}) == [moved]
        assert releases.newest(connection, model) == made[2]
        assert releases.newest(connection, model, states={"evaluated"}) == moved
        assert releases.newest(connection, model, states={"approved"}) is None
        assert releases.in_state(connection, "quarantined") == [made[0], made[2]]
        assert releases.in_state(connection, "quarantined", after=made[0].id) == [made[2]]

    def test_are_found_by_the_beginning_of_their_version(self, connection, world):
        one, two = world.release("one"), world.release("two")
        assert releases.with_prefix(connection, one.model_id, one.version[:7]) == [one]
        assert releases.with_prefix(connection, one.model_id, one.version) == [one]
        assert len(releases.with_prefix(connection, one.model_id, "")) == 2
        assert releases.with_prefix(connection, one.model_id, "zzz") == []
        assert two.version[:7] != one.version[:7]

    def test_are_found_by_tree_and_by_file(self, connection, world):
        one, other = world.release("one"), world.release("one", "acme/other")
        world.release("two")
        assert releases.of_trees(connection, [one.tree]) == [one, other]
        assert releases.of_trees(connection, []) == []
        assert releases.with_file(connection, digest("one")) == [one, other]
        assert releases.with_file(connection, digest("none")) == []

    def test_move_only_from_the_state_they_are_in(self, connection, world):
        made = world.release()
        moved = self.move(connection, made, "evaluated")
        assert (moved.state, moved.updated, moved.created) == ("evaluated", LATER, NOW)
        with pytest.raises(ConflictError, match="no longer quarantined"):
            self.move(connection, made, "evaluated")
        with pytest.raises(ConflictError):
            releases.move(connection, "01NONE", old="approved", new="revoked", now=NOW)

    def test_held_ones_know_where_they_came_from(self, connection, world):
        held = self.move(connection, world.release(), "held", held_from="approved")
        assert held.held_from == "approved"
        back = self.move(connection, held, "approved")
        assert (back.state, back.held_from) == ("approved", None)

    @pytest.mark.parametrize(
        ("new", "held_from"), [("held", None), ("approved", "approved"), ("lost", None)]
    )
    def test_impossible_rows_are_bad_data(self, connection, world, new, held_from):
        made = world.release()
        with pytest.raises(DataError):
            self.move(connection, made, new, held_from=held_from)

    def test_made_by_many_at_once_have_places_without_gaps(self, store):
        with store.write() as connection:
            world = World(connection)
            world.model()
            for number in range(6):
                world.artifact(f"t{number}")
        numbers = list(range(6))

        def go():
            number = numbers.pop()
            store.transact(lambda connection: World(connection).release(f"t{number}"))

        run_at_once(go, 6)
        with store.read() as connection:
            model = models.listed(connection)[0]
            found = releases.listed(connection, model.id)
        assert [one.seq for one in found] == [6, 5, 4, 3, 2, 1]

    def test_moved_by_many_at_once_move_once(self, store):
        with store.write() as connection:
            made = World(connection).release()
        won, lost = [], []

        def go():
            try:
                store.transact(lambda connection: self.move(connection, made, "evaluated"))
                won.append(1)
            except ConflictError:
                lost.append(1)

        run_at_once(go, 5)
        assert (len(won), len(lost)) == (1, 4)

    def move(self, connection, release, new, held_from=None):
        return releases.move(
            connection, release.id, old=release.state, new=new, now=LATER, held_from=held_from
        )


class TestAliases:
    def point(self, connection, release, name="production", now=NOW, **more):
        values = {"model_id": release.model_id, "by": release.publisher_id, **more}
        return aliases.point(connection, name=name, release_id=release.id, now=now, **values)

    def test_point_to_one_release_and_move(self, connection, world):
        one, two = world.release("one"), world.release("two")
        made = self.point(connection, one)
        assert aliases.find(connection, one.model_id, "production") == made
        moved = self.point(connection, two, now=LATER)
        assert aliases.of_model(connection, one.model_id) == [moved]
        assert aliases.of_release(connection, one.id) == []
        assert aliases.of_release(connection, two.id) == [moved]

    def test_are_listed_by_name(self, connection, world):
        one = world.release()
        made = [self.point(connection, one, name) for name in ("beta", "alpha")]
        assert aliases.of_model(connection, one.model_id) == made[::-1]
        assert aliases.of_release(connection, one.id) == made[::-1]

    def test_do_not_cross_models(self, connection, world):
        other = world.model("acme/other")
        with pytest.raises(DataError, match="its own model"):
            self.point(connection, world.release(), model_id=other.id)

    def test_are_taken_away_once(self, connection, world):
        made = self.point(connection, world.release())
        assert aliases.remove(connection, made.model_id, "production") == made
        with pytest.raises(NotFoundError, match="no such alias"):
            aliases.remove(connection, made.model_id, "production")
        assert aliases.find(connection, made.model_id, "production") is None


class TestApprovals:
    def record(self, connection, release, **change):
        values = {
            "release_id": release.id,
            "tree": release.tree,
            "principal_id": release.publisher_id,
            "owner_id": release.publisher_id,
            "verdict": "approve",
            "reason": "looked at it",
            "now": NOW,
            **change,
        }
        return approvals.record(connection, **values)

    def test_are_kept_in_order_with_everything_said(self, connection, world):
        release = world.release()
        one = self.record(
            connection, release, acknowledged=("f1", "f2"), young=True, context={"how": "token"}
        )
        two = self.record(connection, release, verdict="reject", now=LATER)
        assert approvals.of_release(connection, release.id) == [one, two]
        assert (two.acknowledged, two.young, two.context, two.envelope) == ((), False, {}, None)

    @pytest.mark.parametrize(
        ("kind", "change"),
        [
            (DataError, {"verdict": "maybe"}),
            (NotFoundError, {"release_id": "01NONE"}),
            (NotFoundError, {"owner_id": "01NONE"}),
            (NotFoundError, {"envelope": digest("unknown")}),
        ],
    )
    def test_must_name_what_exists(self, connection, world, kind, change):
        with pytest.raises(kind):
            self.record(connection, world.release(), **change)


class TestWaivers:
    def record(self, connection, world, **change):
        values = {
            "rule": "no-unread",
            "reason": "known",
            "created_by": world.person().id,
            "not_before": NOW,
            "until": LATER,
            "now": NOW,
            **change,
        }
        return waivers.record(connection, **values)

    def test_are_in_force_for_their_tree_or_model_and_their_time(self, connection, world):
        model, tree = world.model(), world.artifact().tree
        one = self.record(connection, world, tree=tree)
        two = self.record(connection, world, model_id=model.id, finding="f1")
        self.record(connection, world, tree=digest("another"))

        def found(at=NOW, model_id=model.id):
            return waivers.in_force(connection, tree=tree, model_id=model_id, at=at)

        assert found() == [one, two]
        assert found(model_id=None) == [one]
        assert found(LATER - timedelta(microseconds=1)) == [one, two]
        assert found(LATER) == []
        assert found(NOW - timedelta(microseconds=1)) == []

    def test_are_listed_with_those_that_ended(self, connection, world):
        made = [self.record(connection, world, tree=digest(text)) for text in "ab"]
        assert waivers.listed(connection) == made
        assert waivers.listed(connection, after=made[0].id) == made[1:]
        assert waivers.listed(connection, limit=1) == made[:1]

    @pytest.mark.parametrize(
        ("kind", "change"),
        [
            (DataError, {}),
            (DataError, {"tree": digest("t"), "until": NOW}),
            (NotFoundError, {"model_id": "01NONE"}),
            (NotFoundError, {"tree": digest("t"), "created_by": "01NONE"}),
            (NotFoundError, {"tree": digest("t"), "envelope": digest("unknown")}),
        ],
    )
    def test_must_make_sense(self, connection, world, kind, change):
        with pytest.raises(kind):
            self.record(connection, world, **change)

    def test_are_for_a_tree_or_a_model_and_not_both(self, connection, world):
        with pytest.raises(DataError):
            self.record(connection, world, tree=digest("t"), model_id=world.model().id)

    def test_carry_their_attestation(self, connection, world):
        kept = attestations.record(
            connection,
            envelope=b"{}",
            statement=digest("s"),
            predicate_type="p",
            tree=None,
            signer="k",
            now=NOW,
        )
        made = self.record(connection, world, tree=digest("t"), envelope=kept.digest)
        assert waivers.listed(connection) == [made]
