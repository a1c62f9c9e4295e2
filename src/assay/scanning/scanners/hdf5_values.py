"""Values in HDF5 files that programs act upon: configurations, pickles, programs in arrays."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from assay.core.limits import MIB
from assay.scanning.formats import old_pickle
from assay.scanning.inspection import inspect_inside
from assay.scanning.notes import Declared
from assay.scanning.parsers import hdf5
from assay.scanning.parsers.hdf5 import (
    Attribute,
    BudgetError,
    Class,
    Datatype,
    File,
    Hdf5Error,
    Node,
)
from assay.scanning.parsers.hdf5.datasets import CHUNKED, CONTIGUOUS
from assay.scanning.parsers.hdf5.datatypes import count_of
from assay.scanning.parsers.hdf5.pipeline import unpacked
from assay.scanning.scanners.hdf5_rules import RULES
from assay.scanning.scanners.keras.configuration import judge_text
from assay.scanning.scanners.tensor_bytes import judge_tensor
from assay.scanning.subject import Answer, Subject

_ALL_BYTES = 128 * MIB
_MOST_DATASETS = 50_000
_CONFIGURATIONS = frozenset({"model_config", "training_config"})
_CLASS_NAME = b'"class_name"'
_OBJECTS = (b"object", b"pickle")
_PROTO = b"\x80"
_FLOATS = {2: "F16", 4: "F32", 8: "F64"}


class Values:
    """Judges attributes and datasets of one file, within a budget for all of them."""

    def __init__(self, file: File, subject: Subject, answer: Answer) -> None:
        self._file = file
        self._subject = subject
        self._answer = answer
        self._left = _ALL_BYTES
        self._datasets = _MOST_DATASETS

    def attributes(self, node: Node) -> None:
        """Judge the attributes of an object that are text or bytes."""
        for attribute in node.attributes:
            if not attribute.datatype.bytes_like:
                continue
            where = f"{node.path}@{attribute.name}"
            try:
                self._attribute(attribute, where)
            except Hdf5Error as error:
                self._answer.unread(f"{where}: {error}")

    def _attribute(self, attribute: Attribute, where: str) -> None:
        if self._left <= 0:
            raise BudgetError("attributes over the budget")
        octets = attribute.datatype.kind is not Class.STRING and attribute.datatype.size == 1
        values = hdf5.attribute_values(attribute, self._file.heaps, self._left)
        if octets:
            values = iter((b"".join(values),))
        for value in values:
            self._left -= len(value) + 16
            if attribute.name == "keras_version":
                version = value.rstrip(b"\0").decode("utf-8", "replace")
                self._answer.note(Declared(self._subject.path, "keras", version))
            self._text(attribute.name, value.rstrip(b"\0"), where)

    def _text(self, name: str, value: bytes, where: str) -> None:
        if name in _CONFIGURATIONS or (value[:1] in (b"{", b"[") and _CLASS_NAME in value):
            judge_text(value, self._subject, self._answer, what=where)
        elif self._is_pickle(value):
            self._pickle(value, where)

    def _is_pickle(self, value: bytes) -> bool:
        """PyTables loads what ends as a pickle does, and goes on if it is none."""
        if not value.endswith(b"."):
            return False
        known = value[:1] == _PROTO and value[1:2] <= b"\x05"
        return known or old_pickle(value, self._subject) is not None

    def _pickle(self, value: bytes, where: str) -> None:
        self._answer.find(RULES["hdf5.pickle"], where)
        part = Answer(self._subject)
        inspect_inside(value, self._subject.inside(where.lstrip("/"), 0), part)
        self._answer.take(part.findings, part.unread_parts)

    def dataset(self, node: Node) -> None:
        """Judge a dataset: all of it where it holds pickles, else how it begins."""
        self._datasets -= 1
        kind = node.datatype
        if kind is None or node.layout is None or self._datasets < 0:
            if self._datasets == -1:
                self._answer.unread("more datasets than the budget: not all were looked into")
            return
        try:
            if self._holds_objects(node):
                self._objects(node, kind)
            else:
                self._beginning(node, kind)
        except Hdf5Error as error:
            self._answer.unread(f"{node.path}: {error}")

    def _holds_objects(self, node: Node) -> bool:
        """Whether PyTables keeps pickles in the rows."""
        mark = node.attribute("PSEUDOATOM")
        if mark is None:
            return False
        value = next(hdf5.attribute_values(mark, self._file.heaps, MIB), b"")
        return value.rstrip(b"\0") in _OBJECTS

    def _objects(self, node: Node, kind: Datatype) -> None:
        self._answer.find(RULES["hdf5.pickle"], node.path)
        for number, value in enumerate(self._rows(node, kind)):
            self._left -= len(value) + 16
            if value:
                where = f"{node.path.lstrip('/')}[{number}]"
                inspect_inside(value, self._subject.inside(f"{where}.pkl", 0), self._answer)

    def _rows(self, node: Node, kind: Datatype) -> Iterator[bytes]:
        layout, shape, source = node.layout, node.shape, self._file.source
        if layout is None or shape is None:
            return
        if layout.kind != CHUNKED:
            place = source.at(layout.address) if layout.body is None else layout.body
            yield from hdf5.values(kind, count_of(shape), place, self._file.heaps, self._left)
            return
        for chunk in hdf5.chunks(source, layout, shape, filtered=bool(node.filters)):
            if chunk.size > self._left:
                raise BudgetError("a chunk over the budget")
            raw = source.at(chunk.address, chunk.size).take(chunk.size)
            body = unpacked(raw, node.filters, chunk.mask, kind.size, self._left)
            count = len(body) // max(1, kind.size)
            cursor = hdf5.Cursor.over(body, source)
            yield from hdf5.values(kind, count, cursor, self._file.heaps, self._left)

    def _beginning(self, node: Node, kind: Datatype) -> None:
        span = self._span(node)
        if span is None:
            return
        begin, end = span
        number = _FLOATS.get(kind.size, "") if kind.kind is Class.FLOAT and kind.little else ""
        data, subject = self._file.source.data, self._subject
        if not kind.variable:
            judge_tensor(data, (begin, end), number, node.path, subject, self._answer)

    def _span(self, node: Node) -> tuple[int, int] | None:
        """Where the values begin and end that lie in the file as they are."""
        layout, source = node.layout, self._file.source
        if layout is None:
            return None
        if layout.body is not None:
            return layout.body.at, layout.body.end
        if layout.kind == CONTIGUOUS and layout.address >= 0:
            size = layout.size
            if size < 0 and node.datatype is not None:
                size = count_of(node.shape) * node.datatype.size
            place = source.at(layout.address, size)
            return place.at, place.end
        if layout.kind == CHUNKED and not node.filters and node.shape is not None:
            found = hdf5.chunks(source, layout, node.shape, filtered=False)
            for chunk in islice(found, 1):
                place = source.at(chunk.address, chunk.size)
                return place.at, place.end
        return None
