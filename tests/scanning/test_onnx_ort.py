"""ONNX Runtime's own format: the same judgement as on the graph it was made of."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.finding import Verdict
from scanning.container_making import COMMAND, ELF, judge
from scanning.flatbuffer_making import Number, Numbers, Table, buffer

NAME = "model.ort"


def tensor(name: str, dims: Sequence[int], raw: bytes, kind: int = 1) -> Table:
    return Table([name, None, Numbers(dims), Number(kind), raw])


def attribute(name: str, text: str | None = None, *more: object) -> Table:
    return Table([name, None, None, None, None, text, *more])


def node(op: str, domain: str = "", attributes: Sequence[Table] = ()) -> Table:
    return Table(["n", None, domain, None, None, op, None, None, ["x"], ["y"], list(attributes)])


def graph(nodes: Sequence[Table], tensors: Sequence[Table] = ()) -> Table:
    return Table([list(tensors), None, list(nodes)])


def model(*nodes: Table, tensors: Sequence[Table] = (), metadata: str = "cat") -> bytes:
    whole = Table(
        [
            Number(8, 8),
            None,
            "pytorch",
            None,
            None,
            None,
            None,
            graph(nodes, tensors),
            None,
            [Table(["names", metadata])],
        ]
    )
    return buffer(Table(["6", whole]), b"ORTM")


def test_an_honest_model_is_clean() -> None:
    data = model(
        node("FusedConv", "com.microsoft"),
        node("Relu"),
        tensors=[
            tensor("w", [2], bytes(8)),
            Table(["s", None, Numbers([1]), Number(8), None, ["a"]]),
        ],
    )
    judged = judge(data, NAME)
    assert (judged.family, judged.verdict, judged.unread) == ("ort", Verdict.CLEAN, ())
    assert judge(data, "weights.bin").family == "ort"


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (model(node("PyOp", "x")), "onnx.python-operator"),
        (model(node("MyConv", "acme")), "onnx.custom-operator"),
        (model(node("RunCommand", "acme")), "onnx.system-operator"),
        (model(metadata="__import__('os').system('id')"), "onnx.acting-text"),
        (model(metadata="/tmp/libx.so"), "onnx.names-library"),
        (model(tensors=[tensor("w", [3], bytes(8))]), "onnx.tensor-size"),
        (model(tensors=[tensor("w", [-1], b"")]), "onnx.tensor-size"),
        (model(tensors=[tensor("w", [len(ELF)], ELF, 2)]), "onnx.hidden-content"),
        (model(tensors=[tensor("w", [len(COMMAND)], COMMAND, 2)]), "onnx.hidden-content"),
        (
            model(node("Relu", "", [attribute("a", "import os; os.system('x')")])),
            "onnx.acting-text",
        ),
        (
            model(node("If", "", [attribute("b", None, None, graph([node("PyOp", "x")]))])),
            "onnx.python-operator",
        ),
        (
            model(node("Constant", "", [attribute("v", None, tensor("w", [len(ELF)], ELF, 2))])),
            "onnx.hidden-content",
        ),
    ],
)
def test_what_a_model_may_not_hold(data: bytes, rule: str) -> None:
    judged = judge(data, NAME)
    assert rule in judged.rules
    assert judged.verdict is not Verdict.CLEAN


def test_a_file_without_a_model_is_unread() -> None:
    assert judge(buffer(Table(["6"]), b"ORTM"), NAME).verdict is Verdict.UNKNOWN


def test_a_model_cut_off_anywhere_is_never_clean() -> None:
    data = model(node("Relu"), tensors=[tensor("w", [2], bytes(8))]).rstrip(b"\0")
    for size in range(9, len(data) - 8):
        assert judge(data[:size], NAME).verdict is not Verdict.CLEAN, size


@given(st.data())
def test_any_change_is_answered(data: st.DataObject) -> None:
    whole = bytearray(model(node("If", "", [attribute("b", "t", None, graph([node("Relu")]))])))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(8, len(whole) - 1))] = data.draw(st.integers(0, 255))
    assert judge(bytes(whole), NAME).verdict in Verdict
