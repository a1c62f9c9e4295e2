"""PyTorch's format since 1.6: an archive of one folder with a pickle and raw storages.

TorchScript models have code and its constants besides. Source: `torch/serialization.py`
(`_save`), `caffe2/serialize/inline_container.cc`, `torch/csrc/jit/docs/serialization.md`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assay.core.finding import Confidence, Severity
from assay.scanning.archives.contents import Contents, Item
from assay.scanning.pickle import ImportPolicy, PersistentIdRule, Safety
from assay.scanning.references import DISAGREEMENT, DO_NOT_LOAD
from assay.scanning.rules import Rule, table
from assay.scanning.scanners import pickle as pickles
from assay.scanning.scanners.torch_members import is_mark, judge_extra, judge_own_pickle
from assay.scanning.scanners.torch_script import judge_names, judge_script, with_tuples
from assay.scanning.scanners.torch_storages import judge_storage, storage_types
from assay.scanning.subject import Answer

TITLE = "PyTorch"
RULES = table(
    (
        Rule(
            "torch.several-roots",
            "More than one model in an archive",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A PyTorch archive has one folder with one data.pkl. Here are more, and which of them "
            "is loaded depends on the order of the members.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
    )
)

_STORAGE = re.compile(r"(?:[^/]+/)?(?:data|tensors|constants|traced_inputs|bytecode)/\d+\Z")
_SCRIPT = re.compile(r"(?:[^/]+/)?(?:code/.*|(?:constants|bytecode)\.pkl)\Z", re.DOTALL)
_CODE = re.compile(r"(?:[^/]+/)?code/.*\.py\Z", re.DOTALL)
_EXTRA = re.compile(r"(?:[^/]+/)?extra/.*\Z", re.DOTALL)


def scan_archive(contents: Contents) -> None:
    """Judge the pickles as PyTorch's loader reads them; storages are numbers, the rest is not."""
    names = [item.name for item in contents.items]
    _check_roots(names, contents.answer)
    script = any(_SCRIPT.match(name) for name in names)
    types = _types(contents)
    for item in contents.items:
        if _STORAGE.match(item.name):
            judge_storage(contents, item, types.get(item.name.rpartition("/")[2], ""))
        elif item.name.endswith(".pkl"):
            _judge_pickle(contents, item, script=script)
        elif _EXTRA.match(item.name):
            judge_extra(contents, item)
        elif not _CODE.match(item.name) and not is_mark(contents, item):
            contents.judge(item)
    judge_script(contents, [item for item in contents.items if _CODE.match(item.name)])


def _check_roots(names: Sequence[str], answer: Answer) -> None:
    roots = {name.split("/", 1)[0] for name in names if "/" in name}
    pickled = [name for name in names if name.split("/", 1)[-1] == "data.pkl"]
    if len(roots) > 1 or len(pickled) > 1 or not all("/" in name for name in names):
        answer.find(RULES["torch.several-roots"], ", ".join(sorted(roots)[:8]) or names[0])


def _types(contents: Contents) -> Mapping[str, str]:
    """The types of the storages that data.pkl names."""
    for item in contents.items:
        if item.name.split("/", 1)[-1] == "data.pkl":
            body = contents.read(item)
            return {} if body is None else storage_types(body)
    return {}


def _judge_pickle(contents: Contents, item: Item, *, script: bool) -> None:
    body = contents.read(item)
    if body is None:
        return
    inner = contents.inside(item)
    if script:
        inner = replace(inner, policy=_script_policy(inner.policy))
        part = judge_own_pickle(with_tuples(body), inner)
        judge_names(body, part, operators=item.name.endswith("/bytecode.pkl"))
    else:
        part = Answer(inner)
        pickles.scan_as(body, inner, part, PersistentIdRule.TORCH)
    contents.answer.take(part.findings, part.unread_parts)


def _script_policy(policy: ImportPolicy) -> ImportPolicy:
    """TorchScript's own classes live below `__torch__`, in the archive, and not in Python."""
    return replace(policy, libraries={**policy.libraries, "__torch__": Safety.ALLOWED})
