"""XGBoost models as documents, JSON or UBJSON: the same keys in both.

Source: "Introduction to Model IO" in the XGBoost documentation, and its JSON schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from assay.scanning.parsers.ubjson import BudgetError, CutOffError, Numbers, UbjsonError, parse
from assay.scanning.scanners.boosting import RULES, judge_texts, mistake, texts_in
from assay.scanning.subject import Answer, Buffer, Subject

_BEGINNING = re.compile(rb"\{[iUIlL][\0-\xff]{1,8}(?:learner|version)[\[{]", re.DOTALL)
_OBJECT = re.compile(rb"\{[iUIlL$#}]")
_MOST_TREES = 1_000_000
_DIGITS = 12
_PER_NODE = ("split_indices", "split_conditions", "default_left", "parents")
_DELETED = 0x7FFFFFFF
"""The feature of a node that was cut off."""


def is_ubjson(data: Buffer, subject: Subject) -> bool:
    """Whether it is an object whose first key is one of a model's, or any named as a model."""
    head = bytes(data[:32])
    named = subject.name.lower().endswith(".ubj") and _OBJECT.match(head) is not None
    return named or _BEGINNING.match(head) is not None


def scan_ubjson(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Parse and judge a model in UBJSON."""
    try:
        document, end = parse(data)
    except (BudgetError, CutOffError) as error:
        answer.unread(str(error))
        return
    except UbjsonError as error:
        answer.find(RULES["boosting.structure"], str(error), offset=error.offset)
        answer.unread(f"the model cannot be read: {error}")
        return
    if end < len(data):
        shown = f"{len(data) - end} bytes behind the model"
        answer.find(RULES["boosting.structure"], shown, offset=end)
    scan_json(document, subject, answer)


def scan_json(document: Any, subject: Subject, answer: Answer) -> None:
    """Judge a model's texts and trees."""
    learner = document.get("learner") if isinstance(document, Mapping) else None
    if not isinstance(learner, Mapping):
        answer.unread("an XGBoost model without a learner")
        return
    parts = {key: value for key, value in learner.items() if key != "gradient_booster"}
    judge_texts(texts_in(parts, "learner"), subject, answer)
    booster = learner.get("gradient_booster")
    if isinstance(booster, Mapping):
        _judge_booster(booster, _features(learner), answer)


def _features(learner: Mapping[str, Any]) -> int:
    """How many features a model has, where it says so."""
    parameters = learner.get("learner_model_param")
    said = parameters.get("num_feature") if isinstance(parameters, Mapping) else None
    known = isinstance(said, str) and said.isascii() and said.isdecimal() and len(said) < _DIGITS
    return (int(str(said)) if known else 0) or _DELETED


def _judge_booster(booster: Mapping[str, Any], features: int, answer: Answer) -> None:
    """Trees lie in `model`, those of a booster with dropout one level deeper."""
    for part in (booster, booster.get("gbtree"), booster.get("model")):
        model = part.get("model", part) if isinstance(part, Mapping) else None
        trees = model.get("trees") if isinstance(model, Mapping) else None
        if not isinstance(trees, list):
            continue
        for number, tree in enumerate(trees[:_MOST_TREES]):
            wrong = _tree(tree, features)
            if wrong:
                answer.find(RULES["boosting.tree"], f"tree {number}: {wrong}")


def _tree(tree: Any, features: int) -> str:
    """What is wrong with one tree."""
    if not isinstance(tree, Mapping):
        return "no tree"
    left, right = _row(tree.get("left_children")), _row(tree.get("right_children"))
    if left is None or right is None:
        return "children that are no numbers" if "left_children" in tree else ""
    if len(left) != len(right):
        return f"{len(left)} left and {len(right)} right children"
    wrong = _nodes(tree, left, features)
    if wrong:
        return wrong
    # A leaf has no left child; its right one may be the number of its row of values.
    inner = [second if first >= 0 else -1 for first, second in zip(left, right, strict=True)]
    return mistake(left, inner, len(left))


def _nodes(tree: Mapping[str, Any], left: Sequence[int], features: int) -> str:
    """What each node holds: as many values as there are nodes, and features that are there."""
    for name in _PER_NODE:
        row = tree.get(name)
        if isinstance(row, (list, Numbers)) and len(row) != len(left):
            return f"{len(row)} values of {name} for {len(left)} nodes"
    for feature, child in zip(_row(tree.get("split_indices")) or (), left, strict=False):
        if child >= 0 and not 0 <= feature < features and feature != _DELETED:
            return f"feature {feature} of {features}"
    return ""


def _row(value: Any) -> list[int] | None:
    if isinstance(value, Numbers):
        value = list(value)
    if isinstance(value, list) and all(type(item) is int for item in value):
        return value
    return None
