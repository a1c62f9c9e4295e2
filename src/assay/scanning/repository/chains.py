"""Following a reference to code: the file it names, what that imports, and what they do."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from assay.core.finding import Severity
from assay.scanning.notes import CodeDeed, CodeFile, CodeReference

MOST_FILES = 500
"""Files followed from one reference."""
_ACTS = frozenset(
    "code.shell code.network-exfiltration code.private-file code.destroys code.persistence "
    "code.executes-decoded code.downloads-and-runs code.installs code.native-memory".split()
)
"""Rules about deeds that weigh more where a loader is known to reach them."""


@dataclass(frozen=True, slots=True)
class Link:
    """A file on the way from a reference, and how it was reached.

    Attributes:
        file: What is known of it.
        way: Names of the files before it, the first one the reference's.
        called: Names in it that are called on the way.
    """

    file: CodeFile
    way: tuple[str, ...]
    called: frozenset[str]


def folder_of(path: str) -> tuple[str, str]:
    """The archive a path lies in, with its `!`, and the folder within."""
    container, mark, inside = path.rpartition("!")
    return f"{container}{mark}", posixpath.dirname(inside)


def located(path: str, file: str) -> str:
    """A file relative to the folder of another; "" where that leads out."""
    container, folder = folder_of(path)
    joined = posixpath.normpath(posixpath.join(folder, file))
    return "" if joined.startswith(("..", "/")) else f"{container}{joined}"


def resolve(reference: CodeReference, files: Mapping[str, CodeFile]) -> CodeFile | None:
    """The file a reference names: a module, or a package of that name."""
    stem = reference.file.removesuffix(".py")
    for candidate in (reference.file, f"{stem}/__init__.py"):
        found = files.get(located(reference.path, candidate))
        if found is not None:
            return found
    return None


def imported(file: CodeFile, module: str, files: Mapping[str, CodeFile]) -> CodeFile | None:
    """The file of the same folder that an import means."""
    level = len(module) - len(module.lstrip("."))
    name = module.lstrip(".").replace(".", "/")
    up = "../" * max(0, level - 1)
    for candidate in (f"{up}{name}.py", f"{up}{name}/__init__.py"):
        found = files.get(located(file.path, candidate)) if name else None
        if found is not None and found is not file:
            return found
    return None


def follow(
    first: CodeFile, reference: CodeReference, files: Mapping[str, CodeFile]
) -> Iterator[Link]:
    """The file a reference names, and every file of the folder it imports."""
    target = reference.target.rpartition(".")[2]
    waiting = [Link(first, (_shown(first.path),), frozenset({target}))]
    seen: set[tuple[str, frozenset[str]]] = set()
    count = 0
    while waiting and count < MOST_FILES:
        link = waiting.pop(0)
        key = (link.file.path, link.called)
        if key in seen:
            continue
        seen.add(key)
        count += 1
        yield link
        for module in link.file.imports:
            found = imported(link.file, module, files)
            if found is None:
                continue
            called = frozenset(_called(link.file, module))
            waiting.append(Link(found, (*link.way, _shown(found.path)), called))


def _called(file: CodeFile, module: str) -> Iterator[str]:
    """Names of a module that a file calls when it is imported or loaded."""
    for name in file.calls:
        if name.startswith(f"{module}."):
            yield name.removeprefix(f"{module}.").partition(".")[0].removesuffix("()")


def dangerous(link: Link) -> Iterator[tuple[CodeDeed, Severity]]:
    """What a file on the way does that is dangerous there, with how grave it is there."""
    for deed in link.file.deeds:
        severity = Severity(deed.severity)
        reached = deed.function.partition(".")[0] in link.called
        if deed.place in ("import", "load") and severity.at_least(Severity.MEDIUM):
            yield deed, severity
        elif reached and deed.rule in _ACTS and severity.at_least(Severity.MEDIUM):
            yield deed, max(severity, Severity.HIGH, key=lambda one: one.rank)


def _shown(path: str) -> str:
    return path.rsplit("!", 1)[-1].rsplit("/", 1)[-1]
