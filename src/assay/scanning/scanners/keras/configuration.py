"""Judging a configuration: every object in it, however deep and wherever it is passed on."""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from assay.core.finding import Severity
from assay.core.limits import MIB
from assay.scanning.inspection import inspect_inside
from assay.scanning.scanners.keras.names import (
    Reference,
    Standing,
    is_acting_operation,
    standing,
)
from assay.scanning.scanners.keras.rules import RULES
from assay.scanning.scanners.keras.stored_functions import (
    LAMBDA,
    code_of,
    judge_bytecode,
    judge_lambda,
)
from assay.scanning.scanners.safetensors import repeated
from assay.scanning.subject import Answer, Subject

_MOST_BYTES = 64 * MIB
_LONGEST_PATH = 4096
_LEADS_OUT = re.compile(r"[/\\~]|[A-Za-z]:[/\\]|.*://|(?:.*[/\\])?\.\.(?:[/\\]|\Z)", re.DOTALL)
_SPECIAL = ("__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__")
_READS_FILES = re.compile(r"(?:String|Integer|Index)Lookup|TextVectorization|Hashing|FeatureSpace")
_FILE_FIELDS = ("vocabulary", "idf_weights", "vocabulary_file", "vocab_file")
_OPERATIONS = ("TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty")
_NODE_OPERATION = re.compile(r"\bop\W{1,8}([A-Za-z]\w*)")
_STANDINGS = {
    Standing.DANGEROUS: "keras.dangerous-reference",
    Standing.LOADS: "keras.loading-function",
    Standing.UNKNOWN: "keras.unknown-reference",
}


def is_configuration(document: Any) -> bool:
    """Whether a parsed document describes an object of Keras."""
    return (
        isinstance(document, dict)
        and isinstance(document.get("class_name"), str)
        and isinstance(document.get("config"), (dict, list, str, type(None)))
        and "config" in document
    )


def scan_json(document: Any, subject: Subject, answer: Answer) -> None:
    """Judge a document that is a configuration, or holds some."""
    judge_configuration(document, subject, answer)


