"""The import policy: what a name may be used for.

Three answers, not two: a library's own reconstruction callables are allowed, with the
arguments the library gives them; what runs code, reads files or reaches the network is
dangerous; everything else is unknown and judged by what the stream does with it. The
policy is data: `policies/*.toml`, one file per library, described in `policies/README.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

from assay.scanning.pickle.judgement import Judgement, Safety, Shape, dangerous
from assay.scanning.pickle.names import (
    ALIASES,
    BORROWED,
    REACHING,
    STANDARD,
    UNMISTAKABLE,
    class_like,
    prefixes,
    renamed,
    root_of,
)
from assay.scanning.pickle.policy_files import PLAIN, Shelf, builtin_texts, tables

__all__ = [
    "ImportPolicy",
    "Judgement",
    "Safety",
    "Shape",
    "builtin_policy",
    "class_like",
    "renamed",
]


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
        """The policy that comes with Assay, parsed as far as it is asked for."""
        return cls(*tables(builtin_texts()))

    @classmethod
    def of(cls, documents: Iterable[Mapping[str, Any]]) -> Self:
        """Join parsed policy files; a name a file allows exactly wins over a dangerous module.

        Raises:
            KeyError, ValueError: a field is missing or has no such value.
        """
        shelf = Shelf(())
        for document in documents:
            shelf.take(document)
        return cls(shelf.exact, shelf.modules, shelf.libraries)

    def judge(self, module: str, name: str) -> Judgement:
        """Judge an import by its name alone; the name "" is the module itself."""
        found = self.exact.get((module, name))
        if found is not None:
            return found
        if not name:
            return self._module(module)
        if name == "__dict__" and (found := self._module(module)).safety is Safety.ALLOWED:
            return found
        return (
            self._traversal(module, name)
            or self._by_pattern(module, name)
            or self._by_module(module, name)
        )

    def _by_pattern(self, module: str, name: str) -> Judgement | None:
        """What a library gives every class of its own (`*.name`), and what Cython writes."""
        owner, _, last = name.rpartition(".")
        if (found := self.exact.get((module, "*"))) is not None:
            return found
        if module == "builtins" and owner in _VALUES and not last.startswith("__"):
            return Judgement(Safety.ALLOWED, "reference")
        if owner and (found := self.exact.get((root_of(module), f"*.{last}"))) is not None:
            return found
        if not owner and _CYTHON.match(name):
            by_module = self._by_module(module, name)
            return by_module if by_module.safety is Safety.DANGEROUS else _UNPICKLE
        return None

    def _module(self, module: str) -> Judgement:
        """A whole module or its names, as code that the file carries may be given it."""
        found = self._by_module(module, "")
        if found.safety is Safety.DANGEROUS:
            return Judgement(Safety.REVIEW, "reference", why=found.why)
        return Judgement(Safety.ALLOWED if found.library else Safety.REVIEW, "reference")

    def _traversal(self, module: str, name: str) -> Judgement | None:
        """Attributes that lead out of the module that is named, or into a part of it."""
        parts = name.split(".")
        for index, part in enumerate(parts):
            if part in REACHING:
                return dangerous(f"{part} reaches the interpreter's internals")
            if part in BORROWED:
                return dangerous(f"{part} is the standard library's, under another module's name")
            bare, rest = part.lstrip("_"), ".".join(parts[index + 1 :])
            bare = ALIASES.get(bare, bare)
            inside = ".".join((module, *parts[: index + 1]))
            ways = ((bare, rest), (inside, rest)) if rest else ()
            for way in ways:
                found = self.exact.get(way)
                if found and (way[0] == inside or found.safety is Safety.DANGEROUS):
                    return found
            if rest and (found := self.modules.get(bare) or self.modules.get(inside)):
                return found
            if not rest and bare in UNMISTAKABLE:
                return self.modules.get(bare) or dangerous(f"it is the module {bare}")
        first = self.exact.get((module, parts[0])) if len(parts) > 1 else None
        return first if first is not None and first.safety is Safety.DANGEROUS else None

    def _by_module(self, module: str, name: str) -> Judgement:
        kind = "class" if class_like(name) else "function"
        for prefix in prefixes(module):
            if (found := self.modules.get(f"{prefix}.{name}")) and prefix == module:
                return found
            if (found := self.modules.get(prefix)) is not None:
                return found
            if (built := self.libraries.get(prefix)) is not None:
                safety = built if kind == "class" else Safety.UNKNOWN
                return Judgement(safety, kind, shapes=PLAIN, library=True, built=built)
        if root_of(module) in STANDARD:
            why = "no model file needs this part of the standard library"
            return Judgement(Safety.DANGEROUS, kind, why=why)
        return Judgement(Safety.UNKNOWN, kind)


_VALUES = frozenset(
    "str bytes bytearray int float complex bool list tuple dict set frozenset range slice".split()
)
"""Built-in classes of plain values, whose methods do no harm where they are passed on."""

_CYTHON = re.compile(r"__pyx_unpickle_\w+\Z")
_UNPICKLE = Judgement(
    Safety.ALLOWED,
    "function",
    shapes=(("class|import", "int", "none|tuple|instance"),),
    otherwise=Safety.DANGEROUS,
    constructs=0,
)
"""How Cython writes its classes: the class, a checksum of its fields, the fields."""


@cache
def builtin_policy() -> ImportPolicy:
    """`ImportPolicy.builtin`, read once."""
    return ImportPolicy.builtin()
