"""Judging a document by the keys that loaders act upon."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import Any

from assay.core.finding import Severity
from assay.scanning.notes import CodeReference
from assay.scanning.scanners.configuration import commands
from assay.scanning.scanners.configuration.documents import judge_named, leads_out
from assay.scanning.scanners.configuration.imports import DOTTED, Reach, reach
from assay.scanning.scanners.configuration.interpolation import resolved
from assay.scanning.scanners.configuration.objects import (
    Around,
    brief,
    flags,
    leaks,
    named_texts,
    objects,
)
from assay.scanning.scanners.configuration.rules import RULES
from assay.scanning.subject import Answer, Subject

_JINJA = "assay.scanning.scanners.jinja_template"
_TAGS = re.compile(r"\{[{%#]")
_LOCAL_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z")
_TORCH_ACTIVATION = re.compile(r"torch\.nn\.modules\.(activation|linear)\.[A-Z]\w*\Z")
_LANGCHAIN = ("langchain", "langchain_core", "langchain_community", "langchain_openai")
_MOST_TEMPLATES = 64
_MOST_FOUND = 100
KNOWN_PARENTS = ("transformers", "peft", "diffusers", "sentence_transformers")


def judge_document(
    document: Any, subject: Subject, answer: Answer, *, line: int | None = None
) -> None:
    """Judge a document of dicts, lists and values, whatever it was written in.

    Args:
        document: As a plain loader would make it; objects may be shared.
        subject: The file that holds it; its name decides which loader reads it.
        answer: Takes findings, and notes on the code the document names.
        line: Where it begins, if it is one of several.
    """
    judging = Judging(document, subject, answer, line)
    judge_named(document, judging)
    for found in objects(document):
        judging.object(found)


class Judging:
    """One document being judged.

    Attributes:
        subject: The file that holds it.
        answer: Takes what is found.
    """

    def __init__(self, document: Any, subject: Subject, answer: Answer, line: int | None) -> None:
        self._document = document
        self.subject = subject
        self.answer = answer
        self._line = line
        self._templates = 0
        self._told = 0

    def object(self, found: dict[str, Any]) -> None:
        """Judge one object by its keys."""
        for key in _KEYS.intersection(found):
            _BY_KEY[key](self, key, found[key], found)

    def find(self, rule: str, evidence: str, severity: Severity | None = None) -> None:
        """Report a finding in this document."""
        if self._told < _MOST_FOUND or (severity or RULES[rule].severity).at_least(Severity.HIGH):
            self._told += 1
            self.answer.find(RULES[rule], evidence, line=self._line, severity=severity)

    def imported(self, key: str, value: str, *, strict: bool = True) -> None:
        """Judge a dotted name that a loader imports and calls.

        Args:
            key: What names it.
            value: The name.
            strict: Whether the key always names something to import; else only what is
                dangerous is told.
        """
        found = reach(value, self.subject.policy)
        shown = f"{key}: {value}"
        if found is Reach.DANGEROUS:
            self.find("config.dangerous-import", shown)
        elif found is Reach.REVIEW and strict:
            self.find("config.dangerous-import", shown, Severity.MEDIUM)
        elif found is Reach.UNKNOWN and strict:
            self.find("config.import-reference", shown)
            self.code(key, value.replace(":", ".").rpartition(".")[0], value, told=False)

    def code(
        self, key: str, module: str, target: str, *, told: bool = True, required: bool = False
    ) -> None:
        """Note code beside the document: `module` is dotted, and a file below its folder."""
        path = module.strip(".").replace(".", "/")
        if told:
            self.find("config.remote-code", f"{key}: {target}")
        self.answer.note(
            CodeReference(
                self.subject.full_name, key, target[:200], f"{path}.py", required, self._line or 0
            )
        )

    def elsewhere(self, key: str, target: str) -> None:
        """Report code of another repository."""
        self.find("config.code-elsewhere", f"{key}: {target}")

    # Keys

    def remote(self, key: str, value: Any, __: Around) -> None:
        """`auto_map`, `custom_pipelines` and others: names of classes in files beside it."""
        for inner, text in named_texts(key, value):
            _, separator, rest = text.rpartition("--")
            if leads_out(text) and "://" not in text:
                self.find("config.path-escape", f"{inner}: {text}")
            elif separator or "/" in rest or rest.startswith(("http:", "https:")):
                self.elsewhere(inner, text)
            elif _LOCAL_NAME.match(rest):
                module = rest.rpartition(".")[0] if "." in rest else rest
                self.code(inner, module, text, required=True)
            elif rest:
                self.find("config.remote-code", f"{inner}: {text}", Severity.MEDIUM)

    def generate(self, key: str, value: Any, _: Around) -> None:
        """`custom_generate`: a repository or folder with `custom_generate/generate.py`."""
        for inner, text in named_texts(key, value):
            if text in (".", "./"):
                self.code(inner, "custom_generate.generate", text, required=True)
            else:
                self.elsewhere(inner, text)

    def trust(self, key: str, value: Any, _: Around) -> None:
        """`trust_remote_code`: whoever reads the document with a training tool runs code."""
        if value is True or (isinstance(value, str) and value.lower() == "true"):
            self.find("config.trusts-code", f"{key}: {brief(value)}")

    def target(self, key: str, value: Any, around: Around) -> None:
        """`_target_` (Hydra, OmegaConf): imported and called with the keys around it."""
        if not isinstance(value, str) or not value:
            return
        name = resolved(value, self._document)
        if "${" in name:
            self.find("config.import-reference", f"{key}: {value}", Severity.MEDIUM)
            return
        shown = key if name == value else f"{key}: {value} ="
        if reach(name, self.subject.policy) is Reach.REVIEW and leaks(around, self._document):
            self.find("config.dangerous-import", f"{shown}: {name} with a secret")
        elif flags(around):
            self.find("config.dangerous-import", f"{shown}: {name} with {flags(around)[0]}")
        else:
            self.imported(shown, name)

    def activation(self, key: str, value: Any, _: Around) -> None:
        """A name that becomes an import as soon as it is dotted."""
        if not isinstance(value, str) or not DOTTED.match(value):
            return
        if _TORCH_ACTIVATION.match(value) is None:
            self.imported(key, value)

    def class_path(self, key: str, value: Any, around: Around) -> None:
        """`class_path` with `init_args` (Lightning, jsonargparse)."""
        if isinstance(value, str) and DOTTED.match(value):
            self.imported(key, value, strict="init_args" in around)

    def typed(self, key: str, value: Any, around: Around) -> None:
        """`type` or `target` beside parameters (Haystack, latent diffusion, NeMo)."""
        beside = _PARAMETERS.intersection(around)
        if beside and isinstance(value, str) and DOTTED.match(value):
            self.imported(key, value, strict=False)

    def template(self, key: str, value: Any, _: Around) -> None:
        """Templates: programs that run on every conversation."""
        for inner, text in named_texts(key, value):
            if _TAGS.search(text) or key in _ALWAYS_TEMPLATES:
                self._templates += 1
                if self._templates > _MOST_TEMPLATES:
                    self.answer.unread(f"more than {_MOST_TEMPLATES} templates")
                    return
                importlib.import_module(_JINJA).judge_template(
                    text, self.subject, self.answer, what=inner
                )

    def maybe_template(self, key: str, value: Any, around: Around) -> None:
        """`template` is Jinja where `template_format` says so (LangChain)."""
        if str(around.get("template_format", "")).startswith("jinja"):
            self.template(key, value, around)

    def rebuild(self, key: str, value: Any, around: Around) -> None:
        """Keys of jsonpickle."""
        if isinstance(value, int) and key != "py/reduce":
            return
        shown = f"{key}: {brief(value)}"
        if key in ("py/object", "py/type") and isinstance(value, str):
            found = reach(value, self.subject.policy)
            calls = _CALLS.intersection(around)
            if found in (Reach.LIBRARY, Reach.UNKNOWN) and not calls:
                self.find("config.object-rebuilding", shown, Severity.MEDIUM)
                return
        self.find("config.object-rebuilding", shown)

    def langchain(self, key: str, value: Any, around: Around) -> None:
        """`lc`: a class of LangChain, by its path."""
        path = around.get("id")
        if not isinstance(value, int) or not isinstance(path, list) or not path:
            return
        if str(path[0]) not in _LANGCHAIN and around.get("type") == "constructor":
            shown = f"{key}: {brief(path)}"
            self.find("config.import-reference", shown, Severity.MEDIUM)

    def parent(self, key: str, value: Any, around: Around) -> None:
        """`parent_library` of an adapter: imported to find the base model's class."""
        if isinstance(value, str) and value.split(".", 1)[0] not in KNOWN_PARENTS:
            parts = value.split(".")
            if parts[0] == "transformers_modules":
                self.code(key, parts[-1], value)
                return
            name = str(around.get("base_model_class", ""))
            self.imported(key, f"{value}.{name}" if DOTTED.match(f"{value}.{name}") else value)
            if reach(value, self.subject.policy) is Reach.UNKNOWN:
                self.find("config.import-reference", f"{key}: {value}", Severity.MEDIUM)

    def named_class(self, key: str, value: Any, around: Around) -> None:
        """A module and a class in it, under a pair of keys (MSONable and others)."""
        module = around.get(_MODULES_OF[key])
        if key == "class_name" and "config" in around:
            return  # Keras names a class so, and its own scanner judges it
        if isinstance(value, str) and isinstance(module, str) and module:
            self.imported(f"{_MODULES_OF[key]}, {key}", f"{module}.{value}", strict=False)

    def callable(self, key: str, value: Any, _: Around) -> None:
        """A name under a key that stands for something to call."""
        if isinstance(value, str) and value.startswith(_KERAS_OPERATORS):
            return
        if isinstance(value, str) and DOTTED.match(value):
            self.imported(key, value, strict=False)

    def command(self, key: str, value: Any, around: Around) -> None:
        """A command that an editor, a container or a build runs."""
        commands.judge(key, value, around, self)

    def preload(self, key: str, value: Any, _: Around) -> None:
        """A variable that makes a program load something first."""
        commands.judge_preload(key, value, self)

    def native(self, key: str, value: Any, _: Around) -> None:
        """A native library that a runtime loads beside the model (ONNX Runtime's generation)."""
        if isinstance(value, str) and value:
            self.find("config.dangerous-import", f"{key}: {value}")

    def servers(self, key: str, value: Any, _: Around) -> None:
        """Commands that an assistant in an editor starts for a folder."""
        commands.judge_servers(key, value, self)

    def program(self, key: str, value: Any, _: Around) -> None:
        """A program that an editor runs."""
        commands.judge_program(key, value, self)


