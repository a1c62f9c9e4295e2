"""Packages of `torch.export` and AOTInductor (`.pt2`): a program, its weights, compiled code.

A package with a program alone is data, apart from texts that its loader evaluates and pickles
beside it. One that AOTInductor compiled holds a native library that is loaded like any other.
Source: `torch/csrc/export/pt2_archive_constants.h`, `torch/export/pt2_archive/_package.py`.
"""

from __future__ import annotations

import json
import re
from typing import Any

from assay.core.finding import Confidence
from assay.scanning.archives.contents import Contents, Item
from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.executables import executable
from assay.scanning.scanners.torch_export.program import judge_program
from assay.scanning.scanners.torch_export.rules import RULES
from assay.scanning.scanners.torch_members import is_mark, judge_extra
from assay.scanning.scanners.torch_storages import judge_storage
from assay.scanning.subject import Answer, Subject

__all__ = ["RULES", "TITLE", "scan_archive", "scan_json"]
TITLE = "PyTorch export"
_RAW = re.compile(
    r"(?:[^/]+/)?(?:data/(?:weights/weight_\d+|constants/tensor_\d+)|xl_model_weights/[^/]+)\Z"
)
_CONFIG = re.compile(r"(?:[^/]+/)?data/(?:weights|constants)/[^/]+\.json\Z")
_COMPILED = re.compile(r"(?:[^/]+/)?data/aotinductor/.+\Z", re.DOTALL)
_SOURCE = re.compile(r".+\.(?:cpp|cc|cu|cuh|h|hpp|ptx|py|txt|cmake)\Z", re.DOTALL)
_BLOB = re.compile(r".+\.(?:bin|blob|o|json)\Z|.*weights[^/]*\Z", re.DOTALL)
_PROGRAM = re.compile(r"(?:[^/]+/)?(?:models/.*|serialized_exported_program)\.json\Z", re.DOTALL)
_ENTRY = b"AOTInductorModelContainerCreate"
"""What every library that AOTInductor compiles exports."""
_GRAPHICS = {190, 224}
"""Machine numbers of NVIDIA's and AMD's graphics processors in ELF headers."""


def scan_json(document: dict[str, Any], subject: Subject, answer: Answer) -> None:
    """Judge a program, alone or in a package."""
    judge_program(document, subject, answer)


def scan_archive(contents: Contents) -> None:
    """Judge every member: the program, pickles, weights, compiled code."""
    for item in contents.items:
        if _RAW.match(item.name):
            _judge_weights(contents, item)
        elif _COMPILED.match(item.name):
            _judge_compiled(contents, item)
        elif _CONFIG.match(item.name):
            _judge_config(contents, item)
        elif _PROGRAM.match(item.name):
            _judge_program(contents, item)
        elif not is_mark(contents, item):
            judge_extra(contents, item)


def _judge_weights(contents: Contents, item: Item) -> None:
    """Raw numbers, or what `torch.save` wrote where a tensor is no plain one."""
    head = contents.head(item)
    pickled = head[:1] == bytes((op.PROTO,)) and head[1:2] <= bytes((op.HIGHEST_PROTOCOL,))
    if head[:4] == b"PK\x03\x04" or pickled:
        contents.judge(item)
    else:
        judge_storage(contents, item)


def _judge_compiled(contents: Contents, item: Item) -> None:
    """What AOTInductor wrote: a library, its source, code for a graphics processor."""
    head = contents.head(item)
    inner = contents.inside(item)
    program = executable(head)
    if program and _machine(head) in _GRAPHICS:
        contents.answer.find(RULES["torch-export.device-code"], item.name, member=inner.member)
    elif program:
        body = contents.read(item)
        known = body is not None and re.compile(_ENTRY).search(body) is not None
        confidence = Confidence.LOW if known else None
        shown = f"{program}, {'compiled by AOTInductor' if known else 'not by AOTInductor'}"
        rule = RULES["torch-export.native-library"]
        contents.answer.find(rule, shown, member=inner.member, confidence=confidence)
    elif _BLOB.match(item.name) and not item.name.endswith(".json"):
        judge_storage(contents, item)
    elif not _SOURCE.match(item.name):
        judge_extra(contents, item)


def _machine(head: bytes) -> int:
    """The processor an ELF file is for; 0 for other formats."""
    if head[:4] != b"\x7fELF":
        return 0
    return int.from_bytes(head[18:20], "big" if head[5:6] == b"\2" else "little")


def _judge_config(contents: Contents, item: Item) -> None:
    """Where each weight lies in the package."""
    document = _parsed(contents, item)
    config = document.get("config") if isinstance(document, dict) else None
    for name, entry in config.items() if isinstance(config, dict) else ():
        path = entry.get("path_name") if isinstance(entry, dict) else None
        if isinstance(path, str) and ("/" in path or "\\" in path or path.startswith(".")):
            shown, member = f"{name}: {path!r}", contents.inside(item).member
            contents.answer.find(RULES["torch-export.path"], shown, member=member)


def _judge_program(contents: Contents, item: Item) -> None:
    document = _parsed(contents, item)
    if isinstance(document, dict):
        inner = contents.inside(item)
        part = Answer(inner)
        judge_program(document, inner, part)
        contents.answer.take(part.findings, part.unread_parts)


def _parsed(contents: Contents, item: Item) -> Any:
    """A member that is JSON; None, and said to be unread, if it is not."""
    body = contents.read(item, contents.subject.limits.json_bytes)
    if body is None:
        return None
    try:
        return json.loads(bytes(body).decode("utf-8"))
    except (ValueError, RecursionError):
        contents.answer.unread("not JSON", member=contents.inside(item).member)
        return None
