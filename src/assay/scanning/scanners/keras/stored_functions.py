"""Functions in a configuration: bytecode, as `func_dump` writes it, or names to look up.

Source: `keras/src/utils/python_utils.py` and `Lambda` of Keras 2 (`keras/layers/core.py`).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from assay.core.finding import Severity
from assay.scanning.scanners import code_object
from assay.scanning.scanners.keras.names import Reference, Standing, standing
from assay.scanning.scanners.keras.rules import RULES
from assay.scanning.subject import Answer, Subject

_FUNCTIONS = (
    ("function", "function_type", "module"),
    ("output_shape", "output_shape_type", "output_shape_module"),
    ("mask", "mask_type", "mask_module"),
)
_BUILT_IN = re.compile(
    r"(?:relu6?|leaky_relu|softmax|sigmoid|tanh|elu|selu|gelu|silu|swish|mish|linear|softplus|"
    r"softsign|exponential|hard_\w+|log_softmax|abs|l2_normalize|mean|sum|max|square|sqrt)\Z"
)
LAMBDA = "__lambda__"
"""The class name under which Keras 3 stores bytecode."""


def judge_bytecode(text: Any, what: str, subject: Subject, answer: Answer) -> None:
    """Judge a function stored as bytecode: the text `func_load` would be given.

    `func_load` takes Base64 and, where that fails, the text itself as bytes.
    """
    if not isinstance(text, str):
        answer.unread(f"{what}: a function that is no text")
        return
    for raw in _raw(text):
        code_object.judge_marshalled(raw, subject, answer, what=what)


def _raw(text: str) -> Iterator[bytes]:
    try:
        yield binascii.a2b_base64(text.encode("ascii"))
    except (UnicodeEncodeError, binascii.Error):
        yield text.encode("raw_unicode_escape")


def code_of(value: Any) -> Any:
    """The stored text of a function as a list `[code, defaults, closure]` or an object."""
    if isinstance(value, list):
        return value[0] if value else None
    if isinstance(value, Mapping):
        inner = value.get("config")
        if isinstance(inner, Mapping):
            stored = inner.get("code", inner.get("value"))
            return code_of(stored) if isinstance(stored, (list, Mapping)) else stored
        items = value.get("items")  # a tuple, as TensorFlow's JSON has it
        return items[0] if isinstance(items, list) and items else None
    return value


def judge_lambda(config: Mapping[str, Any], what: str, subject: Subject, answer: Answer) -> None:
    """Judge a Lambda layer's function and the two others it may have."""
    answer.find(RULES["keras.lambda"], what, severity=_severity(config))
    for field, kind, module in _FUNCTIONS:
        value, said = config.get(field), config.get(kind)
        _judge_module(config.get(module), value, what, subject, answer)
        if isinstance(value, Mapping) and value.get("class_name") == LAMBDA:
            continue  # judged where every object is
        stored = said == "lambda" or (isinstance(value, list) and field == "function")
        if stored or (isinstance(value, Mapping) and "items" in value):
            judge_bytecode(code_of(value), what, subject, answer)


def _severity(config: Mapping[str, Any]) -> Severity | None:
    """A function that is part of Keras does nothing it does not do elsewhere."""
    value = config.get("function")
    if isinstance(value, str) and config.get("function_type") == "function":
        return Severity.LOW if _BUILT_IN.match(value) else None
    if isinstance(value, Mapping) and value.get("class_name") == "function":
        module, name = value.get("module"), value.get("config")
        if isinstance(module, str) and isinstance(name, str):
            own = module == "builtins" and _BUILT_IN.match(name)
            return Severity.LOW if own or module.startswith("keras.") else None
    return None


def _judge_module(module: Any, value: Any, what: str, subject: Subject, answer: Answer) -> None:
    """Keras 2 gives the function the names of a module that is already imported."""
    if not isinstance(module, str):
        return
    name = value if isinstance(value, str) and value else "function"
    if standing(Reference(module, name, function=True), subject.policy) is Standing.DANGEROUS:
        answer.find(RULES["keras.dangerous-reference"], f"{what}: {module}.{name}")
