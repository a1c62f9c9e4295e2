"""XGBoost, LightGBM and CatBoost models.

Source: xgboost doc/model.schema and ubjson.org; LightGBM src/boosting/gbdt_model_text.cpp;
catboost libs/model.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Mapping

Json = dict[str, object]


def tree(rng: random.Random, **more: object) -> Json:
    count = 3
    base: Json = {
        "base_weights": [round(rng.gauss(0, 1), 6) for _ in range(count)],
        "categories": [],
        "categories_nodes": [],
        "categories_segments": [],
        "categories_sizes": [],
        "default_left": [1, 0, 0],
        "id": 0,
        "left_children": [1, -1, -1],
        "right_children": [2, -1, -1],
        "loss_changes": [1.5, 0.0, 0.0],
        "parents": [2147483647, 0, 0],
        "split_conditions": [round(rng.random(), 6) for _ in range(count)],
        "split_indices": [0, 0, 0],
        "split_type": [0, 0, 0],
        "sum_hessian": [10.0, 4.0, 6.0],
        "tree_param": {
            "num_deleted": "0",
            "num_feature": "4",
            "num_nodes": "3",
            "size_leaf_vector": "1",
        },
    }
    return {**base, **more}


def xgb(*trees: Json, attributes: Mapping[str, str] | None = None, **learner: object) -> Json:
    model = {
        "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(len(trees))},
        "iteration_indptr": [0, len(trees)],
        "tree_info": [0] * len(trees),
        "trees": list(trees),
    }
    base: Json = {
        "attributes": dict(attributes or {}),
        "feature_names": ["a", "b", "c", "d"],
        "feature_types": ["float"] * 4,
        "gradient_booster": {"model": model, "name": "gbtree"},
        "learner_model_param": {
            "base_score": "5E-1",
            "boost_from_average": "1",
            "num_class": "0",
            "num_feature": "4",
            "num_target": "1",
        },
        "objective": {"name": "binary:logistic", "reg_loss_param": {"scale_pos_weight": "1"}},
    }
    return {"learner": {**base, **learner}, "version": [2, 1, 0]}


TYPED = {
    "base_weights": "d", "loss_changes": "d", "split_conditions": "d", "sum_hessian": "d",
    "weights": "d", "default_left": "U", "split_type": "U", "categories_segments": "L",
    "categories_sizes": "L", "categories": "l", "categories_nodes": "l", "left_children": "l",
    "right_children": "l", "parents": "l", "split_indices": "l",
}  # fmt: skip
CODES = {"d": "f", "U": "B", "L": "q", "l": "i"}


def ubj(value: object, key: str = "") -> bytes:
    """Universal Binary JSON as XGBoost writes it: a tree's arrays are typed by their key."""
    match value:
        case dict():
            return b"{" + b"".join(_length(k.encode()) + ubj(v, k) for k, v in value.items()) + b"}"
        case list() if key in TYPED:
            kind = TYPED[key]
            items = b"".join(struct.pack(">" + CODES[kind], v) for v in value)
            return b"[$" + kind.encode() + b"#L" + struct.pack(">q", len(value)) + items
        case list():
            return b"[#L" + struct.pack(">q", len(value)) + b"".join(ubj(v) for v in value)
        case str():
            return b"S" + _length(value.encode())
        case int():
            return b"l" + struct.pack(">i", value)
        case _:
            raise TypeError(f"no UBJSON for {type(value)}")


def _length(raw: bytes) -> bytes:
    return b"L" + struct.pack(">q", len(raw)) + raw


def lgb(
    rng: random.Random,
    *,
    leaves: int = 3,
    children: str = "1 -2",
    header: str = "",
    tail: str = "",
    feature: str = "0 1",
) -> str:
    values = " ".join(f"{rng.gauss(0, 1):.6f}" for _ in range(3))
    return (
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=3\n"
        f"objective=binary sigmoid:1\nfeature_names=a b c d\nfeature_infos=[0:1] [0:1] [0:1] none\n{header}tree_sizes=420\n\n"
        f"Tree=0\nnum_leaves={leaves}\nnum_cat=0\nsplit_feature={feature}\nsplit_gain=1.5 0.5\nthreshold=0.5 0.25\n"
        f"decision_type=2 2\nleft_child={children}\nright_child=-1 -3\nleaf_value={values}\nleaf_weight=1 1 1\n"
        "leaf_count=10 10 10\ninternal_value=0 0.1\ninternal_weight=3 2\ninternal_count=30 20\nis_linear=0\nshrinkage=0.1\n\n\n"
        f"end of trees\n\nfeature_importances:\na=2\n\nparameters:\n[boosting: gbdt]\n[objective: binary]\n{tail}end of parameters\n\npandas_categorical:null\n"
    )


def cbm(core: bytes, size: int | None = None, tail: bytes = b"") -> bytes:
    return b"CBM1" + struct.pack("<I", len(core) if size is None else size) + core + tail
