"""What models of XGBoost, LightGBM and CatBoost have in common: trees, and texts beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from assay.core.finding import Confidence, References, Severity
from assay.scanning.references import HIDDEN_CODE, TRAVERSAL
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.acting_text import acting
from assay.scanning.scanners.tensor_bytes import encoded_pickle
from assay.scanning.subject import Answer, Subject

_MEMORY = References(
    atlas=("AML.T0011.000",), attack=("T1203",), cwe=("CWE-125", "CWE-787", "CWE-835")
)
_REWRITE = "Do not load the file. Ask its publisher for one the library wrote."
_MOST_TEXTS = 100_000
_LEAST_TEXT = 12

TITLE = "Gradient boosting"
RULES = table(
    (
        Rule(
            "boosting.tree",
            "A tree that leads out of itself",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A node of a tree points to a node that is not there, or back to where it came from. "
            "No library writes that; a program that follows it reads foreign memory or never ends.",
            _REWRITE,
            _MEMORY,
        ),
        Rule(
            "boosting.structure",
            "A structure no library writes",
            Severity.HIGH,
            Confidence.MEDIUM,
            "Lengths, counts or nesting in the file are such as no library writes and a reader "
            "that trusts them fails on.",
            _REWRITE,
            _MEMORY,
        ),
        Rule(
            "boosting.file",
            "A setting that names a file of the machine",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A setting stored with the model names a file at a fixed place. The library takes "
            "settings over when training goes on, and reads or writes the file.",
            "Remove the setting before the model is trained further.",
            TRAVERSAL,
        ),
        Rule(
            "boosting.text",
            "Text written to be run",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A text stored with the model is a command or a script. The library does not run it; "
            "a program that evaluates the model's attributes or parameters might.",
            "Ask the publisher what the text is for.",
            HIDDEN_CODE,
        ),
        Rule(
            "boosting.pickle",
            "A pickle in a text beside the model",
            Severity.HIGH,
            Confidence.HIGH,
            "A text stored with the model is a pickle that imports what no model needs.",
            _REWRITE,
            HIDDEN_CODE,
        ),
    )
)


def judge_texts(texts: Iterable[tuple[str, str]], subject: Subject, answer: Answer) -> None:
    """Judge texts, each with the name of its place."""
    for place, text in islice(texts, _MOST_TEXTS):
        if len(text) < _LEAST_TEXT:
            continue
        if encoded_pickle(text, subject):
            answer.find(RULES["boosting.pickle"], f"{place}: {text[:40]}")
            continue
        found = acting(text.encode("utf-8", "replace"))
        if found:
            answer.find(RULES["boosting.text"], f"{place}: {found}")


def texts_in(value: Any, place: str = "") -> Iterable[tuple[str, str]]:
    """Every text in a document, with where it stands; names of features and numbers are quick."""
    waiting: list[tuple[str, Any]] = [(place, value)]
    while waiting:
        where, item = waiting.pop()
        if isinstance(item, str):
            yield where, item
        elif isinstance(item, Mapping):
            waiting.extend((f"{where}.{key}" if where else str(key), v) for key, v in item.items())
        elif isinstance(item, list):
            waiting.extend((where, v) for v in item if isinstance(v, (str, dict, list)))


def mistake(left: Sequence[int], right: Sequence[int], nodes: int) -> str:
    """What is wrong with a tree whose first node is its root; "" for nothing.

    Args:
        left: Per node the left child, below 0 for none.
        right: The right child.
        nodes: How many nodes there are to point to.
    """
    parents = bytearray(nodes)
    for node, pair in enumerate(zip(left, right, strict=False)):
        for child in pair:
            if child < 0:
                continue
            if child >= nodes:
                return f"node {node} points to {child} of {nodes}"
            if child == 0 or parents[child]:
                return f"node {node} points back to {child}"
            parents[child] = 1
    return ""
