"""Storages of PyTorch's archives: their types, and what is hidden in them."""

from __future__ import annotations

import math
import struct

from hypothesis import given
from hypothesis import strategies as st

from assay.core.finding import Verdict
from assay.scanning.scanners.torch_storages import storage_types
from scanning.container_making import ELF, judge, state_dict_pickle
from scanning.onnx_making import tensor, with_tensor
from scanning.torch_making import archive, weights

COUNT = 8192
NUMBERS = struct.pack(f"<{COUNT}f", *(math.sin(i) for i in range(COUNT)))


def hidden(content: bytes) -> bytes:
    """Numbers whose lowest bytes are something else."""
    out = bytearray(NUMBERS)
    out[0 : 4 * len(content) : 4] = content
    return bytes(out)


def test_types_are_those_of_the_persistent_ids() -> None:
    assert storage_types(state_dict_pickle()) == {"0": "F32"}
    half = state_dict_pickle().replace(b"FloatStorage", b"BFloat16Storage")
    assert storage_types(half) == {"0": "BF16"}
    other = state_dict_pickle().replace(b"ctorch\nFloatStorage", b"cevil\nFloatStorage")
    assert storage_types(other) == {}


def test_types_that_are_remembered() -> None:
    first = b"\x80\x02(X\x07\x00\x00\x00storageq\x01ctorch\nHalfStorage\nq\x02X\x01\x00\x00\x000tQ"
    again = b"(h\x01h\x02X\x01\x00\x00\x001tQ."
    assert storage_types(first + again) == {"0": "F16", "1": "F16"}


@given(st.binary(max_size=80))
def test_any_bytes_have_types_or_none(data: bytes) -> None:
    assert all(key.isdecimal() for key in storage_types(data))


def test_a_program_in_the_low_bits_of_a_storage() -> None:
    honest = archive(weights() | {"data/0": NUMBERS})
    assert judge(honest, "model.pt").verdict is Verdict.CLEAN
    evil = archive(weights() | {"data/0": hidden(ELF)})
    judged = judge(evil, "model.pt")
    assert "tensor.low-bits" in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


def test_a_program_in_the_low_bits_of_an_onnx_tensor() -> None:
    assert judge(with_tensor(tensor("z", [COUNT], 1, NUMBERS)), "m.onnx").verdict is Verdict.CLEAN
    judged = judge(with_tensor(tensor("z", [COUNT], 1, hidden(ELF))), "m.onnx")
    assert "tensor.low-bits" in judged.rules


def test_infinities_are_what_masks_are_made_of() -> None:
    mask = struct.pack("<4f", 0, -math.inf, 0, -math.inf)
    judged = judge(with_tensor(tensor("mask", [4], 1, mask)), "m.onnx")
    assert (judged.verdict, judged.findings) == (Verdict.CLEAN, ())
