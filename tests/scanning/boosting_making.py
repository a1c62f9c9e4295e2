"""Models of XGBoost, LightGBM and CatBoost made by hand, right and wrong."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

LEFT, RIGHT = [1, -1, -1], [2, -1, -1]
"""Children of a tree with a root and two leaves."""


def xgboost(
    left: Sequence[int] = LEFT,
    right: Sequence[int] = RIGHT,
    *,
    attributes: Mapping[str, str] | None = None,
    dart: bool = False,
) -> dict[str, Any]:
    """A model as XGBoost's JSON has it."""
    tree = {
        "base_weights": [0.0] * len(left),
        "left_children": list(left),
        "right_children": list(right),
        "parents": [2147483647] + [0] * (len(left) - 1),
        "split_conditions": [0.5] * len(left),
        "split_indices": [0] * len(left),
        "tree_param": {"num_nodes": str(len(left)), "num_feature": "2"},
    }
    model = {"gbtree_model_param": {"num_trees": "1"}, "tree_info": [0], "trees": [tree]}
    booster: dict[str, Any] = {"name": "gbtree", "model": model}
    if dart:
        booster = {"name": "dart", "gbtree": booster, "weight_drop": [1.0]}
    return {
        "learner": {
            "attributes": dict(attributes or {"best_iteration": "3"}),
            "feature_names": ["age", "income"],
            "gradient_booster": booster,
            "learner_model_param": {"base_score": "5E-1", "num_class": "0"},
            "objective": {"name": "binary:logistic"},
        },
        "version": [3, 0, 0],
    }


def ubjson(value: Any) -> bytes:
    """As XGBoost writes it: rows of integers typed, the rest marked one by one."""
    if isinstance(value, dict):
        return b"{" + b"".join(_text(k) + ubjson(v) for k, v in value.items()) + b"}"
    if isinstance(value, list) and value and all(type(v) is int for v in value):
        return b"[$l#L" + struct.pack(f">q{len(value)}i", len(value), *(_wrapped(v) for v in value))
    if isinstance(value, list):
        return b"[" + b"".join(map(ubjson, value)) + b"]"
    if isinstance(value, str):
        return b"S" + _text(value)
    if isinstance(value, bool) or value is None:
        return {True: b"T", False: b"F", None: b"Z"}[value]
    return (
        b"l" + struct.pack(">i", value)
        if isinstance(value, int)
        else b"d" + struct.pack(">f", value)
    )


def _wrapped(value: int) -> int:
    return (value + 2**31) % 2**32 - 2**31


def _text(text: str) -> bytes:
    raw = text.encode()
    return b"L" + struct.pack(">q", len(raw)) + raw


