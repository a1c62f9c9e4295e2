"""HDF5: other files it would open, code it carries, and Keras models in it.

Numbers are not looked at beyond the beginning of each dataset, and bytes that belong to no
object are not found.
"""

from __future__ import annotations

import re

from assay.core.finding import Severity
from assay.scanning.inspection import inspect_inside
from assay.scanning.kinds import by_family
from assay.scanning.parsers import hdf5
from assay.scanning.parsers.hdf5 import File, Hdf5Error, LinkKind, Node, Outside
from assay.scanning.scanners.hdf5_rules import RULES
from assay.scanning.scanners.hdf5_values import Values
from assay.scanning.scanners.trailing import report_rest
from assay.scanning.subject import Answer, Buffer, Subject

_MOST_PROBLEMS = 20
_LEADS_OUT = re.compile(r"[/\\~]|[A-Za-z]:|.*://|(?:.*[/\\])?\.\.(?:[/\\]|\Z)", re.DOTALL)
_KERAS_ATTRIBUTES = frozenset({"model_config", "keras_version", "layer_names", "training_config"})
_KERAS_GROUPS = frozenset({"model_weights", "_layer_checkpoint_dependencies", "layers", "vars"})
_KERAS_NAME = re.compile(r".*(?:\.keras|\.weights\.h5|(?:^|[/!_.-])weights?\.h(?:df)?5)\Z")
_SAME_FILE = "."
_REGISTERED = range(32000, 33100)
_BUILT_IN = frozenset((*range(1, 7), 305, 307, 308))
"""Filters of the library, and those PyTables and others used before there was a registry."""
_MATLAB = b"MATLAB 7.3 MAT-file"
_CONTENT = re.compile(rb"[^\0 \n]")
_SHOWN = 24


def is_file(data: Buffer, subject: Subject) -> bool:
    """Whether an HDF5 library would find a superblock in these bytes."""
    del subject
    return hdf5.start_of(data) is not None


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Walk every object, then look at what lies before and behind them."""
    try:
        file = File.of(data)
    except Hdf5Error as error:
        answer.unread(f"the HDF5 file cannot be read: {error}")
        return
    _check_ends(data, file, subject, answer)
    walk = _Walk(file, subject, answer)
    try:
        for node in file.nodes():
            walk.node(node)
    except Hdf5Error as error:
        answer.unread(f"the HDF5 file cannot be read further: {error}")


def _check_ends(data: Buffer, file: File, subject: Subject, answer: Answer) -> None:
    start, end = file.superblock.start, file.superblock.end
    if file.superblock.driver:
        answer.unread("the file is one of several that belong together")
    if start:
        _judge_user_block(data, start, subject, answer)
    if end > len(data):
        answer.unread(f"the file is cut off: {end - len(data)} bytes are missing")
    elif start < end < len(data):
        report_rest(RULES["hdf5.trailing-data"], data, end, subject, answer)


def _judge_user_block(data: Buffer, size: int, subject: Subject, answer: Answer) -> None:
    """What acts is judged as what it is; padding and MATLAB's own line are usual."""
    head = bytes(data[: min(size, _SHOWN)])
    if head.startswith(_MATLAB) or not _CONTENT.search(data, 0, size):
        return
    inner = subject.inside("user block", subject.base)
    part = Answer(inner)
    with memoryview(data) as whole, whole[:size] as block:
        form = inspect_inside(block, inner, part)
    kind = by_family().get(form.family)
    acts = (kind is not None and kind.acts) or head.startswith(b"#!")
    acts = acts or any(found.blocks for found in part.findings)
    severity = Severity.HIGH if acts else None
    shown = f"{size} bytes, beginning {head!r}"
    answer.find(RULES["hdf5.user-block"], shown, offset=0, severity=severity)
    answer.take(part.findings, ())


class _Walk:
    """Judges one object after another."""

    def __init__(self, file: File, subject: Subject, answer: Answer) -> None:
        self._file = file
        self._answer = answer
        self._values = Values(file, subject, answer)
        self._keras = _KERAS_NAME.match(subject.name.lower()) is not None
        self._problems = 0

    def node(self, node: Node) -> None:
        """Judge an object with its links, attributes and values."""
        if node.path == "/":
            self._keras = self._keras or _is_keras(node)
        for problem in node.problems[:_MOST_PROBLEMS]:
            self._answer.unread(f"{node.path}: {problem}")
        for link in node.links:
            where = f"{node.path.rstrip('/')}/{link.name}"
            if link.kind is LinkKind.EXTERNAL:
                self._outside("external-link", where, Outside(link.file, link.path))
            elif link.kind is LinkKind.OTHER:
                self._answer.find(RULES["hdf5.plugin"], f"{where}: a link of type {link.number}")
        self._values.attributes(node)
        if node.layout is not None:
            self._dataset(node)

    def _dataset(self, node: Node) -> None:
        for outside in node.external:
            self._outside("external-storage", node.path, outside)
        for outside in node.sources:
            if outside.file != _SAME_FILE:
                self._outside("virtual-dataset", node.path, outside)
        for step in node.filters:
            if step.number not in _REGISTERED and step.number not in _BUILT_IN:
                shown = f"{node.path}: filter {step.number} {step.name}"
                self._answer.find(RULES["hdf5.plugin"], shown)
        if not node.external and not node.sources:
            self._values.dataset(node)

    def _outside(self, rule: str, where: str, outside: Outside) -> None:
        """No model refers to another file; collections of measurements do, to one beside them."""
        beside = not _LEADS_OUT.match(outside.file[:4096]) and not self._keras
        shown = f"{where}: {outside.file} {outside.place}"
        severity = Severity.MEDIUM if beside else None
        self._answer.find(RULES[f"hdf5.{rule}"], shown, severity=severity)


def _is_keras(root: Node) -> bool:
    names = {attribute.name for attribute in root.attributes}
    groups = {link.name for link in root.links}
    return not _KERAS_ATTRIBUTES.isdisjoint(names) or not _KERAS_GROUPS.isdisjoint(groups)
