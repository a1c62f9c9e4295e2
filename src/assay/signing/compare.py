"""Which files of a model differ from what was signed, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assay.core.errors import AssayError, DataError, UnavailableError
from assay.core.listing import Problem, shown
from assay.signing.model import Begin, Model, quietly, ranges_of, take
from assay.signing.oms import ModelStatement
from assay.signing.resources import Resource, Serialization, is_under, path_of

_TOLD = 5


@dataclass(frozen=True, slots=True)
class Differences:
    """How a model differs from its statement, by path.

    Attributes:
        changed: Other bytes than were signed.
        missing: Signed, but not there.
        extra: There, but not signed.
        problems: What cannot be compared: links, special files, names, files that cannot be read.
    """

    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.changed or self.missing or self.extra or self.problems)

    def lines(self) -> list[tuple[str, str]]:
        """(path, what is wrong), the gravest first."""
        told = [(path, "changed since it was signed") for path in self.changed]
        told += [(path, "missing") for path in self.missing]
        told += [(path, "not signed (extra)") for path in self.extra]
        told += [(problem.path, problem.reason) for problem in self.problems]
        return [(shown(path), reason) for path, reason in told]

    def to_json(self) -> dict[str, Any]:
        """All four lists."""
        problems = [{"path": shown(p.path), "reason": p.reason} for p in self.problems]
        return {
            "changed": [shown(path) for path in self.changed],
            "missing": [shown(path) for path in self.missing],
            "extra": [shown(path) for path in self.extra],
            "problems": problems,
        }

    def error(self) -> AssayError:
        """A `ModelDiffersError`; `UnavailableError` if all there is could not be read."""
        lines = self.lines()
        path, reason = lines[0]
        others = [f"{other}: {what}" for other, what in lines[1 : 1 + _TOLD]]
        if len(lines) > 1 + _TOLD:
            others.append(f"and {len(lines) - 1 - _TOLD} more")
        remedy = "\n  ".join(others) or None
        definite = self.changed or self.missing or self.extra
        if not definite and all(problem.unreadable for problem in self.problems):
            return UnavailableError(reason, subject=path, remedy=remedy)
        return ModelDiffersError(reason, self, subject=path, remedy=remedy)


class ModelDiffersError(DataError):
    """The signature is right, the model is not what was signed."""

    code = "differs"

    def __init__(
        self,
        message: str,
        differences: Differences,
        *,
        subject: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message, subject=subject, remedy=remedy)
        self.differences = differences


def compare(
    model: Model,
    signed: Mapping[str, set[Resource]],
    serialization: Serialization,
    *,
    unsigned_allowed: frozenset[str] = frozenset(),
    empty_allowed: bool = True,
    begin: Begin = quietly,
) -> Differences:
    """Hash the signed files of a model and compare.

    Args:
        model: What is on disk.
        signed: The statement's resources by path.
        serialization: How they were taken.
        unsigned_allowed: Paths that may be there unsigned.
        empty_allowed: Whether empty files may be there unsigned: shards do not cover them.
        begin: See `model.Begin`.
    """
    files = {file.path: file for file in model.listing.files}
    common = sorted(files.keys() & signed.keys())
    fitting = [
        path for path in common if shards_of(files[path].size, serialization) == len(signed[path])
    ]
    taken = take(
        model, ranges_of((files[path] for path in fitting), serialization),
        serialization.hash_type, begin,
    )  # fmt: skip
    problems = {problem.path: problem for problem in (*model.listing.problems, *taken.problems)}
    actual = by_path(taken.resources, serialization)
    changed = [
        path for path in common if path not in problems and actual.get(path, set()) != signed[path]
    ]
    empty_unsigned = empty_allowed and serialization.method == "shards"
    extra = [
        path
        for path, file in files.items()
        if path not in signed
        and path not in unsigned_allowed
        and not (empty_unsigned and not file.size)
    ]
    missing = [path for path in signed.keys() - files.keys() if not is_under(path, problems)]
    return Differences(
        tuple(changed),
        tuple(sorted(missing)),
        tuple(sorted(extra)),
        tuple(problems[path] for path in sorted(problems)),
    )


def shards_of(size: int, serialization: Serialization) -> int:
    """How many resources a file of this size is.

    Compared first: a statement may name shards of one byte, and of a terabyte that is too many.
    """
    return 1 if serialization.shard_size is None else -(-size // serialization.shard_size)


def by_path(
    resources: Sequence[Resource], serialization: Serialization
) -> dict[str, set[Resource]]:
    """Resources by the file they are of."""
    if serialization.method == "files":
        return {resource.name: {resource} for resource in resources}
    found: dict[str, set[Resource]] = {}
    for resource in resources:
        found.setdefault(path_of(resource.name, serialization), set()).add(resource)
    return found


def signed_files(statement: ModelStatement, model: Model) -> dict[str, set[Resource]]:
    """The statement's resources by path, with a file the reference named `.` under its own name.

    Raises:
        DataError: a signature of one file, and the model is a folder.
    """
    resources: Sequence[Resource] = statement.resources
    if statement.single:
        if not model.single:
            raise DataError("is the signature of a single file, not of a folder")
        resources = [Resource(model.name + r.name[1:], r.digest) for r in resources]
    return by_path(resources, statement.serialization)
