"""What the corpus is made of: one file or one folder, and what is true of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Label = Literal["malicious", "benign"]
Expect = Literal["malicious", "suspicious", "clean"]
DEV_SHARE = 60
MARKER = "corpus-marker"
COMMAND = f"touch {MARKER}"
HOST = "example.invalid"


class Link(str):
    """A symbolic link in a folder unit; the text is its target."""

    __slots__ = ()


Content = bytes | Link


@dataclass(frozen=True)
class Unit:
    """One labelled file or folder.

    `technique` is the short id of what is done, `variant` tells units of one technique apart,
    `loader` names who would read it, `payload` what happens then, `expect` the least verdict a
    neutral judge would ask for (`suspicious` where only a person can tell).
    """

    family: str
    technique: str
    variant: str
    label: Label
    loader: str
    payload: str
    expect: Expect
    files: Mapping[str, Content]
    folder: bool

    @property
    def home(self) -> str:
        """The unit's own folder below the corpus."""
        return f"{self.label}/{self.family}/{self.technique}--{self.variant}"

    @property
    def path(self) -> str:
        """What to hand to a scanner: the folder, or the one file in it."""
        return self.home if self.folder else f"{self.home}/{next(iter(self.files))}"

    @property
    def part(self) -> str:
        """`dev` or `held`, by hash of (family, technique, variant)."""
        digest = hashlib.sha256(f"{self.family}/{self.technique}/{self.variant}".encode()).digest()
        return "dev" if int.from_bytes(digest[:4], "big") % 100 < DEV_SHARE else "held"

    def row(self) -> dict[str, str]:
        """The unit's entry in labels.json."""
        return {
            "path": self.path,
            "family": self.family,
            "label": self.label,
            "technique": self.technique,
            "variant": self.variant,
            "loader": self.loader,
            "payload": self.payload,
            "expect": self.expect,
            "unit": "folder" if self.folder else "file",
            "part": self.part,
        }


@dataclass(frozen=True)
class Family:
    """Makes the units of one family."""

    name: str
    loader: str

    def bad(
        self,
        technique: str,
        variant: str,
        files: Mapping[str, Any],
        *,
        payload: str = "runs a command",
        loader: str = "",
        expect: Expect = "malicious",
        folder: bool = False,
    ) -> Unit:
        """A hostile unit; more than one file, or `folder`, makes it a folder."""
        ready = {name: content(value) for name, value in files.items()}
        return Unit(
            self.name,
            technique,
            variant,
            "malicious",
            loader or self.loader,
            payload,
            expect,
            ready,
            folder or len(ready) > 1,
        )

    def good(
        self,
        technique: str,
        variant: str,
        files: Mapping[str, Any],
        *,
        loader: str = "",
        expect: Expect = "clean",
        folder: bool = False,
    ) -> Unit:
        """An honest unit; `expect` says `suspicious` where a person may well be asked."""
        ready = {name: content(value) for name, value in files.items()}
        return Unit(
            self.name,
            technique,
            variant,
            "benign",
            loader or self.loader,
            "none",
            expect,
            ready,
            folder or len(ready) > 1,
        )


def content(value: Any) -> Content:
    """Bytes stay, text becomes UTF-8, anything else is written as JSON."""
    if isinstance(value, bytes | Link):
        return value
    if isinstance(value, str):
        return value.encode()
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
