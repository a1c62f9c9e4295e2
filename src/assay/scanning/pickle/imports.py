"""The import policy: what a name may be used for.

Three answers, not two: a library's own reconstruction callables are allowed, with the
arguments the library gives them; what runs code, reads files or reaches the network is
dangerous; everything else is unknown and judged by what the stream does with it. The
policy is data: `policies/*.toml`, one file per library, described in `policies/README.md`.
"""

from __future__ import annotations

import _compat_pickle  # two dicts of renamed modules and names; it can load nothing
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Self

from assay.core.finding import Severity

Shape = tuple[str, ...]
"""Kinds of arguments in order; `kind*` at the end repeats, `a|b` is either."""


class Safety(StrEnum):
    """How an import, or a use of it, is judged."""

    ALLOWED = "allowed"
    REVIEW = "review"
    UNKNOWN = "unknown"
    DANGEROUS = "dangerous"

    @property
    def rank(self) -> int:
        """Worse is higher."""
        return list(Safety).index(self)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the policy says about a name before it is used.

    Attributes:
        safety: Of importing it.
        kind: `class`, `function` or `reference` (may be passed on, not called).
        why: For a finding: what the name can do.
        severity: Of calling it, when dangerous.
        shapes: Argument lists it may be called with; None means any.
        otherwise: The judgement of a call with other arguments.
        state: Shapes of the state BUILD may give its instances; None means any.
        constructs: Index of an argument that is a class it makes an instance of.
        forwards: Whether that class is given the arguments after it.
        applies: Indexes of a function and its arguments tuple which it calls.
        resolves: Indexes of a module and a name which it imports.
        attribute: Indexes of an object and of the name of an attribute which it takes from it.
        loads: Index of bytes which it loads as a pickle.
        keeps: Whether instances must remember arguments and state.
        library: Whether it is below a known library, so that what is built of it (and can
            therefore only be a class) is one of the library's.
        built: The judgement of building one from data, where `safety` is unknown.
    """

    safety: Safety
    kind: str
    why: str = ""
    severity: Severity = Severity.HIGH
    shapes: tuple[Shape, ...] | None = None
    otherwise: Safety = Safety.REVIEW
    state: tuple[Shape, ...] | None = None
    constructs: int | None = None
    forwards: bool = False
    applies: tuple[int, int] | None = None
    resolves: tuple[int, int] | None = None
    attribute: tuple[int, int] | None = None
    loads: int | None = None
    keeps: bool = False
    library: bool = False
    built: Safety = Safety.REVIEW

    @property
    def strict(self) -> bool:
        """Whether even making an instance without a call (`NEWOBJ`) must fit a shape."""
        return self.otherwise is Safety.DANGEROUS


@dataclass(frozen=True)
class ImportPolicy:
    """Names by what they may be used for. `builtin` reads the files beside this module.

    Attributes:
        exact: Judgements by (module, name).
        modules: Judgements of every name in a module and below it, by module.
        libraries: Judgement of class-like names below a module that nothing else names.
    """

    exact: Mapping[tuple[str, str], Judgement]
    modules: Mapping[str, Judgement]
    libraries: Mapping[str, Safety] = field(default_factory=dict)

    @classmethod
    def builtin(cls) -> Self:
        """The policy that comes with Assay."""
        return cls.of(_documents())

    @classmethod
    def of(cls, documents: Iterable[Mapping[str, Any]]) -> Self:
        """Join parsed policy files; a name a file allows exactly wins over a dangerous module.

        Raises:
            KeyError, ValueError: a field is missing or has no such value.
        """
        exact: dict[tuple[str, str], Judgement] = {}
        modules: dict[str, Judgement] = {}
        libraries: dict[str, Safety] = {}
        for document in documents:
            for row in document.get("library", ()):
                libraries |= {module: Safety(row["classes"]) for module in row["modules"]}
            for row in document.get("allow", ()):
                exact |= {(m, n): _allowed(row) for m in row["modules"] for n in row["names"]}
            for row in document.get("danger", ()):
                _add_dangerous(row, exact, modules)
        return cls(exact, modules, libraries)

    def judge(self, module: str, name: str) -> Judgement:
        """Judge an import by its name alone."""
        found = self.exact.get((module, name))
        if found is not None:
            return found
        return self._traversal(module, name) or self._by_module(module, name)

    def _traversal(self, module: str, name: str) -> Judgement | None:
        """Attributes that lead out of the module that is named, or into a part of it."""
        parts = name.split(".")
        for index, part in enumerate(parts):
            if part in REACHING:
                return _dangerous(f"{part} reaches the interpreter's internals")
            if part in BORROWED:
                return _dangerous(f"{part} is the standard library's, under another module's name")
            bare, rest = part.lstrip("_"), ".".join(parts[index + 1 :])
            bare = _ALIASES.get(bare, bare)
            inside = ".".join((module, *parts[: index + 1]))
            ways = ((bare, rest), (inside, rest)) if rest else ()
            for way in ways:
                if (found := self.exact.get(way)) and found.safety is Safety.DANGEROUS:
                    return found
            if rest and (found := self.modules.get(bare) or self.modules.get(inside)):
                return found
            if not rest and bare in UNMISTAKABLE:
                return self.modules.get(bare) or _dangerous(f"it is the module {bare}")
        first = self.exact.get((module, parts[0])) if len(parts) > 1 else None
        return first if first is not None and first.safety is Safety.DANGEROUS else None

    def _by_module(self, module: str, name: str) -> Judgement:
        kind = "class" if class_like(name) else "function"
        for prefix in _prefixes(module):
            if (found := self.modules.get(f"{prefix}.{name}")) and prefix == module:
                return found
            if prefix in self.modules:
                return self.modules[prefix]
            if prefix in self.libraries:
                built = self.libraries[prefix]
                safety = built if kind == "class" else Safety.UNKNOWN
                shapes = _PLAIN if safety is Safety.ALLOWED else ((),)
                return Judgement(safety, kind, shapes=shapes, library=True, built=built)
        root = module.split(".", 1)[0]
        if root in _STANDARD:
            why = "no model file needs this part of the standard library"
            return Judgement(Safety.DANGEROUS, kind, why=why)
        return Judgement(Safety.UNKNOWN, kind)


REACHING = frozenset(
    "__builtins__ __globals__ __subclasses__ __import__ __getattribute__ __getattr__ __setattr__ "
    "__delattr__ __dict__ __class__ __base__ __bases__ __mro__ __code__ __closure__ __call__ "
    "__reduce__ __reduce_ex__ __init__ __new__ __loader__ __spec__ __self__ __func__ __wrapped__ "
    "__init_subclass__ __class_getitem__ __setstate__ __getstate__ __del__ __prepare__ mro "
    "f_globals f_locals f_builtins gi_frame cr_frame tb_frame func_globals func_code im_func "
    "im_self".split()
)
"""Attributes that lead from any object to everything else."""

UNMISTAKABLE = frozenset(
    "os posix nt sys subprocess builtins importlib ctypes socket shutil pty runpy pickle marshal "
    "multiprocessing imp zipimport pkgutil posixpath ntpath tempfile webbrowser asyncio".split()
)
"""Module names that are hardly ever the name of anything else."""

_PLAIN: tuple[Shape, ...] = (("none|number|word|object|class*",),)
"""What a known library's class may be called with: nothing that could be a command or a path."""

