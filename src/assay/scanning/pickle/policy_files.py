"""Policy files: read at once, and parsed when a name below one of their roots is first met.

A scan meets few libraries, and a sandboxed one can open no files once it is locked down.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

from assay.core.finding import Severity
from assay.scanning.pickle.judgement import Judgement, Safety, Shape, allowed, dangerous, shapes
from assay.scanning.pickle.names import root_of

Document = Mapping[str, Any]
Name = tuple[str, str]
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

PLAIN: tuple[Shape, ...] = (("none|number|word|object|class*",),)
"""What a known library's class may be called with: nothing that could be a command or a path."""

_ROOTS = re.compile(r"^roots = (\[[^\]]*\])$", re.MULTILINE)


class Shelf:
    """The tables of policy files, filled as their roots are asked for.

    Attributes:
        exact: Judgements by (module, name).
        modules: Judgements of every name in a module and below it, by module.
        libraries: Judgement of class-like names below a module that nothing else names.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self.exact: dict[Name, Judgement] = {}
        self.modules: dict[str, Judgement] = {}
        self.libraries: dict[str, Safety] = {}
        self._waiting: dict[str, list[str]] = {}
        for text in texts:
            found = _ROOTS.search(text)
            if found is None:
                self.take(tomllib.loads(text))
            else:
                for root in json.loads(found.group(1)):
                    self._waiting.setdefault(root, []).append(text)

    def open(self, root: str) -> None:
        """Parse the files that hold names below a root, if they wait."""
        texts = self._waiting.get(root)
        if texts is None:
            return
        documents = [tomllib.loads(text) for text in texts]
        for document in documents:
            for other in document["roots"]:
                waiting = self._waiting[other]
                self._waiting[other] = [text for text in waiting if text not in texts]
        del self._waiting[root]
        for document in documents:
            self.take(document)

    def open_all(self) -> None:
        """Parse every file."""
        for root in list(self._waiting):
            self.open(root)

    def take(self, document: Document) -> None:
        """Add a parsed file; a name it allows exactly wins over a dangerous module.

        Raises:
            KeyError, ValueError: a field is missing or has no such value.
        """
        for row in document.get("library", ()):
            self.libraries |= {module: Safety(row["classes"]) for module in row["modules"]}
        for row in document.get("allow", ()):
            judgement = allowed(row)
            modules = row.get("modules") or document["modules"]
            self.exact |= {(m, n): judgement for m in modules for n in row["names"]}
        for row in document.get("danger", ()):
            self._endanger(row)
        self._take_written(document)

    def _endanger(self, row: Document) -> None:
        judgement = dangerous(row["why"], Severity(row.get("severity", "critical")))
        for module in row["modules"]:
            if "names" not in row:
                self.modules.setdefault(module, judgement)
            for name in row.get("names", ()):
                self.exact.setdefault((module, name), judgement)

    def _take_written(self, document: Document) -> None:
        """What real libraries wrote; it never wins over what a person wrote."""
        for row in document.get("calls", ()):
            judgement = _called(row)
            for name in row["names"]:
                self.exact.setdefault((row["module"], name), judgement)
        for table, judgement in (("classes", _BUILT), ("references", _PASSED_ON)):
            for module, names in document.get(table, {}).items():
                for name in names:
                    self.exact.setdefault((module, name), judgement)


_BUILT = Judgement(Safety.ALLOWED, "class", shapes=PLAIN, library=True, built=Safety.ALLOWED)
_PASSED_ON = Judgement(Safety.ALLOWED, "reference", library=True)


def _called(row: Document) -> Judgement:
    is_class = row["kind"] == "class"
    given = shapes(row["args"]) or ()
    return Judgement(
        Safety.ALLOWED,
        row["kind"],
        shapes=(*given, *PLAIN) if is_class else given,
        otherwise=Safety.REVIEW if is_class else Safety.DANGEROUS,
        library=True,
        built=Safety.ALLOWED,
    )


class Table(Mapping[Key, Value]):
    """One table of a shelf, whose files are opened by the keys that are asked for."""

    def __init__(self, shelf: Shelf, rows: dict[Key, Value], root: Callable[[Key], str]) -> None:
        self._shelf = shelf
        self._rows = rows
        self._root = root

    def __getitem__(self, key: Key) -> Value:
        self._shelf.open(self._root(key))
        return self._rows[key]

    def __contains__(self, key: object) -> bool:
        return self.get(key) is not None  # type: ignore[arg-type]

    def get(self, key: Key, default: Any = None) -> Any:
        """The row of a key, or the default."""
        self._shelf.open(self._root(key))
        return self._rows.get(key, default)

    def __iter__(self) -> Iterator[Key]:
        self._shelf.open_all()
        return iter(self._rows)

    def __len__(self) -> int:
        self._shelf.open_all()
        return len(self._rows)


def tables(
    texts: Iterable[str],
) -> tuple[Mapping[Name, Judgement], Mapping[str, Judgement], Mapping[str, Safety]]:
    """The three tables of a policy over policy files."""
    shelf = Shelf(texts)
    return (
        Table(shelf, shelf.exact, lambda key: root_of(key[0])),
        Table(shelf, shelf.modules, root_of),
        Table(shelf, shelf.libraries, root_of),
    )


def builtin_texts() -> list[str]:
    """The policy files beside this module: those people wrote first, what was collected after."""
    folder = resources.files(__package__).joinpath("policies")
    return [*hand_written_texts(), *_texts(folder.joinpath("written"))]


def hand_written_texts() -> list[str]:
    """The policy files that people wrote."""
    return _texts(resources.files(__package__).joinpath("policies"))


def _texts(folder: Traversable) -> list[str]:
    files = [file for file in folder.iterdir() if file.name.endswith(".toml")]
    return [file.read_text(encoding="utf-8") for file in sorted(files, key=lambda f: f.name)]
