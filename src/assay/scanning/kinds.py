"""Every format there is a scanner for: how it is recognised, who reads it, what it can hold.

The table is the coverage: a format that is not here is `unknown`. A scanner is imported when
the first file of its kind is met, since most scans meet few kinds.
"""

from __future__ import annotations

import importlib
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import ModuleType
from typing import Any

_SCANNERS = "assay.scanning.scanners"


class Holds(Enum):
    """What a format can hold, which decides what a name that promises another means."""

    DATA = "data"
    ACTS = "what a loader runs, or other files"


@dataclass(frozen=True, slots=True)
class Kind:
    """One format.

    Attributes:
        family: Its name in reports and policies.
        module: The scanner below `scanners` that reads it.
        title: What people call it.
        scan: The scanner's function: `(data, subject, answer) -> None`.
        magic: Bytes at an offset; any of them decides.
        endings: Names that claim it, lower case; several kinds may claim one ending.
        sniff: The scanner's function `(data, subject) -> bool`, asked where no magic decides:
            of bytes that are no text, or of text where `text` is set. It reads little, and
            says yes only to what another format is not. "" for none: then a kind without
            magic is what its name claims, as long as the content is text or no text as said.
        text: Whether it is UTF-8 text.
        keys: Top-level keys by which a JSON object is of this kind; its scanner has
            `scan_json(document, subject, answer) -> None`.
        holds: What it can hold.
    """

    family: str
    module: str
    title: str
    scan: str = "scan"
    magic: tuple[tuple[int, bytes], ...] = ()
    endings: tuple[str, ...] = ()
    sniff: str = ""
    text: bool = False
    keys: tuple[str, ...] = ()
    holds: Holds = Holds.DATA

    @property
    def acts(self) -> bool:
        """Whether a loader runs it, or it holds other files."""
        return self.holds is Holds.ACTS

    def scanner(self) -> ModuleType:
        """The module that reads it."""
        return importlib.import_module(f"{_SCANNERS}.{self.module}")

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a function of its scanner."""
        return getattr(self.scanner(), function)(*arguments)


KINDS: tuple[Kind, ...] = (
    Kind("empty", "plain", "Empty file", scan="scan_empty"),
    Kind("executable", "plain", "Native program", scan="scan_executable", holds=Holds.ACTS),
    Kind("pickle", "pickle", "Pickle", holds=Holds.ACTS),
    Kind("torch-legacy", "pickle", "PyTorch before 1.6", holds=Holds.ACTS),
    Kind(
        "zip",
        "torch_zip",
        "Zip archive, PyTorch",
        magic=((0, b"PK\x03\x04"), (0, b"PK\x05\x06")),
        holds=Holds.ACTS,
    ),
    Kind("safetensors", "safetensors", "Safetensors", endings=(".safetensors",)),
    Kind(
        "png",
        "image",
        "PNG",
        scan="scan_png",
        magic=((0, b"\x89PNG\r\n\x1a\n"),),
        endings=(".png",),
    ),
    Kind(
        "jpeg",
        "image",
        "JPEG",
        scan="scan_jpeg",
        magic=((0, b"\xff\xd8\xff"),),
        endings=(".jpg", ".jpeg"),
    ),
    Kind(
        "gif",
        "image",
        "GIF",
        scan="scan_gif",
        magic=((0, b"GIF87a"), (0, b"GIF89a")),
        endings=(".gif",),
    ),
    Kind("webp", "image", "WebP", scan="scan_webp", sniff="is_webp", endings=(".webp",)),
    # Text. The first that claims a name, or recognises the content, reads it.
    Kind(
        "json-lines",
        "json_document",
        "JSON lines",
        scan="scan_lines",
        endings=(".jsonl", ".ndjson"),
        text=True,
    ),
    Kind("json", "json_document", "JSON", sniff="is_json", endings=(".json",), text=True),
    Kind(
        "text",
        "text",
        "Text for people",
        sniff="is_inert",
        endings=(".txt", ".md", ".rst", ".csv"),
        text=True,
    ),
)
"""In the order in which they are tried."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A format whose files are archives.

    Attributes:
        family: Its name in reports and policies.
        module: The scanner below `scanners` that reads it, by `scan_archive(contents) -> None`
            over `assay.scanning.archives.contents.Contents`. It answers for every member:
            what it does not read itself it hands to `contents.judge`.
        title: What people call it.
        members: Patterns over member names, one of which must match one name as a whole.
    """

    family: str
    module: str
    title: str
    members: tuple[str, ...]


PACKED: tuple[Packed, ...] = ()
"""In the order in which they are tried, on zip and tar archives alike; in an archive that is none
of these every member is judged as a file of its own."""


def extension(path: str) -> str:
    """The ending of a name, lower case, with its dot; "" without one."""
    return posixpath.splitext(path.rsplit("/", 1)[-1])[1].lower()


@cache
def by_family() -> Mapping[str, Kind]:
    """Every kind by its family."""
    return {kind.family: kind for kind in KINDS}


@cache
def _by_ending() -> Mapping[str, tuple[Kind, ...]]:
    found: dict[str, tuple[Kind, ...]] = {}
    for kind in KINDS:
        for ending in kind.endings:
            found[ending] = (*found.get(ending, ()), kind)
    return found


def claimed(name: str) -> tuple[Kind, ...]:
    """The kinds a name claims to be one of."""
    return _by_ending().get(extension(name), ())


def by_magic(head: bytes) -> Kind | None:
    """The kind whose magic these first bytes hold."""
    for kind in KINDS:
        for offset, magic in kind.magic:
            if head[offset : offset + len(magic)] == magic:
                return kind
    return None


def candidates(name: str, *, text: bool) -> Iterator[Kind]:
    """The kinds to try: those the name claims, then those that are recognised by structure."""
    first = [kind for kind in claimed(name) if kind.text is text and not kind.magic]
    yield from first
    yield from (k for k in KINDS if k.text is text and k.sniff and k not in first)


def by_keys(document: Mapping[str, Any]) -> Kind | None:
    """The kind a JSON object belongs to by its keys."""
    for kind in KINDS:
        if kind.keys and all(key in document for key in kind.keys):
            return kind
    return None
