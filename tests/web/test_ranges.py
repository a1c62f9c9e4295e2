"""Range headers: RFC 9110 section 14."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.web.ranges import ByteRange, RangeError, requested_range


@pytest.mark.parametrize(
    ("header", "size", "expected"),
    [
        ("bytes=0-4", 10, (0, 5)),
        ("bytes=0-", 10, (0, 10)),
        ("bytes=9-9", 10, (9, 10)),
        ("bytes=5-100", 10, (5, 10)),
        ("bytes=-3", 10, (7, 10)),
        ("bytes=-100", 10, (0, 10)),
        ("Bytes=1-2", 10, (1, 3)),
    ],
)
def test_a_well_formed_range_is_cut_to_the_file(header, size, expected):
    found = requested_range(header, size)
    assert found == ByteRange(*expected, size)
    assert found.content_range == f"bytes {expected[0]}-{expected[1] - 1}/{size}"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "items=0-1",
        "bytes=5-2",
        "bytes=0-1,3-4",
        "bytes=0-1;x",
        "bytes=\u0661-2",
        "bytes=--1",
        "bytes=" + "9" * 30 + "-",
    ],
)
def test_what_is_not_one_byte_range_is_ignored(header):
    assert requested_range(header, 10) is None


@pytest.mark.parametrize(("header", "size"), [("bytes=10-", 10), ("bytes=0-", 0), ("bytes=-0", 5)])
def test_a_range_past_the_end_is_refused(header, size):
    with pytest.raises(RangeError) as caught:
        requested_range(header, size)
    assert caught.value.size == size


@given(start=st.integers(0, 50), end=st.integers(0, 50), size=st.integers(1, 50))
def test_a_range_gives_the_same_bytes_as_a_slice(start, end, size):
    data = bytes(range(size))
    if start >= size and start <= end:
        with pytest.raises(RangeError):
            requested_range(f"bytes={start}-{end}", size)
        return
    found = requested_range(f"bytes={start}-{end}", size)
    if end < start:
        assert found is None
    else:
        assert data[found.start : found.end] == data[start : end + 1]
        assert found.length == len(data[start : end + 1])
