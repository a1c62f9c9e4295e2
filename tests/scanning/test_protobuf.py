"""Wire format: fields where they lie, bounded, and an error instead of a guess."""

from __future__ import annotations

import mmap
import struct
import tempfile
from collections.abc import Iterable
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from google.protobuf.unknown_fields import UnknownFieldSet  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from assay.scanning.parsers.protobuf import (
    FIXED32,
    FIXED64,
    GROUP,
    LENGTH,
    VARINT,
    BudgetError,
    Message,
    WireError,
    leading,
    varint,
)
from scanning.protobuf_making import blob, fixed32, fixed64, message, number, packed

_PIECES = (
    number(1, 300),
    number(5, 2**64 - 1),
    blob(2, b"abc"),
    blob(2, number(1, 2)),
    fixed32(3, 7),
    fixed64(4, 2**63),
    b"\x0b",
    b"\x0c",
    b"\xff\xff\xff\xff\x0f",
    b"\x80\x01",
)


def test_every_wire_type_with_its_offsets() -> None:
    data = number(1, 300) + blob(2, b"abc") + fixed32(3, 7) + fixed64(4, 2**63)
    fields = list(Message(data))
    assert [(f.number, f.wire, f.value) for f in fields] == [
        (1, VARINT, 300),
        (2, LENGTH, 3),
        (3, FIXED32, 7),
        (4, FIXED64, 2**63),
    ]
    assert [(f.start, f.end) for f in fields] == [(0, 3), (3, 8), (8, 13), (13, 22)]
    assert Message(data).raw(fields[1]) == b"abc"


def test_an_empty_message_has_no_fields() -> None:
    assert list(Message(b"")) == []


@given(st.integers(0, 2**64 - 1))
def test_varints_come_back(value: int) -> None:
    field = next(iter(Message(number(5, value))))
    assert field.value == value
    assert field.signed == struct.unpack("<q", struct.pack("<Q", value))[0]


def test_a_varint_written_longer_than_needed_is_the_same_number() -> None:
    assert varint(b"\x81\x80\x80\x00", 0, 4) == (1, 4)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x08", "cut off"),
        (b"\x08" + b"\xff" * 10 + b"\x00", "over ten bytes"),
        (b"\x00\x01", "field number 0"),
        (b"\x0b", "cut off"),
        (b"\x0b\x14", "wire type 4"),
        (b"\x0c", "wire type 4"),
        (b"\x0e", "wire type 6"),
        (b"\x0a\x05abc", "past the end"),
        (b"\x0d\x01\x02", "past the end"),
        (b"\x0a" + b"\xff" * 9 + b"\x01", "past the end"),
        (b"\xf8" + b"\xff" * 8 + b"\x01", "field number"),
    ],
)
def test_what_is_no_message(data: bytes, what: str) -> None:
    with pytest.raises(WireError, match=what):
        list(Message(data))


def test_an_error_says_where() -> None:
    with pytest.raises(WireError) as caught:
        list(Message(number(1, 1) + b"\x0c"))
    assert caught.value.offset == 2


def test_a_group_is_skipped_as_one_field() -> None:
    """The real readers skip groups they do not know, and read on behind them."""
    inner = b"\x13" + number(5, 1) + blob(6, b"abc") + b"\x14"
    data = b"\x0b" + number(2, 1) + inner + b"\x0c" + number(7, 8)
    fields = list(Message(data))
    assert [(f.number, f.wire) for f in fields] == [(1, GROUP), (7, VARINT)]
    assert fields[0].end == len(data) - 2


def test_groups_are_held_to_the_budget() -> None:
    with pytest.raises(BudgetError):
        list(Message(b"\x0b" * 200 + b"\x0c" * 200))


def test_a_tag_s_bits_over_32_are_lost() -> None:
    (field,) = Message(b"\x88\x80\x80\x80\x10\x01")
    assert (field.number, field.value) == (1, 1)


