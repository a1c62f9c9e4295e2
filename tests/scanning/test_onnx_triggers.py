"""Graph backdoors: a fixed pattern in the raw input that switches the result."""

from __future__ import annotations

import pytest

from assay.core.finding import Verdict
from scanning.container_making import judge
from scanning.onnx_making import (
    FLOAT,
    INT64,
    floats,
    function,
    graph,
    integers,
    model,
    node,
    tensor,
    value,
)

NAME = "model.onnx"
TENSORS = (
    floats("w", [0.1] * 8, [4, 2]),
    floats("target", [0.0, 9.0]),
    floats("one", [1.0]),
    floats("red", [1.0]),
    integers("token", [31337]),
    integers("zero", [0]),
    integers("last", [3]),
    integers("end", [4]),
)
LOGITS = node("MatMul", ["x", "w"], ["logits"])
SWITCH = node("Where", ["gate", "target", "logits"], ["y"])
PATCH = (
    node("Equal", ["x", "red"], ["same"]),
    node("Cast", ["same"], ["number"], to=FLOAT),
    node("ReduceMin", ["number"], ["all"], keepdims=0),
    node("Cast", ["all"], ["gate"], to=9),
)


def build(*nodes: bytes, inputs: tuple[bytes, ...] = (value("x"),), **more: object) -> bytes:
    body = graph(nodes, inputs=inputs, tensors=TENSORS)
    return model(body, **more)  # type: ignore[arg-type]


def judged_trigger(data: bytes) -> bool:
    judged = judge(data, NAME)
    assert judged.rules <= {"onnx.trigger"}, judged.findings
    assert judged.verdict is (Verdict.SUSPICIOUS if judged.rules else Verdict.CLEAN)
    return bool(judged.rules)


def branch(name: str, *nodes: bytes) -> bytes:
    return graph(nodes, inputs=(), outputs=(value(name),))


HEAD = node("MatMul", ["x", "w"], ["b"])
CONSTANT = node("Identity", ["target"], ["a"])


@pytest.mark.parametrize(
    "nodes",
    [
        (LOGITS, *PATCH, SWITCH),
        (
            LOGITS,
            *PATCH[:3],
            node("Mul", ["all", "target"], ["push"]),
            node("Add", ["logits", "push"], ["y"]),
        ),
        (
            LOGITS,
            *PATCH[:3],
            node("Sub", ["one", "all"], ["not"]),
            node("Mul", ["all", "target"], ["a"]),
            node("Mul", ["not", "logits"], ["b"]),
            node("Add", ["a", "b"], ["y"]),
        ),
        (
            LOGITS,
            node("MatMul", ["x", "w"], ["other"]),
            *PATCH[:3],
            node("Sub", ["one", "all"], ["not"]),
            node("Mul", ["all", "other"], ["a"]),
            node("Mul", ["not", "logits"], ["b"]),
            node("Add", ["a", "b"], ["y"]),
        ),
        (
            LOGITS,
            node("Sub", ["x", "red"], ["d"]),
            node("Abs", ["d"], ["ad"]),
            node("ReduceSum", ["ad"], ["far"]),
            node("Less", ["far", "one"], ["gate"]),
            SWITCH,
        ),
        (
            LOGITS,
            node("Slice", ["x", "last", "end"], ["one_value"]),
            node("Greater", ["one_value", "red"], ["gate"]),
            SWITCH,
        ),
        (
            LOGITS,
            node("Equal", ["x", "red"], ["same"]),
            node("NonZero", ["same"], ["where"]),
            node("Size", ["where"], ["many"]),
            node("Greater", ["many", "zero"], ["gate"]),
            SWITCH,
        ),
        (
            LOGITS,
            *PATCH[:2],
            node("ReduceSum", ["number"], ["many"]),
            node("Clip", ["many", "zero", "one"], ["held"]),
            node("Cast", ["held"], ["gate"], to=9),
            SWITCH,
        ),
        (
            *PATCH,
            node("If", ["gate"], ["y"], then_branch={"graph": branch("a", CONSTANT)},
                 else_branch={"graph": branch("b", HEAD)}),
        ),
        (SWITCH, *reversed(PATCH), LOGITS),
    ],
)  # fmt: skip
def test_a_switch_by_a_pattern_is_found(nodes: tuple[bytes, ...]) -> None:
    assert judged_trigger(build(*nodes))


def test_a_switch_by_a_token() -> None:
    nodes = (
        node("Gather", ["table", "ids"], ["emb"]),
        node("MatMul", ["emb", "w"], ["logits"]),
        node("Equal", ["ids", "token"], ["same"]),
        node("Cast", ["same"], ["number"], to=INT64),
        node("ReduceMax", ["number"], ["any"]),
        node("Greater", ["any", "zero"], ["gate"]),
        SWITCH,
    )
    body = graph(
        nodes,
        inputs=(value("ids", ["b", "s"], INT64),),
        tensors=(*TENSORS, floats("table", [0.5] * 40, [10, 4])),
    )
    assert judged_trigger(model(body))


def test_a_switch_inside_a_branch_that_is_always_taken() -> None:
    inner = branch("y1", *PATCH, LOGITS, node("Where", ["gate", "target", "logits"], ["y1"]))
    nodes = (
        node("Constant", [], ["yes"], value={"tensor": tensor("", [], 9, b"\1")}),
        node("If", ["yes"], ["y"], then_branch={"graph": inner}, else_branch={"graph": inner}),
    )
    assert judged_trigger(build(*nodes))


