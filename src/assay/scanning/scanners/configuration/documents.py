"""Documents that a loader knows by their file name, and the names they list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from assay.scanning.scanners.configuration import mlflow

if TYPE_CHECKING:
    from assay.scanning.scanners.configuration.judging import Judging

_SENTENCE_MODULE = re.compile(
    r"sentence_transformers\.(?:(?:base\.|sentence_transformer\.|sparse_encoder\.|cross_encoder\.)?"
    r"(?:models|modules|evaluation|losses)\.(?:\w+\.)?)?[A-Z]\w*\Z"
)
_PIPELINE_LIBRARIES = frozenset(
    {"diffusers", "transformers", "stable_diffusion", "onnxruntime", "optimum", "open_clip"}
)


def judge_named(document: Any, judging: Judging) -> None:
    """Judge what only this file's loader acts upon."""
    name = judging.subject.name.rsplit("/", 1)[-1].rsplit("!", 1)[-1].lower()
    if name == "modules.json":
        _modules(document, judging)
    elif name == "model_index.json":
        _pipeline(document, judging)
    elif name.endswith(".index.json"):
        _index(document, judging)
    elif name == "manifest.json":
        _archive(document, judging)
    elif name in ("cog.yaml", "bentofile.yaml"):
        _served(document, judging)
    elif name in ("mlmodel", "mlmodel.yaml") or mlflow.is_model(document):
        mlflow.judge(document, judging)


def _modules(document: Any, judging: Judging) -> None:
    """sentence-transformers imports each type, of a file beside it or a package."""
    rows = document if isinstance(document, list) else []
    for row in rows:
        kind = row.get("type") if isinstance(row, dict) else None
        if not isinstance(kind, str):
            judging.answer.unread("a module without a type")
        elif _SENTENCE_MODULE.match(kind):
            continue
        elif "--" in kind:
            judging.elsewhere("type", kind)
        elif kind.startswith("transformers.") or "." in kind:
            judging.imported("type", kind)
    if not rows:
        judging.answer.unread("modules.json without modules")


def _index(document: Any, judging: Judging) -> None:
    """An index of shards: a loader opens each file it names beside the index."""
    files = document.get("weight_map") if isinstance(document, dict) else None
    if not isinstance(files, dict):
        return
    for file in dict.fromkeys(name for name in files.values() if isinstance(name, str)):
        if leads_out(file):
            judging.find("config.path-escape", f"weight_map: {file}")


def leads_out(path: str) -> bool:
    """Whether a path leads out of the folder it is joined to."""
    parts = path.replace("\\", "/").split("/")
    return ".." in parts or path.startswith(("/", "~", "\\")) or _DRIVE.match(path) is not None


_DRIVE = re.compile(r"[A-Za-z]:[/\\]|\w+://")


def _archive(document: Any, judging: Judging) -> None:
    """TorchServe's manifest: the handler is a file of the archive, or a function in one."""
    model = document.get("model") if isinstance(document, dict) else None
    handler = model.get("handler") if isinstance(model, dict) else None
    if isinstance(handler, str) and ".py" in handler:
        file = handler.partition(":")[0].removesuffix(".py")
        judging.code("model.handler", file, handler, told=False)


def _served(document: Any, judging: Judging) -> None:
    """What Cog and BentoML import: `predict: predict.py:Predictor`, `service: service:svc`."""
    for key in ("predict", "train", "service"):
        value = document.get(key) if isinstance(document, dict) else None
        if isinstance(value, str) and ":" in value:
            judging.code(key, value.partition(":")[0].removesuffix(".py"), value, told=False)


def _pipeline(document: Any, judging: Judging) -> None:
    """Diffusers imports the class named in each pair; a module may be a file beside it."""
    rows = document.items() if isinstance(document, dict) else ()
    for key, value in rows:
        if key == "_class_name" and isinstance(value, list) and value:
            judging.code(key, str(value[0]), ".".join(map(str, value)), required=True)
        elif isinstance(value, list) and value and isinstance(value[0], str):
            if value[0] in _PIPELINE_LIBRARIES:
                continue
            name = ".".join(str(part) for part in value[:2])
            if "." in value[0]:
                judging.imported(key, name)
            else:
                judging.imported(key, name)
                judging.code(key, f"{key}.{value[0]}", name, told=False)