_MODULES_OF = {
    "@class": "@module",
    "__class__": "__module__",
    "__name__": "__module__",
    "__qualname__": "__module__",
    "_class": "_module",
    "class_name": "module",
}
"""Keys of a class's name, by which key its module is named."""
_KERAS_OPERATORS = "__operators__."
"""What a Keras graph calls the operators of Python on its tensors."""
_PARAMETERS = frozenset(
    "params init_parameters init_args kwargs args _args_ parameters init_params".split()
)
_ALWAYS_TEMPLATES = frozenset({"chat_template_jinja", "jinja_template"})
_CALLS = frozenset("py/reduce py/newargs py/newargsex py/initargs".split())
_BY_KEY: dict[str, Callable[[Judging, str, Any, Around], None]] = {
    **dict.fromkeys(
        "auto_map custom_pipeline custom_pipelines remote_code impl_module".split(), Judging.remote
    ),
    "custom_generate": Judging.generate,
    "trust_remote_code": Judging.trust,
    "_target_": Judging.target,
    **dict.fromkeys(
        "activation_function activation_fn sbert_ce_default_activation_function hidden_act "
        "module_class loader_module python_function _component_ __target__".split(),
        Judging.activation,
    ),
    "class_path": Judging.class_path,
    "type": Judging.typed,
    "target": Judging.typed,
    **dict.fromkeys(
        "chat_template chat_templates prompt_template jinja_template chat_template_jinja "
        "tool_template default_chat_template".split(),
        Judging.template,
    ),
    "template": Judging.maybe_template,
    **dict.fromkeys(
        "py/object py/reduce py/function py/type py/newargs py/newargsex py/ref py/state "
        "py/repr py/initargs".split(),
        Judging.rebuild,
    ),
    "lc": Judging.langchain,
    "parent_library": Judging.parent,
    **dict.fromkeys(commands.KEYS, Judging.command),
    **dict.fromkeys(commands.PRELOADS, Judging.preload),
    **dict.fromkeys(commands.PROGRAMS, Judging.program),
    "custom_ops_library": Judging.native,
    "mcpServers": Judging.servers,
    "hooks": Judging.servers,
}
_BY_KEY |= dict.fromkeys(_MODULES_OF, Judging.named_class)
_BY_KEY |= {
    key: Judging.callable
    for key in (
        "func function fn callable handler factory builder class cls entry_point callback hook "
        "loader provider init_fn constructor".split()
    )
    if key not in _BY_KEY
}
_KEYS = frozenset(_BY_KEY)
