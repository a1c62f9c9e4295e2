"""The audit trail: a chain in which every change, removal and addition shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.core.errors import DataError, TamperedError
from assay.store import audit
from assay.store.audit import START, AuditHead
from assay.store.tables import audit as table
from assay.store.tables import sequence
from store_world import NOW, digest, run_at_once


def append(connection, number=1, **more):
    values = {"action": "a", "subject": f"s{number}", "now": NOW, **more}
    return audit.append(connection, **values)


@pytest.fixture
def chain(connection):
    """Five rows whose table can be changed by whoever owns the database."""
    made = [append(connection, number, detail={"n": number}) for number in range(1, 6)]
    unprotect(connection)
    return made


def unprotect(connection):
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("ALTER TABLE audit DISABLE TRIGGER ALL"))
    else:
        for kind in ("update", "delete"):
            connection.execute(sa.text(f"DROP TRIGGER append_only_audit_{kind}"))


class TestAppending:
    def test_binds_each_row_to_the_one_before(self, connection):
        one, two = append(connection, 1), append(connection, 2)
        assert (one.seq, one.prev_hash) == (1, START)
        assert (two.seq, two.prev_hash) == (2, one.hash)
        assert audit.head(connection) == AuditHead(2, two.hash)
        assert audit.verify(connection) == AuditHead(2, two.hash)

    def test_an_empty_trail_is_whole(self, connection):
        assert audit.head(connection) == audit.verify(connection) == AuditHead(0, START)

    def test_keeps_everything_as_given(self, connection):
        detail = {"ü": [1, 2.5, None, True], "nested": {"a": "b"}}
        row = append(connection, detail=detail, principal_id="01X")
        assert audit.listed(connection) == [row]
        assert (row.detail, row.principal_id, row.at) == (detail, "01X", NOW)

    def test_what_is_not_json_is_refused(self, connection):
        with pytest.raises(DataError):
            append(connection, detail={"a": object()})

    def test_by_many_at_once_leaves_no_gap(self, store):
        def act():
            with store.write() as connection:
                append(connection)

        run_at_once(act, 6)
        with store.read() as connection:
            assert audit.verify(connection).seq == 6

    def test_that_is_undone_leaves_no_gap(self, store):
        def fail(connection):
            append(connection)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            store.transact(fail)
        assert store.transact(append).seq == 1

    def test_after_the_last_row_was_removed_is_refused(self, connection, chain):
        connection.execute(sa.delete(table).where(table.c.seq == 5))
        with pytest.raises(TamperedError, match="row 5 is gone"):
            append(connection)


class TestListing:
    def test_in_order_in_pages_by_subject_and_by_principal(self, connection):
        rows = [
            append(connection, number % 2, principal_id="01A" if number < 3 else None)
            for number in range(1, 6)
        ]
        assert audit.listed(connection, after=1, limit=2) == rows[1:3]
        assert audit.listed(connection, subject="s0") == [rows[1], rows[3]]
        assert audit.listed(connection, principal_id="01A") == rows[:2]
        assert audit.newest(connection, limit=2) == [rows[4], rows[3]]


CHANGES = {
    "at": NOW + timedelta(microseconds=1),
    "principal_id": "01EVE",
    "action": "b",
    "subject": "other",
    "detail": {"n": 4},
    "prev_hash": digest("other"),
    "hash": digest("other"),
}


class TestVerifying:
    @pytest.mark.parametrize("column", CHANGES)
    def test_notices_a_change_of_any_column(self, connection, chain, column):
        change = sa.update(table).where(table.c.seq == 3)
        connection.execute(change.values({column: CHANGES[column]}))
        with pytest.raises(TamperedError, match="row 3 was changed"):
            audit.verify(connection)

    @pytest.mark.parametrize(("seq", "words"), [(1, "row 1 is gone"), (3, "row 3 is gone"),
                                                (5, "rows after 4 are gone")])  # fmt: skip
    def test_notices_a_removed_row(self, connection, chain, seq, words):
        connection.execute(sa.delete(table).where(table.c.seq == seq))
        with pytest.raises(TamperedError, match=words):
            audit.verify(connection)

    def test_notices_rows_that_trade_places(self, connection, chain):
        for old, new in ((2, 99), (3, 2), (99, 3)):
            connection.execute(sa.update(table).where(table.c.seq == old).values(seq=new))
        with pytest.raises(TamperedError, match="row 2 was changed"):
            audit.verify(connection)

    def test_notices_a_row_that_was_added(self, connection, chain):
        connection.execute(
            sa.insert(table).values(
                seq=6,
                at=NOW,
                action="a",
                subject="s",
                detail={},
                prev_hash=chain[-1].hash,
                hash=digest("x"),
            )
        )
        with pytest.raises(TamperedError, match="row 6 was changed"):
            audit.verify(connection)

    def test_notices_that_the_end_was_cut_off_with_its_counter_only_by_an_anchor(
        self, connection, chain
    ):
        connection.execute(sa.delete(table).where(table.c.seq > 3))
        connection.execute(sa.update(sequence).where(sequence.c.name == "audit").values(value=3))
        assert audit.verify(connection).seq == 3
        with pytest.raises(TamperedError, match="rows after 3 are gone"):
            audit.verify(connection, anchors=[AuditHead(5, chain[-1].hash)])

    def test_notices_that_the_chain_was_made_anew_by_an_anchor(self, connection, chain):
        anchor = AuditHead(5, chain[-1].hash)
        connection.execute(sa.delete(table))
        connection.execute(sa.delete(sequence).where(sequence.c.name == "audit"))
        for number in range(1, 6):
            append(connection, number, detail={"n": 0})
        assert audit.verify(connection).seq == 5
        with pytest.raises(TamperedError, match="made anew"):
            audit.verify(connection, anchors=[anchor])

    def test_takes_any_point_of_the_chain_for_an_anchor(self, connection, chain):
        anchors = [AuditHead(row.seq, row.hash) for row in chain]
        assert audit.verify(connection, anchors=[AuditHead(0, START), *anchors]).seq == 5

    def test_looks_beyond_a_page(self, connection, monkeypatch):
        monkeypatch.setattr(audit, "_PAGE", 3)
        for number in range(10):
            append(connection, number)
        assert audit.verify(connection).seq == 10


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5),
        inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(detail=JSON)
def test_any_json_keeps_its_hash_through_the_database(connection, detail):
    append(connection, detail=detail)
    audit.verify(connection)
