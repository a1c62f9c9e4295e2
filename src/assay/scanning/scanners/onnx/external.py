"""Tensors whose bytes lie in another file: where a loader would look for them.

Source: "External Data" in the ONNX documentation. The classes of CVE-2022-25882,
CVE-2024-27318 and CVE-2024-5187 are paths a loader followed out of the model's folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.core.finding import Severity
from assay.scanning.scanners.onnx.records import Record
from assay.scanning.scanners.onnx.rules import RULES
from assay.scanning.subject import Answer

_MEMORY = re.compile(r"_ORT_MEM\w*ADDR_")
"""ONNX Runtime: `utils::kTensorProtoMemoryAddressTag` and the like."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:(?://|[^\\])")
_DRIVE = re.compile(r"[A-Za-z]:")
_KEYS = frozenset("location offset length checksum basepath".split())
_PREPACKED = re.compile(r"prepacked_\w+\Z")
_NUMBER = re.compile(r"[0-9]{1,18}\Z")
_OTHER_FILES = re.compile(
    r".*\.(?:py|pyc|sh|so|dll|dylib|exe|bat|ps1|json|ya?ml|toml|ini|cfg|conf|txt|env|pem|key|crt|db|"
    r"sqlite3?|log|html?|js|md|passwd|shadow)\Z",
    re.IGNORECASE,
)


def check_external(tensor: Record, needed: int | None, answer: Answer) -> None:
    """Judge a tensor's entries of `external_data`.

    Args:
        tensor: A `TensorProto` whose data lies elsewhere.
        needed: Bytes its type and shape need; None where that is not known.
        answer: Where findings go.
    """
    said: dict[str, str] = {}
    for key, value in tensor.entries("external_data"):
        if key in said:
            shown = f"{key}: {said[key]} and {value}"
            answer.find(RULES["onnx.duplicate-field"], shown, offset=tensor.offset)
        elif key not in _KEYS and not _PREPACKED.match(key):
            _check_key(key, tensor, answer)
        said[key] = value
    judge_path(said.get("location", ""), tensor.text("name"), tensor.offset, answer)
    for problem in _range_problems(said, needed):
        shown = f"{tensor.text('name')}: {problem}"
        answer.find(RULES["onnx.external-range"], shown, offset=tensor.offset)


def _check_key(key: str, tensor: Record, answer: Answer) -> None:
    severity = Severity.HIGH if key.startswith("_") or not key.isidentifier() else None
    shown = f"{key} of {tensor.text('name')}"
    answer.find(RULES["onnx.external-key"], shown, offset=tensor.offset, severity=severity)


def judge_path(path: str, what: str, offset: int, answer: Answer) -> None:
    """Report a path that is not one of a file in the model's folder, or an odd one."""
    shown = f"{what}: {path!r}" if what else repr(path)
    if _MEMORY.search(path):
        answer.find(RULES["onnx.memory-address"], shown, offset=offset)
    elif _leaves(path):
        answer.find(RULES["onnx.external-path"], shown, offset=offset)
    elif _is_odd(path):
        answer.find(RULES["onnx.external-odd-path"], shown, offset=offset)


def _leaves(path: str) -> bool:
    """Whether a path is no path below the model's folder, by any system's reading."""
    plain = path.replace("\\", "/")
    if not plain.strip() or plain.startswith("/") or "\0" in plain:
        return True
    if _DRIVE.match(plain) or _SCHEME.match(plain):
        return True
    # Windows drops dots and spaces at the end of a name.
    return any(part.count(".") >= 2 and not part.strip(". ") for part in plain.split("/"))


def _is_odd(path: str) -> bool:
    parts = path.replace("\\", "/").split("/")
    hidden = any(part.startswith((".", "~", "$", "%")) and part != "." for part in parts)
    return hidden or "\\" in path or not path.isprintable() or _OTHER_FILES.match(path) is not None


def _range_problems(said: dict[str, str], needed: int | None) -> Iterator[str]:
    for key in ("offset", "length"):
        if key in said and not _NUMBER.match(said[key]):
            yield f"{key} {said[key][:40]!r}"
    length = said.get("length", "")
    if needed is not None and _NUMBER.match(length) and int(length) != needed:
        yield f"{int(length)} bytes elsewhere, {needed} by its shape"
