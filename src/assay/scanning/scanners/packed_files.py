"""Archives that are a model of some library and hold nothing but files of other formats.

NumPy's `.npz`, NVIDIA NeMo's `.nemo`, TorchServe's `.mar`: their loaders unpack them and read
each member as the file it is, so that each is judged as one. Source of a `.mar`'s manifest:
`model_archiver` and `ts/model_loader.py` in TorchServe.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from assay.core.finding import Confidence, Severity
from assay.scanning.archives.contents import Contents, Item
from assay.scanning.references import DO_NOT_LOAD, TRAVERSAL
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.file_places import Place, place_of

TITLE = "TorchServe"
RULES = table(
    (
        Rule(
            "torchserve.path",
            "A handler or a file outside the archive",
            Severity.HIGH,
            Confidence.HIGH,
            "The manifest names the code or a file of the model by a path that leads out of the "
            "folder the archive is unpacked to. The server imports or loads what lies there.",
            DO_NOT_LOAD,
            TRAVERSAL,
        ),
    )
)
_MANIFEST = "MAR-INF/MANIFEST.json"
_MANIFEST_BYTES = 1024 * 1024
_NAMES = (
    "handler",
    "serializedFile",
    "modelFile",
    "extraFiles",
    "requirementsFile",
    "configFile",
)
_FUNCTION = re.compile(r":[A-Za-z_]\w*\Z")
"""Behind the path of a handler's module."""
_OUTSIDE = (Place.STORE, Place.ABSOLUTE, Place.WEB, Place.ESCAPING)


def scan_archive(contents: Contents) -> None:
    """Have every member judged by its content, and what a manifest names by its place."""
    for item in contents.items:
        contents.judge(item)
        if item.name.removeprefix("./") == _MANIFEST:
            _judge_manifest(contents, item)


def _judge_manifest(contents: Contents, item: Item) -> None:
    body = contents.read(item, _MANIFEST_BYTES)
    if body is None:
        return
    try:
        document = json.loads(bytes(body))
    except (ValueError, RecursionError):
        contents.answer.unread("the manifest is no JSON")
        return
    for key, path in _named(document):
        # What is secret or the system's by its name alone may lie inside the archive.
        outside = path.startswith(("/", "~", "\\")) or ".." in re.split(r"[\\/]", path)
        if outside or place_of(path) in _OUTSIDE:
            contents.answer.find(RULES["torchserve.path"], f"{key}: {path[:200]}")


def _named(document: Any) -> Iterator[tuple[str, str]]:
    """Paths of a manifest, each with the key it is under."""
    model = document.get("model") if isinstance(document, dict) else None
    if not isinstance(model, dict):
        return
    for key in _NAMES:
        value = model.get(key, "")
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and text:
                yield key, _FUNCTION.sub("", text)
