"""Policies, revocations, epochs, scans, attestations."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from assay.core.errors import ConflictError, DataError, NotFoundError
from assay.core.finding import Confidence, Finding, Location, Severity, Unread, Verdict
from assay.store import attestations, epochs, policies, revocations, scans
from assay.store.epochs import Epochs
from store_world import NOW, World, digest, run_at_once

LATER = NOW + timedelta(hours=1)


def policy(connection, text="one", now=NOW):
    return policies.record(
        connection,
        digest=digest(text),
        name="default",
        version=text,
        source=f"# {text}",
        created_by=None,
        now=now,
    )


class TestPolicies:
    def test_are_kept_once_and_not_active(self, connection):
        made = policy(connection)
        assert policy(connection, now=LATER) == made
        assert made.active is False
        assert policies.active(connection) is None
        assert policies.get(connection, digest("one")) == made

    def test_one_at_most_is_active(self, connection):
        policy(connection)
        policy(connection, "two", now=LATER)
        for text in ("one", "two", "two", "one"):
            assert policies.activate(connection, digest(text)).active
            assert policies.active(connection).version == text
        found = [(one.version, one.active) for one in policies.listed(connection)]
        assert found == [("one", True), ("two", False)]

    def test_that_are_not_there_are_not_found(self, connection):
        with pytest.raises(NotFoundError, match="no such policy"):
            policies.get(connection, digest("one"))
        with pytest.raises(NotFoundError, match="no such policy"):
            policies.activate(connection, digest("one"))

    def test_activated_by_many_at_once_leave_one_active(self, store):
        names = [f"p{number}" for number in range(5)]
        with store.write() as connection:
            for name in names:
                policy(connection, name)
        wanted = list(names)

        def go():
            name = wanted.pop()
            with suppress(ConflictError):  # another was made active at once, which is said
                store.transact(lambda connection: policies.activate(connection, digest(name)))

        run_at_once(go, 5)
        with store.read() as connection:
            assert sum(one.active for one in policies.listed(connection)) == 1


class TestRevocations:
    def record(self, connection, subject="01R", kind="release", by=None):
        return revocations.record(
            connection, kind=kind, subject=subject, reason="bad", by=by, now=NOW
        )

    def test_are_numbered_and_listed_from_a_number(self, connection, world):
        made = [self.record(connection, by=world.person().id)]
        made += [self.record(connection, str(digest("x")), "digest"), self.record(connection)]
        assert [one.seq for one in made] == [1, 2, 3]
        assert revocations.since(connection, 0) == made
        assert revocations.since(connection, 1, limit=1) == [made[1]]
        assert revocations.since(connection, 3) == []
        assert revocations.of_subject(connection, "01R") == [made[0], made[2]]
        assert revocations.last_seq(connection) == 3

    def test_there_are_none_at_first(self, connection):
        assert revocations.last_seq(connection) == 0

    def test_by_nobody_known_or_of_another_kind_are_refused(self, connection):
        with pytest.raises(NotFoundError):
            self.record(connection, by="01NONE")
        with pytest.raises(DataError):
            self.record(connection, kind="model")

    def test_that_are_undone_leave_no_gap(self, store):
        def fail(connection):
            self.record(connection)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            store.transact(fail)
        run_at_once(lambda: store.transact(self.record), 5)
        with store.read() as connection:
            found = revocations.since(connection, 0)
        assert [one.seq for one in found] == [1, 2, 3, 4, 5]


class TestEpochs:
    def test_begin_at_nothing_and_grow_apart(self, connection):
        one, two = digest("one"), digest("two")
        assert epochs.current(connection, one) == Epochs(0, 0)
        assert [epochs.bump_global(connection) for _ in range(3)] == [1, 2, 3]
        epochs.bump_trees(connection, [one, one, two])
        epochs.bump_trees(connection, [one])
        epochs.bump_trees(connection, [])
        assert epochs.current(connection, one) == Epochs(3, 2)
        assert epochs.current(connection, two) == Epochs(3, 1)

    def test_lose_nothing_among_many(self, store):
        trees = [digest(text) for text in "abc"]

        def go():
            store.transact(lambda connection: epochs.bump_trees(connection, reversed(trees)))
            store.transact(lambda connection: epochs.bump_trees(connection, trees))
            store.transact(epochs.bump_global)

        run_at_once(go, 5)
        with store.read() as connection:
            for tree in trees:
                assert epochs.current(connection, tree) == Epochs(5, 10)


def finding(rule="pickle-import", path="model.pkl"):
    return Finding(
        rule=rule,
        title="Imports os.system",
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        path=path,
        location=Location(offset=7),
        evidence="os.system",
        explanation="runs a command",
        remedy="do not load it",
    )


class TestScans:
    def record(self, connection, text="tree", ruleset="r1", findings=(), unread=()):
        return scans.record(
            connection,
            tree=digest(text),
            ruleset=ruleset,
            verdict=Verdict.MALICIOUS if findings else Verdict.CLEAN,
            findings=findings,
            unread=unread,
            now=NOW,
        )

    def test_keep_their_findings_in_order(self, connection):
        found = [finding("b"), finding("a"), finding("b", "other.pkl")]
        unread = [Unread("x.bin", "encrypted")]
        made = self.record(connection, findings=found, unread=unread)
        assert scans.get(connection, made.id) == made
        assert made.unread == tuple(unread)
        assert scans.findings(connection, made.id) == found
        assert made.verdict is Verdict.MALICIOUS

    def test_the_newest_counts_of_each_set_of_rules(self, connection):
        old = self.record(connection, ruleset="r1")
        new = self.record(connection, ruleset="r2")
        assert scans.latest(connection, digest("tree")) == new
        assert scans.latest(connection, digest("tree"), ruleset="r1") == old
        assert scans.latest(connection, digest("tree"), ruleset="r3") is None
        assert scans.latest(connection, digest("other")) is None
        assert scans.findings(connection, new.id) == []

    def test_new_rules_have_work_to_do(self, connection):
        for text in "abc":
            self.record(connection, text)
        self.record(connection, "a", ruleset="r2")
        wanted = sorted([digest("b"), digest("c")])
        assert scans.trees_without(connection, ruleset="r2") == wanted
        assert scans.trees_without(connection, ruleset="r2", limit=1) == wanted[:1]
        assert scans.trees_without(connection, ruleset="r1") == []

    def test_that_are_not_there_are_not_found(self, connection):
        with pytest.raises(NotFoundError, match="no such"):
            scans.get(connection, "01NONE")


def attest(connection, text="{}", tree="tree", now=NOW, kind="p/v1", statement="statement"):
    return attestations.record(
        connection,
        envelope=text.encode(),
        statement=digest(statement),
        predicate_type=kind,
        tree=None if tree is None else digest(tree),
        signer="key",
        now=now,
    )


class TestAttestations:
    def test_are_named_by_their_bytes_and_kept_once(self, connection):
        made = attest(connection)
        assert made.digest == digest("{}")
        assert attest(connection, now=LATER) == made
        assert attestations.get(connection, made.digest) == made
        with pytest.raises(NotFoundError, match="no such attestation"):
            attestations.get(connection, digest("other"))

    def test_are_found_by_tree_type_and_statement(self, connection):
        one = attest(connection, "1", now=LATER)
        two = attest(connection, "2", kind="q/v1")
        three = attest(connection, "3", tree=None, statement="other")
        assert attestations.of_tree(connection, digest("tree")) == [two, one]
        assert attestations.of_tree(connection, digest("tree"), predicate_type="p/v1") == [one]
        assert attestations.of_statement(connection, digest("statement")) == [two, one]
        assert attestations.of_statement(connection, digest("other")) == [three]


class TestEvidence:
    def note(self, connection, made, kind="signature", **verification):
        return attestations.record_evidence(
            connection,
            tree=digest("tree"),
            attestation=made.digest,
            kind=kind,
            verification=verification,
            now=NOW,
        )

    def test_later_evidence_about_the_same_attestation_and_kind_stands(self, connection):
        one, two = attest(connection, "1"), attest(connection, "2")
        old = self.note(connection, one, status="untrusted")
        other_kind = self.note(connection, one, kind="scan")
        other = self.note(connection, two, status="valid")
        new = self.note(connection, one, status="valid")
        tree = digest("tree")
        assert attestations.evidence_of(connection, tree) == [old, other_kind, other, new]
        assert attestations.standing_evidence(connection, tree) == [other_kind, other, new]
        assert attestations.standing_evidence(connection, digest("none")) == []

    def test_needs_an_attestation(self, connection):
        with pytest.raises(NotFoundError):
            attestations.record_evidence(
                connection,
                tree=digest("tree"),
                attestation=digest("none"),
                kind="signature",
                verification={},
                now=NOW,
            )


def test_the_same_document_kept_by_many_at_once_is_one(store):
    run_at_once(lambda: store.transact(attest), 5)
    with store.read() as connection:
        assert World(connection)
        assert len(attestations.of_tree(connection, digest("tree"))) == 1
