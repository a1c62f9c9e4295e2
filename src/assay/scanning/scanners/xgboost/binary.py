"""XGBoost's own binary form, which releases before 3.0 write.

Source: `LearnerModelParamLegacy`, `GBTreeModelParam`, `TreeParam` and `RegTree` in XGBoost 1.x.
Little endian; lengths of text and lists have eight bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from struct import Struct, iter_unpack

from assay.scanning.scanners.boosting import RULES, judge_texts, mistake
from assay.scanning.subject import Answer, Buffer, Subject

_MAGIC = b"binf"
_LEARNER = 136
_TREES, _TREE, _LINEAR = 160, 148, 136
_NODE, _STATISTICS = Struct("<iiiIf"), 16
_NAME = re.compile(rb"[a-z][a-z0-9_:]{1,62}\Z")
_BOOSTERS = (b"gbtree", b"dart", b"gblinear")
_MOST_TREES, _MOST_NODES = 1_000_000, 100_000_000
_MOST_TEXTS = 100_000


class _BrokenError(Exception):
    """The model does not go on as it must."""


def is_binary(data: Buffer, subject: Subject) -> bool:
    """Whether the names of an objective and a booster stand where a model has them."""
    del subject
    try:
        return _Reader(data).booster() in _BOOSTERS
    except _BrokenError:
        return False


def scan_binary(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Walk a model to its end."""
    reader = _Reader(data)
    try:
        booster = reader.booster()
        texts = _body(reader, booster, answer)
        judge_texts(texts, subject, answer)
    except _BrokenError as error:
        answer.unread(f"the model cannot be read: {error}")
        return
    if reader.at < len(data):
        shown = f"{len(data) - reader.at} bytes behind the model"
        answer.find(RULES["boosting.structure"], shown, offset=reader.at)


class _Reader:
    def __init__(self, data: Buffer) -> None:
        self.data = data
        self.at = 4 if bytes(data[:4]) == _MAGIC else 0
        self.attributes = self.metrics = False
        self.objective = b""

    def booster(self) -> bytes:
        """The names at the beginning; the booster's."""
        begin = self.skip(_LEARNER)
        fields = Struct("<fIiii").unpack(bytes(self.data[begin : begin + 20]))
        self.attributes, self.metrics = bool(fields[3]), bool(fields[4])
        self.objective = self.name()
        return self.name()

    def name(self) -> bytes:
        """A short name of letters."""
        length = self.number(8)
        if not 1 < length < 64:
            raise _BrokenError("a name is missing")
        begin = self.skip(length)
        name = bytes(self.data[begin : self.at])
        if not _NAME.match(name):
            raise _BrokenError("a name is missing")
        return name

    def text(self) -> str:
        """A text with its length."""
        begin = self.skip(self.number(8))
        return bytes(self.data[begin : self.at]).decode("utf-8", "replace")

    def number(self, size: int) -> int:
        """An unsigned number."""
        begin = self.skip(size)
        return int.from_bytes(self.data[begin : self.at], "little")

    def skip(self, size: int) -> int:
        """Past so many bytes; where they begin."""
        begin = self.at
        if size > len(self.data) - begin:
            raise _BrokenError("it is cut off")
        self.at = begin + size
        return begin


def _body(reader: _Reader, booster: bytes, answer: Answer) -> list[tuple[str, str]]:
    """The trees or weights, then texts with their names."""
    if booster == b"gblinear":
        reader.skip(_LINEAR)
        reader.skip(reader.number(8) * 4)
    else:
        _trees(reader, answer)
        if booster == b"dart" and reader.at < len(reader.data):
            reader.skip(reader.number(8) * 4)
    return list(_texts(reader))


def _texts(reader: _Reader) -> Iterator[tuple[str, str]]:
    if reader.attributes:
        count = reader.number(8)
        for _ in range(min(count, _MOST_TEXTS)):
            name = reader.text()
            yield f"attribute {name[:80]}", reader.text()
        if count > _MOST_TEXTS:
            raise _BrokenError(f"{count} attributes")
    if reader.objective == b"count:poisson" and reader.at < len(reader.data):
        yield "max_delta_step", reader.text()
    if reader.metrics:
        for _ in range(min(reader.number(8), _MOST_TEXTS)):
            yield "metric", reader.text()


def _trees(reader: _Reader, answer: Answer) -> None:
    begin = reader.skip(_TREES)
    count = int.from_bytes(reader.data[begin : begin + 4], "little", signed=True)
    if not 0 <= count <= _MOST_TREES:
        answer.find(RULES["boosting.structure"], f"{count} trees", offset=begin)
        raise _BrokenError(f"{count} trees")
    for number in range(count):
        at = reader.at
        wrong = _one_tree(reader)
        if wrong:
            answer.find(RULES["boosting.tree"], f"tree {number}: {wrong}", offset=at)
    reader.skip(count * 4)


def _one_tree(reader: _Reader) -> str:
    begin = reader.skip(_TREE)
    _, nodes, _, _, _, vector = Struct("<iiiiII").unpack(bytes(reader.data[begin : begin + 24]))
    if not 0 < nodes <= _MOST_NODES:
        raise _BrokenError(f"a tree of {nodes} nodes")
    begin = reader.skip(nodes * _NODE.size)
    rows = list(iter_unpack(_NODE.format, bytes(reader.data[begin : reader.at])))
    reader.skip(nodes * _STATISTICS)
    if vector > 1:
        reader.skip(reader.number(8) * 4)
    left = [row[1] for row in rows]
    return mistake(left, [row[2] if row[1] >= 0 else -1 for row in rows], nodes)