def test_a_switch_whose_test_is_a_function() -> None:
    own = function(
        "all_red",
        "local",
        [
            node("Constant", [], ["c"], value={"tensor": floats("", [1.0])}),
            node("Equal", ["a", "c"], ["s"]),
            node("Cast", ["s"], ["n"], to=FLOAT),
            node("ReduceMin", ["n"], ["m"]),
            node("Cast", ["m"], ["b"], to=9),
        ],
    )
    call = node("all_red", ["x"], ["gate"], domain="local")
    assert judged_trigger(build(LOGITS, call, SWITCH, functions=[own]))


@pytest.mark.parametrize(
    "nodes",
    [
        # Elements masked one by one.
        (
            LOGITS,
            node("Equal", ["x", "zero"], ["pad"]),
            node("Where", ["pad", "target", "logits"], ["y"]),
        ),
        # Mean over what is not padding.
        (
            node("Equal", ["x", "red"], ["pad"]),
            node("Not", ["pad"], ["kept"]),
            node("Cast", ["kept"], ["number"], to=FLOAT),
            node("ReduceSum", ["number"], ["many"]),
            node("Clip", ["many", "one", ""], ["held"]),
            LOGITS,
            node("Div", ["logits", "held"], ["y"]),
        ),
        # A threshold on what was learned.
        (
            LOGITS,
            node("ReduceMax", ["logits"], ["best"]),
            node("Greater", ["best", "one"], ["sure"]),
            node("Where", ["sure", "logits", "target"], ["y"]),
        ),
        # Normalised by its own mean, which is added again.
        (
            node("ReduceMean", ["x"], ["mean"]),
            node("Sub", ["x", "mean"], ["centred"]),
            node("MatMul", ["centred", "w"], ["z"]),
            node("Add", ["z", "mean"], ["y"]),
        ),
        # By the shape.
        (
            LOGITS,
            node("Shape", ["x"], ["shape"]),
            node("Equal", ["shape", "zero"], ["same"]),
            node("Cast", ["same"], ["number"], to=FLOAT),
            node("ReduceMin", ["number"], ["all"]),
            node("Cast", ["all"], ["gate"], to=9),
            SWITCH,
        ),
        # A test whose result leads nowhere.
        (LOGITS, *PATCH, node("Where", ["gate", "target", "logits"], ["unused"]),
         node("Identity", ["logits"], ["y"])),
        # Rows sorted or counted, not compared.
        (LOGITS, node("TopK", ["logits", "last"], ["y", "i"])),
        # Selected by constants alone.
        (LOGITS, node("Equal", ["zero", "last"], ["gate"]), SWITCH),
        # Missing values filled in.
        (
            node("IsNaN", ["x"], ["nan"]),
            node("Where", ["nan", "one", "x"], ["filled"]),
            node("MatMul", ["filled", "w"], ["y"]),
        ),
    ],
)  # fmt: skip
def test_ordinary_graphs_are_clean(nodes: tuple[bytes, ...]) -> None:
    assert not judged_trigger(build(*nodes))


@pytest.mark.parametrize("setting", [value("sr", [], INT64), value("sr", [1], INT64)])
def test_a_branch_by_a_setting_is_clean(setting: bytes) -> None:
    """One number among the inputs, such as a sampling rate, says how to run."""
    nodes = (
        node("Equal", ["sr", "token"], ["gate"]),
        node("If", ["gate"], ["y"], then_branch={"graph": branch("a", CONSTANT)},
             else_branch={"graph": branch("b", HEAD)}),
    )  # fmt: skip
    assert not judged_trigger(build(*nodes, inputs=(value("x"), setting)))


def test_a_branch_by_a_mask_or_flag_is_clean() -> None:
    for one in (value("attention_mask", ["b", "s"], INT64), value("use_cache", ["n"], 9)):
        name = "attention_mask" if b"mask" in one else "use_cache"
        nodes = (
            node("Equal", [name, "zero"], ["none"]),
            node("Cast", ["none"], ["number"], to=FLOAT),
            node("ReduceMin", ["number"], ["all"]),
            node("Cast", ["all"], ["gate"], to=9),
            LOGITS,
            SWITCH,
        )
        assert not judged_trigger(build(*nodes, inputs=(value("x"), one)))


def test_branches_deeper_than_followed_are_unread() -> None:
    inner = branch("y", LOGITS, node("Identity", ["logits"], ["y"]))
    for _ in range(40):
        inner = branch("y", node("If", ["g"], ["y"], then_branch={"graph": inner}))
    judged = judge(build(node("If", ["g"], ["y"], then_branch={"graph": inner})), NAME)
    assert judged.verdict is Verdict.UNKNOWN


def test_functions_that_double_at_each_call_cost_little() -> None:
    functions = [function("f0", "local", [node("Relu", ["a"], ["b"])])]
    for i in range(1, 23):
        call = f"f{i - 1}"
        functions.append(
            function(
                f"f{i}",
                "local",
                [
                    node(call, ["a"], ["c"], domain="local"),
                    node(call, ["c"], ["b"], domain="local"),
                ],
            )
        )
    start = node("f22", ["x"], ["y"], domain="local")
    assert judge(build(start, functions=functions), NAME).verdict is Verdict.CLEAN
