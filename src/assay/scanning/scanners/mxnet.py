"""Apache MXNet: graphs in JSON, and lists of arrays beside them.

Source: `src/ndarray/ndarray.cc` (`NDArray::Load`), `nnvm/src/pass/saveload_json.cc`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from assay.core.finding import Confidence, Severity
from assay.scanning.references import DISAGREEMENT, DO_NOT_LOAD, LOADS_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.acting_text import acting
from assay.scanning.scanners.tensor_bytes import judge_tensor
from assay.scanning.scanners.trailing import report_rest
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "MXNet"
RULES = table(
    (
        Rule(
            "mxnet.native-operator",
            "An operator that is an address in memory",
            Severity.HIGH,
            Confidence.HIGH,
            "The operator's code is given as an address, which only makes sense in the process "
            "that wrote it. Another process jumps to whatever lies there.",
            DO_NOT_LOAD,
            LOADS_CODE,
        ),
        Rule(
            "mxnet.library",
            "Names a native library",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The graph names the file of a native library. No operator of MXNet takes one.",
            DO_NOT_LOAD,
            LOADS_CODE,
        ),
        Rule(
            "mxnet.command",
            "A command in an operator's settings",
            Severity.HIGH,
            Confidence.MEDIUM,
            "An operator's settings hold text that is written to be run.",
            DO_NOT_LOAD,
            LOADS_CODE,
        ),
        Rule(
            "mxnet.custom-operator",
            "An operator written in Python",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The graph calls an operator that Python code has registered under the name given "
            "here. The code is not in the model.",
            "Get the code from the model's author, and read it.",
            LOADS_CODE,
        ),
        Rule(
            "mxnet.bounds",
            "Arrays that cannot be",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The file claims more arrays, dimensions or values than any memory holds. The reader "
            "allocates before it reads.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
        Rule(
            "mxnet.trailing-data",
            "Bytes behind the arrays",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The file goes on behind the names of its arrays. The library does not read on.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
    )
)
_PYTHON = re.compile(r"_?[Cc]ustom(?:[_-]\w+)?\Z|_CustomFunction\Z|TVMOp\Z|_TensorRT\Z|_TRT\w*\Z")
_ADDRESS = frozenset({"_Native", "_NDArray", "_CrossDeviceCopyNative"})
_LIBRARY = re.compile(r"(?:.*[/\\])?[^/\\\s]+\.(?:so(?:\.\d+)*|dll|dylib|pyd)\Z", re.DOTALL)
_LONGEST = 4096
_NONE_2, _NONE_1, _NUMPY = 0xF993FAC9, 0xF993FAC8, 0xF993FACA
_SIZES = {0: 4, 1: 8, 2: 2, 3: 1, 4: 4, 5: 1, 6: 8, 7: 1, 8: 2, 9: 2, 10: 4, 11: 8, 12: 2}
_TENSORS = {0: "F32", 1: "F64", 2: "F16", 12: "BF16"}
_MOST_ARRAYS = 1_000_000
_MOST_VALUES = 1 << 48
_MOST_DIMENSIONS = 64


def scan_json(document: Any, subject: Subject, answer: Answer) -> None:
    """Judge a graph (`*-symbol.json`), the graphs inside its operators included."""
    del subject
    for graph in _graphs(document):
        for owner, settings in _settings(graph):
            for key, value in settings.items():
                _judge_setting(f"{owner}.{key}", value, answer)


def _graphs(document: Any) -> Iterator[Mapping[str, Any]]:
    waiting = [document]
    while waiting:
        graph = waiting.pop()
        if isinstance(graph, dict):
            yield graph
            for node in _list(graph.get("nodes")):
                waiting += _list(node.get("subgraphs")) if isinstance(node, dict) else []


def _settings(graph: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every operator's settings by its name, its kind among them; then the graph's own."""
    for node in _list(graph.get("nodes")):
        if isinstance(node, dict):
            name = str(node.get("name", ""))[:80]
            yield name, {"op": node.get("op")}
            for field in ("attrs", "attr", "param"):
                if isinstance(node.get(field), dict):
                    yield name, node[field]
    if isinstance(graph.get("attrs"), dict):
        yield "graph", graph["attrs"]


