"""skops: types by what importing them means, and nodes that make something else than they say."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Verdict
from scanning.container_making import COMMAND, ELF, Judged, Member, judge, zip_of
from scanning.skops_making import Node, array, estimator, node, npy, plain, skops_of

NAME = "model.skops"
SVC = ("sklearn.svm._classes", "SVC")
PICKLE = b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R."


def of(root: Node, *more: Member, name: str = NAME) -> Judged:
    return judge(skops_of(root, *more), name)


SYSTEM = node("os", "system", "FunctionNode")
HONEST: dict[str, Node] = {
    "estimator": estimator(*SVC, coef_=array(), n=plain(3)),
    "pipeline": estimator("sklearn.pipeline", "Pipeline", steps=node(
        "builtins", "list", "ListNode", content=[plain("a"), estimator(*SVC, coef_=array())])),
    "function": estimator("sklearn.preprocessing._function_transformer", "FunctionTransformer",
        func=node("numpy", "log1p", "FunctionNode")),
    "function of the first version": node("numpy", "log1p", "FunctionNode", content={
        "module_path": "numpy", "function": "log1p"}),
    "partial": node("functools", "partial", "PartialNode", content={
        "func": node("numpy", "clip", "FunctionNode"), "args": plain([]), "kwds": plain({}),
        "namespace": plain({})}),
    "type": node("numpy", "float64", "TypeNode"),
    "tree": node("sklearn.tree._tree", "Tree", "TreeNode", content=plain({}),
        __reduce__={"args": plain([])}),
    "loss": node("sklearn._loss._loss", "CyHalfSquaredError", "LossNode", content=plain({}),
        __reduce__={"args": plain([])}),
    "item": node("operator", "itemgetter", "OperatorFuncNode", attrs=plain([0])),
    "method": node(*SVC, "MethodNode", content={"func": "predict", "obj": estimator(*SVC)}),
    "time": node("datetime", "timezone", "ConstructorFromReduceNode", content=plain([])),
    "words": estimator(*SVC, vocabulary_=plain({"os": 0, "system": 1, "eval": 2})),
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_honest_models_are_clean(name: str) -> None:
    judged = of(HONEST[name], name="weights.bin")
    assert judged.verdict is Verdict.CLEAN, judged
    assert judged.family == "skops"


HARMFUL: dict[str, tuple[Node, str]] = {
    "function": (SYSTEM, "skops.dangerous-type"),
    "function of the first version": (node("numpy", "log1p", "FunctionNode", content={
        "module_path": "builtins", "function": "eval"}), "skops.dangerous-type"),
    "inside an estimator": (estimator(*SVC, kernel=SYSTEM), "skops.dangerous-type"),
    "partial": (node("functools", "partial", "PartialNode", content={"func": SYSTEM}),
        "skops.dangerous-type"),
    "object": (estimator("subprocess", "Popen"), "skops.dangerous-type"),
    "type": (node("subprocess", "Popen", "TypeNode"), "skops.dangerous-type"),
    "method of something else than it says": (node(*SVC, "MethodNode", content={
        "func": "fit", "obj": estimator("os", "_Environ")}), "skops.lying-node"),
    "method by an inner name": (node(*SVC, "MethodNode", content={
        "func": "__reduce__", "obj": estimator(*SVC)}), "skops.calls-by-name"),
    "operator that says another name": (node(*SVC, "OperatorFuncNode", attrs=plain(["system"])),
        "skops.lying-node"),
    "operator that calls a method": (
        node("operator", "methodcaller", "OperatorFuncNode", attrs=plain(["system"])),
        "skops.calls-by-name"),
    "tree that says another name": (node("sklearn.svm._classes", "SVC", "TreeNode"),
        "skops.lying-node"),
    "loss that says another name": (node("functools", "partial", "LossNode"), "skops.lying-node"),
    "array elsewhere": (array("../../etc/passwd"), "skops.member-path"),
    "array by an absolute path": (array("/etc/passwd"), "skops.member-path"),
}  # fmt: skip


@pytest.mark.parametrize("name", HARMFUL)
def test_what_runs_or_lies_blocks(name: str) -> None:
    root, rule = HARMFUL[name]
    judged = of(root)
    assert rule in judged.rules, judged
    assert judged.verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    "root",
    [
        estimator("my_project.models", "Own"),
        node("my_project.models", "transform", "FunctionNode"),
        node("numpy", "ndarray", "NewNode"),
        node("a" * 100_000, "B", "ObjectNode"),
    ],
)
def test_what_is_not_known_is_to_be_looked_at(root: Node) -> None:
    assert of(root).verdict is Verdict.SUSPICIOUS


@pytest.mark.parametrize(
    "member", [Member("x.npy", npy("|O", PICKLE)), Member("state.pkl", COMMAND), Member("x", ELF)]
)
def test_members_are_judged_by_what_they_are(member: Member) -> None:
    assert of(HONEST["estimator"], member).verdict is Verdict.MALICIOUS


def test_the_content_of_bytes_objects_is_nobody_s_format() -> None:
    root = node("builtins", "bytes", "BytesNode", file="b.bin")
    assert of(root, Member("b.bin", b"\x00\x01\x02rest")).verdict is Verdict.CLEAN
    assert of(root, Member("b.bin", PICKLE)).verdict is Verdict.MALICIOUS


def test_a_member_that_is_missing_is_unread() -> None:
    assert of(array("none.npy")).verdict is Verdict.UNKNOWN


def test_two_keys_in_the_schema() -> None:
    text = json.dumps(HONEST["estimator"])[:-1] + ', "__module__": "os"}'
    data = zip_of([Member("schema.json", text.encode()), Member("a.npy", npy())])
    assert "skops.duplicate-key" in judge(data, NAME).rules


def test_a_schema_of_another_program_is_an_ordinary_member() -> None:
    data = zip_of([Member("schema.json", b'{"type": "object"}')])
    assert judge(data, "x.zip").verdict is Verdict.CLEAN
    broken = zip_of([Member("schema.json", b"{")])
    assert judge(broken, NAME).verdict is Verdict.UNKNOWN


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_mutation_of_the_schema_is_answered(data: st.DataObject) -> None:
    text = bytearray(json.dumps(HARMFUL["operator that calls a method"][0]).encode())
    for _ in range(data.draw(st.integers(1, 5))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(32, 126))
    judged = judge(zip_of([Member("schema.json", bytes(text))]), NAME)
    assert judged.verdict in set(Verdict)