def test_messages_inside_messages_to_the_budget_s_depth() -> None:
    data = b""
    for _ in range(200):
        data = blob(1, data)
    at = Message(data, most_depth=100)
    for _ in range(100):
        at = at.inside(next(iter(at)))
    assert at.depth == 100
    with pytest.raises(BudgetError, match="deeper"):
        at.inside(next(iter(at)))


def test_a_flood_of_fields_ends_at_the_budget() -> None:
    with pytest.raises(BudgetError, match="more fields"):
        list(Message(number(1, 1) * 1001, most_fields=1000))


def test_the_budget_counts_over_all_messages() -> None:
    outer = Message(blob(1, number(1, 1) * 6) * 2, most_fields=10)
    with pytest.raises(BudgetError):
        [list(outer.inside(field)) for field in outer]


def test_numbers_one_or_packed() -> None:
    data = packed(1, [1, 300, 2**64 - 1]) + number(1, 7)
    whole = Message(data)
    one, two = whole
    assert list(whole.numbers(one)) == [1, 300, 2**64 - 1]
    assert list(whole.integers(one)) == [1, 300, -1]
    assert list(whole.numbers(two)) == [7]


def test_floats_one_or_packed() -> None:
    data = blob(1, struct.pack("<2f", 1.5, -2.0)) + fixed32(2, 0x3F800000) + blob(3, b"abc")
    whole = Message(data)
    one, two, three = whole
    assert list(whole.floats(one)) == [1.5, -2.0]
    assert list(whole.floats(two)) == [1.0]
    with pytest.raises(WireError):
        list(whole.floats(three))


def test_text_is_bounded_and_never_fails() -> None:
    whole = Message(blob(1, b"ab\xff" + b"x" * 100))
    assert whole.text(next(iter(whole)), limit=4) == "ab\ufffdx"


def test_a_scalar_is_no_message() -> None:
    whole = Message(number(1, 1))
    with pytest.raises(WireError, match="no message"):
        whole.inside(next(iter(whole)))


def test_a_large_field_is_skipped_without_being_read() -> None:
    with tempfile.TemporaryFile() as file:
        head = b"\x0a" + b"\x80\x80\x80\x80\x40"  # 16 GiB announced, and there: all a hole
        file.write(head)
        file.truncate(len(head) + 2**34)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            fields = list(Message(data))
    assert [(f.number, f.value) for f in fields] == [(1, 2**34)]


def test_leading_fields_decide_what_a_file_is() -> None:
    schema = {1: VARINT, 2: LENGTH}
    whole = message(number(1, 8), blob(2, b"pytorch"))
    assert [f.number for f in leading(whole, schema) or ()] == [1, 2]
    assert leading(whole, {1: VARINT}) is None
    assert leading(whole[:-1], schema) is None
    assert [f.number for f in leading(whole[:-1], schema, complete=False) or ()] == [1]


@given(st.binary(max_size=200))
def test_any_bytes_are_fields_or_an_error(data: bytes) -> None:
    try:
        fields = list(Message(memoryview(data)))
    except WireError as error:
        assert 0 <= error.offset <= len(data)
    else:
        assert sum(f.end - f.start for f in fields) == len(data)


def refused(fields: Iterable[Any]) -> bool:
    """Whether there is a field of number 0, which the C++ library refuses and this one takes."""
    return any(
        field.field_number == 0 or (field.wire_type == GROUP and refused(field.data))
        for field in fields
    )


@given(st.binary(max_size=60) | st.lists(st.sampled_from(_PIECES), max_size=6).map(b"".join))
def test_the_real_library_reads_the_same_fields(data: bytes) -> None:
    try:
        theirs = UnknownFieldSet(Empty.FromString(data))
    except DecodeError:
        theirs = None
    try:
        ours = list(Message(data))
    except WireError:
        assert theirs is None or refused(theirs)
        return
    if theirs is None:  # tags and lengths that are longer than there they may be
        assert any(byte & 0x80 for byte in data)
        return
    assert [(f.number, f.wire) for f in ours] == [(f.field_number, f.wire_type) for f in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        if mine.wire != GROUP:
            value = data[mine.begin : mine.end] if mine.wire == LENGTH else mine.value
            assert value == other.data
