"""MLmodel: which modules MLflow imports when it loads a model.

Source: MLflow's model format (the `MLmodel` file) and `mlflow.pyfunc.load_model`: the loader
module is imported with the folder named by `code` on the path, and `model_code_path` is run.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from assay.core.finding import Severity
from assay.scanning.notes import CodeReference
from assay.scanning.scanners.configuration.imports import Reach, reach

if TYPE_CHECKING:
    from assay.scanning.scanners.configuration.judging import Judging

_OWN = re.compile(r"mlflow(?:\.\w+)*\Z")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z")
_LONGEST = 200


def is_model(document: Any) -> bool:
    """Whether a document is one by its keys."""
    return (
        isinstance(document, dict)
        and isinstance(document.get("flavors"), dict)
        and ("mlflow_version" in document or "model_uuid" in document or "run_id" in document)
    )


def judge(document: Any, judging: Judging) -> None:
    """Judge the flavours of a model."""
    flavors = document.get("flavors") if isinstance(document, dict) else None
    if not isinstance(flavors, dict):
        judging.answer.unread("MLmodel without flavors")
        return
    for name, flavor in flavors.items():
        if isinstance(flavor, dict):
            _flavor(str(name), flavor, judging)


def _flavor(name: str, flavor: dict[str, Any], judging: Judging) -> None:
    folder = str(flavor.get("code") or "")[:_LONGEST]
    _check_path(f"{name}.code", folder, judging)
    module = flavor.get("loader_module")
    if isinstance(module, str) and not _OWN.match(module):
        _loader(f"{name}.loader_module", module, folder, judging)
    path = flavor.get("model_code_path")
    if isinstance(path, str) and path:
        _check_path(f"{name}.model_code_path", path, judging)
        judging.find("config.remote-code", f"{name}.model_code_path: {path}")
        file = path.rsplit("/", 1)[-1] if path.startswith("/") else path
        _note(f"{name}.model_code_path", path, file, judging)
    for inner in objects_of(flavor):
        for key in ("path", "uri"):
            value = inner.get(key)
            absolute = key == "path" and isinstance(value, str) and value.startswith(("/", "~"))
            if isinstance(value, str) and (absolute or ".." in value.split("/")):
                _check_path(f"{name}.artifacts.{key}", value, judging)
    for key in ("data", "model_path", "pickled_model", "artifacts"):
        value = flavor.get(key)
        if isinstance(value, str):
            _check_path(f"{name}.{key}", value, judging)


def objects_of(value: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects inside, two levels down: artifacts by name."""
    inner = [part for part in value.values() if isinstance(part, dict)]
    return inner + [p for part in inner for p in part.values() if isinstance(p, dict)]


def _loader(key: str, module: str, folder: str, judging: Judging) -> None:
    if not _DOTTED.match(module):
        judging.find("config.dangerous-import", f"{key}: {module}", Severity.MEDIUM)
        return
    if reach(f"{module}._load_pyfunc", judging.subject.policy) is Reach.DANGEROUS:
        judging.find("config.dangerous-import", f"{key}: {module}")
        return
    judging.find("config.remote-code", f"{key}: {module}")
    path = module.replace(".", "/") + ".py"
    _note(key, module, f"{folder}/{path}" if folder else path, judging)


def _note(key: str, target: str, file: str, judging: Judging) -> None:
    judging.answer.note(
        CodeReference(
            judging.subject.full_name, key, target[:_LONGEST], file[:_LONGEST], required=True
        )
    )


def _check_path(key: str, path: str, judging: Judging) -> None:
    """A path out of the model's folder, which its loader would read or put on the path."""
    outside = path.startswith("/") or ".." in path.split("/") or "://" in path
    if outside and not key.endswith("model_code_path"):
        judging.find("config.path-escape", f"{key}: {path}")
