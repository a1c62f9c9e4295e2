"""Notes: what one file says about others, for the judgement of the folder as a whole.

A file is read by itself, in a child that sees no other. What it names, and what a file of code
does, is handed out beside its findings, small and bounded, and put together by
`assay.scanning.repository`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

MOST_NOTES = 200
"""Notes of one file."""
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class CodeReference:
    """A file names code that a loader imports.

    Attributes:
        path: The file that names it, with the member behind `!` in an archive.
        key: By which key: `auto_map.AutoModel`.
        target: What it names, as it is written: `modeling_x.XModel`.
        file: The file of code that is, relative to the folder of `path`; "" where it is in
            another repository.
        required: Whether a loader that meets the file imports it without being asked to.
        line: Where, from 1; 0 where it is not known.
    """

    path: str
    key: str
    target: str
    file: str
    required: bool = False
    line: int = 0

    def to_json(self) -> list[Any]:
        """For the answer of the child."""
        return ["names", self.path, self.key, self.target, self.file, self.required, self.line]


@dataclass(frozen=True, slots=True)
class CodeDeed:
    """A thing a file of code does that matters where others import the file.

    Attributes:
        rule: Of the finding about it.
        line: Where.
        evidence: What.
        severity: Its own.
        place: When it runs: `import`, `load`, `script` or `function`.
        function: The outermost function or method it is in; "" at the top of the file.
    """

    rule: str
    line: int
    evidence: str
    severity: str
    place: str
    function: str


@dataclass(frozen=True, slots=True)
class CodeFile:
    """What a file of code is to others.

    Attributes:
        path: The file, with the member behind `!` in an archive.
        imports: Modules it imports that may be files of the same folder: `.utils`, `utils`.
        calls: Names of such modules that it calls when it is imported or loaded.
        deeds: What it does.
        whole: Whether it was read to its end.
    """

    path: str
    imports: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    deeds: tuple[CodeDeed, ...] = ()
    whole: bool = True

    def to_json(self) -> list[Any]:
        """For the answer of the child."""
        deeds = [[d.rule, d.line, d.evidence, d.severity, d.place, d.function] for d in self.deeds]
        return ["code", self.path, list(self.imports), list(self.calls), deeds, self.whole]

    @classmethod
    def of(
        cls,
        path: str,
        imports: Sequence[str],
        calls: Sequence[str],
        deeds: Sequence[CodeDeed],
        *,
        whole: bool,
    ) -> Self:
        """A note within its bounds: the first of each."""
        return cls(
            path,
            tuple(name[:_LONGEST] for name in imports[:MOST_NOTES]),
            tuple(name[:_LONGEST] for name in calls[:MOST_NOTES]),
            tuple(deeds[:MOST_NOTES]),
            whole,
        )


@dataclass(frozen=True, slots=True)
class Declared:
    """A file says which version of a framework wrote it.

    Attributes:
        path: The file, with the member behind `!` in an archive.
        framework: `keras`, `transformers`, `skops`, ...
        version: As it is written.
    """

    path: str
    framework: str
    version: str

    def to_json(self) -> list[Any]:
        """For the answer of the child."""
        return ["declares", self.path, self.framework, self.version[:_LONGEST]]


Note = CodeReference | CodeFile | Declared


def from_json(row: Sequence[Any]) -> Note:
    """The inverse of `to_json`.

    Raises:
        ValueError, TypeError, IndexError: it is no note.
    """
    if row[0] == "names":
        _, path, key, target, file, required, line = row
        return CodeReference(str(path), str(key), str(target), str(file), bool(required), int(line))
    if row[0] == "declares":
        _, path, framework, version = row
        return Declared(str(path), str(framework), str(version))
    if row[0] != "code":
        raise ValueError(row[0])
    _, path, imports, calls, deeds, whole = row
    return CodeFile(
        str(path),
        tuple(map(str, imports)),
        tuple(map(str, calls)),
        tuple(
            CodeDeed(str(r), int(n), str(e), str(s), str(p), str(f)) for r, n, e, s, p, f in deeds
        ),
        bool(whole),
    )
