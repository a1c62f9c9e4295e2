"""JSON documents: configuration that makes a loader import code, and templates that run.

A JSON document runs nothing by itself. What counts is which keys a loader acts upon:
transformers (`auto_map`, `custom_generate`), diffusers (`custom_pipelines`, module lists),
sentence-transformers (`modules.json`), Hydra (`_target_`), jsonpickle (`py/...`), Keras
(`class_name` with `config`) and chat templates (Jinja).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from assay.core.finding import Confidence, Severity
from assay.scanning.kinds import by_keys
from assay.scanning.pickle import Safety
from assay.scanning.references import DISAGREEMENT, HIDDEN_CODE, LOADS_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.safetensors import repeated
from assay.scanning.scanners.text_names import is_inert_name
from assay.scanning.subject import Answer, Buffer, Subject

_REVIEW = (
    "Read the code the document names before the model is loaded, and load without "
    "trust_remote_code where that works."
)

TITLE = "JSON"
RULES = table(
    (
        Rule(
            "json.remote-code",
            "Tells the loader to run code of the repository",
            Severity.MEDIUM,
            Confidence.HIGH,
            "The document names code beside the model, or in another repository, that a library "
            "imports and runs when the model is loaded with trust_remote_code.",
            _REVIEW,
            LOADS_CODE,
        ),
        Rule(
            "json.import-reference",
            "Names something to import",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A loader imports the name that is written here and calls it. It is not one of the "
            "names the library itself writes.",
            _REVIEW,
            LOADS_CODE,
        ),
        Rule(
            "json.dangerous-import",
            "Names something dangerous to import",
            Severity.HIGH,
            Confidence.HIGH,
            "A loader imports the name that is written here and calls it. The name can run code, "
            "touch files or reach the network, and no model needs it.",
            "Do not load the model with a library that acts on this key.",
            LOADS_CODE,
        ),
        Rule(
            "json.object-rebuilding",
            "An object to rebuild, as jsonpickle writes it",
            Severity.HIGH,
            Confidence.MEDIUM,
            "Keys such as py/object and py/reduce make jsonpickle import and call what they name, "
            "just as a pickle would.",
            "Do not load the document with jsonpickle.",
            LOADS_CODE,
        ),
        Rule(
            "json.keras-lambda",
            "A Keras layer that holds code",
            Severity.HIGH,
            Confidence.HIGH,
            "The model has a Lambda layer: its function is stored as code and runs when the "
            "model is loaded or used.",
            "Ask for a model without Lambda layers.",
            HIDDEN_CODE,
        ),
        Rule(
            "json.duplicate-key",
            "The same key twice",
            Severity.MEDIUM,
            Confidence.HIGH,
            "One reader takes the first value, another the last, so what was checked need not be "
            "what is used.",
            "Remove one of the two.",
            DISAGREEMENT,
        ),
    )
)
_REMOTE = frozenset(
    "auto_map custom_generate custom_pipeline custom_pipelines remote_code impl_module".split()
)
_TARGETS = frozenset(
    {
        "_target_",
        "activation_function",
        "activation_fn",
        "sbert_ce_default_activation_function",
        "module_class",
        "loader_module",
        "python_function",
    }
)
_TEMPLATES = frozenset({"chat_template", "chat_templates", "prompt_template", "jinja_template"})
_REBUILD = frozenset(
    "py/object py/reduce py/function py/type py/newargs py/newargsex py/ref py/state".split()
)
_TRUST = "trust_remote_code"
_KEYS = _REMOTE | _TARGETS | _TEMPLATES | _REBUILD | {_TRUST, "class_name", "lc", "parent_library"}
_TAGS = re.compile(r"\{[{%#]")
_TORCH_ACTIVATION = re.compile(r"torch\.nn\.modules\.(activation|linear)\.[A-Z]\w*\Z")
_SENTENCE_MODULE = re.compile(
    r"sentence_transformers\.(?:(?:base\.|sentence_transformer\.|sparse_encoder\.|cross_encoder\.)?"
    r"(?:models|modules)\.(?:\w+\.)?)?"
    r"(Transformer|Pooling|Normalize|Dense|Dropout|LayerNorm|BoW|CLIPModel|CNN|LSTM|WeightedLayerPooling|"
    r"WordEmbeddings|WordWeights|Asym|Router|StaticEmbedding|MLMTransformer|SpladePooling|"
    r"SparseAutoEncoder|SparseStaticEmbedding)\Z"
)
_KNOWN_LIBRARIES = frozenset({"diffusers", "transformers", "stable_diffusion", "onnxruntime"})
_PARENTS = ("transformers", "peft", "diffusers", "sentence_transformers")
_PIPELINE = "model_index.json"


def is_json(data: Buffer, subject: Subject) -> bool:
    """Whether the name says so, or it begins as an object or a list."""
    name = subject.name
    if is_inert_name(name):
        return False
    return name.lower().endswith(".json") or bytes(data[:64]).lstrip()[:1] in (b"{", b"[")


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge one document."""
    if len(data) > subject.limits.json_bytes:
        answer.unread(f"JSON over {subject.limits.json_bytes} bytes")
        return
    raw = bytes(data).removeprefix(b"\xef\xbb\xbf")
    document = _parsed(raw, answer)
    if document is not _NOTHING:
        _judge(document, subject, answer, None)