BORROWED = frozenset(
    "Popen ThreadPoolExecutor ProcessPoolExecutor ThreadPool NamedTemporaryFile TemporaryFile "
    "TemporaryDirectory SpooledTemporaryFile ZipFile TarFile FileIO CDLL PyDLL WinDLL OleDLL "
    "Unpickler Pickler InteractiveConsole InteractiveInterpreter CodeType FunctionType MethodType "
    "ModuleType HTTPServer TCPServer FileHandler check_output check_call getoutput "
    "getstatusoutput import_module run_path run_module rmtree urlopen urlretrieve popen".split()
)
"""What other modules import by name from the standard library, and no pickle of a model needs."""

_ALIASES = {
    "np": "numpy",
    "pd": "pandas",
    "sp": "scipy",
    "tf": "tensorflow",
    "mp": "multiprocessing",
}
"""By what other names modules import what they use."""

_STANDARD = frozenset(sys.stdlib_module_names) | {
    *("asynchat", "asyncore", "binhex", "distutils", "imp", "lib2to3", "smtpd", "pipes", "cgi"),
    *(
        "cgitb",
        "crypt",
        "nntplib",
        "telnetlib",
        "xdrlib",
        "msilib",
        "_interpreters",
        "nt",
        "_winapi",
    ),
    *("__builtin__", "commands", "copy_reg", "test", "winreg", "msvcrt", "_xxsubinterpreters"),
}
_CLASS_LIKE = re.compile(r"_*[A-Z]")


