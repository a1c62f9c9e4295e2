"""Digests, manifests, names, findings, envelopes: what core promises."""

from __future__ import annotations

import json
import time
import unicodedata

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from assay.core.attestation import Envelope, Signature, Statement, Subject, pae
from assay.core.canonical import canonical_json, strict_json
from assay.core.clock import parse_rfc3339, rfc3339
from assay.core.digest import Digest
from assay.core.errors import AssayError, DataError
from assay.core.finding import (
    Confidence,
    Finding,
    Location,
    References,
    Severity,
    Unread,
    Verdict,
    verdict_of,
)
from assay.core.ids import is_ulid, new_ulid
from assay.core.manifest import Manifest, ManifestEntry, check_path
from assay.core.names import ModelName, Reference, check_alias

EMPTY = Digest.of(b"")


def safe_paths() -> st.SearchStrategy[str]:
    letters = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/\\")
    part = st.text(letters, min_size=1, max_size=8).filter(lambda p: p not in (".", ".."))
    return st.lists(part, min_size=1, max_size=3).map("/".join)


def entries() -> st.SearchStrategy[list[ManifestEntry]]:
    entry = st.builds(
        ManifestEntry,
        path=safe_paths(),
        size=st.integers(0, 2**53 - 1),
        digest=st.binary().map(Digest.of),
    )
    return st.lists(
        entry,
        max_size=6,
        unique_by=lambda e: unicodedata.normalize("NFC", e.path).casefold(),
    )


def finding(severity: Severity, confidence: Confidence) -> Finding:
    return Finding(
        rule="pickle.dangerous-import",
        title="t",
        severity=severity,
        confidence=confidence,
        path="a",
        location=Location(offset=3),
        evidence="os.system",
        explanation="e",
        remedy="r",
        references=References(cwe=("CWE-502",)),
    )


class TestDigest:
    @given(st.binary())
    def test_text_and_raw_forms_return_the_same_digest(self, data):
        digest = Digest.of(data)
        assert Digest.parse(str(digest)) == digest == Digest.from_raw(digest.raw)

    @pytest.mark.parametrize(
        "text",
        ["", "sha256:", "sha256:" + "A" * 64, "sha1:" + "a" * 40, "sha256:" + "a" * 64 + "\n"],
    )
    def test_any_other_form_is_refused(self, text):
        with pytest.raises(DataError):
            Digest.parse(text)


class TestManifest:
    @given(entries())
    def test_canonical_form_is_rfc_8785_whatever_the_names(self, rows):
        manifest = Manifest.of(rows)
        assert manifest.canonical() == rfc8785.dumps(manifest.to_json())

    @given(entries(), st.randoms())
    def test_order_does_not_matter_and_the_form_round_trips(self, rows, random):
        manifest = Manifest.of(rows)
        random.shuffle(rows)
        assert Manifest.of(rows).tree_digest == manifest.tree_digest
        assert Manifest.parse(manifest.canonical()) == manifest

    def test_a_renamed_file_changes_the_tree_digest(self):
        one = Manifest.of([ManifestEntry("a", 0, EMPTY)])
        other = Manifest.of([ManifestEntry("b", 0, EMPTY)])
        assert one.tree_digest != other.tree_digest

    @pytest.mark.parametrize(
        "path",
        ["", "/a", "a/", "a//b", "./a", "a/../b", "..", "a\\b", "a\x00", "\udc80", "x" * 5000],
    )
    def test_unsafe_paths_are_refused(self, path):
        with pytest.raises(DataError):
            check_path(path)

    @pytest.mark.parametrize("pair", [("a", "a"), ("a", "A"), ("\u00e9", "e\u0301")])
    def test_names_that_collide_on_some_file_system_are_refused(self, pair):
        with pytest.raises(DataError, match="collides"):
            Manifest.of([ManifestEntry(path, 0, EMPTY) for path in pair])

    @given(
        st.recursive(
            st.none() | st.integers() | st.text(),
            lambda s: st.lists(s) | st.dictionaries(st.text(), s),
        )
    )
    def test_other_json_is_refused_with_a_named_error(self, value):
        with pytest.raises(DataError):
            Manifest.from_json(value)


class TestStrictJson:
    @pytest.mark.parametrize(
        "text",
        [
            '{"a":1,"a":2}',
            "NaN",
            "[Infinity]",
            "{",
            b"\xff",
            "1" * 10_000,
            "[" * 100_000,
            '"\ud800"',
            r'"\ud800"',
            rb'{"\uDFFF": 1}',
        ],
    )
    def test_what_two_parsers_could_read_differently_is_refused(self, text):
        with pytest.raises(DataError):
            strict_json(text)

    @given(
        st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**53) + 1, 2**53 - 1)
        )
    )
    def test_canonical_json_round_trips(self, value):
        assert strict_json(canonical_json(value)) == value

    def test_what_json_cannot_carry_is_refused(self):
        with pytest.raises(DataError):
            canonical_json({"n": 2**60})


