"""Safetensors: everything the format forbids is a finding, everything unreadable is unread."""

from __future__ import annotations

import struct

import pytest

from assay.core.finding import Verdict
from assay.core.limits import ScanLimits
from scanning.container_making import ELF, judge, safetensors_of, tensor

NAME = "model.safetensors"


def test_what_the_library_writes_is_clean() -> None:
    header = {
        "__metadata__": {"format": "pt"},
        "a": tensor(0, 16, "F32", [2, 2]),
        "b": tensor(16, 16, "I64", [0]),
        "c": tensor(16, 18, "BF16", []) | {"data_offsets": [16, 18]},
    }
    judged = judge(safetensors_of(header, bytes(18)), NAME)
    assert judged.verdict is Verdict.CLEAN, judged
    assert judged.family == "safetensors"


def test_padding_of_the_header_is_clean() -> None:
    raw = b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}     '
    assert judge(safetensors_of(raw, b"x"), NAME).verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        ({"a": tensor(0, 8), "b": tensor(4, 8)}, "safetensors.overlap"),
        ({"a": tensor(0, 2), "b": tensor(4, 8)}, "safetensors.hole"),
        ({"a": tensor(0, 4)}, "safetensors.hole"),
        ({"a": tensor(1, 99)}, "safetensors.bounds"),
        ({"a": tensor(8, 4, shape=[4])}, "safetensors.bounds"),
        ({"a": tensor(0, 8, "F32", [4])}, "safetensors.size-mismatch"),
        ({"a": tensor(0, 8, "PICKLE", [8])}, "safetensors.header"),
        ({"a": tensor(0, 8), "__metadata__": {"k": 1}}, "safetensors.metadata"),
        ({"a": tensor(0, 8), "__metadata__": []}, "safetensors.metadata"),
        ({"a": tensor(0, 8) | {"extra": 1}}, "safetensors.header"),
        ({"a": tensor(0, 8, shape=[-8])}, "safetensors.header"),
        ({"a": tensor(0, 8, shape=[8.0])}, "safetensors.header"),
        ({"a": tensor(0, 8, shape=[True, 8])}, "safetensors.header"),
        (b'{"a":%s,"a":%s}' % ((b'{"dtype":"U8","shape":[8],"data_offsets":[0,8]}',) * 2),
         "safetensors.duplicate-key"),
        (b"[]", "safetensors.header"),
        (b'{"a":', "safetensors.header"),
    ],
)  # fmt: skip
def test_what_the_format_forbids(header: object, rule: str) -> None:
    judged = judge(safetensors_of(header, bytes(8)), NAME)  # type: ignore[arg-type]
    assert rule in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


def test_duplicate_key_inside_a_tensor() -> None:
    raw = b'{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8],"data_offsets":[0,8]}}'
    assert "safetensors.duplicate-key" in judge(safetensors_of(raw, bytes(8)), NAME).rules


@pytest.mark.parametrize("length", [2**63, 2**40])
def test_header_bomb_by_its_length(length: int) -> None:
    judged = judge(safetensors_of({"a": tensor(0, 1)}, b"x", length), NAME)
    assert "safetensors.header-size" in judged.rules
    assert judged.unread


def test_header_over_the_budget_is_unread() -> None:
    raw = b'{"__metadata__":{"k":"' + b"x" * 5000 + b'"}}'
    judged = judge(safetensors_of(raw), NAME, limits=ScanLimits(json_bytes=1000))
    assert judged.unread == ("the header is over the budget",)


def test_deeply_nested_header_is_unread() -> None:
    raw = b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    assert judge(safetensors_of(raw), NAME).unread


def test_a_program_at_the_start_of_a_tensor() -> None:
    data = safetensors_of({"a": tensor(0, 4), "b": tensor(4, 4 + len(ELF))}, b"xxxx" + ELF)
    judged = judge(data, NAME)
    assert judged.rules == {"tensor.executable"}
    assert judged.findings[0].location.offset == len(data) - len(ELF)


def test_a_file_that_is_also_a_pickle() -> None:
    """A header length whose bytes begin a pickle: LONG4 eats the rest of the length."""
    length = 0x058B0280
    ops = b"cposix\nsystem\n(S'true'\ntR."
    # 80 02 | 8b 05 00 00 00 | 00 7b 22 .. : LONG4 with five bytes, then opcodes of our own
    raw = b'{"' + b"aa" + ops.replace(b"\n", b"\n") + b'":1}'
    data = struct.pack("<Q", length) + raw.ljust(length, b" ")
    judged = judge(data, NAME)
    assert "file.polyglot" in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


@pytest.mark.parametrize("size", range(1, 76, 7))
def test_a_truncated_file_is_never_clean(size: int) -> None:
    whole = safetensors_of({"a": tensor(0, 8)}, bytes(8))
    assert len(whole) > size
    assert judge(whole[:size], NAME).verdict is not Verdict.CLEAN


@pytest.mark.parametrize("missing", [1, 7, 8, 20])
def test_a_broken_download_is_unknown_and_nobody_s_malice(missing: int) -> None:
    whole = safetensors_of({"a": tensor(0, 4), "b": tensor(4, 8)}, bytes(8))
    judged = judge(whole[:-missing], NAME)
    assert judged.verdict is Verdict.UNKNOWN
    assert "cut off" in judged.unread[0]
