"""Dotted names of Python: aliases resolved, detours through other modules cut."""

from __future__ import annotations

_SAME = {
    "posix": "os",
    "nt": "os",
    "__builtin__": "builtins",
    "__builtins__": "builtins",
    "_io": "io",
    "_pickle": "pickle",
    "cPickle": "pickle",
    "_socket": "socket",
    "_subprocess": "subprocess",
    "urllib2": "urllib.request",
    "urllib3.request": "urllib3",
    "np": "numpy",
    "tf": "tensorflow",
    "tf_keras": "keras",
}
"""Modules that are one module, or as good as one."""

_DETOURS = frozenset(
    "os sys subprocess builtins __builtins__ __builtin__ importlib socket shutil ctypes marshal "
    "posix base64".split()
)
"""Modules of the standard library that other modules import, so that they are their attributes."""

INTERNALS = frozenset(
    "__subclasses__ __globals__ __builtins__ __code__ __closure__ f_globals f_locals f_builtins "
    "gi_frame cr_frame tb_frame __mro__ __bases__ __base__ func_globals func_code".split()
)
"""Attributes that lead from any object to everything else."""

_NAMESPACES = frozenset(
    "__dict__ __globals__ f_globals f_builtins f_locals __builtins__ func_globals".split()
)
MODULES = frozenset(
    "os sys subprocess builtins importlib socket shutil ctypes marshal posix pickle base64 zlib "
    "pty runpy requests urllib".split()
)
"""Modules that are looked up by text to hide them."""


def import_name(dotted: str) -> str:
    """A module's name as rules know it."""
    head, dot, rest = dotted.partition(".")
    return f"{_SAME.get(head, head)}{dot}{rest}"


def attribute_name(base: str, name: str) -> str:
    """The dotted name of an attribute."""
    if name in ("__dict__", "__call__", "__func__", "__wrapped__"):
        return base
    if name == "__self__" and base.startswith("builtins."):
        return "builtins"
    if name in _NAMESPACES:
        return "builtins" if name in ("f_builtins", "__builtins__") else "globals()"
    return import_name(name) if _is_detour(base, name) else f"{base}.{name}"


def _is_detour(base: str, name: str) -> bool:
    """Whether a module of the standard library is taken from another module that imports it."""
    if name not in _DETOURS or base in (name, "tensorflow", "torch.backends", "globals()"):
        return False
    return not base.endswith(("()", "[]")) and not base.startswith(".")


def is_namespace(name: str) -> bool:
    """Whether items of what has this name are what is bound in a module."""
    return name in ("globals()", "sys.modules", "sys.modules()") or name in MODULES
