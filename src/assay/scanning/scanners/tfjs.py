"""TensorFlow.js: a model in JSON that names the files its weights are in.

Source: `tfjs-core/src/io/types.ts` (`ModelJSON`), `tfjs-converter`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from assay.core.finding import Confidence, Severity
from assay.scanning.formats import old_pickle
from assay.scanning.references import LOADS_CODE, TRAVERSAL
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.keras.configuration import judge_configuration
from assay.scanning.scanners.keras.names import is_acting_operation
from assay.scanning.scanners.tensor_bytes import judge_tensor
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "TensorFlow.js"
RULES = table(
    (
        Rule(
            "tfjs.weights-path",
            "Weights outside the model's folder",
            Severity.HIGH,
            Confidence.HIGH,
            "The model names a file of weights by a path or address that leads elsewhere. Loaders "
            "read it from there.",
            "Do not load the model; ask for one with its weights beside it.",
            TRAVERSAL,
        ),
        Rule(
            "tfjs.operation",
            "An operation that reads, writes or runs",
            Severity.HIGH,
            Confidence.HIGH,
            "The graph has an operation that reads or writes files or calls back into Python. "
            "TensorFlow.js does not have it; converters back to TensorFlow do.",
            "Do not load the model.",
            LOADS_CODE,
        ),
    )
)
_LEADS_OUT = re.compile(r"[/\\~]|[A-Za-z]:[/\\]|.*://|(?:.*[/\\])?\.\.(?:[/\\]|\Z)", re.DOTALL)
_LONGEST = 4096
_SHARD = re.compile(r"(?:.*[/!])?group\d+-shard\d+of\d+(?:\.bin)?\Z")


def scan_json(document: Any, subject: Subject, answer: Answer) -> None:
    """Judge a `model.json`: paths, then the graph or the Keras configuration."""
    for group in _list(document.get("weightsManifest")):
        for path in _list(group.get("paths")) if isinstance(group, dict) else []:
            if isinstance(path, str) and _LEADS_OUT.match(path[:_LONGEST]):
                answer.find(RULES["tfjs.weights-path"], path)
    judge_configuration(document, subject, answer)
    for name in _operations(document.get("modelTopology")):
        if is_acting_operation(name):
            answer.find(RULES["tfjs.operation"], name)


def _operations(topology: Any) -> Iterator[str]:
    """Operations of a graph and of the functions in its library."""
    graph = topology if isinstance(topology, dict) else {}
    library = graph.get("library")
    functions = _list(library.get("function")) if isinstance(library, dict) else []
    nodes = list(_list(graph.get("node")))
    for function in functions:
        nodes += _list(function.get("nodeDef")) if isinstance(function, dict) else []
    for node in nodes:
        if isinstance(node, dict) and isinstance(node.get("op"), str):
            yield node["op"]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def is_shard(data: Buffer, subject: Subject) -> bool:
    """Whether a file is named as the numbers of such a model are, and is no pickle."""
    named = _SHARD.match(subject.name[-_LONGEST:])
    return named is not None and old_pickle(data, subject) is None


def scan_shard(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Look at how a file of numbers begins; it has no structure of its own."""
    judge_tensor(data, (0, len(data)), "", "the file", subject, answer)
