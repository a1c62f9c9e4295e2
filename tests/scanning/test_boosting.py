"""Gradient boosting: trees that hold together, and texts beside them that do nothing."""

from __future__ import annotations

import base64
import json
import struct
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Verdict
from assay.scanning.parsers.ubjson import Numbers, parse
from scanning.boosting_making import (
    catboost,
    lightgbm,
    ubjson,
    xgboost,
    xgboost_binary,
    xgboost_matrix,
)
from scanning.container_making import Judged, judge

CODE = "__import__('os').system('true')"
HOSTILE = base64.b64encode(b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R.").decode()


def as_json(model: object, name: str = "model.json") -> Judged:
    return judge(json.dumps(model).encode(), name)


USUAL = {
    "json": (json.dumps(xgboost()).encode(), "model.json", "json"),
    "json, dropout": (json.dumps(xgboost(dart=True)).encode(), "model.json", "json"),
    "ubjson": (ubjson(xgboost()), "model.ubj", "xgboost-ubjson"),
    "ubjson under another name": (ubjson(xgboost()), "model.bst", "xgboost-ubjson"),
    "binary": (xgboost_binary(), "model.bin", "xgboost-binary"),
    "binary without magic": (xgboost_binary(magic=b""), "xgb.model", "xgboost-binary"),
    "binary, dropout": (xgboost_binary(booster="dart"), "xgb.model", "xgboost-binary"),
    "binary, linear": (xgboost_binary(booster="gblinear"), "xgb.model", "xgboost-binary"),
    "matrix": (xgboost_matrix(), "train.buffer", "xgboost-matrix"),
    "lightgbm": (lightgbm(), "model.txt", "lightgbm"),
    "lightgbm under another name": (lightgbm(), "lgb.model", "lightgbm"),
    "lightgbm, one leaf": (lightgbm((), (), leaves=1, values=(0.5,)), "model.txt", "lightgbm"),
    "catboost": (catboost({"params": "{}", "note": "trained on Monday"}), "m.cbm", "catboost"),
    "catboost under another name": (catboost(), "model.bin", "catboost"),
}


@pytest.mark.parametrize("name", USUAL)
def test_what_the_libraries_write_is_clean(name: str) -> None:
    data, file, family = USUAL[name]
    judged = judge(data, file)
    assert judged.verdict is Verdict.CLEAN, judged
    assert judged.family == family


WRONG = [
    ([1, -1, -1], [99, -1, -1]),
    ([0, -1, -1], [2, -1, -1]),
    ([1, 0, -1], [2, -1, -1]),
    ([1, 2, -1], [2, -1, -1]),
    ([1, 2, -1], [1, -1, -1]),
]


@pytest.mark.parametrize(("left", "right"), WRONG)
def test_children_that_lead_nowhere(left: list[int], right: list[int]) -> None:
    for judged in (
        as_json(xgboost(left, right)),
        as_json(xgboost(left, right, dart=True)),
        judge(ubjson(xgboost(left, right)), "model.ubj"),
        judge(xgboost_binary(left, right), "model.bin"),
    ):
        assert "boosting.tree" in judged.rules
        assert judged.verdict is Verdict.MALICIOUS


def test_the_right_child_of_a_leaf_is_no_child() -> None:
    assert as_json(xgboost([1, -1, -1], [2, 0, 1])).verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    "data",
    [
        lightgbm(leaves=2_000_000_000),
        lightgbm(leaves=-1),
        lightgbm(leaves=2),
        lightgbm((0, -1), (-2, -3)),
        lightgbm((1, -1), (-2, -9)),
        lightgbm((1, -1), (-1, -3)),
        lightgbm((5, -1), (-2, -3)),
        lightgbm(values=(0.1,)),
    ],
)
def test_a_lightgbm_tree_that_lies(data: bytes) -> None:
    judged = judge(data, "model.txt")
    assert "boosting.tree" in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(("sizes", "starts"), [((2, 9), (0, 2)), ((2, 1), (0, 2**31 - 1))])