def scan_lines(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a document per line."""
    if len(data) > subject.limits.json_bytes:
        answer.unread(f"JSON over {subject.limits.json_bytes} bytes")
        return
    for number, line in enumerate(bytes(data).split(b"\n"), 1):
        if line.strip():
            document = _parsed(line, answer, number)
            if document is _NOTHING:
                return
            _judge(document, subject, answer, number)


_NOTHING = object()


def _parsed(raw: bytes, answer: Answer, line: int | None = None) -> Any:
    """The document, or `_NOTHING` with the reason said."""

    def gather(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            for key in repeated(pairs):
                answer.find(RULES["json.duplicate-key"], key, line=line)
        return found

    where = f" in line {line}" if line else ""
    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=gather, parse_constant=_constant)
    except _ConstantError as error:
        answer.unread(f"{error} is not JSON{where}; programs disagree about it")
    except RecursionError:
        answer.unread(f"JSON nested too deep{where}")
    except ValueError as error:
        answer.unread(f"not valid JSON{where}: {str(error)[:120]}")
    return _NOTHING


class _ConstantError(Exception):
    """NaN or an infinity, which JSON does not have."""


def _constant(text: str) -> NoReturn:
    raise _ConstantError(text)


def _judge(document: Any, subject: Subject, answer: Answer, line: int | None) -> None:
    judging = _Judging(subject, answer, line)
    name = subject.name.rsplit("/", 1)[-1].lower()
    if name == "modules.json":
        judging.modules(document)
    elif name == _PIPELINE:
        judging.pipeline(document)
    if isinstance(document, dict) and "nbformat" in document and "cells" in document:
        answer.unread("a notebook holds code: not judged yet")
    kind = by_keys(document) if isinstance(document, dict) else None
    if kind is not None:
        kind.call("scan_json", document, subject, answer)
    for found in _objects(document):
        keys = _KEYS.intersection(found)
        for key in sorted(keys):
            judging.key(key, found[key], found)


def _objects(document: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document, without recursion."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting.extend(v for v in value.values() if isinstance(v, (dict, list)))
        elif isinstance(value, list):
            waiting.extend(v for v in value if isinstance(v, (dict, list)))


class _Judging:
    """The rules by key."""

    def __init__(self, subject: Subject, answer: Answer, line: int | None) -> None:
        self._subject = subject
        self._answer = answer
        self._line = line
        self._by_key: dict[str, Callable[[str, Any, dict[str, Any]], None]] = {
            **dict.fromkeys(_REMOTE, self._remote),
            **dict.fromkeys(_TARGETS, self._target),
            **dict.fromkeys(_TEMPLATES, self._template),
            **dict.fromkeys(_REBUILD, self._rebuild),
            _TRUST: self._trust,
            "class_name": self._keras,
            "lc": self._langchain,
            "parent_library": self._parent,
        }

    def key(self, key: str, value: Any, around: dict[str, Any]) -> None:
        """Judge one key a loader acts upon."""
        self._by_key[key](key, value, around)

    def _find(self, rule: str, evidence: str) -> None:
        self._answer.find(RULES[rule], evidence, line=self._line)

    def _remote(self, key: str, value: Any, _: dict[str, Any]) -> None:
        if value and not isinstance(value, (int, float)):
            self._find("json.remote-code", f"{key}: {_shown(value)}")
            self._answer.unread(f"the code that {key} names is not judged yet")

    def _trust(self, key: str, value: Any, _: dict[str, Any]) -> None:
        if value is True or (isinstance(value, str) and value.lower() == "true"):
            self._find("json.remote-code", f"{key}: {_shown(value)}")

    def _target(self, key: str, value: Any, _: dict[str, Any]) -> None:
        if isinstance(value, str) and (key == "_target_" or "." in value):
            self._reference(key, value, known=_TORCH_ACTIVATION.match(value) is not None)

    def _reference(self, key: str, value: str, *, known: bool) -> None:
        module, _, name = value.rpartition(".")
        judged = self._subject.policy.judge(module, name).safety if module else Safety.UNKNOWN
        if judged is Safety.DANGEROUS:
            self._find("json.dangerous-import", f"{key}: {value}")
        elif not known:
            self._find("json.import-reference", f"{key}: {value}")

    def _template(self, key: str, value: Any, _: dict[str, Any]) -> None:
        for text in _texts(value):
            if _TAGS.search(text):
                self._answer.unread(f"{key} holds a template, which runs: not judged yet")
                return

    def _rebuild(self, key: str, value: Any, _: dict[str, Any]) -> None:
        if not isinstance(value, int) or key == "py/reduce":
            self._find("json.object-rebuilding", f"{key}: {_shown(value)}")

    def _keras(self, key: str, value: Any, around: dict[str, Any]) -> None:
        if not isinstance(value, str) or "config" not in around:
            return
        if value in ("Lambda", "TorchModuleWrapper"):
            self._find("json.keras-lambda", f"{key}: {value}")
        self._answer.unread("a Keras configuration: not judged yet")

    def _langchain(self, key: str, value: Any, around: dict[str, Any]) -> None:
        if isinstance(value, int) and isinstance(around.get("id"), list):
            self._find("json.import-reference", f"{key}: {_shown(around['id'])}")

    def _parent(self, key: str, value: Any, _: dict[str, Any]) -> None:
        if isinstance(value, str) and value.split(".", 1)[0] not in _PARENTS:
            self._reference(key, value, known=False)

    def modules(self, document: Any) -> None:
        """`modules.json`: sentence-transformers imports each type and calls its `load`."""
        rows = document if isinstance(document, list) else []
        for row in rows:
            kind = row.get("type") if isinstance(row, dict) else None
            if not isinstance(kind, str):
                self._answer.unread("a module without a type")
            elif not _SENTENCE_MODULE.match(kind):
                self._reference("type", kind, known=False)
        if not rows:
            self._answer.unread("modules.json without modules")

    def pipeline(self, document: Any) -> None:
        """`model_index.json`: diffusers imports the class named in each pair."""
        rows = document.items() if isinstance(document, dict) else ()
        for key, value in rows:
            if (
                isinstance(value, list)
                and value
                and isinstance(value[0], str)
                and value[0] not in _KNOWN_LIBRARIES
            ):
                self._reference(key, ".".join(map(str, value)), known=False)


def _texts(value: Any) -> Iterator[str]:
    """The texts in a template's value: one, or a list of named ones."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, (list, dict)):
            waiting.extend(item.values() if isinstance(item, dict) else item)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)[:200]
