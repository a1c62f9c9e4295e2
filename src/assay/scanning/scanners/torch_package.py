"""Packages of `torch.package`: pickles together with the Python source they need.

The source runs when a package is imported, which happens when a pickle in it is loaded.
Source: `torch/package/package_importer.py`, `torch/package/package_exporter.py`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import replace

from assay.core.finding import Confidence, Finding, Severity
from assay.core.limits import MIB
from assay.scanning.archives.contents import Contents, Item
from assay.scanning.pickle import ImportPolicy, Safety
from assay.scanning.references import LOADS_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.python_code import judge_source
from assay.scanning.scanners.torch_members import is_mark, judge_extra, judge_own_pickle
from assay.scanning.scanners.torch_storages import judge_storage
from assay.scanning.subject import Answer

TITLE = "PyTorch packages"
RULES = table(
    (
        Rule(
            "torch-package.shadows",
            "Source with the name of a known module",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The package brings its own source for a module of Python or of a known library. A "
            "pickle that seems to use the known one uses this.",
            "Read the source before the package is loaded.",
            LOADS_CODE,
        ),
    )
)

_SOURCE = re.compile(r"(?P<root>[^/]+)/(?P<path>.+)\.py\Z", re.DOTALL)
_STORAGE = re.compile(
    r"(?:[^/]+/)?(?:\.data/.*\.storage|\.data/ts_code/.*/(?:data|constants)/\d+)\Z"
)
_MODULES = re.compile(r"(?:[^/]+/)?\.data/extern_modules\Z")
_LIST = re.compile(rb"[\w.*\s-]*\Z")
_PLAIN = re.compile(
    r"\('storage', torch\.(?:storage\.)?\w+Storage, \d+, '\w+(?::\d+)?', \d+\)", re.ASCII
)
_SOURCE_BYTES = 16 * MIB
_LIST_BYTES = MIB
_OUTER = "torch torchvision torchaudio numpy".split()


def scan_archive(contents: Contents) -> None:
    """Judge every pickle and every source; classes the package brings are its own."""
    brought = _brought(item.name for item in contents.items)
    policy = _package_policy(contents.subject.policy, brought)
    for name in sorted(brought & (set(_OUTER) | sys.stdlib_module_names)):
        contents.answer.find(RULES["torch-package.shadows"], name)
    for item in contents.items:
        if _STORAGE.match(item.name):
            judge_storage(contents, item)
        elif item.name.endswith(".pkl"):
            _judge_pickle(contents, item, policy)
        elif item.name.endswith(".py"):
            _judge_source(contents, item)
        elif not _is_list(contents, item) and not is_mark(contents, item):
            judge_extra(contents, item)


def _brought(names: Iterable[str]) -> set[str]:
    """The outermost names of the modules whose source is in the package."""
    found = filter(None, (_SOURCE.match(name) for name in names))
    return {match["path"].split("/", 1)[0] for match in found}


def _package_policy(policy: ImportPolicy, brought: set[str]) -> ImportPolicy:
    """The package's own modules are judged by their source; what is known keeps its judgement."""
    own = {
        name: Safety.ALLOWED
        for name in brought
        if name not in sys.stdlib_module_names
        and policy.judge(name, "anything").safety is Safety.UNKNOWN
    }
    return replace(policy, libraries={**policy.libraries, **own})


def _judge_pickle(contents: Contents, item: Item, policy: ImportPolicy) -> None:
    body = contents.read(item)
    if body is None:
        return
    inner = replace(contents.inside(item), policy=policy)
    part = judge_own_pickle(body, inner)
    findings = (found for found in part.findings if not _is_storage(found))
    contents.answer.take(tuple(findings), part.unread_parts)


def _is_storage(found: Finding) -> bool:
    """Whether a finding is about a storage of the package, which has a number for a name."""
    return found.rule == "pickle.persistent-id" and _PLAIN.fullmatch(found.evidence) is not None


def _judge_source(contents: Contents, item: Item) -> None:
    body = contents.read(item, _SOURCE_BYTES)
    if body is None:
        return
    inner = contents.inside(item)
    part = Answer(inner)
    judge_source(bytes(body).decode("utf-8", "replace"), inner, part, what="")
    contents.answer.take(part.findings, part.unread_parts)


def _is_list(contents: Contents, item: Item) -> bool:
    """Whether a member is the list of modules that are imported from outside."""
    if not _MODULES.match(item.name):
        return False
    body = contents.read(item, _LIST_BYTES)
    return body is not None and _LIST.match(bytes(body)) is not None