def test_a_catboost_tree_that_lies(sizes: tuple[int, int], starts: tuple[int, int]) -> None:
    assert "boosting.tree" in judge(catboost(sizes=sizes, starts=starts), "m.cbm").rules


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(xgboost(attributes={"note": CODE})).encode(),
        ubjson(xgboost(attributes={"note": CODE})),
        xgboost_binary(attributes={"note": CODE}),
        lightgbm(parameters=f"[data: {CODE}]"),
        lightgbm(header=f"note={CODE}\n"),
        lightgbm(behind=CODE + "\n"),
        catboost({"note": CODE}),
        json.dumps({"model_info": {"note": CODE}, "features_info": {}}).encode(),
    ],
    ids=range(8),
)
def test_code_in_texts_is_looked_at(data: bytes) -> None:
    judged = judge(data, "model.json" if data.startswith(b'{"') else "model")
    assert judged.rules == {"boosting.text"}
    assert judged.verdict is Verdict.SUSPICIOUS


def test_a_pickle_in_an_attribute_blocks() -> None:
    judged = as_json(xgboost(attributes={"scikit_learn": HOSTILE}))
    assert judged.rules == {"boosting.pickle"}
    assert judged.verdict is Verdict.MALICIOUS


def test_usual_parameters_are_clean() -> None:
    parameters = "[data: /home/me/train.csv]\n[output_model: LightGBM_model.txt]\n[metric: auc]"
    assert judge(lightgbm(parameters=parameters), "model.txt").verdict is Verdict.CLEAN


@pytest.mark.parametrize("key", ["split_indices", "split_conditions", "default_left", "parents"])
def test_rows_of_another_length_than_the_tree(key: str) -> None:
    model = xgboost()
    model["learner"]["gradient_booster"]["model"]["trees"][0][key] = [0]
    judged = as_json(model)
    assert (judged.verdict, judged.rules) == (Verdict.MALICIOUS, {"boosting.tree"})


@pytest.mark.parametrize(
    ("features", "split", "verdict"),
    [
        ("2", 1, Verdict.CLEAN),
        ("2", 2, Verdict.MALICIOUS),
        ("2", -1, Verdict.MALICIOUS),
        ("0", 9, Verdict.CLEAN),
        ("none", 9, Verdict.CLEAN),
        ("2", 2**31 - 1, Verdict.CLEAN),
    ],
)
def test_a_split_by_a_feature_that_is_not_there(
    features: str, split: int, verdict: Verdict
) -> None:
    model = xgboost()
    model["learner"]["learner_model_param"]["num_feature"] = features
    model["learner"]["gradient_booster"]["model"]["trees"][0]["split_indices"] = [split, 0, 0]
    assert as_json(model).verdict is verdict


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"split_feature=0 1", b"split_feature=0 999999999"),
        (b"split_feature=0 1", b"split_feature=0 -1"),
        (b"split_feature=0 1", b"split_feature=0"),
        (b"num_cat=0", b"num_cat=0\nthreshold=0.5"),
        (b"num_cat=0", b"num_cat=0\ndecision_type=2 2 2"),
    ],
)
def test_a_lightgbm_tree_that_asks_for_what_is_not_there(old: bytes, new: bytes) -> None:
    judged = judge(lightgbm().replace(old, new), "model.txt")
    assert (judged.verdict, judged.rules) == (Verdict.MALICIOUS, {"boosting.tree"})


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("[forcedsplits_filename: /etc/passwd]", Verdict.MALICIOUS),
        ("[output_model: ~/.ssh/authorized_keys]", Verdict.MALICIOUS),
        ("[machine_list_filename: /home/me/machines.txt]", Verdict.SUSPICIOUS),
        ("[output_model: LightGBM_model.txt]", Verdict.CLEAN),
        ("[forcedsplits_filename: ]", Verdict.CLEAN),
        ("[data: /home/me/train.csv]", Verdict.CLEAN),
    ],
)
def test_settings_that_name_files(line: str, verdict: Verdict) -> None:
    judged = judge(lightgbm(parameters=line), "model.txt")
    assert judged.verdict is verdict, judged


