"""Looking up by text what is bound in a module, or a module by its name."""

from __future__ import annotations

from typing import Any

from assay.scanning.scanners.dotted_names import MODULES, attribute_name, import_name
from assay.scanning.scanners.python_code.values import Value


def looked_up(base: Value, key: Any, *, computed: bool) -> Value:
    """What a namespace has under a text."""
    if not isinstance(key, str):
        return Value()
    if base.name in ("globals()", "sys.modules"):
        return _module_under(base, key, computed=computed)
    return Value(name=attribute_name(base.name, key), hidden=True)


def _module_under(base: Value, key: str, *, computed: bool) -> Value:
    """What is bound in the program's module, or the module of this name."""
    if key in ("__builtins__", "builtins", "__builtin__"):
        return Value(name="builtins", hidden=True)
    if key in base.items:
        return base.items[key].concealed() if computed else base.items[key]
    root = key.partition(".")[0]
    if root in MODULES or base.name == "sys.modules":
        return Value(name=import_name(key), hidden=root in MODULES)
    if base.name == "globals()" and key in ("exec", "eval", "__import__", "compile", "open"):
        return Value(name=f"builtins.{key}", hidden=True)
    return Value()
