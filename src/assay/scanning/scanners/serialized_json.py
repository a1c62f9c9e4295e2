"""Pickles inside JSON, as Stable-Baselines3 stores what JSON cannot hold.

Source: `stable_baselines3/common/save_util.py`, `data_to_json` and `json_to_data`: an object
with the key `:serialized:` is unpickled by cloudpickle when the model is loaded.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from assay.scanning.pickle import PersistentIdRule
from assay.scanning.scanners import pickle as pickles
from assay.scanning.subject import Answer, Subject

_KEY = ":serialized:"


def judge_serialized(found: Iterable[Mapping[str, Any]], subject: Subject, answer: Answer) -> None:
    """Judge every pickle in the objects of a document.

    Args:
        found: The document's objects.
        subject: The document.
        answer: Where findings go.
    """
    for number, row in enumerate(found):
        text = row.get(_KEY)
        if not isinstance(text, str):
            continue
        try:
            content = base64.b64decode(text, validate=False)
        except ValueError:
            answer.unread(f"{_KEY} is no Base64")
            continue
        part = Answer(subject.inside(f"{_KEY} {number}", 0))
        if content:
            pickles.scan_as(
                content, subject.inside(f"{_KEY} {number}", 0), part, PersistentIdRule.FORBIDDEN
            )
        answer.take(part.findings, part.unread_parts)