def test_a_catboost_model_longer_than_its_form_allows() -> None:
    judged = judge(b"CBM1\xf0\xff\xff\xff" + bytes(64), "m.cbm")
    assert (judged.verdict, judged.rules) == (Verdict.MALICIOUS, {"boosting.structure"})


def test_bytes_behind_a_model() -> None:
    assert "boosting.structure" in judge(ubjson(xgboost()) + b"rest", "m.ubj").rules
    assert "boosting.structure" in judge(xgboost_binary() + b"rest", "m.bin").rules
    assert "boosting.structure" in judge(catboost() + b"rest", "m.cbm").rules
    assert judge(xgboost_matrix() + b"rest", "m.buffer").verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "raw",
    [
        b"{L" + struct.pack(">q", -(2**62)) + b"learner",
        b"{L" + struct.pack(">q", 7) + b"learner" + b"[" * 100_000,
        b"{L" + struct.pack(">q", 7) + b"learnerS" + b"L" + struct.pack(">q", 1 << 40),
        b"{L" + struct.pack(">q", 7) + b"learner[$l#L" + struct.pack(">q", -1),
        b"{L" + struct.pack(">q", 7) + b"learner[$l5",
        b"{L" + struct.pack(">q", 7) + b"learner?",
    ],
    ids=range(6),
)
def test_ubjson_no_library_writes(raw: bytes) -> None:
    judged = judge(raw, "model.ubj")
    assert "boosting.structure" in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


def test_ubjson_of_every_kind() -> None:
    raw = (
        b"{i\x01aZU\x01bTi\x01cFi\x01dC\x41i\x01eSi\x02hii\x01f[#i\x02i\x05N[]i\x01g{}"
        b"i\x01h[$U#i\x03\x01\x02\x03i\x01id\x3f\x80\x00\x00i\x01jI\x01\x00}"
    )
    value, end = parse(raw)
    rows = value.pop("h")
    assert end == len(raw)
    assert isinstance(rows, Numbers)
    assert list(rows) == [1, 2, 3]
    assert value == {
        "a": None, "b": True, "c": False, "d": "A", "e": "hi", "f": [5, []], "g": {},
        "i": 1.0, "j": 256,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["ubjson", "binary", "matrix", "catboost", "lightgbm"])
def test_a_cut_model_is_never_clean_and_never_malice(name: str) -> None:
    data, file, family = USUAL[name]
    for size in range(24, len(data) - 1, 7):
        judged = judge(data[:size], file)
        whole = name == "lightgbm" and b"end of trees\n" in data[:size]
        assert whole or judged.family != family or judged.verdict is not Verdict.CLEAN, size


def test_a_cut_json_is_unknown() -> None:
    assert judge(json.dumps(xgboost()).encode()[:-40], "model.json").verdict is Verdict.UNKNOWN


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(USUAL)), st.data())
def test_any_change_has_an_answer(name: str, data: st.DataObject) -> None:
    raw = bytearray(USUAL[name][0])
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    judge(bytes(raw), USUAL[name][1])


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.integers(-5, 5) | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["gradient_booster", "model", "trees", "left_children", "attributes"]
                ),
                inner,
                max_size=3,
            )
        ),
        max_leaves=8,
    )
)
def test_any_learner_has_an_answer(learner: object) -> None:
    as_json({"learner": learner, "version": [1]})
    as_json({"model_info": learner, "features_info": learner, "oblivious_trees": [learner]})


def test_hostile_lengths_cost_nothing() -> None:
    begin = time.process_time()
    judge(b"{L" + struct.pack(">q", 7) + b"learner[" + b"i\x01" * 300_000, "m.ubj")
    judge(xgboost_binary(trees=2**31 - 1), "m.bin")
    judge(lightgbm(behind="Tree=1\n" * 50_000), "m.txt")
    assert time.process_time() - begin < 8
