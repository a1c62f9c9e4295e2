"""The outline of a program: what it imports of others, and where its functions stand."""

from __future__ import annotations

import ast
import sys

from assay.scanning.scanners.dotted_names import import_name

_MOST = 400
_LIBRARIES = frozenset(
    "torch torchvision torchaudio transformers diffusers numpy scipy sklearn pandas tensorflow "
    "keras jax flax einops tqdm PIL cv2 datasets accelerate peft tokenizers safetensors "
    "huggingface_hub timm sentence_transformers matplotlib yaml requests packaging onnxruntime "
    "flash_attn xformers triton deepspeed bitsandbytes librosa soundfile sentencepiece".split()
)
"""Packages every model imports: no files of the folder."""


def imports_of(tree: ast.Module) -> tuple[str, ...]:
    """Modules a program imports, anywhere, that may be files beside it."""
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found.setdefault(alias.name)
        elif isinstance(node, ast.ImportFrom):
            dots = "." * node.level
            if node.module:
                found.setdefault(f"{dots}{node.module}")
            if node.level and not node.module:
                for alias in node.names:
                    found.setdefault(f"{dots}{alias.name}")
        if len(found) > 10 * _MOST:
            break
    return tuple(name for name in found if is_foreign(name))[:_MOST]


def is_foreign(name: str) -> bool:
    """Whether a dotted name may be of a file beside the program."""
    if "(" in name.lstrip(".").partition(".")[0]:
        return False
    if name.startswith("."):
        return "." in name.lstrip(".") or name.strip(".").isidentifier()
    root = import_name(name).partition(".")[0]
    return root not in _LIBRARIES and root not in sys.stdlib_module_names and root != ""


def functions_of(tree: ast.Module) -> tuple[tuple[int, int, str], ...]:
    """First and last line and name of each function, and of each method of a class, at the top."""
    found: list[tuple[int, int, str]] = []
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.append((node.lineno, node.end_lineno or node.lineno, node.name))
        elif isinstance(node, ast.ClassDef):
            found.extend(
                (part.lineno, part.end_lineno or part.lineno, f"{node.name}.{part.name}")
                for part in node.body
                if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef))
            )
    return tuple(found[:5_000])
