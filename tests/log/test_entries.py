"""Entries hold digests, have one form, and stay small."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from assay.core.digest import Digest
from assay.core.errors import DataError
from assay.log.entries import MAX_ENTRY_BYTES, LogEntry
from log_making import NOW, entry


def test_an_entry_is_read_back_from_the_bytes_it_writes():
    for made in (entry(1), LogEntry("a" * 64, Digest.of(b""), None, NOW)):
        assert LogEntry.parse(made.to_bytes()) == made
        assert len(made.to_bytes()) <= MAX_ENTRY_BYTES


def test_the_form_is_fixed():
    made = LogEntry("decision", Digest("0" * 64), None, datetime(2026, 1, 2, tzinfo=UTC))
    assert made.to_bytes() == (
        b'{"at":"2026-01-02T00:00:00Z","statement":"sha256:' + b"0" * 64 + b'",'
        b'"tree":null,"type":"decision","v":1}'
    )


@pytest.mark.parametrize("kind", ["", "Scan", "acme/model", "a" * 65, "1a", "a b", "a\n"])
def test_a_type_is_a_word(kind):
    with pytest.raises(DataError, match="not a type"):
        LogEntry(kind, Digest.of(b""), None, NOW)


def test_a_time_has_a_zone():
    with pytest.raises(DataError, match="without a zone"):
        LogEntry("scan", Digest.of(b""), None, NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2}, {"more": 1}, {"tree": 7}, {"at": "yesterday"}, {"at": "2026-11-24T12:00:01+00:00"},
        {"statement": None}, {"type": ["scan"]}, {"v": True},
    ],
)  # fmt: skip
def test_other_documents_are_refused(change):
    value = {**json.loads(entry(1).to_bytes()), **change}
    data = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(DataError):
        LogEntry.parse(data)


@pytest.mark.parametrize("data", [b"", b"[]", b"7", b"null", b"{}", b"x" * 2000])
def test_what_is_no_entry_is_refused(data):
    with pytest.raises(DataError):
        LogEntry.parse(data)


def test_only_the_canonical_form_is_an_entry():
    data = entry(1).to_bytes()
    with pytest.raises(DataError, match="canonical"):
        LogEntry.parse(data.replace(b",", b", ", 1))
    with pytest.raises(DataError, match="duplicate"):
        LogEntry.parse(data[:-1] + b',"v":1}')