def _judge_setting(where: str, value: Any, answer: Answer) -> None:
    for text in _list(value) or [value]:
        if not isinstance(text, str):
            continue
        if where.endswith(".op"):
            if text in _ADDRESS:
                answer.find(RULES["mxnet.native-operator"], f"{where}: {text}")
            elif _PYTHON.match(text):
                answer.find(RULES["mxnet.custom-operator"], f"{where}: {text}")
        elif _LIBRARY.match(text[:_LONGEST]):
            answer.find(RULES["mxnet.library"], f"{where}: {text}")
        elif acting(text[:_LONGEST].encode("utf-8", "replace")):
            answer.find(RULES["mxnet.command"], f"{where}: {text}")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


class _BoundsError(Exception):
    """A number that no file is large enough for."""


class _CutOffError(Exception):
    """The file ends too early."""


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Walk the arrays of a `.params` file, then their names."""
    reading = _Reading(data)
    try:
        reading.take(16)
        count = reading.count(_MOST_ARRAYS)
        for index in range(count):
            kind, begin, end = reading.array()
            name = f"array {index}"
            judge_tensor(data, (begin, end), _TENSORS.get(kind, ""), name, subject, answer)
        for _ in range(reading.count(_MOST_ARRAYS)):
            reading.take(reading.count(1 << 20))
    except _BoundsError as error:
        answer.find(RULES["mxnet.bounds"], str(error), offset=reading.at)
        answer.unread(str(error))
        return
    except _CutOffError as error:
        answer.unread(f"the file is cut off: {error}")
        return
    if reading.at < len(data):
        report_rest(RULES["mxnet.trailing-data"], data, reading.at, subject, answer)


class _Reading:
    """A place in the file that moves on with every reading."""

    def __init__(self, data: Buffer) -> None:
        self.at = 0
        self._data = data

    def take(self, size: int) -> None:
        """Pass bytes."""
        if size > len(self._data) - self.at:
            raise _CutOffError(f"{size} bytes at {self.at} reach past the end")
        self.at += size

    def number(self, size: int) -> int:
        """An unsigned number."""
        begin = self.at
        self.take(size)
        return int.from_bytes(self._data[begin : self.at], "little")

    def count(self, most: int) -> int:
        """A number of things, at most so many."""
        found = self.number(8)
        if found > most:
            raise _BoundsError(f"{found} things at byte {self.at - 8}")
        return found

    def array(self) -> tuple[int, int, int]:
        """Type of one array's values, and where they begin and end."""
        magic = self.number(4)
        if magic not in (_NONE_1, _NONE_2, _NUMPY):
            return self._values(self._shape(4, magic))
        storage = self.number(4) if magic != _NONE_1 else 0
        if storage in (1, 2):
            return self._sparse(storage)
        return self._values(self._shape(8))

    def _shape(self, width: int, rank: int | None = None) -> list[int]:
        rank = self.number(4) if rank is None else rank
        if rank > _MOST_DIMENSIONS:
            raise _BoundsError(f"{rank} dimensions at byte {self.at}")
        sizes = [self.number(width) for _ in range(rank)]
        if math.prod(sizes) > _MOST_VALUES:
            raise _BoundsError(f"an array of {sizes[:8]}")
        return sizes

    def _values(self, sizes: list[int]) -> tuple[int, int, int]:
        if not sizes:
            return 0, self.at, self.at
        self.take(8)  # device
        kind = self.number(4)
        if kind not in _SIZES:
            raise _CutOffError(f"values of type {kind}")
        begin = self.at
        self.take(math.prod(sizes) * _SIZES[kind])
        return kind, begin, self.at

    def _sparse(self, storage: int) -> tuple[int, int, int]:
        """Rows or compressed rows: the values, then one or two arrays of indices."""
        stored = self._shape(8)
        self._shape(8)
        self.take(8)
        kind = self.number(4)
        indices = []
        for _ in range(storage):
            index_kind = self.number(4)
            indices.append(math.prod(self._shape(8)) * _SIZES.get(index_kind, 8))
        begin = self.at
        self.take(math.prod(stored) * _SIZES.get(kind, 4))
        end = self.at
        self.take(sum(indices))
        return kind, begin, end
