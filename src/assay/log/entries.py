"""Log entries: that a statement exists, by digests alone. What it says stays beside the log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from assay.core.canonical import canonical_json, strict_json
from assay.core.clock import parse_rfc3339, rfc3339
from assay.core.digest import Digest
from assay.core.errors import DataError
from assay.log.tree import leaf_hash

MAX_ENTRY_BYTES = 1024
VERSION = 1
_TYPE = re.compile(r"[a-z][a-z0-9.-]{0,63}\Z")
_FIELDS = {"v", "type", "statement", "tree", "at"}


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry: `{at, statement, tree, type, v}` in RFC 8785 form, at most 1 KiB.

    Attributes:
        type: What was stated: `decision`, `approval`, `scan`, ... A word, never a name.
        statement: SHA-256 of the signed payload.
        tree: The tree it is about; None where it is about none.
        at: When it was stated.

    Raises:
        DataError: a type that is not such a word, or a time without a zone.
    """

    type: str
    statement: Digest
    tree: Digest | None
    at: datetime

    def __post_init__(self) -> None:
        if not _TYPE.match(self.type):
            raise DataError(f"not a type of log entry: {self.type[:80]!r}")
        if self.at.tzinfo is None:
            raise DataError("a time without a zone", subject="log entry")

    def to_bytes(self) -> bytes:
        """What is logged."""
        return canonical_json(
            {
                "v": VERSION,
                "type": self.type,
                "statement": str(self.statement),
                "tree": None if self.tree is None else str(self.tree),
                "at": rfc3339(self.at),
            }
        )

    @property
    def leaf_hash(self) -> bytes:
        """Its hash as a leaf of the tree."""
        return leaf_hash(self.to_bytes())

    @classmethod
    def parse(cls, data: bytes, *, subject: str = "log entry") -> Self:
        """Read an entry; only the bytes `to_bytes` writes are one.

        Raises:
            DataError: too long, not an entry, or not in canonical form.
        """
        if len(data) > MAX_ENTRY_BYTES:
            raise DataError(f"is over {MAX_ENTRY_BYTES} bytes", subject=subject)
        value = strict_json(data, subject=subject)
        try:
            if set(value) != _FIELDS or value["v"] != VERSION:
                raise DataError("does not have the fields of an entry", subject=subject)
            tree = None if value["tree"] is None else Digest.parse(value["tree"])
            statement, at = Digest.parse(value["statement"]), parse_rfc3339(value["at"])
            found = cls(value["type"], statement, tree, at)
        except (TypeError, ValueError) as error:
            raise DataError(f"not a log entry: {error}", subject=subject) from None
        if found.to_bytes() != data:
            raise DataError("is not in canonical form", subject=subject)
        return found
