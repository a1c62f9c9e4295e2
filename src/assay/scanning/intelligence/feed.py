"""A feed of intelligence: what changes faster than the rules do, as one replaceable file.

A feed is a JSON document `assay.intelligence/1`. The one that ships with the program is part
of it; a user's is a DSSE envelope around such a document, whose signature is checked before
it is read here. Feeds add up: nothing one feed says is taken back by another.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeVar

from assay.core.canonical import strict_json
from assay.core.digest import Digest
from assay.core.errors import DataError
from assay.core.finding import Severity

SCHEMA = "assay.intelligence/1"
PAYLOAD_TYPE = "application/vnd.assay.intelligence+json"
MAX_BYTES = 64 * 1024 * 1024
_KEYS = {"schema", "issued", "source", "loaders", "digests", "names"}
K = TypeVar("K")
_VERSION = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,5}")


@dataclass(frozen=True, slots=True)
class LoaderHole:
    """Versions of a framework in which loading a file does more than load it.

    Attributes:
        id: A public id, such as a CVE's.
        framework: As files declare it: `keras`, `torch`, `skops`.
        introduced: The first affected version; "" for all before `fixed`.
        fixed: The first version that is not affected.
        families: The formats it takes; empty for any.
        title: What happens, in a few words.
    """

    id: str
    framework: str
    introduced: str
    fixed: str
    families: tuple[str, ...]
    title: str

    def affects(self, version: str) -> bool:
        """Whether a declared version is one of those; what is no version is not."""
        declared = release(version)
        if declared is None:
            return False
        first, last = release(self.introduced), release(self.fixed)
        return (first is None or declared >= first) and last is not None and declared < last


@dataclass(frozen=True, slots=True)
class Known:
    """A digest, a publisher or a model that is known to be bad, and why."""

    name: str
    why: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Feed:
    """What one or several feeds say.

    Attributes:
        sources: Who says it.
        issued: When the newest was issued.
        loaders: Framework versions with holes.
        digests: Files and trees known to be bad.
        names: Publishers (`ns`) and models (`ns/name`) known to be bad, lower case.
        id: Names what is said: 8 hexadecimal digits.
    """

    sources: tuple[str, ...]
    issued: datetime
    loaders: tuple[LoaderHole, ...]
    digests: Mapping[Digest, Known]
    names: Mapping[str, Known]
    id: str

    @classmethod
    def parse(cls, data: bytes, *, subject: str = "intelligence feed") -> Self:
        """Read a feed.

        Raises:
            DataError: it has another form.
        """
        if len(data) > MAX_BYTES:
            raise DataError(f"is over {MAX_BYTES} bytes", subject=subject)
        document = strict_json(data, subject=subject)
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise DataError(f"is no {SCHEMA}", subject=subject)
        if set(document) != _KEYS:
            odd = sorted(set(document) ^ _KEYS)
            raise DataError(f"unknown or missing keys: {', '.join(odd)}", subject=subject)
        try:
            return cls(
                (str(document["source"]),),
                datetime.fromisoformat(document["issued"]).astimezone(UTC),
                tuple(_loader(row) for row in document["loaders"]),
                _worst((Digest.parse(row["digest"]), _known(row)) for row in document["digests"]),
                _worst((str(row["name"]).lower(), _known(row)) for row in document["names"]),
                hashlib.sha256(data).hexdigest()[:8],
            )
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise DataError(f"a row has another form: {error}", subject=subject) from None

    def with_more(self, others: Iterable[Feed]) -> Feed:
        """This feed and what others add to it."""
        feeds = [self, *others]
        if len(feeds) == 1:
            return self
        return Feed(
            tuple(source for feed in feeds for source in feed.sources),
            max(feed.issued for feed in feeds),
            tuple(dict.fromkeys(hole for feed in feeds for hole in feed.loaders)),
            _worst(row for feed in feeds for row in feed.digests.items()),
            _worst(row for feed in feeds for row in feed.names.items()),
            hashlib.sha256("".join(feed.id for feed in feeds).encode()).hexdigest()[:8],
        )


@cache
def builtin_feed() -> Feed:
    """The feed that ships with the program."""
    return Feed.parse((Path(__file__).parent / "builtin.json").read_bytes())


def release(version: str) -> tuple[int, ...] | None:
    """The numbers a version begins with, trailing zeros dropped; None where it has none.

    What follows them (`rc1`, `+cpu`, `.dev0`) is left out, so a pre-release counts as its
    release.
    """
    found = _VERSION.match(version.strip().removeprefix("v"))
    if found is None:
        return None
    numbers = [int(part) for part in found.group().split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _loader(row: Mapping[str, Any]) -> LoaderHole:
    for key in ("introduced", "fixed"):
        if (key in row or key == "fixed") and release(row[key]) is None:
            raise ValueError(f"{key} {row[key]!r} is no version")
    return LoaderHole(
        str(row["id"]),
        str(row["framework"]).lower(),
        str(row.get("introduced", "")),
        str(row["fixed"]),
        tuple(map(str, row.get("families", ()))),
        str(row["title"]),
    )


def _known(row: Mapping[str, Any]) -> Known:
    return Known(str(row["name"]), str(row["why"]), Severity(row.get("severity", "critical")))


def _worst(rows: Iterable[tuple[K, Known]]) -> dict[K, Known]:
    """What is known by key; of two rows the graver, so that none takes back another."""
    found: dict[K, Known] = {}
    for key, known in rows:
        if key not in found or known.severity.rank > found[key].severity.rank:
            found[key] = known
    return found