def judge_text(text: bytes | str, subject: Subject, answer: Answer, *, what: str) -> bool:
    """Judge a configuration as it is stored; whether it is JSON.

    Bytes may be UTF-8, UTF-16 or UTF-32, as `json.loads` takes them.
    """
    if len(text) > min(_MOST_BYTES, subject.limits.json_bytes):
        answer.unread(f"{what}: a configuration of {len(text)} bytes")
        return False

    def gather(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            for key in repeated(pairs):
                answer.find(RULES["keras.duplicate-key"], f"{what}: {key}")
        return found

    try:
        document = json.loads(text, object_pairs_hook=gather)
    except (ValueError, RecursionError) as error:
        answer.unread(f"{what}: not JSON: {str(error)[:120]}")
        return False
    judge_configuration(document, subject, answer)
    return True


def judge_configuration(document: Any, subject: Subject, answer: Answer) -> None:
    """Judge every object a parsed document describes."""
    judging = _Judging(subject, answer)
    for found in _objects(document):
        judging.object(found)


def _objects(document: Any) -> Iterator[dict[str, Any]]:
    """Every object with a class name, outermost first, without recursion."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if isinstance(value.get("class_name"), str) and "config" in value:
                yield value
            waiting.extend(v for v in value.values() if isinstance(v, (dict, list)))
        elif isinstance(value, list):
            waiting.extend(v for v in value if isinstance(v, (dict, list)))


class _Judging:
    """The rules, by the class that is named."""

    def __init__(self, subject: Subject, answer: Answer) -> None:
        self._subject = subject
        self._answer = answer
        self._by_class: dict[str, Callable[[Mapping[str, Any], str], None]] = {
            "Lambda": self._lambda,
            "TorchModuleWrapper": self._torch_module,
            "TFSMLayer": self._other_model,
            "KerasLayer": self._other_model,
            "TensorFlowOpLayer": self._node,
            **dict.fromkeys(_OPERATIONS, self._operation),
        }

    def object(self, found: Mapping[str, Any]) -> None:
        """Judge one object: its class, then what that class does with its configuration."""
        name, inner = found["class_name"], found["config"]
        if name in _SPECIAL:
            return
        if name == LAMBDA:
            what = "a function stored as bytecode"
            judge_bytecode(code_of(found), what, self._subject, self._answer)
            return
        self._reference(found)
        config = inner if isinstance(inner, dict) else {}
        what = f"{name} {config.get('name', '')!s:.80}".strip()
        bare = name.rsplit(">", 1)[-1].rsplit(".", 1)[-1]
        if bare in self._by_class:
            self._by_class[bare](config, what)
        if _READS_FILES.match(bare):
            self._files(config, what)

    def _reference(self, found: Mapping[str, Any]) -> None:
        module = found.get("module")
        name = found["class_name"]
        function = name == "function"
        if function or name == "__typespec__":
            name = found["config"] if function else found.get("spec_name")
        registered = found.get("registered_name")
        reference = Reference(
            module if isinstance(module, str) else "",
            name if isinstance(name, str) else "?",
            function,
            registered if isinstance(registered, str) else "",
        )
        known = standing(reference, self._subject.policy)
        if known in _STANDINGS:
            self._answer.find(RULES[_STANDINGS[known]], reference.shown)
        elif known is Standing.OWN and (reference.module or ">" in reference.registered):
            self._answer.find(RULES["keras.own-class"], reference.registered or reference.shown)

    def _lambda(self, config: Mapping[str, Any], what: str) -> None:
        judge_lambda(config, what, self._subject, self._answer)

    def _torch_module(self, config: Mapping[str, Any], what: str) -> None:
        self._answer.find(RULES["keras.torch-module"], what)
        module = config.get("module")
        if not isinstance(module, str):
            self._answer.unread(f"{what}: a module that is no text")
            return
        try:
            raw = binascii.a2b_base64(module.encode("ascii"))
        except (UnicodeEncodeError, binascii.Error):
            self._answer.unread(f"{what}: a module that is not Base64")
            return
        inside = self._subject.inside(f"{what}.pt", 0)
        inspect_inside(raw, inside, self._answer)

    def _other_model(self, config: Mapping[str, Any], what: str) -> None:
        place = config.get("filepath", config.get("handle"))
        out = (
            isinstance(place, str)
            and _LEADS_OUT.match(place[:_LONGEST_PATH])
            and "handle" not in config
        )
        severity = Severity.HIGH if out else None
        self._answer.find(RULES["keras.other-model"], f"{what}: {place!s:.120}", severity=severity)

    def _operation(self, config: Mapping[str, Any], what: str) -> None:
        for field in ("function", "method_name", "attr_name", "cls_symbol"):
            name = config.get(field)
            if isinstance(name, str) and self._acts(name):
                self._answer.find(RULES["keras.graph-operation"], f"{what}: {name}")

    def _acts(self, name: str) -> bool:
        if is_acting_operation(name):
            return True
        reference = Reference("tensorflow", name, function=True)
        return standing(reference, self._subject.policy) is Standing.DANGEROUS

    def _node(self, config: Mapping[str, Any], what: str) -> None:
        """A graph node as an object, or as the text of a protocol buffer."""
        node = config.get("node_def")
        names = [node.get("op")] if isinstance(node, dict) else []
        text = node if isinstance(node, str) else ""
        names += [match.group(1) for match in _NODE_OPERATION.finditer(text)]
        for name in names:
            if isinstance(name, str) and is_acting_operation(name):
                self._answer.find(RULES["keras.graph-operation"], f"{what}: {name}")

    def _files(self, config: Mapping[str, Any], what: str) -> None:
        for field in _FILE_FIELDS:
            path = config.get(field)
            if isinstance(path, str) and path:
                severity = None if _LEADS_OUT.match(path[:_LONGEST_PATH]) else Severity.MEDIUM
                shown = f"{what}: {field} {path:.160}"
                self._answer.find(RULES["keras.file-read"], shown, severity=severity)
