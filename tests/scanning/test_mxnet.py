"""MXNet: operators that are code, libraries that are named, arrays that can be."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Verdict
from scanning.container_making import ELF, Judged, judge

NAME = "m-0000.params"
PICKLE = b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R."


def graph(*nodes: dict[str, Any], **attrs: Any) -> dict[str, Any]:
    first = {"op": "null", "name": "data", "inputs": []}
    return {
        "nodes": [first, *nodes],
        "arg_nodes": [0],
        "heads": [[len(nodes), 0, 0]],
        "attrs": {"mxnet_version": ["int", 10900], **attrs},
    }


def operator(kind: str, **attrs: str) -> dict[str, Any]:
    return {"op": kind, "name": "n", "attrs": attrs, "inputs": [[0, 0, 0]]}


def of(document: dict[str, Any]) -> Judged:
    return judge(json.dumps(document).encode(), "m-symbol.json")


def params(
    body: bytes = bytes(64),
    *,
    magic: int = 0xF993FAC9,
    count: int = 1,
    sizes: tuple[int, ...] = (4, 4),
    kind: int = 0,
    after: bytes = b"",
) -> bytes:
    array = struct.pack("<I", magic)
    array += struct.pack("<i", 0) if magic != 0xF993FAC8 else b""
    array += struct.pack(f"<I{len(sizes)}q", len(sizes), *sizes) + struct.pack("<iii", 1, 0, kind)
    name = b"arg:w"
    names = struct.pack("<QQ", 1, len(name)) + name
    return struct.pack("<QQQ", 0x112, 0, count) + array + body + names + after


DENSE = operator("FullyConnected", num_hidden="4")


def test_graphs_are_clean() -> None:
    control = {**operator("_cond"), "subgraphs": [graph(DENSE)]}
    hidden = operator("Convolution", kernel="(3, 3)", __lr_mult__="0.1", __layout__="NCHW")
    assert of(graph(DENSE, control, hidden)).verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    ("document", "verdict"),
    [
        (graph(operator("Custom", op_type="own")), Verdict.SUSPICIOUS),
        (graph({**operator("_cond"), "subgraphs": [graph(operator("Custom"))]}), Verdict.SUSPICIOUS),
        (graph(operator("_Native", info="0x4141")), Verdict.MALICIOUS),
        (graph(operator("_NDArray", info="0x4141")), Verdict.MALICIOUS),
        (graph(operator("gemm", library="/tmp/x.so")), Verdict.MALICIOUS),
        (graph(DENSE, library=["str", "../libx.so.1"]), Verdict.MALICIOUS),
        (graph(operator("Custom", c="import os; os.system('x')")), Verdict.MALICIOUS),
    ],
)  # fmt: skip
def test_operators_that_are_code(document: dict[str, Any], verdict: Verdict) -> None:
    assert of(document).verdict is verdict


@pytest.mark.parametrize("magic", [0xF993FAC8, 0xF993FAC9, 0xF993FACA])
def test_arrays_are_clean(magic: int) -> None:
    judged = judge(params(magic=magic), "weights.bin")
    assert judged.verdict is Verdict.CLEAN, judged
    assert judged.family == "mxnet-arrays"


def test_arrays_of_the_first_format_and_sparse_ones_are_clean() -> None:
    old = struct.pack("<I2I", 2, 4, 4) + struct.pack("<iii", 1, 0, 0) + bytes(64)
    rest = struct.pack("<Q", 0)
    data = struct.pack("<QQQ", 0x112, 0, 1) + old + rest
    assert judge(data, NAME).verdict is Verdict.CLEAN
    sparse = struct.pack("<Ii", 0xF993FAC9, 1)
    sparse += struct.pack("<I2q", 2, 1, 4) + struct.pack("<I2q", 2, 3, 4)
    sparse += struct.pack("<iii", 1, 0, 0) + struct.pack("<iI1q", 6, 1, 1) + bytes(16 + 8)
    assert judge(struct.pack("<QQQ", 0x112, 0, 1) + sparse + rest, NAME).verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    "data",
    [params(sizes=(1 << 40, 1 << 40)), params(count=1 << 60), params(sizes=(1,) * 100)],
)
def test_numbers_no_memory_holds(data: bytes) -> None:
    judged = judge(data, NAME)
    assert "mxnet.bounds" in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


def test_what_is_in_and_behind_the_arrays() -> None:
    data = params(ELF.ljust(128, b"\0"), sizes=(128,), kind=3)
    assert judge(data, NAME).rules == {"tensor.executable"}
    assert judge(params(after=b"\0"), NAME).verdict is Verdict.SUSPICIOUS
    assert judge(params(after=PICKLE), NAME).verdict is Verdict.MALICIOUS


def test_a_file_that_is_cut_off_is_never_clean() -> None:
    whole = params()
    for size in range(16, len(whole)):
        assert judge(whole[:size], NAME).verdict is Verdict.UNKNOWN, size


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_mutation_is_answered(data: st.DataObject) -> None:
    whole = bytearray(params())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(16, len(whole) - 1))] = data.draw(st.integers(0, 255))
    assert judge(bytes(whole), NAME).verdict in set(Verdict)
