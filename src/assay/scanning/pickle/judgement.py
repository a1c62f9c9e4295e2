"""What a policy says about a name, and the rows of a policy file it is read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from assay.core.finding import Severity

Shape = tuple[str, ...]
"""Kinds of arguments in order; `kind*` at the end repeats, `a|b` is either."""

Pair = tuple[int, int]


class Safety(StrEnum):
    """How an import, or a use of it, is judged."""

    ALLOWED = "allowed"
    REVIEW = "review"
    UNKNOWN = "unknown"
    DANGEROUS = "dangerous"

    @property
    def rank(self) -> int:
        """Worse is higher."""
        return _RANKS[self]


_RANKS = {safety: rank for rank, safety in enumerate(Safety)}


EFFECTS = (
    *("constructs", "applies", "resolves", "attribute", "types", "module", "loads", "archive"),
    "source",
)
"""Fields of a judgement that say which argument takes which part."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the policy says about a name before it is used.

    Attributes:
        safety: Of importing it.
        kind: `class`, `function` or `reference` (may be passed on, not called).
        why: For a finding: what the name can do.
        severity: Of calling it, when dangerous.
        shapes: Argument lists it may be called with; None means any.
        doubtful: Argument lists with which a person must look at the call.
        otherwise: The judgement of a call with other arguments.
        state: Shapes of the state BUILD may give its instances; None means any.
        constructs: Index of an argument that is a class it makes an instance of.
        forwards: Whether that class is given the arguments after it.
        applies: Indexes of a function and its arguments tuple which it calls.
        resolves: Indexes of a module and a name which it imports.
        attribute: Indexes of an object and of the name of an attribute which it takes from it.
        types: Index of the name of a type of `builtins` or `types` which it gives.
        module: Index of the name of a module which it imports and gives.
        loads: Index of bytes which it loads as a pickle.
        archive: Index of a file in memory whose content it loads as an archive of its own.
        source: Indexes of a dict and of a text that hold source which it runs.
        makes: `code`, `function` or `class`: what it makes of code that the file carries.
        keeps: Whether instances must remember arguments and state.
        expects_none: A key of the state that is None where the object does nothing by itself.
        library: Whether it is below a known library, so that what is built of it (and can
            therefore only be a class) is one of the library's.
        built: The judgement of building one from data, where `safety` is unknown.
        effect: Which of the fields above says what a call does besides returning.
    """

    safety: Safety
    kind: str
    why: str = ""
    severity: Severity = Severity.HIGH
    shapes: tuple[Shape, ...] | None = None
    doubtful: tuple[Shape, ...] = ()
    otherwise: Safety = Safety.REVIEW
    state: tuple[Shape, ...] | None = None
    constructs: int | None = None
    forwards: bool = False
    applies: Pair | None = None
    resolves: Pair | None = None
    attribute: Pair | None = None
    types: int | None = None
    module: int | None = None
    loads: int | None = None
    archive: int | None = None
    source: Pair | None = None
    makes: str = ""
    keeps: bool = False
    expects_none: str = ""
    library: bool = False
    built: Safety = Safety.REVIEW
    effect: str = field(init=False, default="")

    def __post_init__(self) -> None:
        effect = next((name for name in EFFECTS if getattr(self, name) is not None), "")
        object.__setattr__(self, "effect", effect or ("keeps" if self.keeps else ""))

    @property
    def strict(self) -> bool:
        """Whether even making an instance without a call (`NEWOBJ`) must fit a shape."""
        return self.otherwise is Safety.DANGEROUS


def dangerous(why: str, severity: Severity = Severity.CRITICAL) -> Judgement:
    """The judgement of a name no model needs."""
    return Judgement(Safety.DANGEROUS, "function", why=why, severity=severity)


def allowed(row: Mapping[str, Any]) -> Judgement:
    """The judgement an `[[allow]]` table gives its names.

    Raises:
        KeyError, ValueError: a field is missing or has no such value.
    """
    return Judgement(
        safety=Safety(row.get("safety", "allowed")),
        kind=row["kind"],
        why=row.get("why", ""),
        shapes=shapes(row.get("args")),
        doubtful=shapes(row.get("doubtful")) or (),
        otherwise=Safety(row.get("otherwise", "review")),
        state=shapes(row.get("state")),
        constructs=row.get("constructs"),
        forwards=row.get("forwards", False),
        applies=_pair(row.get("applies")),
        resolves=_pair(row.get("resolves")),
        attribute=_pair(row.get("attribute")),
        types=row.get("types"),
        module=row.get("module"),
        loads=row.get("loads"),
        archive=row.get("archive"),
        source=_pair(row.get("source")),
        makes=row.get("makes", ""),
        keeps=row.get("keeps", False),
        expects_none=row.get("expects_none", ""),
    )


def shapes(rows: list[list[str]] | None) -> tuple[Shape, ...] | None:
    """Argument lists as a policy file writes them; None where it writes none."""
    return None if rows is None else tuple(tuple(row) for row in rows)


def _pair(row: list[int] | None) -> Pair | None:
    return None if row is None else (row[0], row[1])