def _long_text(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def xgboost_binary(
    left: Sequence[int] = LEFT,
    right: Sequence[int] = RIGHT,
    *,
    magic: bytes = b"binf",
    trees: int = 1,
    attributes: Mapping[str, str] | None = None,
    booster: str = "gbtree",
) -> bytes:
    """The form of XGBoost 1.x."""
    out = magic + struct.pack("<fIiiiII", 0.5, 2, 0, 1, 0, 1, 7) + bytes(136 - 28)
    out += _long_text("binary:logistic") + _long_text(booster)
    if booster == "gblinear":
        out += bytes(136) + struct.pack("<Q3f", 3, 0.1, 0.2, 0.3)
    else:
        out += struct.pack("<i", trees) + bytes(156)
        for _ in range(max(min(trees, 3), 0)):
            out += struct.pack("<iiiiII", 1, len(left), 0, 0, 2, 0) + bytes(148 - 24)
            for pair in zip(left, right, strict=True):
                out += struct.pack("<iiiIf", -1, *pair, 0, 0.5)
            out += bytes(16 * len(left))
        out += bytes(4 * max(min(trees, 3), 0))
        if booster == "dart":
            out += struct.pack("<Qf", 1, 1.0)
    pairs = dict(attributes or {"best_iteration": "3"})
    out += struct.pack("<Q", len(pairs))
    return out + b"".join(_long_text(k) + _long_text(v) for k, v in pairs.items())


def xgboost_matrix() -> bytes:
    """A DMatrix of two rows."""
    out = struct.pack("<I", 0xFFFFAB01) + b"version:" + struct.pack("<3i", 3, 0, 0)
    out += struct.pack("<Q", 4)
    out += _long_text("num_row") + struct.pack("<BBQ", 4, 1, 2)
    out += _long_text("labels") + struct.pack("<BBQQQ2f", 1, 0, 2, 1, 2, 0.0, 1.0)
    out += _long_text("feature_names") + struct.pack("<BBQQQ", 5, 0, 2, 1, 2)
    out += _long_text("age") + _long_text("income")
    out += _long_text("cats") + struct.pack("<BBQQQ", 5, 0, 2, 1, 2) + b"{}"
    out += struct.pack("<Q3Q", 3, 0, 1, 2)
    return out + struct.pack("<QIfIf", 2, 0, 1.0, 1, 2.0)


def lightgbm(
    left: Sequence[int] = (1, -1),
    right: Sequence[int] = (-2, -3),
    *,
    leaves: int = 3,
    values: Sequence[float] = (0.1, 0.2, 0.3),
    parameters: str = "[boosting: gbdt]",
    header: str = "",
    behind: str = "pandas_categorical:null\n",
) -> bytes:
    """A model as LightGBM writes it."""

    def row(items: Sequence[object]) -> str:
        return " ".join(map(str, items))

    return (
        f"tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\n"
        f"objective=binary sigmoid:1\nfeature_names=age income\nfeature_infos=[0:1] none\n{header}"
        f"tree_sizes=300\n\nTree=0\nnum_leaves={leaves}\nnum_cat=0\nsplit_feature=0 1\n"
        f"left_child={row(left)}\nright_child={row(right)}\nleaf_value={row(values)}\nshrinkage=1\n"
        f"\n\nend of trees\n\nfeature_importances:\nage=2\n\nparameters:\n{parameters}\n"
        f"end of parameters\n\n{behind}"
    ).encode()


class _Flat:
    """A FlatBuffer written front to back, so that every offset leads forward."""

    def __init__(self) -> None:
        self.raw = bytearray(4)

    def put(self, piece: bytes) -> int:
        self.raw += bytes(-len(self.raw) % 4)
        self.raw += piece
        return len(self.raw) - len(piece)

    def link(self, slot: int, place: int) -> None:
        struct.pack_into("<I", self.raw, slot, place - slot)

    def table(self, slot: int, fields: int) -> list[int]:
        """A table with so many fields that are offsets; where each is."""
        size = 4 + 2 * fields
        vtable = self.put(struct.pack(f"<HH{fields}H", size, 4 + 4 * fields,
                                      *range(4, 4 + 4 * fields, 4)))  # fmt: skip
        at = self.put(bytes(4 + 4 * fields))
        struct.pack_into("<i", self.raw, at, at - vtable)
        self.link(slot, at)
        return list(range(at + 4, at + 4 + 4 * fields, 4))

    def text(self, slot: int, value: str) -> None:
        raw = value.encode()
        self.link(slot, self.put(struct.pack("<I", len(raw)) + raw + b"\0"))

    def numbers(self, slot: int, values: Sequence[int]) -> None:
        self.link(slot, self.put(struct.pack(f"<I{len(values)}i", len(values), *values)))

    def vector(self, slot: int, count: int) -> list[int]:
        at = self.put(struct.pack("<I", count) + bytes(4 * count))
        self.link(slot, at)
        return list(range(at + 4, at + 4 + 4 * count, 4))


def catboost(
    texts: Mapping[str, str] | None = None,
    *,
    splits: int = 3,
    sizes: Sequence[int] = (2, 1),
    starts: Sequence[int] = (0, 2),
    version: str = "FlabuffersModel_v1",
) -> bytes:
    """A CBM file: four letters, a size, and a FlatBuffer."""
    flat = _Flat()
    model = flat.table(0, 3)
    flat.text(model[0], version)
    trees = flat.table(model[1], 4)
    for slot, values in zip(trees, ([1], range(splits), sizes, starts), strict=True):
        flat.numbers(slot, list(values))
    rows = dict(texts or {"params": "{}"})
    for slot, (key, value) in zip(flat.vector(model[2], len(rows)), rows.items(), strict=True):
        pair = flat.table(slot, 2)
        flat.text(pair[0], key)
        flat.text(pair[1], value)
    return b"CBM1" + struct.pack("<I", len(flat.raw)) + bytes(flat.raw)
