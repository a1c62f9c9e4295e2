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
from typing import Any, Self

from assay.core.canonical import strict_json
from assay.core.digest import Digest
from assay.core.errors import DataError
from assay.core.finding import Severity

SCHEMA = "assay.intelligence/1"
PAYLOAD_TYPE = "application/vnd.assay.intelligence+json"
MAX_BYTES = 64 * 1024 * 1024
_KEYS = {"schema", "issued", "source", "loaders", "digests", "names"}
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
                {Digest.parse(row["digest"]): _known(row, "name") for row in document["digests"]},
                {str(row["name"]).lower(): _known(row, "name") for row in document["names"]},
                hashlib.sha256(data).hexdigest()[:8],
            )
        except (KeyError, TypeError, ValueError) as error:
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
            {digest: known for feed in feeds for digest, known in feed.digests.items()},
            {name: known for feed in feeds for name, known in feed.names.items()},
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
    if release(row["fixed"]) is None:
        raise ValueError(f"fixed {row['fixed']!r} is no version")
    return LoaderHole(
        str(row["id"]),
        str(row["framework"]).lower(),
        str(row.get("introduced", "")),
        str(row["fixed"]),
        tuple(map(str, row.get("families", ()))),
        str(row["title"]),
    )


def _known(row: Mapping[str, Any], key: str) -> Known:
    return Known(str(row[key]), str(row["why"]), Severity(row.get("severity", "critical")))
