"""The `.keras` archive: a configuration, metadata, weights and files that layers load.

Source: `keras/src/saving/saving_lib.py`.
"""

from __future__ import annotations

from assay.scanning.archives.contents import Contents, Item
from assay.scanning.scanners.keras.configuration import judge_text
from assay.scanning.subject import Answer

_CONFIGURATION = "config.json"
_METADATA = "metadata.json"
_WEIGHTS = ("model.weights.h5", "model.weights.npz", "model.weights.json")


def scan_archive(contents: Contents) -> None:
    """Judge the configuration as Keras reads it, and every other member by its content."""
    names = {item.name for item in contents.items}
    keras = _METADATA in names or not names.isdisjoint(_WEIGHTS)
    keras = keras or contents.subject.name.lower().endswith(".keras")
    for item in contents.items:
        if item.name == _CONFIGURATION and keras:
            _judge_configuration(contents, item)
        else:
            contents.judge(item)


def _judge_configuration(contents: Contents, item: Item) -> None:
    body = contents.read(item, contents.subject.limits.json_bytes)
    if body is None:
        return
    inner = contents.inside(item)
    part = Answer(inner)
    judge_text(bytes(body), inner, part, what=_CONFIGURATION)
    contents.answer.take(part.findings, part.unread_parts)
