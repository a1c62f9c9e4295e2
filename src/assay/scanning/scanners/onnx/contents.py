"""What lies in the bytes of a model: programs, archives and pickles in numbers, code in texts."""

from __future__ import annotations

import re

from assay.core.finding import Severity
from assay.scanning.parsers.protobuf import Field
from assay.scanning.pickle import PersistentIdRule, scan_pickle
from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.executables import executable
from assay.scanning.scanners.acting_text import acting
from assay.scanning.scanners.onnx.rules import RULES
from assay.scanning.scanners.tensor_bytes import judge_tensor
from assay.scanning.subject import Answer, Buffer, Subject

_HEAD_BYTES = 1024
_SEARCHED_BYTES = 1024 * 1024
_SEARCHED_IN_ALL = 64 * 1024 * 1024
_SHORTEST_TEXT = 12
_MOST_PICKLES = 64
_PROGRAM = re.compile(
    rb"\x7fELF[\x01\x02][\x01\x02]\x01|This program (?:cannot|must) be run (?:in|un)"
)
_ZIP = re.compile(rb"PK\x03\x04[\x00-\x3f]\x00..[\x00\x08\x09\x0c\x0e]\x00", re.DOTALL)
_OLD_PICKLE = re.compile(rb"[(]?c(?:os|posix|nt|builtins|__builtin__|subprocess|sys|runpy)\n\w+\n")
_TEXT = re.compile(rb"[\t\n\r\x20-\x7e]{32}")
_LIBRARY = re.compile(
    rb"[\w-]\.(?:so(?:\.\d+)*|dll|dylib|exe|pyd|scr|hta|vbs|ps1)(?![\w.])"
    rb"|\b(?:https?|ftp)://\d{1,3}(?:\.\d{1,3}){3}\b"
)
_PATH = re.compile(rb"[\w./\\:@%~+-]*\Z")
_LONGEST_PATH = 256
_PLACE = re.compile(rb"[/\\]|\w:[/\\]|\w+://(?!\d)|.*\.\.[/\\]", re.DOTALL)
"""An absolute path, one that leads upwards, or an address."""
_LONGEST_NAME = 64 * 1024

_FLOATS = {1: "F32", 10: "F16", 11: "F64", 16: "BF16"}
"""Types of floating-point numbers, as safetensors names them, by `TensorProto.DataType`."""


class Contents:
    """Looks into spans of one model, within a budget for all of them."""

    def __init__(self, data: Buffer, subject: Subject, answer: Answer) -> None:
        self._data = data
        self._subject = subject
        self._answer = answer
        self._left = _SEARCHED_IN_ALL
        self._pickles = _MOST_PICKLES

    def check(self, span: Field, what: str) -> None:
        """Report another file, or a script, where a tensor's numbers should be."""
        head = bytes(self._data[span.begin : min(span.end, span.begin + _HEAD_BYTES)])
        if not self.is_other_file(span, what) and _TEXT.match(head):
            self.text(span, what)

    def numbers(self, span: Field, kind: int, what: str) -> None:
        """The same for a tensor's numbers, whose low bits can hide something as well.

        Infinities are no finding here: masks are made of them.
        """
        if kind not in _FLOATS:
            self.check(span, what)
        elif not self.is_other_file(span, what):
            part = Answer(self._subject)
            place = (span.begin, span.end)
            judge_tensor(self._data, place, _FLOATS[kind], what, self._subject, part)
            findings = (found for found in part.findings if found.rule != "tensor.not-finite")
            self._answer.take(tuple(findings), part.unread_parts)

    def is_other_file(self, span: Field, what: str) -> bool:
        """Report another file where a value should be; whether there is one."""
        head = bytes(self._data[span.begin : min(span.end, span.begin + _HEAD_BYTES)])
        found = executable(head) or self._inside(span)
        if _ZIP.match(head):
            found = "a zip archive"
        elif _OLD_PICKLE.match(head) or (head[:1] == bytes((op.PROTO,)) and self._pickle(span)):
            found = "a pickle"
        if found:
            shown = f"{found} in {what}"
            self._answer.find(RULES["onnx.hidden-content"], shown, offset=span.begin)
        return bool(found)

    def _inside(self, span: Field) -> str | None:
        """A program anywhere in the first part of a span."""
        size = min(span.end - span.begin, _SEARCHED_BYTES, self._left)
        self._left -= size
        if size < _HEAD_BYTES:
            return None
        found = _PROGRAM.search(self._data, span.begin, span.begin + size)
        return f"a program at byte {found.start() - span.begin}" if found else None

    def _pickle(self, span: Field) -> bool:
        """Whether a span is a pickle that imports something; what it does is reported."""
        if self._pickles <= 0 or self._data[span.begin + 1] > op.HIGHEST_PROTOCOL:
            return False
        self._pickles -= 1
        result = scan_pickle(
            memoryview(self._data)[span.begin : span.end],
            path=self._subject.path,
            member=self._subject.member,
            base_offset=self._subject.base + span.begin,
            limits=self._subject.limits,
            policy=self._subject.policy,
            persistent_ids=PersistentIdRule.UNKNOWN,
        )
        if result.imports:
            self._answer.take(result.findings, ())
        return bool(result.imports)

    def text(self, span: Field, what: str, severity: Severity | None = None) -> None:
        """Report a text that is written to be run."""
        if span.end - span.begin < _SHORTEST_TEXT:
            return
        found = acting(self._data, span.begin, span.end)
        if found:
            self._answer.find(
                RULES["onnx.acting-text"],
                f"{what}: {found}",
                offset=span.begin,
                severity=severity,
            )

    def names_library(self, span: Field, what: str) -> None:
        """Report a text that names a library or program; one that says where it lies is worse."""
        if span.end - span.begin > _LONGEST_NAME:
            return
        found = _LIBRARY.search(self._data, span.begin, span.end)
        if found:
            before = bytes(
                self._data[max(span.begin, found.start() - _LONGEST_PATH) : found.start()]
            )
            path = _PATH.search(before)
            name = (path.group() if path else b"") + found.group()
            severity = Severity.HIGH if _PLACE.match(name) else None
            shown = f"{what}: {name.decode('utf-8', 'replace')}"
            rule = RULES["onnx.names-library"]
            self._answer.find(rule, shown, offset=span.begin, severity=severity)