def class_like(name: str) -> bool:
    """Whether a name is written as classes are: its last part begins with a capital."""
    return _CLASS_LIKE.match(name.rsplit(".", 1)[-1]) is not None


def renamed(module: str, name: str, protocol: int) -> tuple[str, str]:
    """What a loader looks up: below protocol 3 names of Python 2 become today's.

    Source: `Unpickler.find_class` with `fix_imports`, its default.
    """
    if protocol >= 3:
        return module, name
    if (module, name) in _compat_pickle.NAME_MAPPING:
        mapped: tuple[str, str] = _compat_pickle.NAME_MAPPING[(module, name)]
        return mapped
    return _compat_pickle.IMPORT_MAPPING.get(module, module), name


def _prefixes(module: str) -> Iterable[str]:
    """`a.b.c`, `a.b`, `a`; leading underscores of the first part are tried without, too."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        yield ".".join(parts[:length])
    bare = parts[0].lstrip("_")
    if bare != parts[0]:
        yield bare


def _dangerous(why: str, severity: Severity = Severity.CRITICAL) -> Judgement:
    return Judgement(Safety.DANGEROUS, "function", why=why, severity=severity)


def _add_dangerous(
    row: Mapping[str, Any],
    exact: dict[tuple[str, str], Judgement],
    modules: dict[str, Judgement],
) -> None:
    judgement = _dangerous(row["why"], Severity(row.get("severity", "critical")))
    for module in row["modules"]:
        if "names" not in row:
            modules.setdefault(module, judgement)
        for name in row.get("names", ()):
            exact.setdefault((module, name), judgement)


def _allowed(row: Mapping[str, Any]) -> Judgement:
    return Judgement(
        safety=Safety(row.get("safety", "allowed")),
        kind=row["kind"],
        why=row.get("why", ""),
        shapes=_shapes(row.get("args")),
        otherwise=Safety(row.get("otherwise", "review")),
        state=_shapes(row.get("state")),
        constructs=row.get("constructs"),
        forwards=row.get("forwards", False),
        applies=_pair(row.get("applies")),
        resolves=_pair(row.get("resolves")),
        attribute=_pair(row.get("attribute")),
        loads=row.get("loads"),
        keeps=row.get("keeps", False),
    )


def _shapes(rows: list[list[str]] | None) -> tuple[Shape, ...] | None:
    return None if rows is None else tuple(tuple(row) for row in rows)


def _pair(row: list[int] | None) -> tuple[int, int] | None:
    return None if row is None else (row[0], row[1])


@cache
def _documents() -> tuple[Mapping[str, Any], ...]:
    folder = resources.files(__package__).joinpath("policies")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return tuple(tomllib.loads(file.read_text(encoding="utf-8")) for file in files)


@cache
def builtin_policy() -> ImportPolicy:
    """`ImportPolicy.builtin`, read once."""
    return ImportPolicy.builtin()
