"""CatBoost models: CBM (a FlatBuffer behind four letters) and JSON.

Source: `model.fbs` and `ctr_data.fbs` in CatBoost's `catboost/libs/model/flatbuffers`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assay.scanning.parsers.flatbuffers import FlatError, Table, root
from assay.scanning.scanners.boosting import RULES, judge_texts, texts_in
from assay.scanning.subject import Answer, Buffer, Subject

_HEAD = 8
_MOST_BYTES = 0x7FFFFFFF
"""A FlatBuffer cannot be longer: its offsets are signed."""
_FORMAT, _TREES, _INFORMATION, _PARTS = 0, 1, 2, 3
_SPLITS, _SIZES, _STARTS = 1, 2, 3
_KEY, _VALUE = 0, 1
_VERSION = "FlabuffersModel_v1"
_DEEPEST_TREE = 16
_LONGEST_TEXT = 8 << 20
_FEATURES = ("features_info", "oblivious_trees", "trees")


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge the metadata and the shape of the trees."""
    size = int.from_bytes(data[4:_HEAD], "little")
    if size > _MOST_BYTES:
        shown = f"a model of {size} bytes"
        answer.find(RULES["boosting.structure"], shown, offset=4)
    if len(data) < _HEAD or size > len(data) - _HEAD:
        answer.unread("the model is cut off")
        return
    try:
        with memoryview(data) as whole, whole[_HEAD : _HEAD + size] as core:
            parts = _judge_core(core, subject, answer)
    except FlatError as error:
        shown = f"{error} at byte {error.offset} of the model"
        answer.find(RULES["boosting.structure"], shown, offset=_HEAD)
        answer.unread(f"the model cannot be read: {error}")
        return
    rest = len(data) - _HEAD - size
    if rest and not parts:
        shown = f"{rest} bytes behind the model"
        answer.find(RULES["boosting.structure"], shown, offset=_HEAD + size)


def _judge_core(core: Buffer, subject: Subject, answer: Answer) -> bool:
    """Judge what every model has; whether it says that more parts follow."""
    model = root(core)
    version = model.text(_FORMAT)
    if version != _VERSION:
        answer.unread(f"a model of version {version[:40]!r}")
        return True
    judge_texts(_information(model), subject, answer)
    _judge_trees(model.table(_TREES), answer)
    parts = model.span(_PARTS, 4)
    return parts is not None and parts.count > 0


def scan_json(document: Any, subject: Subject, answer: Answer) -> None:
    """Judge the texts of a model as JSON; its trees are read by their numbers alone."""
    parts = {key: value for key, value in document.items() if key not in _FEATURES}
    judge_texts(texts_in(parts), subject, answer)
    trees = document.get("oblivious_trees")
    for number, tree in enumerate(trees if isinstance(trees, list) else ()):
        splits = tree.get("splits") if isinstance(tree, Mapping) else None
        if isinstance(splits, list) and len(splits) > _DEEPEST_TREE:
            answer.find(RULES["boosting.tree"], f"tree {number}: {len(splits)} splits")


def _information(model: Table) -> Iterator[tuple[str, str]]:
    for pair in model.tables(_INFORMATION):
        yield pair.text(_KEY)[:80], pair.text(_VALUE, _LONGEST_TEXT)


def _judge_trees(trees: Table | None, answer: Answer) -> None:
    """Every tree takes a part of one row of splits."""
    if trees is None:
        return
    splits = trees.span(_SPLITS, 4)
    room = splits.count if splits else 0
    sizes, starts = list(trees.numbers(_SIZES, 4)), list(trees.numbers(_STARTS, 4))
    for number, (size, start) in enumerate(zip(sizes, starts, strict=False)):
        if start + size > room:
            shown = f"tree {number}: splits {start} to {start + size} of {room}"
            answer.find(RULES["boosting.tree"], shown)