class TestVerdict:
    @pytest.mark.parametrize(
        ("severity", "confidence", "expected"),
        [
            (Severity.HIGH, Confidence.MEDIUM, Verdict.MALICIOUS),
            (Severity.CRITICAL, Confidence.HIGH, Verdict.MALICIOUS),
            (Severity.HIGH, Confidence.LOW, Verdict.SUSPICIOUS),
            (Severity.MEDIUM, Confidence.HIGH, Verdict.SUSPICIOUS),
            (Severity.LOW, Confidence.HIGH, Verdict.CLEAN),
        ],
    )
    def test_severity_and_confidence_decide(self, severity, confidence, expected):
        assert verdict_of([finding(severity, confidence)], []) is expected

    def test_what_was_not_read_is_never_clean(self):
        assert verdict_of([], [Unread("a", "time")]) is Verdict.UNKNOWN
        review = finding(Severity.MEDIUM, Confidence.HIGH)
        assert verdict_of([review], [Unread("a", "time")]) is Verdict.UNKNOWN

    def test_a_blocking_finding_wins_over_what_was_not_read(self):
        bad = finding(Severity.CRITICAL, Confidence.HIGH)
        assert verdict_of([bad], [Unread("a", "time")]) is Verdict.MALICIOUS

    def test_a_finding_round_trips_through_json(self):
        one = finding(Severity.LOW, Confidence.LOW)
        assert Finding.from_json(json.loads(json.dumps(one.to_json()))) == one


class TestNames:
    @pytest.mark.parametrize("text", ["org/model", "Org-1/model.v2_x", "a/b"])
    def test_a_name_prints_as_it_was_read(self, text):
        assert str(ModelName.parse(text)) == text

    @pytest.mark.parametrize(
        "text",
        ["model", "a/b/c", "api/x", "Models/x", "a.b/c", "/x", "x/", "a/..", "a/b..c", "a/b--c",
         "a/.b", "a/b.", "a/x.git", "a/b c", "a/b\n", "a/\u00e9"],
    )  # fmt: skip
    def test_reserved_and_unsafe_names_are_refused(self, text):
        with pytest.raises(DataError):
            ModelName.parse(text)

    @pytest.mark.parametrize("text", ["main", "", "A", "a" * 40, "refs/x", "1a"])
    def test_an_alias_cannot_shadow_main_or_a_commit(self, text):
        with pytest.raises(DataError):
            check_alias(text)

    def test_forty_hex_digits_are_a_commit_not_an_alias(self):
        with pytest.raises(DataError):
            check_alias("deadbeef" * 5)

    @pytest.mark.parametrize("text", ["org/m@v1", "org/m", str(EMPTY)])
    def test_references_round_trip(self, text):
        assert str(Reference.parse(text)) == text
        assert str(Reference.parse(f"hf:{text}" if "/" in text else text)) == text


class TestEnvelope:
    def test_pae_is_the_dsse_example(self):
        # The example of the DSSE specification, section "Protocol".
        expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        assert pae("http://example.com/HelloWorld", b"hello world") == expected

    @given(st.binary(), st.lists(st.binary(), min_size=1, max_size=3))
    def test_an_envelope_round_trips_byte_for_byte(self, payload, sigs):
        envelope = Envelope(payload, tuple(Signature(sig, "k") for sig in sigs))
        assert Envelope.parse(envelope.to_bytes()) == envelope

    def test_a_statement_round_trips(self):
        statement = Statement((Subject("m", {"sha256": "0" * 64}),), "https://x/y", {"a": 1})
        assert Statement.parse(statement.payload()) == statement

    @given(st.binary(max_size=200))
    def test_noise_is_refused_with_a_named_error(self, data):
        for parse in (Envelope.parse, Statement.parse):
            with pytest.raises(AssayError):
                parse(data)


class TestIdsAndTime:
    def test_ulids_sort_by_time(self):
        assert new_ulid(1) < new_ulid(2) < new_ulid()
        assert is_ulid(new_ulid())
        assert not is_ulid("8" + "0" * 25)

    @given(st.datetimes(timezones=st.just(__import__("datetime").UTC)))
    def test_times_round_trip(self, moment):
        assert parse_rfc3339(rfc3339(moment)) == moment


def test_a_duplicate_key_among_many_is_found_at_once():
    keys = ",".join(f'"{number}":0' for number in range(60_000))
    began = time.process_time()
    with pytest.raises(DataError, match="duplicate JSON key '59999'"):
        strict_json("{" + keys + ',"59999":0}')
    assert time.process_time() - began < 5


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_time_outside_the_calendar_is_no_time(text):
    with pytest.raises(ValueError, match="calendar"):
        parse_rfc3339(text)


def test_a_size_beyond_what_json_says_exactly_is_refused():
    with pytest.raises(DataError, match="JSON number"):
        Manifest.of([ManifestEntry("w", 2**53, Digest.of(b""))])
    Manifest.of([ManifestEntry("w", 2**53 - 1, Digest.of(b""))])
